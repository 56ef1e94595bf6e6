//! Nodes that take turns at one client's activity log. On one thread, so that a test can tell when
//! everybody waits.

use parking_lot::Mutex;
use rollcall::model::activity::Channel;
use rollcall::model::environment::Clock;
use rollcall::operations::activity::{SentReport, Subject, report};
use rollcall::operations::users;
use rollcall::store::activity;
use std::sync::Arc;
use tokio::task::JoinSet;

use crate::support::databases::Backend;
use crate::world::{AMPLE, World};

on_both! {
    threads = 1:
    reports_that_wait_for_another_nodes_turn_share_one_entry,
}

async fn reports_that_wait_for_another_nodes_turn_share_one_entry(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let (user, access) = (world.create(0, "somebody").await, world.access(0));
    users::get(&world.app, &access, user, |_| ()).await.unwrap();
    let (client, now) = (access.client(), world.clock.now());
    let (told, has_turn) = tokio::sync::oneshot::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (told, wait) = (Mutex::new(Some(told)), Mutex::new(wait));
    // Another node has the turn, and keeps it until all of ours wait.
    let beside = world.beside.write(move |tx| {
        let number = activity::next_number(tx, client)?;
        if let Some(told) = told.lock().take() {
            told.send(()).unwrap();
            wait.lock().recv().unwrap();
        }
        activity::insert(tx, client, number, &[], now)
    });
    let waiting = Arc::clone(&world);
    let ours = async {
        has_turn.await.unwrap();
        let mut agents = JoinSet::new();
        for number in 0..20 {
            let world = Arc::clone(&world);
            agents.spawn(async move {
                let sent = vec![Ok(SentReport {
                    subject: Subject::Id(user),
                    channel: Channel::Desktop,
                    at: now,
                })];
                report(&world.app, &access, sent, None).await.unwrap();
            });
            if number == 0 {
                // The first waits for its turn before the others come.
                waiting.until_one_waits().await;
            }
        }
        // There is one thread: after this each of them has come as far as it can.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        go_on.send(()).unwrap();
        agents.join_all().await;
    };
    let (beside, ()) = tokio::join!(beside, ours);
    beside.unwrap();
    let log = world
        .beside
        .read(move |tx| activity::logged_since(tx, client, 0));
    let counts: Vec<usize> = log
        .await
        .unwrap()
        .iter()
        .map(|(_, reports)| reports.len())
        .collect();
    assert_eq!(counts, [0, 20]);
}
