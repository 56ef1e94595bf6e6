//! What a person takes in memory.

use std::{thread, time::Duration};

use crate::{
    bench::Bench,
    dataset::Dataset,
    figures::Figures,
    people::Fields,
    process::SERVER,
    report::{Row, Section, Unit, grouped},
};

/// What the allocator gives back, it has given back by then.
const SETTLED: Duration = Duration::from_millis(500);

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let mut section = Section::default();
    let directory = bench.new_path("core");
    let core = Dataset::create(&bench.rollcall, &directory, bench.people(), Fields::Core)?;
    for (what, dataset, promise) in [
        ("core fields", &core, 300.0),
        ("full profile", bench.main()?, 900.0),
    ] {
        let repeats = if bench.quick { 1 } else { 3 };
        let figures = (0..repeats).map(|_| per_user(bench, dataset));
        let figures = Figures::new(figures.collect::<Result<_, _>>()?);
        let what = format!("{what}, a user of {}", grouped(bench.users as f64));
        section
            .rows
            .push(Row::at_most(what, Unit::Bytes, figures, promise));
    }
    section.remark(
        "By how much the server's resident memory grew with the first answer, divided by the users. \
         *Core fields* are those of the Clients API with one to three departments; the *full \
         profile* has all 19 of the gateway's and the id of the source system.",
    );
    Ok(section)
}

fn per_user(bench: &Bench, dataset: &Dataset) -> Result<f64, String> {
    let server = bench
        .rollcall
        .serve(&dataset.database, &dataset.directory, SERVER)?;
    thread::sleep(SETTLED);
    let before = server.running.resident()?;
    server
        .connect()?
        .ask(&dataset.get("/users?page_size=1"), 200)?;
    thread::sleep(SETTLED);
    let grown = server.running.resident()?.saturating_sub(before);
    Ok(grown as f64 / dataset.people.len() as f64)
}
