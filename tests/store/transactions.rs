//! What a transaction promises: all or nothing, one moment, and nobody pays for another's failure.

use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use rollcall::store::{Error, Tx, clients, secrets, users};

use crate::world::{A, World, client_id, traced, user, user_id};

contract! {
    an_error_undoes_its_own_request_alone,
    a_panic_undoes_its_own_request_alone_and_the_writer_goes_on,
    a_panic_in_a_read_costs_no_reader,
    a_read_sees_one_moment_while_writes_go_on,
    a_read_that_nobody_waits_for_costs_no_reader,
    a_write_that_nobody_waits_for_is_done_all_the_same,
    what_was_written_is_there_after_opening_again,
}

/// Work that waits until it is let go on, from outside the runtime. The gate stays open then: work
/// may be run again.
fn gate() -> (mpsc::Sender<()>, impl Fn() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(Some(receiver));
    let wait = move || {
        if let Some(receiver) = receiver.lock().take() {
            receiver.recv().expect("the test opens the gate");
        }
    };
    (sender, wait)
}

fn insert(tx: &mut Tx<'_>, number: u64) -> Result<(), Error> {
    assert!(users::insert(
        tx,
        client_id(A),
        &traced(user(number, &format!("u{number}")))
    )?);
    Ok(())
}

async fn ids(world: &World) -> Vec<rollcall::model::id::UserId> {
    let page = world
        .read(|tx| users::page(tx, client_id(A), None, 1_000))
        .await;
    page.into_iter().map(|user| user.id).collect()
}

/// How a write goes in: by itself, or in its client's lane.
#[derive(Clone, Copy)]
enum Way {
    Alone,
    InLane,
}

impl Way {
    async fn write<T: Send + 'static>(
        self,
        world: &World,
        work: impl Fn(&mut Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match self {
            Self::Alone => world.store.write(work).await,
            Self::InLane => world.store.write_for(client_id(A), work).await,
        }
    }
}

async fn an_error_undoes_its_own_request_alone(world: &World) {
    for (way, base) in [(Way::Alone, 10), (Way::InLane, 20)] {
        let (open, wait) = gate();
        // While the writer is held, the others gather; then they share one commit.
        let (held, before, failed, after, ()) = tokio::join!(
            biased;
            way.write(world, move |_| {
                wait();
                Ok::<(), Error>(())
            }),
            way.write(world, move |tx| insert(tx, base + 1)),
            way.write(world, move |tx| {
                insert(tx, base + 2)?;
                insert(tx, base + 3)?;
                Err::<(), _>(Error::Refused("changed my mind".to_owned()))
            }),
            way.write(world, move |tx| insert(tx, base + 4)),
            async { open.send(()).unwrap() },
        );
        held.unwrap();
        before.unwrap();
        after.unwrap();
        assert!(matches!(failed, Err(Error::Refused(reason)) if reason == "changed my mind"));
    }
    let expected = [11, 14, 21, 24].map(user_id);
    assert_eq!(ids(world).await, expected);
}

async fn a_panic_undoes_its_own_request_alone_and_the_writer_goes_on(world: &World) {
    for (way, base) in [(Way::Alone, 10), (Way::InLane, 20)] {
        let (open, wait) = gate();
        let (held, before, panicked, after, ()) = tokio::join!(
            biased;
            way.write(world, move |_| {
                wait();
                Ok::<(), Error>(())
            }),
            way.write(world, move |tx| insert(tx, base + 1)),
            way.write(world, move |tx| -> Result<(), Error> {
                insert(tx, base + 2)?;
                panic!("a test's own panic");
            }),
            way.write(world, move |tx| insert(tx, base + 3)),
            async { open.send(()).unwrap() },
        );
        held.unwrap();
        before.unwrap();
        after.unwrap();
        assert!(matches!(panicked, Err(Error::Failed(_))));
        way.write(world, move |tx| insert(tx, base + 4))
            .await
            .unwrap();
    }
    let expected = [11, 13, 14, 21, 23, 24].map(user_id);
    assert_eq!(ids(world).await, expected);
}

async fn a_panic_in_a_read_costs_no_reader(world: &World) {
    for _ in 0..20 {
        let panicked: Result<(), Error> = world.store.read(|_| panic!("a test's own panic")).await;
        assert!(matches!(panicked, Err(Error::Failed(_))));
    }
    assert_eq!(ids(world).await, []);
}

async fn a_read_sees_one_moment_while_writes_go_on(world: &World) {
    world.write(|tx| insert(tx, 1)).await;
    let (open, wait) = gate();
    let (sender, began) = tokio::sync::oneshot::channel();
    let sender = Mutex::new(Some(sender));
    let read = world.store.read(move |tx| {
        let before = users::page(tx, client_id(A), None, 9)?.len();
        if let Some(sender) = sender.lock().take() {
            sender.send(()).unwrap();
        }
        wait();
        let after = users::page(tx, client_id(A), None, 9)?.len();
        let found = users::find(tx, client_id(A), user_id(2))?;
        Ok::<_, Error>((before, after, found))
    });
    let write = async {
        began.await.unwrap();
        // A write does not wait for a reader.
        world.write(|tx| insert(tx, 2)).await;
        open.send(()).unwrap();
    };
    let (seen, ()) = tokio::join!(read, write);
    assert_eq!(seen.unwrap(), (1, 1, None));
    assert_eq!(ids(world).await.len(), 2);
}

async fn a_read_that_nobody_waits_for_costs_no_reader(world: &World) {
    let mut gates = Vec::new();
    // More than there are readers: each is given up while it reads.
    for _ in 0..8 {
        let (open, wait) = gate();
        let (began, has_begun) = tokio::sync::oneshot::channel();
        let began = Mutex::new(Some(began));
        let read = world.store.read(move |_| {
            if let Some(began) = began.lock().take() {
                began.send(()).unwrap();
            }
            wait();
            Ok::<(), Error>(())
        });
        let waits_for_a_reader = gates.len() >= 4;
        tokio::select! {
            biased;
            result = read => panic!("it waits: {result:?}"),
            begun = has_begun, if !waits_for_a_reader => begun.unwrap(),
            () = std::future::ready(()), if waits_for_a_reader => {}
        }
        gates.push(open);
    }
    let late = ids(world);
    let open = async {
        for gate in &gates {
            // Who never began has no gate to wait at.
            let _ = gate.send(());
        }
    };
    let (late, ()) = tokio::join!(biased; late, open);
    assert_eq!(late, []);
}

async fn a_write_that_nobody_waits_for_is_done_all_the_same(world: &World) {
    world.with_two_clients().await;
    for (way, base) in [(Way::Alone, 10), (Way::InLane, 20)] {
        let (open, wait) = gate();
        let (told, is_locked) = tokio::sync::oneshot::channel();
        let told = Mutex::new(Some(told));
        let write = way.write(world, move |tx| {
            clients::lock(tx, client_id(A))?;
            if let Some(told) = told.lock().take() {
                told.send(()).unwrap();
            }
            wait();
            insert(tx, base + 1)
        });
        tokio::select! {
            biased;
            result = write => panic!("it waits: {result:?}"),
            told = is_locked => told.unwrap(),
        }
        open.send(()).unwrap();
        // Whoever locks the client next comes after it: when this is done, so is that.
        let next = world.store.write(move |tx| {
            clients::lock(tx, client_id(A))?;
            insert(tx, base + 2)
        });
        next.await.unwrap();
    }
    let expected = [11, 12, 21, 22].map(user_id);
    assert_eq!(ids(world).await, expected);
}

async fn what_was_written_is_there_after_opening_again(world: &World) {
    world.write(|tx| insert(tx, 1)).await;
    world
        .write(|tx| secrets::find_or_insert(tx, "seal", "kept"))
        .await;
    let another = Arc::new(world.another().await);
    let found = another
        .read(|tx| users::find(tx, client_id(A), user_id(1)))
        .await;
    assert_eq!(found.unwrap(), Some(traced(user(1, "u1"))));
    another.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(ids(world).await, [user_id(1), user_id(2)]);
    let kept = world
        .write(|tx| secrets::find_or_insert(tx, "seal", "another"))
        .await;
    assert_eq!(kept, "kept");
}
