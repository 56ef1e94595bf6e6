//! PostgreSQL is restarted under load, in order and as in a crash: nothing acknowledged is lost,
//! who writes meanwhile is told to come again, who reads notices nothing, and service is back within
//! 2 s.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::block_in_place;
use tokio::time::Instant;

use super::load::{Event, Load};
use super::stage::{Stage, path};
use super::{Figures, PROMPT, until, verify};

/// What was measured.
#[derive(Default)]
pub struct Report {
    pub writes: usize,
    pub done: usize,
    pub reads: usize,
    pub away: Figures,
    pub resumed: Figures,
    pub refusals: Figures,
    pub traces: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            writes,
            done,
            reads,
            away,
            resumed,
            refusals,
            traces,
        } = self;
        writeln!(
            formatter,
            "{writes} writes, {done} acknowledged, none lost ({traces} looked for)"
        )?;
        writeln!(formatter, "{reads} reads, all answered")?;
        writeln!(formatter, "PostgreSQL away: {away}")?;
        writeln!(
            formatter,
            "first write through a node after it was back: {resumed}"
        )?;
        write!(formatter, "503 with Retry-After came after: {refusals}")
    }
}

/// Restarts it `count` times, `apart` from each other, at so many writes a second.
pub async fn play(count: usize, apart: Duration, writes: u64) -> Report {
    let stage = block_in_place(|| Stage::with_nodes(3));
    let load = Load::prepare(&stage).await;
    let running = tokio::spawn(Arc::clone(&load).run(writes));
    let mut report = Report::default();
    let mut outages = Vec::new();
    for restart in 0..count {
        tokio::time::sleep(apart).await;
        let begun = Instant::now();
        block_in_place(|| match restart % 2 {
            0 => stage.postgres.stop_immediate(),
            _ => stage.postgres.stop_fast(),
        });
        block_in_place(|| stage.postgres.start());
        let back = Instant::now();
        report.away.add(back - begun);
        outages.push((begun, back + PROMPT));
        let (a, b, c) = tokio::join!(
            resumed(&stage, 0, back),
            resumed(&stage, 1, back),
            resumed(&stage, 2, back)
        );
        for waited in [a, b, c] {
            report.resumed.add(waited);
        }
    }
    tokio::time::sleep(apart).await;
    load.end();
    running.await.unwrap();
    for event in load.events() {
        judge(&event, &outages, &mut report);
    }
    assert!(report.done > 0, "nothing was written at all");
    report.traces = verify::nothing_is_lost(&stage, &load).await;
    report
}

/// Waits until a node writes again.
async fn resumed(stage: &Stage, node: usize, back: Instant) -> Duration {
    let door = stage.nodes[node].door.clone();
    let token = stage.token.clone();
    until("it writes again", back, PROMPT, async || {
        let body = json!({ "name": format!("{node} {:?}", Instant::now()) });
        door.post(&path("/departments"), &token, &body).await.status == 201
    })
    .await
}

/// Counts what was answered, and refuses what must not be.
fn judge(event: &Event, outages: &[(Instant, Instant)], report: &mut Report) {
    if event.is_write {
        report.writes += 1;
        report.done += usize::from(event.is_done());
    } else {
        report.reads += 1;
    }
    if event.is_done() {
        return;
    }
    let is_in = |(begun, ended): &(Instant, Instant)| event.ended >= *begun && event.sent <= *ended;
    let first = outages.first().map_or(event.sent, |(begun, _)| *begun);
    let (sent, ended) = (event.sent - first, event.ended - first);
    let told = format!("{sent:?} to {ended:?} after the first stop: {event:?}");
    assert!(event.is_write, "a read of what is loaded: {told}");
    assert!(
        event.is_busy(),
        "neither done nor told to come again: {told}"
    );
    assert!(outages.iter().any(is_in), "PostgreSQL was there: {told}");
    report.refusals.add(event.ended - event.sent);
}
