//! The command line.

use std::{path::PathBuf, time::Duration};

/// How it is used.
pub const USAGE: &str = "\
Usage: rollcall-bench --server ROLLCALL [--quick] [--users N] [--oha OHA] [--output FILE [--write]]
                      [SECTION ...]

  --server ROLLCALL  the built server
  --quick            three short rounds: under two minutes, and not written down
  --users N          people in the directory (100000)
  --oha OHA          where oha is, which the section `latency` needs (in PATH)
  --output FILE      where the table is written when all sections were run
  --write            write it also after `--quick`";

/// The people of a run that names no number.
const USERS: usize = 100_000;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub enum Task {
    /// Measure.
    Run(Run),
    /// Be a bare server that answers with the answer in this file; on all cores, or on one.
    Bare(PathBuf, bool),
    /// Ask slapd, at this address, the questions in this file, over so many connections, for so
    /// long.
    Ldap(String, PathBuf, usize, Duration),
    /// Commit rows to this database for so long.
    Commits(PathBuf, Duration),
}

/// What is to be measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    /// The built server.
    pub server: PathBuf,
    /// Whether it is to be over soon.
    pub quick: bool,
    /// People in the directory.
    pub users: usize,
    /// Where oha is.
    pub oha: PathBuf,
    /// Where the table is written.
    pub output: Option<PathBuf>,
    /// Whether it is written in any case.
    pub write: bool,
    /// The sections by name; none means all.
    pub sections: Vec<String>,
}

/// Reads the arguments after the program's name.
///
/// # Errors
/// A sentence, when they make no sense.
pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Task, String> {
    let arguments: Vec<String> = arguments.collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *words.as_slice() {
        ["bare", file] => Ok(Task::Bare(file.into(), false)),
        ["bare", file, "--all-cores"] => Ok(Task::Bare(file.into(), true)),
        ["ldap", address, file, connections, milliseconds] => Ok(Task::Ldap(
            address.to_owned(),
            file.into(),
            number(connections)?,
            milliseconds_of(milliseconds)?,
        )),
        ["commits", file, milliseconds] => {
            Ok(Task::Commits(file.into(), milliseconds_of(milliseconds)?))
        }
        _ => run(arguments).map(Task::Run),
    }
}

fn run(arguments: Vec<String>) -> Result<Run, String> {
    let mut server = None;
    let mut run = Run {
        server: PathBuf::new(),
        quick: false,
        users: USERS,
        oha: "oha".into(),
        output: None,
        write: false,
        sections: Vec::new(),
    };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .ok_or(format!("`{argument}` lacks its value"))
        };
        match argument.as_str() {
            "--server" => server = Some(value()?.into()),
            "--quick" => run.quick = true,
            "--users" => run.users = number(&value()?)?,
            "--oha" => run.oha = value()?.into(),
            "--output" => run.output = Some(value()?.into()),
            "--write" => run.write = true,
            flag if flag.starts_with('-') => return Err(format!("there is no `{flag}`")),
            section => run.sections.push(section.to_owned()),
        }
    }
    if run.users < 1_000 {
        return Err("`--users` takes 1000 or more".to_owned());
    }
    run.server = server.ok_or("`--server` is missing")?;
    Ok(run)
}

fn milliseconds_of(text: &str) -> Result<Duration, String> {
    let milliseconds = text
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))?;
    Ok(Duration::from_millis(milliseconds))
}

fn number(text: &str) -> Result<usize, String> {
    let digits = text.replace('_', "");
    digits
        .parse()
        .map_err(|_| format!("`{text}` is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Task, String> {
        parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn all_sections_are_run_over_100_000_people_unless_told_otherwise() {
        let expected = Run {
            server: "r".into(),
            quick: false,
            users: 100_000,
            oha: "oha".into(),
            output: None,
            write: false,
            sections: Vec::new(),
        };
        assert_eq!(parsed("--server r"), Ok(Task::Run(expected)));
    }

    #[test]
    fn flags_and_sections_come_in_any_order() {
        let line = "get --users 1_000_000 --quick --server r --output f --write --oha o lists";
        let expected = Run {
            server: "r".into(),
            quick: true,
            users: 1_000_000,
            oha: "o".into(),
            output: Some("f".into()),
            write: true,
            sections: vec!["get".to_owned(), "lists".to_owned()],
        };
        assert_eq!(parsed(line), Ok(Task::Run(expected)));
    }

    #[test]
    fn nonsense_is_refused() {
        for line in [
            "",
            "get",
            "--server",
            "--server r --users",
            "--server r --users many",
            "--server r --users 10",
            "--server r --fast",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
