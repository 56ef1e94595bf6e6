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
mod commits;
mod dataset;
mod figures;
mod http;
mod ldap;
mod machine;
mod many;
mod names;
mod nginx;
mod oha;
mod people;
mod port;
mod process;
mod random;
mod report;
mod rollcall;
mod rounds;
mod sections;
mod spelling;
mod wrk;

use std::{
    env, fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use arguments::{Run, Task, USAGE};
use bench::Bench;
use machine::Times;
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
        Ok(Task::Ldap(address, file, connections, duration)) => {
            ldap::generate(&address, &file, connections, duration)
        }
        Ok(Task::Commits(file, duration)) => commits::commit(&file, duration),
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
            duration: Duration::from_millis(200),
        },
        false => Plan {
            rounds: 5,
            duration: Duration::from_millis(1200),
        },
    };
    if wrk::version().is_none() {
        return Err("wrk is missing: install it, on Debian with `apt-get install wrk`".to_owned());
    }
    let directory = TemporaryDirectory::create()?;
    let rollcall = Rollcall::new(run.server.clone());
    let mut described = machine::described(&rollcall, run)?;
    described.push(machine::left_alone()?);
    let mut text = report::head(&described);
    let bench = Bench::new(
        rollcall,
        plan,
        run.quick,
        run.users,
        run.oha.clone(),
        directory.path(),
    );
    let (start, times) = (Instant::now(), Times::now()?);
    let mut missed = Vec::new();
    for part in &parts {
        println!(
            "{} ({:.0} s so far)",
            part.name,
            start.elapsed().as_secs_f64()
        );
        let measured = (part.measure)(&bench);
        let section = measured.map_err(|problem| format!("{}: {problem}", part.name))?;
        missed.extend(section.rows.iter().filter_map(|row| row.missed(part.title)));
        text += &report::to_markdown(part.title, &section);
    }
    text += &report::foot(&missed, machine::stolen(times)?);
    println!(
        "\n{text}\nMeasured in {:.0} s.",
        start.elapsed().as_secs_f64()
    );
    match &run.output {
        Some(file) if parts.len() == sections::ALL.len() && (run.write || !run.quick) => {
            fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))?;
            println!("Written to {}.", file.display());
        }
        _ => println!("Not written down: only a whole run that is not `--quick` is."),
    }
    Ok(())
}
