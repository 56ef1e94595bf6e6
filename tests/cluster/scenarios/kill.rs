//! A node is killed under load: the others go on, its lease moves, nothing acknowledged is lost, and
//! a node that comes in its place joins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rollcall::operations::housekeeping::FOLD_INTERVAL;
use rollcall::operations::nodes::{ALIVE, BEAT_INTERVAL, LEASE};
use tokio::task::block_in_place;
use tokio::time::Instant;

use super::load::Load;
use super::node::{Door, Starting};
use super::stage::{CLIENT, Stage, path};
use super::{Figures, PROMPT, until, verify};

/// How long there is load before a node is killed.
const RUN_UP: Duration = Duration::from_secs(1);

/// What was measured.
#[derive(Default)]
pub struct Report {
    pub writes: usize,
    pub unanswered: usize,
    pub moved: Figures,
    pub folded: Figures,
    pub joined: Figures,
    pub traces: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            writes,
            unanswered,
            moved,
            folded,
            joined,
            traces,
        } = self;
        writeln!(
            formatter,
            "{writes} writes, {unanswered} unanswered by who was killed, no other failed, none \
             lost ({traces} looked for)"
        )?;
        writeln!(formatter, "the lease moved after the kill: {moved}")?;
        writeln!(formatter, "the log was folded after that: {folded}")?;
        write!(formatter, "a new node was up: {joined}")
    }
}

/// Kills who keeps house, `count` times, at so many writes a second.
pub async fn play(count: usize, writes: u64) -> Report {
    let mut stage = block_in_place(|| Stage::with_nodes(3));
    let load = Load::prepare(&stage).await;
    let running = tokio::spawn(Arc::clone(&load).run(writes));
    let mut report = Report::default();
    let mut killed = Vec::new();
    for number in 0..count {
        tokio::time::sleep(RUN_UP).await;
        let keeper = keeper(&stage).await;
        let mut node = stage.nodes.remove(keeper);
        let fence = fence(&stage);
        node.kill();
        let since = Instant::now();
        load.without(&node.name);
        killed.push(node.name.clone());
        let within = LEASE + 2 * BEAT_INTERVAL;
        let moved = until("the lease moves", since, within, async || {
            fence_moved(&stage, fence)
        });
        report.moved.add(moved.await);
        report.folded.add(folds(&stage).await);

        let name = format!("again{number}");
        let since = Instant::now();
        let fresh = block_in_place(|| stage.spawn(&name));
        let fresh = block_in_place(|| Starting::ready(fresh));
        fresh.door.json(&path("/users"), &stage.token).await;
        report.joined.add(since.elapsed());
        load.with(&name, &fresh.door);
        stage.nodes.push(fresh);
        let within = ALIVE + 2 * BEAT_INTERVAL;
        for node in &stage.nodes {
            let counted = until("three are alive", since, within, async || {
                figure(&node.door, "rollcall_nodes_alive").await == 3
            });
            counted.await;
        }
    }
    load.end();
    running.await.unwrap();
    for event in load.events() {
        report.writes += usize::from(event.is_write);
        if !event.is_done() {
            let is_of_killed = event.answer.is_err() && killed.contains(&event.node);
            assert!(is_of_killed, "the others go on: {event:?}");
            report.unanswered += 1;
        }
    }
    report.traces = verify::nothing_is_lost(&stage, &load).await;
    report
}

/// The place of the node that keeps house.
async fn keeper(stage: &Stage) -> usize {
    let mut keepers = Vec::new();
    for (place, node) in stage.nodes.iter().enumerate() {
        if figure(&node.door, "rollcall_housekeeping_leader").await == 1 {
            keepers.push(place);
        }
    }
    assert_eq!(keepers.len(), 1, "one keeps house");
    keepers[0]
}

fn fence(stage: &Stage) -> i64 {
    let sql = "SELECT fence FROM leases WHERE name = 'housekeeping'";
    block_in_place(|| stage.query(sql)).parse().unwrap()
}

fn fence_moved(stage: &Stage, former: i64) -> bool {
    let now = fence(stage);
    assert!(now == former || now == former + 1, "one takes over: {now}");
    now != former
}

/// Waits until entries are folded that are not yet.
async fn folds(stage: &Stage) -> Duration {
    let ask = |column: &str| -> i64 {
        let sql = format!("SELECT {column} FROM activity_counters WHERE client_id = '{CLIENT}'");
        block_in_place(|| stage.query(&sql)).parse().unwrap()
    };
    let latest = ask("number");
    let within = FOLD_INTERVAL + BEAT_INTERVAL + PROMPT;
    let folded = async || ask("folded") >= latest;
    until("the log is folded", Instant::now(), within, folded).await
}

/// A figure of `/metrics`.
async fn figure(door: &Door, name: &str) -> i64 {
    let text = door.get("/metrics", "").await.must_be(200, "metrics").body;
    let mut lines = text.lines();
    let figure = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    figure.unwrap().parse().unwrap()
}
