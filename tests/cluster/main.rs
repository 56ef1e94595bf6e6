//! Several nodes on one PostgreSQL, as processes: short plays of the scenarios whose long ones are
//! the soak.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, also outside of its own function, and says why"
)]

mod scenarios;

use std::time::Duration;

use scenarios::{images, kill, pool, propagation, restarts, start};

/// Writes a second: what is built for tests is slow, and the machine may be busy with other tests.
const WRITES: u64 = 30;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_through_one_node_is_seen_through_every_other_within_two_seconds() {
    propagation::play(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_writes_through_three_nodes_end_in_equal_images() {
    images::play(1, 300, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_restarts_of_the_database_and_reads_go_on_meanwhile() {
    restarts::play(2, Duration::from_secs(2), WRITES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_node_is_killed_the_others_go_on_and_one_of_them_keeps_house() {
    kill::play(1, WRITES).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_the_pool_used_up_is_told_to_come_again() {
    pool::play(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_on_an_empty_database_all_come_up() {
    start::play(1, 4).await;
}
