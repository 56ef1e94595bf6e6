//! `cargo xtask test`: every check, in order, up to the first that fails.
#![allow(
    clippy::disallowed_methods,
    reason = "how long a step took is for the reader only; there is no App whose clock to use"
)]

use std::{env, ffi::OsString, process::ExitCode, time::Instant};

use rollcall_testbed::postgres::{self, Options};

use crate::{
    conformance, node,
    place::{Place, Step, answers, finished, run_step},
    programs, python,
};

const CARGO_DENY_VERSION: &str = "0.20.2";

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
    programs::install_for_tests()?;
    programs::install_for_conformance()?;
    require_component(place, "fmt", "rustfmt")?;
    require_component(place, "clippy", "clippy")?;
    let deny = install_cargo_deny(place)?;
    let python = python::environment(place)?;
    node::provider(place)?;
    finished(start);

    let advisories = env::var_os("ROLLCALL_ADVISORIES").is_some_and(|value| value == "1");
    // One for all tests, each of which takes a database of its own. It ends with this function.
    println!("==> start PostgreSQL for the tests");
    let start = Instant::now();
    let postgres = postgres::Server::try_launch(&Options::default())?;
    finished(start);
    let url = postgres.url("postgres");
    let has_nextest = answers(place.cargo(["nextest", "--version"]));
    let mut steps = cargo_steps(place, has_nextest, &url);
    // The tests have built the server.
    steps.push(conformance::step(place, &python));
    steps.extend(deny_steps(place, &deny, advisories));
    for step in steps {
        run_step(step)?;
    }
    if !advisories {
        println!("==> advisories: not checked; that needs internet and ROLLCALL_ADVISORIES=1");
    }
    Ok(())
}

fn cargo_steps(place: &Place, has_nextest: bool, postgres: &str) -> Vec<Step> {
    let beside_postgres = |arguments: &str| {
        let mut command = place.cargo(arguments.split(' '));
        command.env(postgres::SHARED_BY, postgres);
        command
    };
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
            command: beside_postgres(tests),
        },
        Step {
            name: "doctests",
            command: beside_postgres(doctests),
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

fn require_component(place: &Place, subcommand: &str, component: &str) -> Result<(), String> {
    if answers(place.cargo([subcommand, "--version"])) {
        return Ok(());
    }
    Err(format!(
        "`cargo {subcommand}` is missing: run `rustup component add {component}`"
    ))
}

/// The start of a command that runs cargo-deny: the installed one, or our own below the target
/// directory.
fn install_cargo_deny(place: &Place) -> Result<Vec<OsString>, String> {
    if answers(place.cargo(["deny", "--version"])) {
        return Ok(vec![place.cargo.clone(), "deny".into()]);
    }
    Ok(vec![place.tool("cargo-deny", CARGO_DENY_VERSION)?.into()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::shown;

    const URL: &str = "postgres://postgres@127.0.0.1:1/postgres";

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
        assert_eq!(typed(&cargo_steps(&place(), true, URL)), expected);
    }

    #[test]
    fn the_tests_are_told_of_the_postgresql_that_they_share() {
        let steps = cargo_steps(&place(), true, URL);
        let told = steps.iter().filter(|step| {
            let mut set = step.command.get_envs();
            set.any(|(name, value)| {
                name == postgres::SHARED_BY && value.is_some_and(|value| value == URL)
            })
        });
        let names: Vec<&str> = told.map(|step| step.name).collect();
        assert_eq!(names, ["tests", "doctests"]);
    }

    #[test]
    fn without_nextest_the_same_tests_run() {
        let tests = &typed(&cargo_steps(&place(), false, URL))[2];
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
}
