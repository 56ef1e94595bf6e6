//! One server's parent: a small shell that outlives this process just long enough to end the server.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use crate::directory::Account;

const SCRIPT: &str = include_str!("supervisor.sh");

/// The shell, its directory, and the server it runs at present.
#[derive(Debug)]
pub(crate) struct Supervisor {
    directory: PathBuf,
    shell: Child,
    /// `None` only while it is being dropped: closing it is the order to end.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    server: Option<u32>,
}

impl Supervisor {
    /// Takes over a directory, which it removes in the end. `last_signal` ends the server then.
    pub(crate) fn new(
        directory: PathBuf,
        account: Option<Account>,
        last_signal: &str,
    ) -> Result<Self, String> {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "rollcall-testbed"]);
        command.arg(&directory).arg(last_signal);
        command
            .current_dir(&directory)
            // Messages that can be recognised, and nothing of the caller's own database settings.
            .env("LC_ALL", "C")
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // What ends a whole group (Ctrl-C, a test runner's time limit) must not end this one.
            .process_group(0);
        remove_settings(&mut command);
        if let Some(account) = account {
            command.uid(account.user).gid(account.group);
        }
        let mut shell = command.spawn().map_err(|error| {
            let _ = fs::remove_dir_all(&directory);
            format!("`sh` cannot be started: {error}")
        })?;
        let orders = shell.stdin.take();
        let answers = shell.stdout.take().expect("the output is piped");
        Ok(Self {
            directory,
            shell,
            orders,
            answers: BufReader::new(answers),
            server: None,
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Runs a command to its end. `Ok(true)` when it succeeded; what it printed is in the log.
    pub(crate) fn run(&mut self, command: &[String]) -> Result<bool, String> {
        let answer = self.order(&format!("run {}", quoted(command)))?;
        Ok(answer == "0")
    }

    /// Starts the server and returns its process id. Whether it stays up is for the caller to find
    /// out.
    pub(crate) fn start(&mut self, command: &[String]) -> Result<u32, String> {
        assert!(self.server.is_none(), "the server runs already");
        let answer = self.order(&format!("start {}", quoted(command)))?;
        let process = answer
            .parse()
            .map_err(|_| format!("`sh` answered `{answer}`"))?;
        self.server = Some(process);
        Ok(process)
    }

    /// The server's process id, while it is up as far as anybody has asked.
    pub(crate) fn server(&self) -> Option<u32> {
        self.server
    }

    /// Whether the server is up, or has ended by itself.
    pub(crate) fn is_running(&mut self) -> Result<bool, String> {
        Ok(self.order("state")? == "running")
    }

    /// Sends the server a signal, by its name without `SIG`.
    pub(crate) fn signal(&mut self, name: &str) -> Result<(), String> {
        match self.order(&format!("signal {name}"))?.as_str() {
            "0" => Ok(()),
            _ => Err("it has ended by itself".to_owned()),
        }
    }

    /// Waits until the server has ended.
    pub(crate) fn wait(&mut self) -> Result<(), String> {
        self.order("wait")?;
        self.server = None;
        Ok(())
    }

    /// What the server has logged from this byte on; with `log_len` before it started, its own words.
    pub(crate) fn log_from(&self, start: u64) -> String {
        let log = fs::read(self.directory.join("log")).unwrap_or_default();
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        String::from_utf8_lossy(log.get(start..).unwrap_or_default()).into_owned()
    }

    pub(crate) fn log_len(&self) -> u64 {
        fs::metadata(self.directory.join("log")).map_or(0, |metadata| metadata.len())
    }

    /// The end of the log, for a failure's message.
    pub(crate) fn last_lines_from(&self, start: u64) -> String {
        let log = self.log_from(start);
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    fn order(&mut self, line: &str) -> Result<String, String> {
        assert!(!line.contains('\n'), "an order is one line: {line}");
        let gone = |error| format!("the shell that runs the server is gone: {error}");
        let orders = self.orders.as_mut().expect("only dropping closes it");
        orders
            .write_all(format!("{line}\n").as_bytes())
            .map_err(gone)?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(gone)?;
        match answer.trim_end() {
            "" => Err("the shell that runs the server is gone".to_owned()),
            text => Ok(text.to_owned()),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.orders.take());
        // A failure to wait leaves a process that ends by itself; there is nobody to tell.
        let _ = self.shell.wait();
    }
}

/// Takes the settings of libpq out of a command's environment: they would change where it connects.
pub(crate) fn remove_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"PG") {
            command.env_remove(name);
        }
    }
}

/// A command as the shell reads it, every word in quotes.
fn quoted(command: &[String]) -> String {
    let words = command
        .iter()
        .map(|word| format!("'{}'", word.replace('\'', r"'\''")));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{directory, waiting};

    fn supervisor() -> Supervisor {
        let directory = directory::create().expect("a temporary directory");
        Supervisor::new(directory, None, "KILL").expect("sh is there")
    }

    fn words(command: &[&str]) -> Vec<String> {
        command.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_word_reaches_the_command_as_it_is() {
        let mut supervisor = supervisor();
        let odd = r#"it's "$HOME" `a` \n *"#;
        let ran = supervisor.run(&words(&["printf", "%s|", odd, ""]));
        assert_eq!(ran, Ok(true));
        assert_eq!(supervisor.log_from(0), format!("{odd}||"));
    }

    #[test]
    fn a_command_that_fails_is_told_from_one_that_succeeds() {
        let mut supervisor = supervisor();
        assert_eq!(supervisor.run(&words(&["true"])), Ok(true));
        assert_eq!(supervisor.run(&words(&["false"])), Ok(false));
        assert_eq!(supervisor.run(&words(&["/nowhere/initdb"])), Ok(false));
    }

    #[test]
    fn a_server_that_ends_by_itself_is_noticed() {
        let mut supervisor = supervisor();
        supervisor.start(&words(&["true"])).expect("it starts");
        let died = waiting::until_some(|| match supervisor.is_running() {
            Ok(true) => None,
            other => Some(other),
        });
        assert_eq!(died, Some(Ok(false)));
        assert!(supervisor.signal("KILL").is_err());
        supervisor.wait().expect("it has ended");
        assert_eq!(supervisor.server(), None);
    }

    #[test]
    fn dropping_ends_the_server_and_removes_the_directory() {
        let mut supervisor = supervisor();
        let sleep = words(&["sleep", "600"]);
        let process = supervisor.start(&sleep).expect("it starts");
        let directory = supervisor.directory().to_owned();
        assert_eq!(supervisor.is_running(), Ok(true));
        // A paused server ends as well.
        supervisor.signal("STOP").expect("it runs");
        assert_eq!(supervisor.is_running(), Ok(true));
        drop(supervisor);
        assert!(!directory.exists());
        assert!(!Path::new(&format!("/proc/{process}")).exists());
    }
}
