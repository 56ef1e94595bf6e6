//! The overview: whether agents report, and how many people were active on each day.

use std::sync::Arc;

use rollcall::model::activity::Channel::{Desktop, Web};
use rollcall::model::days::Day;
use rollcall::model::environment::Clock;
use rollcall::model::trend::TrendDay;
use rollcall::operations::error::Error;
use rollcall::operations::overview::{self, Coverage, SILENT_AFTER_MS};
use rollcall::store::{Tx, activity};

use crate::support::databases::Backend;
use crate::world::{AMPLE, DAY_MS, World};

on_both! {
    threads = 1:
    coverage_is_degraded_while_a_channel_that_reported_is_silent,
    a_channel_is_not_silent_because_who_it_saw_was_deleted,
    each_day_of_the_trend_counts_who_was_there_and_who_was_seen_lately,
    the_trend_knows_what_was_folded_and_what_was_not,
    a_trend_is_the_same_for_a_minute,
}

async fn coverage(world: &World) -> Coverage {
    let asked = overview::coverage(&world.app, &world.access(0)).await;
    asked.unwrap()
}

/// Whether each channel is silent, and whether the coverage is degraded.
async fn silence(world: &World) -> ([bool; 2], bool) {
    let coverage = coverage(world).await;
    let silent = coverage.channels.map(|channel| channel.is_silent);
    (silent, coverage.is_degraded)
}

async fn coverage_is_degraded_while_a_channel_that_reported_is_silent(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    assert_eq!(
        silence(&world).await,
        ([false, false], false),
        "nobody is there"
    );
    let anna = world.create(0, "anna").await;
    assert_eq!(
        silence(&world).await,
        ([false, false], true),
        "nobody ever reported"
    );
    let seen_at = world.clock.now();
    world.see(anna, Web).await;
    assert_eq!(silence(&world).await, ([false, false], false));
    let known = coverage(&world).await.channels;
    assert_eq!(known.map(|channel| channel.channel), [Desktop, Web]);
    assert_eq!(
        known.map(|channel| channel.last_report_at),
        [None, Some(seen_at)]
    );
    world.clock.advance(SILENT_AFTER_MS);
    assert_eq!(silence(&world).await, ([false, false], false));
    world.clock.advance(1);
    assert_eq!(silence(&world).await, ([false, true], true));
    world.see(anna, Desktop).await;
    assert_eq!(
        silence(&world).await,
        ([false, true], true),
        "one is enough"
    );
    world.see(anna, Web).await;
    assert_eq!(silence(&world).await, ([false, false], false));
}

async fn a_channel_is_not_silent_because_who_it_saw_was_deleted(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let (anna, bert) = (world.create(0, "anna").await, world.create(0, "bert").await);
    world.see(bert, Web).await;
    world.clock.advance(SILENT_AFTER_MS);
    world.see(anna, Web).await;
    world.delete(anna).await;
    world.clock.advance(1);
    assert_eq!(silence(&world).await, ([false, false], false));
}

async fn trend(world: &World, threshold_days: i32) -> Arc<[TrendDay]> {
    let asked = overview::trend(&world.app, &world.access(0), threshold_days).await;
    asked.unwrap()
}

/// How many were active and stale on the last days, the latest first.
fn last<const DAYS: usize>(trend: &[TrendDay]) -> [(u64, u64); DAYS] {
    let mut days = trend.iter().rev();
    [(); DAYS].map(|()| days.next().map(|day| (day.active, day.stale)).unwrap())
}

async fn each_day_of_the_trend_counts_who_was_there_and_who_was_seen_lately(on: Backend) {
    let world = World::new(on, 2, AMPLE).await;
    let anna = world.create(0, "anna").await;
    let bert = world.create(0, "bert").await;
    world.create(1, "of another client").await;
    world.see(anna, Web).await;
    world.clock.advance(DAY_MS);
    let cleo = world.create(0, "cleo").await;
    world.see(cleo, Desktop).await;
    world.clock.advance(DAY_MS);
    world.see(bert, Desktop).await;
    world.clock.advance(DAY_MS);
    world.see(bert, Web).await;
    world.delete(cleo).await;
    world.clock.advance(DAY_MS);
    let days = trend(&world, 2).await;
    assert_eq!(days.len(), 90);
    assert_eq!(days[89].day, Day::of(world.clock.now()));
    assert_eq!(
        last(&days),
        [(1, 1), (1, 1), (2, 1), (2, 1), (1, 1), (0, 0)]
    );
    let days = trend(&world, 1).await;
    assert_eq!(
        last(&days),
        [(0, 2), (1, 1), (1, 2), (1, 2), (1, 1), (0, 0)]
    );
    let refused = overview::trend(&world.app, &world.access(0), 31).await;
    assert!(matches!(refused, Err(Error::Invalid(_))));
}

async fn the_trend_knows_what_was_folded_and_what_was_not(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let (anna, bert) = (world.create(0, "anna").await, world.create(0, "bert").await);
    world.see(anna, Web).await;
    let (client, now) = (world.access(0).client(), world.clock.now());
    let first_day = Day::of(now).first_kept();
    let fold = move |tx: &mut Tx<'_>| activity::fold(tx, client, now, first_day);
    world.beside.write(fold).await.unwrap();
    world.clock.advance(DAY_MS);
    world.see(anna, Desktop).await;
    world.see(bert, Web).await;
    assert_eq!(last(&trend(&world, 1).await), [(2, 0), (1, 1), (0, 0)]);
}

async fn a_trend_is_the_same_for_a_minute(on: Backend) {
    let world = World::new(on, 2, AMPLE).await;
    let anna = world.create(0, "anna").await;
    assert_eq!(last(&trend(&world, 2).await), [(0, 1)]);
    world.see(anna, Web).await;
    world.clock.advance(59_999);
    assert_eq!(last(&trend(&world, 2).await), [(0, 1)]);
    assert_eq!(last(&trend(&world, 3).await), [(1, 0)], "another question");
    let other = overview::trend(&world.app, &world.access(1), 2).await;
    assert_eq!(last(&other.unwrap()), [(0, 0)], "another client");
    world.clock.advance(1);
    assert_eq!(last(&trend(&world, 2).await), [(1, 0)]);
}
