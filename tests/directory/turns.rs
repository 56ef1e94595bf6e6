//! Nodes that take turns at one client's activity log. On one thread, so that a test can tell when
//! everybody waits.

use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use rollcall::model::activity::Channel;
use rollcall::model::environment::Clock;
use rollcall::model::id::UserId;
use rollcall::operations::activity::{SentReport, Subject, report};
use rollcall::operations::error::Error;
use rollcall::operations::users;
use rollcall::store::activity;
use tokio::task::JoinHandle;

use crate::support::databases::Backend;
use crate::world::{AMPLE, World};

/// A world with one user, where another node has the turn to write the first client's activity log
/// until it is let go on.
struct Held {
    world: Arc<World>,
    user: UserId,
    go_on: mpsc::Sender<()>,
    beside: JoinHandle<()>,
}

impl Held {
    async fn new(on: Backend) -> Self {
        let world = World::new(on, 1, AMPLE).await;
        let (user, access) = (world.create(0, "somebody").await, world.access(0));
        users::get(&world.app, &access, user, |_| ()).await.unwrap();
        let (client, now) = (access.client(), world.clock.now());
        let (told, has_turn) = tokio::sync::oneshot::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        let (told, wait) = (Mutex::new(Some(told)), Mutex::new(wait));
        let holding = Arc::clone(&world);
        let beside = tokio::spawn(async move {
            let hold = holding.beside.write(move |tx| {
                let number = activity::next_number(tx, client)?;
                if let Some(told) = told.lock().take() {
                    told.send(()).unwrap();
                    wait.lock().recv().unwrap();
                }
                activity::insert(tx, client, number, &[], now)
            });
            hold.await.unwrap();
        });
        has_turn.await.unwrap();
        Self {
            world,
            user,
            go_on,
            beside,
        }
    }

    /// Begins to send so many reports in one request.
    fn send(&self, count: usize) -> JoinHandle<Result<(), Error>> {
        let (world, user) = (Arc::clone(&self.world), self.user);
        tokio::spawn(async move {
            let sent = SentReport {
                subject: Subject::Id(user),
                channel: Channel::Desktop,
                at: world.clock.now(),
            };
            let sent = vec![Ok(sent); count];
            report(&world.app, &world.access(0), sent, None)
                .await
                .map(drop)
        })
    }

    /// Lets everybody come as far as they can: there is one thread.
    async fn settle(&self) {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    /// Lets the other node go on, and says how many reports each entry of the log has, once `asked`
    /// are answered.
    async fn counts(
        self,
        asked: impl IntoIterator<Item = JoinHandle<Result<(), Error>>>,
    ) -> Vec<usize> {
        self.go_on.send(()).unwrap();
        self.beside.await.unwrap();
        for asked in asked {
            asked.await.unwrap().unwrap();
        }
        let client = self.world.access(0).client();
        let log = self
            .world
            .beside
            .read(move |tx| activity::logged_since(tx, client, 0));
        let log = log.await.unwrap();
        log.iter().map(|(_, reports)| reports.len()).collect()
    }
}

on_both! {
    threads = 1:
    reports_that_wait_for_another_nodes_turn_share_one_entry,
    who_hangs_up_takes_nobodys_reports_with_them,
    when_too_many_reports_wait_the_next_are_told_to_come_again,
}

async fn reports_that_wait_for_another_nodes_turn_share_one_entry(on: Backend) {
    let held = Held::new(on).await;
    let mut asked = vec![held.send(1)];
    // The first waits for its turn before the others come.
    held.world.until_one_waits().await;
    asked.extend((1..20).map(|_| held.send(1)));
    held.settle().await;
    assert_eq!(held.counts(asked).await, [0, 20]);
}

async fn who_hangs_up_takes_nobodys_reports_with_them(on: Backend) {
    let held = Held::new(on).await;
    let first = held.send(1);
    held.world.until_one_waits().await;
    held.settle().await;
    let asked: Vec<_> = (0..3).map(|_| held.send(10)).collect();
    held.settle().await;
    // It would have committed for all.
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert_eq!(held.counts(asked).await, [0, 31]);
}

async fn when_too_many_reports_wait_the_next_are_told_to_come_again(on: Backend) {
    let held = Held::new(on).await;
    let mut asked = vec![held.send(1_000)];
    held.world.until_one_waits().await;
    asked.extend((1..1_000).map(|_| held.send(1_000)));
    held.settle().await;
    let refused = held.send(1).await.unwrap();
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    let world = Arc::clone(&held.world);
    let (user, access) = (held.user, world.access(0));
    // One entry is no longer than another node can read in one piece.
    let counts = held.counts(asked).await;
    assert_eq!(counts.iter().sum::<usize>(), 1_000_000);
    assert!(counts.iter().all(|count| *count <= 16_000));
    // Once they are written there is room again.
    let sent = vec![Ok(SentReport {
        subject: Subject::Id(user),
        channel: Channel::Desktop,
        at: world.clock.now(),
    })];
    report(&world.app, &access, sent, None).await.unwrap();
}
