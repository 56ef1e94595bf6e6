//! Numbers that a front page shows: one connection at a time.

use crate::{
    bench::Bench,
    process::SERVER,
    report::{Row, Section, Unit},
    rounds::{Contender, interleave},
};

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let main = bench.main()?;
    let server = bench.serve(main, SERVER)?;
    let mut section = Section::default();
    // Different thresholds, as front pages ask for different ones.
    let thresholds =
        (1..=60).map(|days| main.get(&format!("/users/summary?stale_threshold={}", days * 86_400)));
    let kinds = [
        ("summary", thresholds.collect()),
        ("client", vec![main.get("")]),
        (
            "departments, all 20 with their counts",
            vec![main.get("/departments")],
        ),
    ];
    let mut contenders = Vec::new();
    for (what, requests) in &kinds {
        let load = bench
            .load(&server.address, requests, SERVER)?
            .connections(1);
        contenders.push(Contender::rollcall(
            *what,
            &server,
            load,
            bench.plan.shorter(),
        ));
    }
    let rounds = interleave(contenders, bench.plan.shorter())?;
    for ((what, _), rounds) in kinds.iter().zip(&rounds) {
        let what = format!("{what}, p50 (p99 {:.2} ms)", rounds.p99_ms.median());
        section.rows.push(Row::at_most(
            what,
            Unit::Milliseconds,
            rounds.p50_ms.clone(),
            0.2,
        ));
    }
    Ok(section)
}
