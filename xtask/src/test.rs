//! `cargo xtask test`: every check, in order, up to the first that fails.
#![allow(
    clippy::disallowed_methods,
    reason = "how long a step took is for the reader only; there is no App whose clock to use"
)]

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

const CARGO_DENY_VERSION: &str = "0.20.2";

/// Where everything runs, and which cargo runs it.
struct Place {
    root: PathBuf,
    /// Absolute: the steps run in `root`, and the caller's `CARGO_TARGET_DIR` may be relative.
    target: PathBuf,
    cargo: OsString,
}

/// One check: its name for the reader, and the command that is the check.
struct Step {
    name: &'static str,
    command: Command,
}

/// Runs every step. Exit code 0 when all hold, 1 at the first that does not.
pub(crate) fn run() -> ExitCode {
    let start = Instant::now();
    let place = Place::found();
    match run_in(&place) {
        Ok(()) => {
            println!(
                "xtask test: all passed in {:.1} s",
                start.elapsed().as_secs_f64()
            );
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("xtask test: FAILED: {problem}");
            ExitCode::from(1)
        }
    }
}

fn run_in(place: &Place) -> Result<(), String> {
    let start = Instant::now();
    println!("==> install what is needed");
    install_programs()?;
    require_component(place, "fmt", "rustfmt")?;
    require_component(place, "clippy", "clippy")?;
    let deny = install_cargo_deny(place)?;
    finished(start);

    let advisories = env::var_os("ROLLCALL_ADVISORIES").is_some_and(|value| value == "1");
    let mut steps = cargo_steps(place, answers(place.cargo(["nextest", "--version"])));
    steps.extend(deny_steps(place, &deny, advisories));
    for step in steps {
        run_step(step)?;
    }
    if !advisories {
        println!("==> advisories: not checked; that needs internet and ROLLCALL_ADVISORIES=1");
    }
    Ok(())
}

fn cargo_steps(place: &Place, has_nextest: bool) -> Vec<Step> {
    let tests = if has_nextest {
        "nextest run --workspace --locked"
    } else {
        "test --workspace --locked"
    };
    let clippy = "clippy --workspace --all-targets --locked -- -D warnings";
    let doctests = "test --doc --workspace --locked";
    let documents = "doc --workspace --no-deps --document-private-items --locked";
    let mut documentation = place.cargo(documents.split(' '));
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    vec![
        Step {
            name: "format",
            command: place.cargo(["fmt", "--check"]),
        },
        Step {
            name: "clippy",
            command: place.cargo(clippy.split(' ')),
        },
        Step {
            name: "tests",
            command: place.cargo(tests.split(' ')),
        },
        Step {
            name: "doctests",
            command: place.cargo(doctests.split(' ')),
        },
        Step {
            name: "documentation",
            command: documentation,
        },
    ]
}

/// The advisory database is fetched from the internet, so it is asked for by name.
fn deny_steps(place: &Place, deny: &[OsString], advisories: bool) -> Vec<Step> {
    let check = |what: &[&str]| {
        let mut command = place.command(&deny[0]);
        // The trees that explain each duplicate would bury the other steps.
        command
            .args(&deny[1..])
            .args(["--locked", "check", "--hide-inclusion-graph"])
            .args(what);
        command
    };
    let mut steps = vec![Step {
        name: "dependencies",
        command: check(&["bans", "licenses", "sources"]),
    }];
    if advisories {
        steps.push(Step {
            name: "advisories",
            command: check(&["advisories"]),
        });
    }
    steps
}

fn run_step(mut step: Step) -> Result<(), String> {
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

fn finished(start: Instant) {
    println!("    ok in {:.1} s", start.elapsed().as_secs_f64());
}

impl Place {
    /// `cargo run` says at run time which checkout it is for; the path compiled in may be another
    /// checkout's, when several share a target directory.
    fn found() -> Self {
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

    fn cargo<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.command(&self.cargo);
        command.args(arguments);
        command
    }

    fn command(&self, program: &OsString) -> Command {
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

/// Programs that are no part of Rust, each with Debian's package of it: the bundled SQLite and aws-lc
/// are C, and the tests paste the demo's curl lines into a shell.
const PROGRAMS: [(&str, &str); 2] = [("cc", "build-essential"), ("curl", "curl")];

/// Installs the programs that are missing, where that is ours to do.
fn install_programs() -> Result<(), String> {
    let missing = || {
        PROGRAMS
            .iter()
            .filter(|(name, _)| !answers(system(name, &["--version"])))
    };
    if missing().next().is_none() {
        return Ok(());
    }
    let names: Vec<&str> = missing().map(|(name, _)| *name).collect();
    let packages: Vec<&str> = missing().map(|(_, package)| *package).collect();
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

fn require_component(place: &Place, subcommand: &str, component: &str) -> Result<(), String> {
    if answers(place.cargo([subcommand, "--version"])) {
        return Ok(());
    }
    Err(format!(
        "`cargo {subcommand}` is missing: run `rustup component add {component}`"
    ))
}

/// The start of a command that runs cargo-deny: the installed one, or our own below the target
/// directory, which is built when it is not there. Nothing outside the checkout is changed.
fn install_cargo_deny(place: &Place) -> Result<Vec<OsString>, String> {
    if answers(place.cargo(["deny", "--version"])) {
        return Ok(vec![place.cargo.clone(), "deny".into()]);
    }
    let tools = place.target.join("tools");
    let own: OsString = tools.join("bin").join("cargo-deny").into();
    let mut version = place.command(&own);
    version.arg("--version");
    if !answers(version) {
        let mut install = place.cargo(["install", "cargo-deny", "--locked", "--version"]);
        install.arg(CARGO_DENY_VERSION).arg("--root").arg(tools);
        run_step(Step {
            name: "cargo-deny",
            command: install,
        })?;
    }
    Ok(vec![own])
}

/// A command of the operating system; apt-get must ask nobody.
fn system(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Whether a command can be started and succeeds; what it prints is not shown.
fn answers(mut command: Command) -> bool {
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
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

    fn place() -> Place {
        Place {
            root: "/checkout".into(),
            target: "/built".into(),
            cargo: "cargo".into(),
        }
    }

    fn typed(steps: &[Step]) -> Vec<String> {
        steps.iter().map(|step| shown(&step.command)).collect()
    }

    #[test]
    fn the_steps_stand_in_their_order() {
        let expected = [
            "cargo fmt --check",
            "cargo clippy --workspace --all-targets --locked -- -D warnings",
            "cargo nextest run --workspace --locked",
            "cargo test --doc --workspace --locked",
            "cargo doc --workspace --no-deps --document-private-items --locked",
        ];
        assert_eq!(typed(&cargo_steps(&place(), true)), expected);
    }

    #[test]
    fn without_nextest_the_same_tests_run() {
        let tests = &typed(&cargo_steps(&place(), false))[2];
        assert_eq!(tests, "cargo test --workspace --locked");
    }

    #[test]
    fn advisories_are_checked_only_when_asked_for() {
        let deny = ["cargo".into(), "deny".into()];
        let start = "cargo deny --locked check --hide-inclusion-graph";
        let dependencies = format!("{start} bans licenses sources");
        assert_eq!(
            typed(&deny_steps(&place(), &deny, false)),
            [dependencies.as_str()]
        );
        let asked = typed(&deny_steps(&place(), &deny, true));
        assert_eq!(asked, [dependencies, format!("{start} advisories")]);
    }

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
