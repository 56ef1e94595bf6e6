//! Lanes, which PostgreSQL alone has: SQLite has one writer for all.

use std::sync::mpsc;

use futures_util::future::join_all;
use parking_lot::Mutex;
use rollcall::store::{Error, Tx, clients, users};

use crate::world::{A, B, World, client_id, traced, user, user_id};

/// Far more than there are connections, and than share one commit.
const WAITING: u64 = 150;

fn insert(tx: &mut Tx<'_>, client: u64, number: u64) -> Result<(), Error> {
    clients::lock(tx, client_id(client))?;
    let user = traced(user(number, &format!("u{number}")));
    assert!(users::insert(tx, client_id(client), &user)?);
    Ok(())
}

#[tokio::test]
async fn who_waits_for_one_client_keeps_no_other_waiting() {
    let world = World::postgres_with("connection_limit=2").await;
    world.with_two_clients().await;
    let store = &world.store;
    let (open, gate) = mpsc::channel::<()>();
    let (told, is_held) = tokio::sync::oneshot::channel();
    let (told, gate) = (Mutex::new(Some(told)), Mutex::new(gate));
    let held = store.write_for(client_id(A), move |tx| {
        insert(tx, A, 0)?;
        if let Some(told) = told.lock().take() {
            told.send(()).unwrap();
        }
        gate.lock().recv().expect("the test opens the gate");
        Ok::<(), Error>(())
    });
    let waiting =
        (1..=WAITING).map(|number| store.write_for(client_id(A), move |tx| insert(tx, A, number)));
    let others = async {
        is_held.await.unwrap();
        for number in 0..5 {
            let write = store.write_for(client_id(B), move |tx| insert(tx, B, number));
            write.await.unwrap();
            let read = store.read(move |tx| users::find(tx, client_id(B), user_id(number)));
            assert!(read.await.unwrap().is_some());
        }
        open.send(()).unwrap();
    };
    let (held, waiting, ()) = tokio::join!(biased; held, join_all(waiting), others);
    held.unwrap();
    assert!(waiting.iter().all(Result::is_ok));
    let count = store.read(|tx| users::page(tx, client_id(A), None, 1_000));
    assert_eq!(count.await.unwrap().len() as u64, WAITING + 1);
}
