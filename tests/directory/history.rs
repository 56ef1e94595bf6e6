//! A database that went back: a standby that took over without the last commits, or a backup that
//! was put back under running servers.

use rollcall::model::id::UserId;
use rollcall::operations::{housekeeping, users};
use rollcall::store::clients;

use crate::support::databases::Backend;
use crate::world::{AMPLE, World, create};

on_both! {
    threads = 1:
    a_database_that_went_back_is_read_anew,
    a_database_that_went_back_and_on_is_read_anew,
    who_writes_after_it_went_back_and_on_to_the_same_number_reads_it_anew,
}

async fn is_known(world: &World, user: UserId) -> bool {
    let access = world.access(0);
    users::get(&world.app, &access, user, |_| ()).await.is_ok()
}

/// A world whose database lacks the last two of three people that its app has seen.
async fn gone_back(on: Backend) -> (std::sync::Arc<World>, [UserId; 3]) {
    let world = World::new(on, 1, AMPLE).await;
    let client = world.access(0).client();
    let kept = world.create(0, "kept").await;
    assert!(is_known(&world, kept).await);
    let number = world
        .beside
        .read(move |tx| clients::change_number(tx, client));
    let number = number.await.unwrap().unwrap();
    let lost = [world.create(0, "lost").await, world.create(0, "gone").await];
    assert!(is_known(&world, lost[0]).await);
    let back = format!(
        "DELETE FROM users WHERE revision > {number};
         DELETE FROM changes WHERE number > {number};
         UPDATE clients SET change_number = {number};"
    );
    let going_back = world.beside.write(move |tx| tx.script(&back));
    going_back.await.unwrap();
    (world, [kept, lost[0], lost[1]])
}

async fn a_database_that_went_back_is_read_anew(on: Backend) {
    let (world, [kept, lost, gone]) = gone_back(on).await;
    housekeeping::poll(&world.app).await.unwrap();
    assert!(is_known(&world, kept).await);
    assert!(!is_known(&world, lost).await);
    assert!(!is_known(&world, gone).await);
}

async fn a_database_that_went_back_and_on_is_read_anew(on: Backend) {
    let (world, [kept, lost, gone]) = gone_back(on).await;
    world.clock.advance(1_000);
    let another = world.another_app().await;
    let mut new = Vec::new();
    // One more than was lost: the numbers alone tell nothing.
    for name in ["one", "two", "three"] {
        new.push(create(&another, &world.access(0), name).await);
    }
    housekeeping::poll(&world.app).await.unwrap();
    for user in new.into_iter().chain([kept]) {
        assert!(is_known(&world, user).await);
    }
    assert!(!is_known(&world, lost).await);
    assert!(!is_known(&world, gone).await);
}

async fn who_writes_after_it_went_back_and_on_to_the_same_number_reads_it_anew(on: Backend) {
    let (world, [kept, lost, gone]) = gone_back(on).await;
    world.clock.advance(1_000);
    let another = world.another_app().await;
    let mut new = Vec::new();
    for name in ["one", "two"] {
        new.push(create(&another, &world.access(0), name).await);
    }
    new.push(world.create(0, "three").await);
    for user in new.into_iter().chain([kept]) {
        assert!(is_known(&world, user).await);
    }
    assert!(!is_known(&world, lost).await);
    assert!(!is_known(&world, gone).await);
}
