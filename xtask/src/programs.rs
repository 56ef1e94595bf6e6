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

/// The bundled SQLite and aws-lc are C, the tests paste the demo's curl lines into a shell, they start
/// the servers that Rollcall works with, and go through the console in a browser, where people sign in
/// through a provider that is written for Node.js.
const FOR_TESTS: [Program; 8] = [
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
    Program {
        name: "chromium",
        package: "chromium",
        is_installed: || is_in_path("chromium"),
    },
    Program {
        name: "chromedriver",
        package: "chromium-driver",
        is_installed: || is_in_path("chromedriver"),
    },
    Program {
        name: "Node.js 18 or newer",
        package: "nodejs",
        is_installed: || {
            let question = "process.exit(process.versions.node.split('.')[0] < 18 ? 1 : 0)";
            answers(system("node", &["-e", question]))
        },
    },
    Program {
        name: "npm",
        package: "npm",
        is_installed: || is_in_path("npm"),
    },
];

/// What runs others' programs against the built server, and ends the server with them.
const FOR_CONFORMANCE: [Program; 3] = [
    Program {
        name: "Python 3.11 or newer, with venv and pip",
        package: "python3-venv",
        is_installed: || {
            let question = "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))";
            answers(system("python3", &["-c", question]))
        },
    },
    Program {
        name: "openssl",
        package: "openssl",
        is_installed: || is_in_path("openssl"),
    },
    Program {
        name: "setpriv",
        package: "util-linux",
        is_installed: || is_in_path("setpriv"),
    },
];

/// What puts load on a server and pins it: without these nothing is measured.
const FOR_LOAD: [Program; 3] = [
    Program {
        name: "cc",
        package: "build-essential",
        is_installed: || answers(system("cc", &["--version"])),
    },
    Program {
        name: "wrk",
        package: "wrk",
        // It prints its version and fails.
        is_installed: || is_in_path("wrk"),
    },
    Program {
        name: "taskset and setpriv",
        package: "util-linux",
        is_installed: || is_in_path("taskset") && is_in_path("setpriv"),
    },
];

/// What Rollcall is held against beside the bare server.
const FOR_COMPARISON: [Program; 3] = [
    Program {
        name: "nginx",
        package: "nginx",
        is_installed: || is_in_path("nginx"),
    },
    Program {
        name: "slapd",
        package: "slapd",
        is_installed: || is_in_path("slapd"),
    },
    Program {
        name: "PostgreSQL 15 or newer",
        package: "postgresql",
        is_installed: postgres::is_installed,
    },
];

/// Installs what the tests need and is missing, where that is ours to do.
pub(crate) fn install_for_tests() -> Result<(), String> {
    install(&FOR_TESTS)
}

/// As [`install_for_tests`], for the conformance programs.
pub(crate) fn install_for_conformance() -> Result<(), String> {
    install(&FOR_CONFORMANCE)
}

/// As [`install_for_tests`], for the benchmark. What it is held against may stay missing: then its
/// rows say so, and the sentence here says how to get it.
pub(crate) fn install_for_bench() -> Result<(), String> {
    install(&FOR_LOAD)?;
    if let Err(sentence) = install(&FOR_COMPARISON) {
        println!("    {sentence}");
    }
    Ok(())
}

fn install(programs: &[Program]) -> Result<(), String> {
    let missing = || programs.iter().filter(|program| !(program.is_installed)());
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

/// Whether there is such a program, where root's are too: some are not in everybody's path.
fn is_in_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let sbin = [PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")];
    let mut directories = std::env::split_paths(&path).chain(sbin);
    directories.any(|directory| directory.join(name).is_file())
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
             # Made by `cargo xtask` while it installs programs.\n\
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
    fn a_program_is_found_in_the_path_or_not_at_all() {
        assert!(is_in_path("sh"));
        assert!(!is_in_path("rollcall-no-such-program"));
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
