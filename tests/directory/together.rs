//! Writers and readers at once: nothing half done is seen, nothing done is missed, nobody waits who
//! need not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use rollcall::model::activity::Channel;
use rollcall::model::department::NewDepartment;
use rollcall::model::environment::Clock;
use rollcall::model::id::UserId;
use rollcall::model::page::UserQuery;
use rollcall::model::profile::Profile;
use rollcall::model::provenance::{Provenance, TracedUser};
use rollcall::model::timestamp::Timestamp;
use rollcall::model::user::{State, User};
use rollcall::operations::activity::{SentReport, Subject, report};
use rollcall::operations::departments::{self, Membership};
use rollcall::operations::error::Error;
use rollcall::operations::precondition::Precondition;
use rollcall::operations::write::Done;
use rollcall::operations::{housekeeping, nodes, users};
use rollcall::store::{Error as StoreError, changes, clients, users as records};
use tokio::task::JoinSet;

use crate::support::databases::Backend;
use crate::world::{AMPLE, NONE, World, create};

on_both! {
    threads = 2:
    a_write_of_many_people_is_seen_whole_or_not_at_all,
    everybody_reads_their_own_writes_though_images_come_and_go,
    every_accepted_report_is_readable_at_once_and_kept,
    reads_do_not_wait_for_a_commit,
    two_processes_that_write_one_client_lose_nothing,
}

/// Members that join and leave in one request.
const MEMBERS: u64 = 500;

/// Adds people, all at once, and says their ids.
async fn insert_members(world: &World) -> Vec<String> {
    let client = world.access(0).client();
    let insert = world.beside.write(move |tx| {
        clients::lock(tx, client)?;
        for number in 0..MEMBERS {
            let id = format!("0190a000-0000-7000-8000-{number:012x}");
            let at = Timestamp::from_milliseconds(0);
            let user = User {
                id: UserId::parse(&id).unwrap(),
                username: id.as_str().into(),
                user_key: id.as_str().into(),
                external_id: None,
                state: State::Active,
                profile: Profile::default(),
                departments: Vec::new(),
                created_at: at,
                updated_at: at,
                deleted_at: None,
                held: None,
                revision: 1,
            };
            let user = TracedUser::stored(user, Provenance::default());
            records::insert(tx, client, &user)?;
        }
        let page = records::page(tx, client, None, 1_000)?;
        Ok::<_, StoreError>(page.iter().map(|user| user.id.to_string()).collect())
    });
    insert.await.unwrap()
}

async fn a_write_of_many_people_is_seen_whole_or_not_at_all(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let access = world.access(0);
    let everybody = insert_members(&world).await;
    let new = NewDepartment {
        name: "All".into(),
        description: None,
    };
    let Done::Now(department) = departments::create(&world.app, &access, new, None)
        .await
        .unwrap()
    else {
        panic!("it bears no key");
    };
    let id = department.id;
    let done = Arc::new(AtomicBool::new(false));
    let (writing, is_done) = (Arc::clone(&world), Arc::clone(&done));
    let writers = access.clone();
    let writer = tokio::spawn(async move {
        for membership in [Membership::Member, Membership::NoMember].repeat(4) {
            let sent = everybody.clone();
            let app = &writing.app;
            let changed = departments::change_members(app, &writers, id, sent, membership, None);
            changed.await.unwrap();
        }
        is_done.store(true, Ordering::SeqCst);
    });
    let query = UserQuery {
        department: Some(id),
        ..UserQuery::default()
    };
    let mut seen = [0_u64; 2];
    while !done.load(Ordering::SeqCst) {
        let count = departments::get(&world.app, &access, id, |view| view.member_count);
        let count = count.await.unwrap();
        assert!(count == 0 || count == MEMBERS, "half of it: {count}");
        seen[usize::from(count == MEMBERS)] += 1;
        let page = users::list(&world.app, &access, &query, None, 500, |page| {
            (page.total_count, page.items.len() as u64)
        });
        let (total, shown) = page.await.unwrap();
        assert!(
            total == shown && (total == 0 || total == MEMBERS),
            "half: {total} {shown}"
        );
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    assert!(seen[0] > 0, "there were reads meanwhile");
}

async fn everybody_reads_their_own_writes_though_images_come_and_go(on: Backend) {
    let world = World::new(on, 4, NONE).await;
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let world = Arc::clone(&world);
        tasks.spawn(async move {
            let (client, app) = (task % 4, &world.app);
            let access = world.access(client);
            for round in 0..15 {
                let user = world.create(client, &format!("{task}-{round}")).await;
                users::get(app, &access, user, |_| ()).await.unwrap();
                let sent = vec![Ok(SentReport {
                    subject: Subject::Id(user),
                    channel: Channel::Web,
                    at: world.clock.now(),
                })];
                report(app, &access, sent, None).await.unwrap();
                let seen = users::get(app, &access, user, |view| view.last_activity.at());
                assert_eq!(seen.await.unwrap(), Some(world.clock.now()));
                let deleting = users::delete(app, &access, user, Precondition::None);
                deleting.await.unwrap();
                let gone = users::get(app, &access, user, |_| ()).await;
                assert!(matches!(gone, Err(Error::NotFound(..))));
                users::restore(app, &access, user, None).await.unwrap();
                users::get(app, &access, user, |_| ()).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
}

async fn every_accepted_report_is_readable_at_once_and_kept(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let mut people = Vec::new();
    for number in 0..20 {
        people.push(world.create(0, &format!("u{number}")).await);
    }
    let access = world.access(0);
    let beside = world.another_app().await;
    users::summary(&beside, &access, 1).await.unwrap();
    let mut agents = JoinSet::new();
    for (index, user) in people.iter().copied().enumerate() {
        let (world, access) = (Arc::clone(&world), access.clone());
        agents.spawn(async move {
            for round in 0..10 {
                let late = i64::try_from(index).unwrap() - round;
                let at = world.clock.now().plus_milliseconds(late);
                let sent = vec![Ok(SentReport {
                    subject: Subject::Id(user),
                    channel: Channel::Desktop,
                    at,
                })];
                report(&world.app, &access, sent, None).await.unwrap();
                let seen = users::get(&world.app, &access, user, |view| view.last_activity.at());
                assert!(seen.await.unwrap() >= Some(at));
            }
        });
    }
    nodes::beat(&world.app).await.unwrap();
    assert!(world.app.nodes().housekeeping_fence().is_some());
    // The log is folded, and read by another process, while it grows.
    while !agents.is_empty() {
        housekeeping::fold(&world.app).await.unwrap();
        housekeeping::poll(&beside).await.unwrap();
        agents.join_next().await.unwrap().unwrap();
    }
    housekeeping::fold(&world.app).await.unwrap();
    housekeeping::poll(&beside).await.unwrap();
    let fresh = world.another_app().await;
    for (index, user) in people.into_iter().enumerate() {
        let latest = world
            .clock
            .now()
            .plus_milliseconds(i64::try_from(index).unwrap());
        for app in [&world.app, &beside, &fresh] {
            let seen = users::get(app, &access, user, |view| view.last_activity.at());
            assert_eq!(seen.await.unwrap(), Some(latest));
        }
    }
}

async fn reads_do_not_wait_for_a_commit(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let access = world.access(0);
    let first = world.create(0, "first").await;
    users::get(&world.app, &access, first, |_| ())
        .await
        .unwrap();
    // Another process is in the middle of a write: ours waits.
    let client = access.client();
    let (told, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let (told, wait) = (Mutex::new(Some(told)), Mutex::new(wait));
    let holding = Arc::clone(&world);
    let beside = tokio::spawn(async move {
        let hold = holding.beside.write(move |tx| {
            clients::lock(tx, client)?;
            if let Some(told) = told.lock().take() {
                told.send(()).unwrap();
                wait.lock().recv().unwrap();
            }
            Ok::<(), StoreError>(())
        });
        hold.await.unwrap();
    });
    has_begun.await.unwrap();
    let writing = Arc::clone(&world);
    let writer = tokio::spawn(async move { writing.create(0, "second").await });
    let everybody = UserQuery::default();
    for _ in 0..100 {
        let count = users::list(&world.app, &access, &everybody, None, 9, |page| {
            page.total_count
        });
        assert_eq!(count.await.unwrap(), 1);
    }
    assert!(!writer.is_finished());
    go_on.send(()).unwrap();
    beside.await.unwrap();
    let second = writer.await.unwrap();
    users::get(&world.app, &access, second, |_| ())
        .await
        .unwrap();
}

async fn two_processes_that_write_one_client_lose_nothing(on: Backend) {
    let world = World::new(on, 1, AMPLE).await;
    let access = world.access(0);
    let other = Arc::new(world.another_app().await);
    users::summary(&world.app, &access, 1).await.unwrap();
    users::summary(&other, &access, 1).await.unwrap();
    let mut writers = JoinSet::new();
    for number in 0..40 {
        let (world, other) = (Arc::clone(&world), Arc::clone(&other));
        let access = access.clone();
        writers.spawn(async move {
            let app = if number % 2 == 0 { &world.app } else { &*other };
            let user = create(app, &access, &format!("u{number}")).await;
            users::get(app, &access, user, |_| ()).await.unwrap();
        });
    }
    writers.join_all().await;
    let everybody = UserQuery::default();
    for app in [&world.app, &*other] {
        housekeeping::poll(app).await.unwrap();
        let count = users::list(app, &access, &everybody, None, 9, |page| page.total_count);
        assert_eq!(count.await.unwrap(), 40);
    }
    let client = access.client();
    let log = world
        .beside
        .read(move |tx| changes::page(tx, client, 0, 100));
    let numbers: Vec<i64> = log
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.number)
        .collect();
    assert_eq!(numbers, (1..=41).collect::<Vec<_>>());
}
