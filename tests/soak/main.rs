//! The soak: what several nodes on one PostgreSQL promise, for minutes, and what was measured.
//!
//! `cargo xtask soak [--minutes N] [SCENARIO …]`. A minute holds ten restarts of PostgreSQL at 100
//! writes a second; the other scenarios grow with the minutes too. Exit code 0 when every promise
//! held, 1 when one did not, 2 when the arguments are wrong.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it fails by panicking, and its output is the terminal"
)]

#[path = "../cluster/scenarios/mod.rs"]
mod scenarios;

use std::fmt::Display;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Duration;

use scenarios::{images, kill, pool, propagation, restarts, start};
use tokio::time::Instant;

const NAMES: [&str; 6] = ["start", "propagation", "images", "pool", "kill", "restarts"];
const USAGE: &str = "Usage: cargo xtask soak [--minutes N] [SCENARIO …]";
/// Writes a second where there is load.
const WRITES: u64 = 100;
const RESTARTS_PER_MINUTE: usize = 10;

fn main() -> ExitCode {
    let (minutes, names) = match parse(std::env::args().skip(1)) {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("soak: {problem}\n{USAGE}\nScenarios: {}", NAMES.join(", "));
            return ExitCode::from(2);
        }
    };
    let is_broken = |name: &String| !play(name, minutes);
    let broken: Vec<String> = names.into_iter().filter(is_broken).collect();
    if broken.is_empty() {
        println!("soak: every promise held");
        return ExitCode::SUCCESS;
    }
    eprintln!("soak: BROKEN: {}", broken.join(", "));
    ExitCode::from(1)
}

/// The minutes, and which scenarios: all of them when none is named.
fn parse(mut arguments: impl Iterator<Item = String>) -> Result<(usize, Vec<String>), String> {
    let mut minutes = 1;
    let mut names = Vec::new();
    while let Some(argument) = arguments.next() {
        if argument == "--minutes" {
            let number = arguments.next().and_then(|number| number.parse().ok());
            let number = number.filter(|number| (1..=1_440).contains(number));
            minutes = number.ok_or("--minutes is a whole number from 1 to 1440")?;
        } else if NAMES.contains(&argument.as_str()) {
            names.push(argument);
        } else {
            return Err(format!("there is no scenario {argument:?}"));
        }
    }
    if names.is_empty() {
        names = NAMES.map(str::to_owned).to_vec();
    }
    Ok((minutes, names))
}

/// Plays one, and tells how it went.
fn play(name: &str, minutes: usize) -> bool {
    let apart = Duration::from_secs(60) / u32::try_from(RESTARTS_PER_MINUTE).unwrap();
    match name {
        "start" => told(name, start::play(minutes, 6)),
        "propagation" => told(name, propagation::play(20 * minutes)),
        "images" => told(name, images::play(4 * minutes, 2_000, 7)),
        "pool" => told(name, pool::play(minutes)),
        "kill" => told(name, kill::play(2 * minutes, WRITES)),
        _ => {
            // The time that a restart takes itself is part of what they are apart.
            let apart = apart.saturating_sub(Duration::from_millis(500));
            told(
                name,
                restarts::play(RESTARTS_PER_MINUTE * minutes, apart, WRITES),
            )
        }
    }
}

fn told<R: Display>(name: &str, scenario: impl Future<Output = R>) -> bool {
    println!("==> {name}");
    // One of its own, with which all that a broken scenario began ends.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let played = AssertUnwindSafe(|| {
        runtime.block_on(async {
            let since = Instant::now();
            (scenario.await, since.elapsed())
        })
    });
    // What was broken has been told by its panic.
    let Ok((report, took)) = catch_unwind(played) else {
        eprintln!("==> {name}: BROKEN\n");
        return false;
    };
    let took = took.as_secs_f64();
    println!("{report}\n==> {name}: held ({took:.1} s)\n");
    true
}
