//! A shell for the built binary.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) const CLIENT: &str = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
pub(crate) const OTHER_CLIENT: &str = "bb7cf840-9ca9-46a3-9778-9015d6580d50";

/// A folder of its own that commands run in, and the environment that they see: nothing else.
pub(crate) struct Shell {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// A shell whose database has a client.
    pub(crate) fn with_client() -> Self {
        let shell = Self::new();
        shell.json(&format!("client create --name Example --id {CLIENT}"));
        shell
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .envs(self.environment.clone())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    /// What a command that succeeds prints.
    pub(crate) fn text(&self, line: &str) -> String {
        let output = self.run(line);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), error.as_str()),
            (Some(0), ""),
            "{line}"
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// The objects that a command that succeeds prints, a line each.
    pub(crate) fn objects(&self, line: &str) -> Vec<Value> {
        let text = self.text(&format!("{line} --json"));
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The one object that a command that succeeds prints.
    pub(crate) fn json(&self, line: &str) -> Value {
        let mut objects = self.objects(line);
        assert_eq!(objects.len(), 1, "{line}");
        objects.remove(0)
    }

    /// What a command that fails says on standard error; it says nothing else.
    pub(crate) fn error(&self, line: &str) -> String {
        self.ends_with_code(1, line)
    }

    /// What is said of a command line that cannot be understood.
    pub(crate) fn usage_error(&self, line: &str) -> String {
        self.ends_with_code(2, line)
    }

    fn ends_with_code(&self, code: i32, line: &str) -> String {
        let output = self.run(line);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{line}: {error}");
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "", "{line}");
        assert!(error.starts_with("error: "), "{line}: {error}");
        error.trim_end().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }
}

/// An object's keys, in order.
pub(crate) fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// Whether it is a moment as the Clients API writes it.
pub(crate) fn is_moment(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() == 24 && text.ends_with('Z'))
}
