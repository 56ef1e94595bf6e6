//! How long an answer takes when nobody waits for the last one before asking: an open loop, each
//! server at 70 % of what it can do.

use std::time::Duration;

use crate::{
    bench::Bench,
    figures::Figures,
    oha::{self, Load, Outcome},
    process::SERVER,
    report::{Row, Section, Target, Unit, grouped},
};

/// The part of its peak at which a server is asked.
const SHARE: f64 = 0.7;

/// Measures it.
pub fn measure(bench: &Bench) -> Result<Section, String> {
    let mut section = Section::default();
    if oha::version(&bench.oha).is_none() {
        section.remark("oha: not installed, so nothing was measured here");
        return Ok(section);
    }
    let main = bench.main()?;
    let server = bench.serve(main, SERVER)?;
    let gets = main.gets(&server)?;
    let get = server.connect()?.ask(&gets[0], 200)?;
    let bare = bench.bare(&get, SERVER)?;
    let load = |address: &str| {
        let paths = gets.iter().map(|get| get.path());
        Load::of(
            &bench.oha,
            address,
            paths,
            &main.token,
            &bench.new_path("urls"),
        )
    };
    let loads = [load(&bare.address)?, load(&server.address)?];
    // Long enough for the opening of the connections to be a small part of it.
    let duration = bench.plan.duration.max(Duration::from_millis(500));
    let mut peaks = Vec::new();
    for load in &loads {
        // The first one warms up.
        load.run(None, duration)?;
        peaks.push(load.run(None, duration)?.per_second);
        server.empty_log();
    }
    let mut outcomes: [Vec<Outcome>; 2] = [Vec::new(), Vec::new()];
    for round in 0..=bench.plan.rounds {
        for ((load, peak), outcomes) in loads.iter().zip(&peaks).zip(&mut outcomes) {
            let outcome = load.run(Some(peak * SHARE), duration)?;
            server.empty_log();
            if round > 0 {
                outcomes.push(outcome);
            }
        }
    }
    let [theirs, ours] = outcomes;
    for (what, figure, target) in [
        (
            "p50",
            (|outcome| outcome.p50_ms) as fn(&Outcome) -> f64,
            Target::None,
        ),
        ("p99", |outcome| outcome.p99_ms, Target::AtMost(2.0)),
        ("p99.9", |outcome| outcome.p999_ms, Target::None),
    ] {
        let figures = |outcomes: &[Outcome]| Figures::new(outcomes.iter().map(figure).collect());
        section.rows.push(Row::against(
            format!("get by id, {what}"),
            (Unit::Milliseconds, &figures(&ours)),
            ("bare hyper", &figures(&theirs)),
            target,
        ));
    }
    section.remark(format!(
        "Each at {:.0} % of its own peak, which oha found to be {}/s for ours and {}/s for the \
         bare hyper: an open loop with the latency corrected, pinned. The slowest of a thousand are \
         those that were to be sent while the 64 connections were opened.",
        100.0 * SHARE,
        grouped(peaks[1]),
        grouped(peaks[0])
    ));
    Ok(section)
}
