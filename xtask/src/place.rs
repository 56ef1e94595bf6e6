//! Where a command runs, and how one step of it is run and shown.
#![allow(
    clippy::disallowed_methods,
    reason = "how long a step took is for the reader only; there is no App whose clock to use"
)]

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

/// Where everything runs, and which cargo runs it.
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    /// Absolute: the steps run in `root`, and the caller's `CARGO_TARGET_DIR` may be relative.
    pub(crate) target: PathBuf,
    pub(crate) cargo: OsString,
}

/// One check: its name for the reader, and the command that is the check.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) command: Command,
}

impl Place {
    /// `cargo run` says at run time which checkout it is for; the path compiled in may be another
    /// checkout's, when several share a target directory.
    pub(crate) fn found() -> Self {
        let manifest = env::var_os("CARGO_MANIFEST_DIR");
        let package = manifest.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let root = package
            .parent()
            .expect("xtask lies inside the workspace")
            .to_owned();
        let current = env::current_dir().unwrap_or_else(|_| root.clone());
        let target = target_directory(&root, &current, env::var_os("CARGO_TARGET_DIR"));
        Self {
            root,
            target,
            cargo: env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        }
    }

    pub(crate) fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.command(&self.cargo);
        command.args(arguments);
        command
    }

    /// A program of crates.io of our own below the target directory, which is built when it is not
    /// there. Nothing outside the checkout is changed.
    pub(crate) fn tool(&self, name: &'static str, version: &str) -> Result<PathBuf, String> {
        let tools = self.target.join("tools");
        let own = tools.join("bin").join(name);
        let mut asked = Command::new(&own);
        asked.arg("--version");
        if !answers(asked) {
            let mut install = self.cargo(["install", name, "--locked", "--version", version]);
            install.arg("--root").arg(tools);
            run_step(Step {
                name,
                command: install,
            })?;
        }
        Ok(own)
    }

    pub(crate) fn command(&self, program: &OsString) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            // A snapshot that differs is a failure, and writes nothing.
            .env("INSTA_UPDATE", "no");
        command
    }
}

/// Where cargo puts what it builds: a relative `CARGO_TARGET_DIR` counts from where it was called.
fn target_directory(root: &Path, current: &Path, from_environment: Option<OsString>) -> PathBuf {
    let set = from_environment.filter(|directory| !directory.is_empty());
    set.map_or_else(|| root.join("target"), |directory| current.join(directory))
}

pub(crate) fn run_step(mut step: Step) -> Result<(), String> {
    let start = Instant::now();
    println!("==> {}: {}", step.name, shown(&step.command));
    match step.command.status() {
        Ok(status) if status.success() => {
            finished(start);
            Ok(())
        }
        Ok(status) => Err(format!(
            "{} ({}): {status}",
            step.name,
            shown(&step.command)
        )),
        Err(error) => Err(format!("{} ({}): {error}", step.name, shown(&step.command))),
    }
}

pub(crate) fn finished(start: Instant) {
    println!("    ok in {:.1} s", start.elapsed().as_secs_f64());
}

/// Whether a command can be started and succeeds; what it prints is not shown.
pub(crate) fn answers(mut command: Command) -> bool {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy();
    let arguments = command
        .get_args()
        .map(|argument| argument.to_string_lossy());
    std::iter::once(name)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_directory_is_the_one_that_cargo_uses() {
        let target = |set: Option<&str>| {
            target_directory(
                Path::new("/checkout"),
                Path::new("/here"),
                set.map(OsString::from),
            )
        };
        assert_eq!(target(None), Path::new("/checkout/target"));
        assert_eq!(target(Some("")), Path::new("/checkout/target"));
        assert_eq!(target(Some("/elsewhere")), Path::new("/elsewhere"));
        assert_eq!(target(Some("relative")), Path::new("/here/relative"));
    }

    #[test]
    fn a_command_that_cannot_be_started_does_not_answer() {
        assert!(!answers(Command::new("/nowhere/cargo-deny")));
        let step = Step {
            name: "missing",
            command: Command::new("/nowhere/cargo-deny"),
        };
        let problem = run_step(step).expect_err("the program does not exist");
        assert!(problem.starts_with("missing (cargo-deny): "), "{problem}");
    }
}
