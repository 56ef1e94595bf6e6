//! Nodes that start at once on an empty database all come up, and the schema is there once.

use std::fmt;

use tokio::task::block_in_place;
use tokio::time::Instant;

use super::Figures;
use super::node::{Node, Starting};
use super::stage::{Stage, path};

/// What was measured.
#[derive(Default)]
pub struct Report {
    pub up: Figures,
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "all nodes up: {}", self.up)
    }
}

/// Starts `count` nodes, `rounds` times.
pub async fn play(rounds: usize, count: usize) -> Report {
    let mut report = Report::default();
    for _ in 0..rounds {
        let mut stage = block_in_place(Stage::empty);
        let since = Instant::now();
        let starting: Vec<Starting> = (0..count)
            .map(|number| stage.spawn(&format!("node{number}")))
            .collect();
        let nodes: Vec<Node> =
            block_in_place(|| starting.into_iter().map(Starting::ready).collect());
        report.up.add(since.elapsed());
        for node in &nodes {
            node.door.get("/readyz", "").await.must_be(200, "readyz");
        }
        let steps = stage.query("SELECT COUNT(*) = MAX(number) FROM schema_steps");
        assert_eq!(steps, "t", "each step was taken once");
        let housekeepers = "SELECT COUNT(*) FROM leases WHERE name = 'housekeeping'";
        assert_eq!(stage.query(housekeepers), "1");
        let alive = "SELECT COUNT(*) FROM leases WHERE name LIKE 'node/%' AND holder <> ''";
        assert_eq!(stage.query(alive), count.to_string());
        block_in_place(|| stage.prepare());
        for node in &nodes {
            let page = node.door.json(&path("/users"), &stage.token).await;
            assert_eq!(page["total_count"], 0);
        }
    }
    report
}
