//! `cargo xtask`: what a cargo command cannot say.
//!
//! It holds no product code and depends on nothing but the testbed, which depends on nothing: so it
//! builds before anything else does.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool for developers: its output is the terminal"
)]

mod bench;
mod conformance;
mod node;
mod place;
mod programs;
mod python;
mod soak;
mod test;

use std::{env, process::ExitCode};

const USAGE: &str = "\
Usage: cargo xtask <command>

Commands:
  test                everything that must hold before a change is merged
  conformance         the part of it in which others' programs ask the built server
  bench [--quick] [--users N] [SECTION ...]
                      the released binary beside what it is held against: docs/benchmarks.md
  soak [--minutes N]  the released binary under load; it takes the soak's own arguments

Not there yet: openapi.";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Test,
    Conformance,
    /// With the benchmark's own arguments, which it judges itself.
    Bench(Vec<String>),
    /// With the soak's own arguments, which it judges itself.
    Soak(Vec<String>),
}

fn main() -> ExitCode {
    match parse(env::args().skip(1)) {
        Ok(Task::Test) => test::run(),
        Ok(Task::Conformance) => conformance::run(),
        Ok(Task::Bench(arguments)) => bench::run(&arguments),
        Ok(Task::Soak(arguments)) => soak::run(&arguments),
        Err(problem) => {
            eprintln!("cargo xtask: {problem}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Reads the arguments after the program's name: one command, and what that one takes.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Task, String> {
    let command = arguments.next().ok_or("a command is missing")?;
    let task = match command.as_str() {
        "test" => Task::Test,
        "conformance" => Task::Conformance,
        "bench" => return Ok(Task::Bench(arguments.collect())),
        "soak" => return Ok(Task::Soak(arguments.collect())),
        _ => return Err(format!("there is no command `{command}`")),
    };
    match arguments.next() {
        Some(extra) => Err(format!(
            "`{command}` takes no argument, and `{extra}` was given"
        )),
        None => Ok(task),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Task, String> {
        parse(arguments.iter().map(|argument| (*argument).to_owned()))
    }

    #[test]
    fn test_and_its_part_are_commands() {
        assert_eq!(parsed(&["test"]), Ok(Task::Test));
        assert_eq!(parsed(&["conformance"]), Ok(Task::Conformance));
    }

    #[test]
    fn soak_takes_arguments_of_its_own() {
        let none = Task::Soak(Vec::new());
        assert_eq!(parsed(&["soak"]), Ok(none));
        let minutes = Task::Soak(vec!["--minutes".to_owned(), "5".to_owned()]);
        assert_eq!(parsed(&["soak", "--minutes", "5"]), Ok(minutes));
    }

    #[test]
    fn bench_takes_arguments_of_its_own() {
        let arguments = ["--quick".to_owned(), "get".to_owned()].to_vec();
        assert_eq!(
            parsed(&["bench", "--quick", "get"]),
            Ok(Task::Bench(arguments))
        );
    }

    #[test]
    fn a_missing_command_is_refused() {
        assert_eq!(parsed(&[]), Err("a command is missing".to_owned()));
    }

    #[test]
    fn an_unknown_command_is_refused_by_its_name() {
        for command in ["openapi", "Bench", "Soak", "Test", "--help", ""] {
            assert_eq!(
                parsed(&[command]),
                Err(format!("there is no command `{command}`"))
            );
        }
    }

    #[test]
    fn an_argument_too_many_is_refused() {
        let refused = parsed(&["test", "--fast"]).expect_err("`test` takes no argument");
        assert!(refused.contains("--fast"), "{refused}");
    }
}
