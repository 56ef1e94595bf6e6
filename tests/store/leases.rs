//! Leases: one holder at a time, whoever is slow, and fences that never go back.

use std::sync::{Arc, mpsc};
use std::time::Duration;

use rollcall::store::leases::{self, FIRST_FENCE, Lease};
use rollcall::store::{Error, Tx, secrets};
use tokio::task::JoinSet;

use crate::world::World;

contract! {
    a_lease_that_nobody_held_is_taken_once,
    a_lease_is_taken_over_only_as_it_was_seen,
    who_lost_a_lease_neither_renews_nor_holds_it,
    what_is_given_back_keeps_its_fence,
    a_lease_that_is_held_is_taken_over_after_the_transaction,
    of_many_who_take_at_once_one_does,
    a_lease_is_removed_only_as_it_was_seen,
}

const NAME: &str = "housekeeping";

fn lease(holder: &str, fence: i64, beat: i64) -> Lease {
    Lease {
        name: NAME.to_owned(),
        holder: holder.to_owned(),
        fence,
        beat,
    }
}

fn only(tx: &mut Tx<'_>) -> Result<Lease, Error> {
    let mut all = leases::all(tx)?;
    assert_eq!(all.len(), 1);
    Ok(all.remove(0))
}

async fn a_lease_that_nobody_held_is_taken_once(world: &World) {
    world
        .write(|tx| {
            assert_eq!(leases::all(tx)?, []);
            assert!(!leases::renew(tx, NAME, "a", FIRST_FENCE)?);
            assert!(!leases::hold(tx, NAME, "a", FIRST_FENCE)?);
            assert_eq!(leases::take(tx, NAME, None, "a")?, Some(FIRST_FENCE));
            assert_eq!(leases::take(tx, NAME, None, "b")?, None);
            assert_eq!(leases::take(tx, NAME, None, "a")?, None);
            assert_eq!(only(tx)?, lease("a", FIRST_FENCE, 0));
            Ok(())
        })
        .await;
}

async fn a_lease_is_taken_over_only_as_it_was_seen(world: &World) {
    world
        .write(|tx| {
            leases::take(tx, NAME, None, "a")?;
            let seen = Some((1, 0));
            assert!(leases::renew(tx, NAME, "a", 1)?);
            assert_eq!(only(tx)?, lease("a", 1, 1));
            assert_eq!(leases::take(tx, NAME, seen, "b")?, None, "it lives");
            assert_eq!(leases::take(tx, NAME, Some((1, 1)), "b")?, Some(2));
            let taken = only(tx)?;
            assert_eq!((taken.holder.as_str(), taken.fence), ("b", 2));
            for seen in [(1, 1), (1, taken.beat), (2, 1)] {
                assert_eq!(leases::take(tx, NAME, Some(seen), "c")?, None, "{seen:?}");
            }
            assert_eq!(
                leases::take(tx, "another", Some((2, taken.beat)), "c")?,
                None
            );
            Ok(())
        })
        .await;
}

async fn who_lost_a_lease_neither_renews_nor_holds_it(world: &World) {
    world
        .write(|tx| {
            leases::take(tx, NAME, None, "a")?;
            assert!(leases::hold(tx, NAME, "a", 1)?);
            assert!(!leases::hold(tx, NAME, "b", 1)?);
            assert_eq!(only(tx)?, lease("a", 1, 0), "to hold it moves nothing");
            leases::take(tx, NAME, Some((1, 0)), "b")?;
            let before = only(tx)?;
            for (holder, fence) in [("a", 1), ("a", 2), ("b", 1)] {
                assert!(!leases::renew(tx, NAME, holder, fence)?);
                assert!(!leases::hold(tx, NAME, holder, fence)?);
            }
            assert_eq!(only(tx)?, before);
            // The same holder under a later fence is another one.
            leases::take(tx, NAME, Some((before.fence, before.beat)), "a")?;
            assert!(!leases::hold(tx, NAME, "a", 1)?);
            assert!(leases::hold(tx, NAME, "a", 3)?);
            Ok(())
        })
        .await;
}

async fn what_is_given_back_keeps_its_fence(world: &World) {
    world
        .write(|tx| {
            leases::take(tx, NAME, None, "a")?;
            leases::take(tx, "node/a", None, "a")?;
            leases::take(tx, "node/b", None, "b")?;
            assert_eq!(leases::release(tx, "a")?, 2);
            assert_eq!(leases::release(tx, "a")?, 0);
            let free: Vec<String> = leases::all(tx)?
                .into_iter()
                .filter(Lease::is_free)
                .map(|lease| lease.name)
                .collect();
            assert_eq!(free, [NAME, "node/a"]);
            assert!(!leases::hold(tx, NAME, "a", 1)?);
            assert!(!leases::renew(tx, NAME, "a", 1)?);
            assert_eq!(leases::take(tx, NAME, Some((1, 0)), "b")?, Some(2));
            Ok(())
        })
        .await;
}

async fn a_lease_that_is_held_is_taken_over_after_the_transaction(world: &World) {
    world
        .write(|tx| leases::take(tx, NAME, None, "a").map(drop))
        .await;
    let (told, is_held) = tokio::sync::oneshot::channel();
    let told = parking_lot::Mutex::new(Some(told));
    let (taken, is_taken) = mpsc::channel::<()>();
    let is_taken = parking_lot::Mutex::new(is_taken);
    let another = world.another().await;
    let holding = world.store.write(move |tx| {
        assert!(leases::hold(tx, NAME, "a", 1)?);
        if let Some(told) = told.lock().take() {
            told.send(()).unwrap();
        }
        // The other is given time to be wrong.
        let early = is_taken.lock().recv_timeout(Duration::from_millis(300));
        assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
        secrets::find_or_insert(tx, "work", "done")
    });
    let taking = async {
        is_held.await.unwrap();
        let fence = another
            .write(|tx| {
                let fence = leases::take(tx, NAME, Some((1, 0)), "b")?;
                // All that was done under the old fence is there.
                let work = secrets::find_or_insert(tx, "work", "not done")?;
                assert_eq!(work, "done");
                Ok::<_, Error>(fence)
            })
            .await;
        let _nobody_waits = taken.send(());
        fence.unwrap()
    };
    let (held, fence) = tokio::join!(holding, taking);
    assert_eq!(held.unwrap(), "done");
    assert_eq!(fence, Some(2));
    let is_held = world.write(|tx| leases::hold(tx, NAME, "a", 1)).await;
    assert!(!is_held);
}

async fn of_many_who_take_at_once_one_does(world: &World) {
    let stores = [
        Arc::new(world.another().await),
        Arc::new(world.another().await),
    ];
    let mut seen = None;
    for fence in 1..=4 {
        let mut takers = JoinSet::new();
        for number in 0..10 {
            let store = Arc::clone(&stores[number % 2]);
            takers.spawn(async move {
                let holder = format!("node {number}");
                let take = store.write(move |tx| leases::take(tx, NAME, seen, &holder));
                take.await.unwrap()
            });
        }
        let taken: Vec<i64> = takers.join_all().await.into_iter().flatten().collect();
        assert_eq!(taken, [fence]);
        let lease = world.read(only).await;
        seen = Some((lease.fence, lease.beat));
    }
}

async fn a_lease_is_removed_only_as_it_was_seen(world: &World) {
    world
        .write(|tx| {
            leases::take(tx, NAME, None, "a")?;
            leases::renew(tx, NAME, "a", 1)?;
            assert!(!leases::remove(tx, NAME, 1, 0)?);
            assert!(!leases::remove(tx, NAME, 2, 1)?);
            assert!(!leases::remove(tx, "another", 1, 1)?);
            assert_eq!(only(tx)?, lease("a", 1, 1));
            assert!(leases::remove(tx, NAME, 1, 1)?);
            assert_eq!(leases::all(tx)?, []);
            Ok(())
        })
        .await;
}
