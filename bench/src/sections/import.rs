//! A hundred thousand people from a file, by the command line.

use std::{
    path::Path,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use rollcall_testbed::postgres;

use crate::{
    bench::Bench,
    dataset::Dataset,
    figures::Figures,
    people::{self, Fields},
    process::Running,
    report::{Row, Section, Unit},
};

/// The people of the promise, whatever the size of the run's directory is.
const PEOPLE: usize = 100_000;
const PEOPLE_ON_POSTGRES: usize = 20_000;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let people = Rc::new(people::generate(PEOPLE));
    let mut section = Section::default();
    let repeats = if bench.quick { 1 } else { 3 };
    let (mut first, mut again, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repeats {
        let directory = bench.new_path("import");
        let dataset = Dataset::create_empty(&bench.rollcall, &directory, Rc::clone(&people))?;
        let file = dataset.write_csv(Fields::Full)?;
        let imported = import(bench, &dataset, &file)?;
        first.push(imported.seconds);
        peaks.push(imported.peak / MEBIBYTE);
        again.push(import(bench, &dataset, &file)?.seconds);
        // The last one stays, for nobody.
        std::fs::remove_dir_all(&directory).map_err(|error| error.to_string())?;
    }
    let mut promised = |what: &str, unit, figures, promise| {
        let what = format!("100,000 people, all fields, {what}");
        section
            .rows
            .push(Row::at_most(what, unit, Figures::new(figures), promise));
    };
    promised("into an empty client", Unit::Seconds, first, 5.0);
    promised(
        "the same: peak memory of the import",
        Unit::Mebibytes,
        peaks,
        100.0,
    );
    promised("once more, nothing changed", Unit::Seconds, again, 2.0);
    section.remark(match bench.quick {
        true => "PostgreSQL: left out of a quick run.".to_owned(),
        false => on_postgres(bench)?,
    });
    section.remark(
        "The memory is the most that the process ever had (`VmHWM`), its image not taken off.",
    );
    Ok(section)
}

/// How long 20,000 people take on PostgreSQL, or that there is none.
fn on_postgres(bench: &Bench) -> Result<String, String> {
    if !postgres::is_installed() {
        return Ok("PostgreSQL: not installed".to_owned());
    }
    let server = postgres::Server::try_launch(&postgres::Options {
        durable: true,
        ..postgres::Options::default()
    })?;
    server.create_database("bench");
    let directory = bench.new_path("import-postgres");
    std::fs::create_dir(&directory).map_err(|error| error.to_string())?;
    let people = Rc::new(people::generate(PEOPLE_ON_POSTGRES));
    let url = server.url("bench");
    let dataset = Dataset::in_database(&bench.rollcall, &directory, url, people)?;
    let file = dataset.write_csv(Fields::Full)?;
    let first = import(bench, &dataset, &file)?.seconds;
    let again = import(bench, &dataset, &file)?.seconds;
    Ok(format!(
        "On PostgreSQL (durable, as installed), 20,000 people: {first:.2} s, once more {again:.2} s."
    ))
}

struct Imported {
    seconds: f64,
    /// Bytes.
    peak: f64,
}

fn import(bench: &Bench, dataset: &Dataset, file: &Path) -> Result<Imported, String> {
    let file = file.display().to_string();
    let arguments = ["import", "--client", &dataset.client, &file, "--json"];
    let mut command = bench.rollcall.command(&dataset.database, &arguments);
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    let start = Instant::now();
    let mut running = Running::start(command)?;
    let mut peak = 0;
    while running.is_running() {
        // It only ever grows, so the last look before the end is near enough.
        peak = running.resident_peak().unwrap_or(peak).max(peak);
        thread::sleep(Duration::from_millis(5));
    }
    let seconds = start.elapsed().as_secs_f64();
    running.wait()?;
    Ok(Imported {
        seconds,
        peak: peak as f64,
    })
}
