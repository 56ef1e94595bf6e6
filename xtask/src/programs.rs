//! Programs that are no part of Rust: found, and installed where that is ours to do.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{self, Command},
};

use rollcall_testbed::{postgres, redis};

use crate::place::{Step, answers, run_step};

/// One of them, with Debian's package of it.
struct Program {
    name: &'static str,
    package: &'static str,
    is_installed: fn() -> bool,
}

/// The bundled SQLite and aws-lc are C, the tests paste the demo's curl lines into a shell, and they
/// start the servers that Rollcall works with.
const PROGRAMS: [Program; 4] = [
    Program {
        name: "cc",
        package: "build-essential",
        is_installed: || answers(system("cc", &["--version"])),
    },
    Program {
        name: "curl",
        package: "curl",
        is_installed: || answers(system("curl", &["--version"])),
    },
    Program {
        name: "PostgreSQL 15 or newer",
        package: "postgresql",
        is_installed: postgres::is_installed,
    },
    Program {
        name: "redis-server",
        package: "redis-server",
        is_installed: redis::is_installed,
    },
];

/// Installs the programs that are missing, where that is ours to do.
pub(crate) fn install() -> Result<(), String> {
    let missing = || PROGRAMS.iter().filter(|program| !(program.is_installed)());
    if missing().next().is_none() {
        return Ok(());
    }
    let names: Vec<&str> = missing().map(|program| program.name).collect();
    let packages: Vec<&str> = missing().map(|program| program.package).collect();
    let sentence = format!(
        "missing: {}. Install it, on Debian and Ubuntu with `apt-get install {}`",
        names.join(", "),
        packages.join(" ")
    );
    let identity = Command::new("id").arg("-u").output();
    let is_root = identity.is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root || !answers(system("apt-get", &["--version"])) {
        return Err(sentence);
    }
    run_step(Step {
        name: "package list",
        command: system("apt-get", &["update", "-q"]),
    })?;
    let mut install = vec!["install", "-q", "-y", "--no-install-recommends"];
    install.extend(packages);
    let _nothing_starts = NoDaemons::at(Path::new("/usr/sbin/policy-rc.d"))
        .map_err(|error| format!("/usr/sbin/policy-rc.d cannot be written: {error}"))?;
    run_step(Step {
        name: "missing programs",
        command: system("apt-get", &install),
    })?;
    if missing().next().is_none() {
        Ok(())
    } else {
        Err(sentence)
    }
}

/// While this lives, installing a package starts no daemon of it: Debian's own mechanism, a file
/// that is asked before any service is started. A container mostly has one already, and it stays.
struct NoDaemons {
    written: Option<PathBuf>,
}

impl NoDaemons {
    fn at(path: &Path) -> io::Result<Self> {
        // One that is left behind by a killed process takes itself away when it is asked.
        let text = format!(
            "#!/bin/sh\n\
             # Made by `cargo xtask test` while it installs programs.\n\
             [ -d /proc/{} ] && exit 101\n\
             rm -f \"$0\"\n\
             exit 0\n",
            process::id()
        );
        let mut options = fs::OpenOptions::new();
        let opened = options.write(true).create_new(true).mode(0o755).open(path);
        let written = match opened {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                Some(path.to_owned())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            Err(error) => return Err(error),
        };
        Ok(Self { written })
    }
}

impl Drop for NoDaemons {
    fn drop(&mut self) {
        if let Some(path) = &self.written {
            // One that stays takes itself away when it is asked.
            let _ = fs::remove_file(path);
        }
    }
}

/// A command of the operating system; apt-get must ask nobody.
fn system(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("rollcall-xtask-{}-{name}", process::id()))
    }

    fn asked(policy: &Path) -> Option<i32> {
        // Through `sh`: another test's child may have the file open for writing at this moment, and
        // a file that is open for writing cannot be executed.
        let mut command = Command::new("sh");
        let status = command.arg(policy).args(["redis-server", "start"]).status();
        status.expect("it can be asked").code()
    }

    #[test]
    fn no_daemon_is_started_while_packages_are_installed() {
        let path = path("forbids");
        let guard = NoDaemons::at(&path).expect("written");
        assert_eq!(asked(&path), Some(101));
        drop(guard);
        assert!(!path.exists());
    }

    #[test]
    fn a_policy_that_is_there_already_stays() {
        let path = path("stays");
        fs::write(&path, "somebody's own").expect("written");
        drop(NoDaemons::at(&path).expect("it is left alone"));
        let left = fs::read_to_string(&path).expect("it is still there");
        fs::remove_file(&path).expect("removed");
        assert_eq!(left, "somebody's own");
    }

    #[test]
    fn a_policy_left_behind_by_a_process_that_is_gone_takes_itself_away() {
        let path = path("left");
        let guard = NoDaemons::at(&path).expect("written");
        let text = fs::read_to_string(&path).expect("written");
        // No process has this number.
        let gone = text.replace(&format!("/proc/{} ", process::id()), "/proc/0 ");
        assert_ne!(gone, text);
        fs::write(&path, gone).expect("written");
        assert_eq!(asked(&path), Some(0));
        assert!(!path.exists());
        drop(guard);
    }
}
