//! What a transaction promises: all or nothing, one moment, and nobody pays for another's failure.

use std::sync::{Arc, mpsc};

use parking_lot::Mutex;
use rollcall::store::{Error, Tx, secrets, users};

use crate::world::{A, World, client_id, user, user_id};

contract! {
    an_error_undoes_its_own_request_alone,
    a_panic_undoes_its_own_request_alone_and_the_writer_goes_on,
    a_panic_in_a_read_costs_no_reader,
    a_read_sees_one_moment_while_writes_go_on,
    a_read_that_nobody_waits_for_costs_no_reader,
    a_write_that_nobody_waits_for_is_done_all_the_same,
    what_was_written_is_there_after_opening_again,
}

/// Work that waits until it is let go on, from outside the runtime.
fn gate() -> (mpsc::Sender<()>, impl Fn() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    let wait = move || receiver.lock().recv().expect("the test opens the gate");
    (sender, wait)
}

fn insert(tx: &mut Tx<'_>, number: u64) -> Result<(), Error> {
    assert!(users::insert(
        tx,
        client_id(A),
        &user(number, &format!("u{number}"))
    )?);
    Ok(())
}

async fn ids(world: &World) -> Vec<rollcall::model::id::UserId> {
    let page = world
        .read(|tx| users::page(tx, client_id(A), None, 1_000))
        .await;
    page.into_iter().map(|user| user.id).collect()
}

async fn an_error_undoes_its_own_request_alone(world: &World) {
    let (open, wait) = gate();
    let store = &world.store;
    // While the writer is held, the others gather; then they share one commit.
    let (held, before, failed, after, ()) = tokio::join!(
        biased;
        store.write(move |_| {
            wait();
            Ok::<(), Error>(())
        }),
        store.write(|tx| insert(tx, 1)),
        store.write(|tx| {
            insert(tx, 2)?;
            insert(tx, 3)?;
            Err::<(), _>(Error::Refused("changed my mind".to_owned()))
        }),
        store.write(|tx| insert(tx, 4)),
        async { open.send(()).unwrap() },
    );
    held.unwrap();
    before.unwrap();
    after.unwrap();
    assert!(matches!(failed, Err(Error::Refused(reason)) if reason == "changed my mind"));
    assert_eq!(ids(world).await, [user_id(1), user_id(4)]);
}

async fn a_panic_undoes_its_own_request_alone_and_the_writer_goes_on(world: &World) {
    let (open, wait) = gate();
    let store = &world.store;
    let (held, before, panicked, after, ()) = tokio::join!(
        biased;
        store.write(move |_| {
            wait();
            Ok::<(), Error>(())
        }),
        store.write(|tx| insert(tx, 1)),
        store.write(|tx| -> Result<(), Error> {
            insert(tx, 2)?;
            panic!("a test's own panic");
        }),
        store.write(|tx| insert(tx, 3)),
        async { open.send(()).unwrap() },
    );
    held.unwrap();
    before.unwrap();
    after.unwrap();
    assert!(matches!(panicked, Err(Error::Failed(_))));
    world.write(|tx| insert(tx, 4)).await;
    assert_eq!(ids(world).await, [user_id(1), user_id(3), user_id(4)]);
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
    let (open, wait) = gate();
    let write = world.store.write(move |tx| {
        wait();
        insert(tx, 1)
    });
    tokio::select! {
        biased;
        result = write => panic!("it waits: {result:?}"),
        () = std::future::ready(()) => {}
    }
    open.send(()).unwrap();
    // The writer does one after the other: when this is done, so is that.
    world.write(|tx| insert(tx, 2)).await;
    assert_eq!(ids(world).await, [user_id(1), user_id(2)]);
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
    assert_eq!(found.unwrap(), Some(user(1, "u1")));
    another.write(|tx| insert(tx, 2)).await.unwrap();
    assert_eq!(ids(world).await, [user_id(1), user_id(2)]);
    let kept = world
        .write(|tx| secrets::find_or_insert(tx, "seal", "another"))
        .await;
    assert_eq!(kept, "kept");
}
