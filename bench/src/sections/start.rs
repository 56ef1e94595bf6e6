//! How soon a server answers.

use std::time::Instant;

use crate::{
    bench::Bench,
    figures::Figures,
    process::SERVER,
    report::{Row, Section, Unit, grouped},
    rollcall,
};

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let main = bench.main()?;
    let (mut ready, mut first) = (Vec::new(), Vec::new());
    for _ in 0..bench.plan.rounds {
        let start = Instant::now();
        let mut server = bench
            .rollcall
            .launch(&main.database, &main.directory, SERVER)?;
        let address = server.address.clone();
        server.running.until(|| rollcall::is_ready(&address))?;
        ready.push(start.elapsed().as_secs_f64());
        let mut connection = server.connect()?;
        let asked = Instant::now();
        connection.ask(&main.get("/users?page_size=1"), 200)?;
        first.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    let users = main.people.len() as f64;
    let shown = grouped(users);
    let mut section = Section::default();
    section.rows.push(Row::at_most(
        format!("start to ready, {shown} users in one client"),
        Unit::Seconds,
        Figures::new(ready),
        3.0,
    ));
    // The promise is for 100,000; loading takes as much longer as there are more.
    let promise = 300.0 * (users / 100_000.0).max(1.0);
    section.rows.push(Row::at_most(
        format!("first answer of a client of {shown} that is not loaded yet"),
        Unit::Milliseconds,
        Figures::new(first),
        promise,
    ));
    section.remark("On one core.");
    Ok(section)
}
