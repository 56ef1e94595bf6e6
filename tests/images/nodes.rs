//! Several nodes: which of them keeps house, and that the one who was silent for too long changes
//! nothing any more. Their clock is one here, but each only measures how long it has seen a beat
//! stand still.

use std::time::Duration;

use rollcall::model::activity::Channel;
use rollcall::model::id::UserId;
use rollcall::model::user::NewUser;
use rollcall::operations::activity::{Receipt, SentReport, Subject, report};
use rollcall::operations::app::App;
use rollcall::operations::nodes::{self, ALIVE, BEAT_INTERVAL, LEASE};
use rollcall::operations::write::{Done, Once};
use rollcall::operations::{housekeeping, users};
use rollcall::store::leases::{self, Lease};
use rollcall::store::{self, Store};

use crate::support::databases::Backend;
use crate::world::World;

on_both! {
    threads = 1:
    a_node_that_was_silent_too_long_folds_nothing_any_more,
    a_node_that_was_silent_too_long_purges_nothing_any_more,
    days_on_which_somebody_was_seen_are_forgotten_in_the_end,
    a_node_that_learns_of_its_successor_by_its_beat_keeps_house_no_more,
    who_beats_is_never_taken_over,
    who_leaves_is_followed_at_once_and_takes_nothing_more,
    nodes_are_counted_by_the_beats_that_are_seen_to_move,
    a_dead_nodes_row_is_removed_after_an_hour_and_comes_back_with_it,
    a_take_whose_answer_was_lost_is_found_to_be_ones_own,
    of_nodes_that_start_at_once_one_keeps_house,
}

/// A world of so many nodes, and what another process would open.
async fn world_of(on: Backend, nodes: usize) -> (World, Store) {
    let world = World::new(on, 1, nodes, crate::AMPLE).await;
    let beside = Store::open(world.location()).await.unwrap();
    (world, beside)
}

fn pass(world: &World, time: Duration) {
    world
        .clock
        .advance(i64::try_from(time.as_millis()).unwrap());
}

async fn beat(app: &App) -> Option<i64> {
    nodes::beat(app).await.unwrap();
    app.nodes().housekeeping_fence()
}

async fn create(world: &World) -> UserId {
    let new = NewUser::of_key("somebody".into());
    let access = world.access(0);
    let created = users::create(&world.apps[0], &access, new, None);
    match created.await.unwrap() {
        Done::Now(created) => created.user.id,
        Done::Before(_) => panic!("it bears no key"),
    }
}

async fn see(world: &World, user: UserId, once: Option<Once<Receipt>>) {
    let sent = SentReport {
        subject: Subject::Id(user),
        channel: Channel::Web,
        at: world.now(),
    };
    let sent = vec![Ok(sent)];
    report(&world.apps[0], &world.access(0), sent, once)
        .await
        .unwrap();
}

/// How many clients have activity that is not folded yet.
async fn unfolded(beside: &Store) -> usize {
    let clients = beside.read(store::activity::unfolded_clients).await;
    clients.unwrap().len()
}

/// The leases of nodes.
async fn rows(beside: &Store) -> Vec<Lease> {
    let mut all = beside.read(leases::all).await.unwrap();
    all.retain(|lease| lease.name.starts_with("node/"));
    all
}

async fn a_node_that_was_silent_too_long_folds_nothing_any_more(on: Backend) {
    let (world, beside) = world_of(on, 2).await;
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    let user = create(&world).await;
    assert_eq!(beat(first).await, Some(1));
    see(&world, user, None).await;
    // Not the time since the beat counts, but for how long the other has watched.
    pass(&world, Duration::from_secs(3_600));
    assert_eq!(beat(second).await, None);
    pass(&world, LEASE - Duration::from_millis(1));
    assert_eq!(beat(second).await, None);
    pass(&world, Duration::from_millis(1));
    assert_eq!(beat(second).await, Some(2));
    // The first knows nothing of that yet.
    assert_eq!(first.nodes().housekeeping_fence(), Some(1));
    housekeeping::fold(first).await.unwrap();
    assert_eq!(unfolded(&beside).await, 1, "nothing was folded");
    assert_eq!(first.nodes().housekeeping_fence(), None, "and it knows now");
    housekeeping::fold(first).await.unwrap();
    assert_eq!(unfolded(&beside).await, 1);
    housekeeping::fold(second).await.unwrap();
    assert_eq!(unfolded(&beside).await, 0);
    assert_eq!(beat(first).await, None);
    assert_eq!(beat(second).await, Some(2));
}

async fn a_node_that_was_silent_too_long_purges_nothing_any_more(on: Backend) {
    let (world, beside) = world_of(on, 2).await;
    let user = create(&world).await;
    let once = Once {
        key: "key".to_owned(),
        fingerprint: "request".to_owned(),
        render: |receipt: &Receipt| receipt.accepted.to_string(),
    };
    see(&world, user, Some(once)).await;
    let (client, since) = (world.access(0).client(), world.now());
    let is_remembered = async || {
        let found = beside
            .read(move |tx| store::idempotency::find(tx, Some(client), "", "key", since))
            .await;
        found.unwrap().is_some()
    };
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    assert_eq!(beat(first).await, Some(1));
    assert_eq!(beat(second).await, None);
    pass(&world, Duration::from_secs(25 * 3_600));
    assert_eq!(beat(second).await, Some(2));
    housekeeping::purge(first).await.unwrap();
    assert!(is_remembered().await);
    assert_eq!(first.nodes().housekeeping_fence(), None);
    housekeeping::purge(second).await.unwrap();
    assert!(!is_remembered().await);
}

async fn days_on_which_somebody_was_seen_are_forgotten_in_the_end(on: Backend) {
    let (world, beside) = world_of(on, 1).await;
    let user = create(&world).await;
    let first = &world.apps[0];
    assert_eq!(beat(first).await, Some(1));
    see(&world, user, None).await;
    housekeeping::fold(first).await.unwrap();
    let client = world.access(0).client();
    let days = async || {
        let read = beside.read(move |tx| store::activity::days_of_user(tx, client, user));
        read.await.unwrap().on(Channel::Web).iter().count()
    };
    pass(&world, Duration::from_secs(399 * 24 * 3_600));
    housekeeping::purge(first).await.unwrap();
    assert_eq!(days().await, 1);
    pass(&world, Duration::from_secs(24 * 3_600));
    housekeeping::purge(first).await.unwrap();
    assert_eq!(days().await, 0);
}

async fn a_node_that_learns_of_its_successor_by_its_beat_keeps_house_no_more(on: Backend) {
    let (world, _) = world_of(on, 2).await;
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    beat(first).await;
    beat(second).await;
    pass(&world, LEASE);
    assert_eq!(beat(second).await, Some(2));
    assert_eq!(beat(first).await, None);
    // Nor when the successor is silent in turn, before its time is over.
    pass(&world, LEASE);
    assert_eq!(beat(first).await, Some(3));
    assert_eq!(beat(second).await, None);
}

async fn who_beats_is_never_taken_over(on: Backend) {
    let (world, _) = world_of(on, 2).await;
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    for _ in 0..20 {
        assert_eq!(beat(first).await, Some(1));
        assert_eq!(beat(second).await, None);
        pass(&world, BEAT_INTERVAL);
    }
}

async fn who_leaves_is_followed_at_once_and_takes_nothing_more(on: Backend) {
    let (world, beside) = world_of(on, 2).await;
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    beat(first).await;
    beat(second).await;
    assert_eq!(beat(first).await, Some(1));
    assert_eq!((first.nodes().alive(), second.nodes().alive()), (2, 2));
    nodes::leave(first).await.unwrap();
    assert_eq!(first.nodes().housekeeping_fence(), None);
    assert_eq!(beat(first).await, None);
    assert_eq!(beat(second).await, Some(2));
    assert_eq!(second.nodes().alive(), 1);
    // What is free needs no hour to be forgotten.
    assert_eq!(rows(&beside).await.len(), 2);
    beat(second).await;
    housekeeping::purge(second).await.unwrap();
    assert_eq!(rows(&beside).await.len(), 1);
    nodes::leave(second).await.unwrap();
    assert!(rows(&beside).await.iter().all(Lease::is_free));
}

async fn nodes_are_counted_by_the_beats_that_are_seen_to_move(on: Backend) {
    let (world, _) = world_of(on, 3).await;
    let alive = |app: usize| world.apps[app].nodes().alive();
    assert_eq!(alive(0), 1, "a node counts itself before all else");
    for app in &world.apps {
        beat(app).await;
    }
    assert_eq!([alive(0), alive(1), alive(2)], [1, 2, 3]);
    beat(&world.apps[0]).await;
    beat(&world.apps[1]).await;
    assert_eq!([alive(0), alive(1)], [3, 3]);
    // The third is silent.
    for _ in 0..5 {
        pass(&world, BEAT_INTERVAL);
        beat(&world.apps[0]).await;
        beat(&world.apps[1]).await;
        assert_eq!([alive(0), alive(1)], [3, 3]);
    }
    assert_eq!(ALIVE, BEAT_INTERVAL * 5);
    pass(&world, BEAT_INTERVAL);
    beat(&world.apps[0]).await;
    beat(&world.apps[1]).await;
    assert_eq!([alive(0), alive(1)], [2, 2]);
    beat(&world.apps[2]).await;
    beat(&world.apps[0]).await;
    assert_eq!([alive(0), alive(2)], [3, 3]);
    // Who is alone counts itself, however long it was silent.
    pass(&world, Duration::from_secs(600));
    beat(&world.apps[0]).await;
    assert_eq!(alive(0), 1);
}

async fn a_dead_nodes_row_is_removed_after_an_hour_and_comes_back_with_it(on: Backend) {
    let (world, beside) = world_of(on, 2).await;
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    beat(second).await;
    beat(first).await;
    let hour = Duration::from_secs(3_600);
    pass(&world, hour - Duration::from_millis(1));
    beat(first).await;
    housekeeping::purge(first).await.unwrap();
    assert_eq!(rows(&beside).await.len(), 2);
    pass(&world, Duration::from_millis(1));
    beat(first).await;
    // It moves in the last moment.
    beat(second).await;
    housekeeping::purge(first).await.unwrap();
    assert_eq!(rows(&beside).await.len(), 2);
    beat(first).await;
    pass(&world, hour);
    beat(first).await;
    housekeeping::purge(first).await.unwrap();
    assert_eq!(rows(&beside).await.len(), 1);
    beat(second).await;
    assert_eq!(rows(&beside).await.len(), 2);
    assert_eq!(second.nodes().alive(), 2);
}

async fn a_take_whose_answer_was_lost_is_found_to_be_ones_own(on: Backend) {
    let (world, beside) = world_of(on, 2).await;
    let [first, second] = &world.apps[..] else {
        panic!("there are two");
    };
    assert_eq!(beat(second).await, Some(1));
    assert_eq!(beat(first).await, None);
    let all = beside.read(leases::all).await.unwrap();
    let held = all.iter().find(|lease| lease.name == "housekeeping");
    let held = held.unwrap().clone();
    let others = all.iter().filter(|lease| lease.name.starts_with("node/"));
    let mut others = others.filter(|lease| lease.holder != held.holder);
    let id = others.next().unwrap().holder.clone();
    let take = beside.write(move |tx| {
        let seen = Some((held.fence, held.beat));
        leases::take(tx, "housekeeping", seen, &id)
    });
    assert_eq!(take.await.unwrap(), Some(2));
    assert_eq!(beat(first).await, Some(2));
    assert_eq!(beat(second).await, None);
}

async fn of_nodes_that_start_at_once_one_keeps_house(on: Backend) {
    let (world, _) = world_of(on, 5).await;
    for _ in 0..3 {
        let [a, b, c, d, e] = &world.apps[..] else {
            panic!("there are five");
        };
        let fences = tokio::join!(beat(a), beat(b), beat(c), beat(d), beat(e));
        let fences = [fences.0, fences.1, fences.2, fences.3, fences.4];
        assert_eq!(fences.iter().flatten().count(), 1, "{fences:?}");
        pass(&world, BEAT_INTERVAL);
    }
}
