//! Measures the built server beside what it is held against, in one run: see `docs/benchmarks.md`.
//!
//! It holds no product code and names none: the server is asked from outside. Everything that it
//! starts runs on 127.0.0.1 and ends with it.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a tool for developers: its output is the terminal, and time is what it measures"
)]

mod arguments;
mod bare;
mod bench;
mod dataset;
mod figures;
mod http;
mod ldap;
mod names;
mod nginx;
mod people;
mod port;
mod process;
mod random;
mod report;
mod rollcall;
mod rounds;
mod sections;
mod wrk;

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant},
};

use arguments::{Run, Task, USAGE};
use bench::Bench;
use process::TemporaryDirectory;
use rollcall::Rollcall;
use rounds::Plan;
use sections::Part;

/// The product's: the bare server is to differ in nothing that is not the product's doing.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let done = match arguments::parse(env::args().skip(1)) {
        Ok(Task::Run(run)) => measure(&run),
        Ok(Task::Bare(file, all_cores)) => bare::serve(&file, all_cores),
        Ok(Task::Ldap(address, file, connections, milliseconds)) => {
            let duration = Duration::from_millis(milliseconds);
            ldap::generate(&address, &file, connections, duration)
        }
        Err(problem) => {
            eprintln!("rollcall-bench: {problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("rollcall-bench: FAILED: {problem}");
            ExitCode::from(1)
        }
    }
}

fn measure(run: &Run) -> Result<(), String> {
    let parts: Vec<&Part> = match run.sections.as_slice() {
        [] => sections::ALL.iter().collect(),
        names => {
            let found = names.iter().map(|name| {
                sections::named(name).ok_or_else(|| format!("there is no section `{name}`"))
            });
            found.collect::<Result<_, _>>()?
        }
    };
    let plan = match run.quick {
        true => Plan {
            rounds: 3,
            duration: Duration::from_millis(400),
        },
        false => Plan {
            rounds: 5,
            duration: Duration::from_millis(1500),
        },
    };
    let directory = TemporaryDirectory::create()?;
    let rollcall = Rollcall::new(run.server.clone());
    let bench = Bench::new(rollcall, plan, run.quick, run.users, None, directory.path());
    let mut text = String::new();
    for part in parts {
        println!("{}", part.name);
        let start = Instant::now();
        let measured = (part.measure)(&bench);
        let section = measured.map_err(|problem| format!("{}: {problem}", part.name))?;
        println!("  {:.1} s", start.elapsed().as_secs_f64());
        text += &report::to_markdown(part.title, &section);
    }
    println!("\n{text}");
    Ok(())
}
