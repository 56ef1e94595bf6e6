//! What random steps seldom meet: each of these once went wrong, or nearly.

use std::sync::Arc;

use rollcall::directory::Directory;
use rollcall::directory::image::{Delta, Image};
use rollcall::model::activity::{Channel, LastActivity, Report};
use rollcall::model::change::Source;
use rollcall::model::client::Client;
use rollcall::model::id::{ClientId, Id, UserId};
use rollcall::model::profile::Profile;
use rollcall::model::provenance::{Provenance, TracedUser};
use rollcall::model::provisioning::Provisioning;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::user::{NewUser, State, User};
use rollcall::operations::activity::{Receipt, SentReport, Subject, report};
use rollcall::operations::caller::Access;
use rollcall::operations::error::Error;
use rollcall::operations::write::{Done, Once};
use rollcall::operations::{housekeeping, users};
use rollcall::store::{self, Store};

use crate::support::databases::{Backend, Empty};
use crate::world::World;

on_both! {
    threads = 1:
    what_was_folded_and_taken_out_of_the_log_reaches_the_others,
    a_write_that_is_durable_is_not_called_a_failure,
    a_refused_idempotency_key_enrolls_nobody,
    many_first_reads_are_one_load,
    the_image_that_was_asked_for_least_lately_goes_first,
    images_that_grow_keep_the_budget_too,
    a_client_made_by_another_process_is_found_at_once,
}

pub(crate) fn id(number: u64) -> Id {
    Id::parse(&format!("0190a000-0000-7000-8000-{number:012x}")).unwrap()
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(milliseconds)
}

pub(crate) fn client(number: u64) -> Client {
    Client {
        id: ClientId(id(number)),
        name: "Client".into(),
        partner: None,
        enrollment_token: None,
        provisioning: Provisioning::default(),
        created_at: at(0),
        updated_at: at(0),
        revision: 1,
    }
}

fn user(number: u64) -> User {
    User {
        id: UserId(id(number)),
        username: format!("user {number}").into(),
        user_key: format!("key {number}").into(),
        external_id: None,
        state: State::Active,
        profile: Profile::default(),
        departments: Vec::new(),
        created_at: at(0),
        updated_at: at(0),
        deleted_at: None,
        held: None,
        revision: i64::try_from(number).unwrap(),
    }
}

fn traced(number: u64) -> TracedUser {
    TracedUser::stored(user(number), Provenance::default())
}

#[test]
fn activity_that_comes_before_its_persons_record_is_not_lost() {
    let seen = |milliseconds: i64| Some(at(milliseconds));
    let mut image = Image::new(client(1));
    let reports = [(2, 50), (3, 70)].map(|(number, milliseconds)| Report {
        user: UserId(id(number)),
        channel: Channel::Web,
        at: at(milliseconds),
    });
    image.apply_reports(1, &reports);
    // Of the table, too: its rows may be newer than the changes that the image contains.
    let folded = LastActivity {
        desktop_at: seen(60),
        web_at: seen(40),
    };
    image.merge_activity(UserId(id(2)), folded);
    image.apply(Delta {
        number: 3,
        users: vec![user(2), user(3)],
        ..Delta::default()
    });
    let two = image.user(UserId(id(2))).unwrap().last_activity;
    assert_eq!((two.desktop_at, two.web_at), (seen(60), seen(50)));
    let three = image.user(UserId(id(3))).unwrap().last_activity;
    assert_eq!((three.desktop_at, three.web_at), (None, seen(70)));
}

fn new(name: &str) -> NewUser {
    NewUser::of_key(name.into())
}

async fn create(world: &World, app: usize, name: &str) -> UserId {
    let access = world.access(0);
    let done = users::create(&world.apps[app], &access, new(name), None);
    match done.await.unwrap() {
        Done::Now(created) => created.user.id,
        Done::Before(_) => panic!("it bears no key"),
    }
}

async fn see(world: &World, app: usize, user: UserId) {
    let sent = SentReport {
        subject: Subject::Id(user),
        channel: Channel::Desktop,
        at: world.now(),
    };
    let sent = vec![Ok(sent)];
    let access = world.access(0);
    report(&world.apps[app], &access, sent, None).await.unwrap();
}

async fn seen_at(world: &World, app: usize, user: UserId) -> Option<Timestamp> {
    let access = world.access(0);
    let seen = users::get(&world.apps[app], &access, user, |view| {
        view.last_activity.at()
    });
    seen.await.unwrap()
}

async fn what_was_folded_and_taken_out_of_the_log_reaches_the_others(on: Backend) {
    let world = World::new(on, 1, 2, crate::AMPLE).await;
    let mut people = Vec::new();
    for name in ["one", "two", "three"] {
        people.push(create(&world, 0, name).await);
    }
    housekeeping::poll(&world.apps[1]).await.unwrap();
    assert_eq!(seen_at(&world, 1, people[0]).await, None);
    // The clock is set back for one entry: that one is taken out of the middle of the log.
    for (user, moved) in people.iter().zip([0, -3_600_000, 3_600_001]) {
        world.clock.advance(moved);
        see(&world, 0, *user).await;
    }
    world.fold(0).await;
    housekeeping::poll(&world.apps[1]).await.unwrap();
    for user in &people {
        let seen = seen_at(&world, 0, *user).await;
        assert!(seen.is_some());
        assert_eq!(seen_at(&world, 1, *user).await, seen);
    }
    // The whole log is taken out.
    for user in &people {
        world.clock.advance(10);
        see(&world, 0, *user).await;
    }
    world.clock.advance(3_600_000);
    world.fold(0).await;
    housekeeping::poll(&world.apps[1]).await.unwrap();
    for user in &people {
        let seen = seen_at(&world, 0, *user).await;
        assert_eq!(seen_at(&world, 1, *user).await, seen);
    }
}

async fn a_write_that_is_durable_is_not_called_a_failure(on: Backend) {
    let mut world = World::new(on, 1, 2, crate::AMPLE).await;
    let first = create(&world, 0, "first").await;
    assert_eq!(seen_at(&world, 0, first).await, None, "the image is loaded");
    // With this table gone nothing can be caught up with, though users can be written.
    let beside = Store::open(world.location()).await.unwrap();
    let rename = async |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        let renaming = beside.write(move |tx| tx.script(&sql));
        renaming.await.unwrap();
    };
    rename("renames", "hidden").await;
    // What another node wrote before has to be read.
    create(&world, 1, "elsewhere").await;
    let created = create(&world, 0, "second").await;
    let access = world.access(0);
    let failed = users::get(&world.apps[0], &access, created, |_| ()).await;
    assert!(
        matches!(failed, Err(Error::Internal(_))),
        "never an old answer"
    );
    rename("hidden", "renames").await;
    let found = users::get(&world.apps[0], &access, created, |view| {
        view.username.to_owned()
    });
    assert_eq!(found.await.unwrap(), "second");
    world.restart(0).await;
    let found = users::get(&world.apps[0], &access, created, |view| {
        view.username.to_owned()
    });
    assert_eq!(found.await.unwrap(), "second");
}

async fn a_refused_idempotency_key_enrolls_nobody(on: Backend) {
    let world = World::new(on, 1, 1, crate::AMPLE).await;
    let access = world.enrolling(0, 0).await;
    let once = |request: &str| {
        Some(Once {
            key: "key".to_owned(),
            fingerprint: request.to_owned(),
            render: |receipt: &Receipt| receipt.accepted.to_string(),
        })
    };
    let about = |name: &str| {
        vec![Ok(SentReport {
            subject: Subject::Key(name.into()),
            channel: Channel::Web,
            at: world.now(),
        })]
    };
    let app = &world.apps[0];
    let done = report(app, &access, about("one"), once("one")).await;
    assert!(matches!(done, Ok(Done::Now(_))));
    let again = report(app, &access, about("one"), once("one")).await;
    assert!(matches!(again, Ok(Done::Before(answer)) if answer == "1"));
    let other = report(app, &access, about("two"), once("two")).await;
    assert_eq!(other.unwrap_err(), Error::KeyReused);
    let everybody = rollcall::model::page::UserQuery::default();
    let count = users::list(app, &access, &everybody, None, 9, |page| page.total_count);
    assert_eq!(count.await.unwrap(), 1);
}

/// A store with some clients, each with a user, and nothing loaded.
async fn store_of(on: Backend, clients: u64) -> (Empty, Arc<Store>) {
    let database = Empty::of(on);
    let store = Arc::new(Store::open(&database.location).await.unwrap());
    let write = store.write(move |tx| {
        for number in 0..clients {
            store::clients::insert(tx, &client(number))?;
            store::users::insert(tx, ClientId(id(number)), &traced(1))?;
        }
        Ok::<(), store::Error>(())
    });
    write.await.unwrap();
    (database, store)
}

async fn many_first_reads_are_one_load(on: Backend) {
    let (_database, store) = store_of(on, 1).await;
    let directory = Arc::new(Directory::new(store, crate::AMPLE));
    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let directory = Arc::clone(&directory);
        reads.spawn(async move { directory.live(ClientId(id(0))).await.unwrap().unwrap() });
    }
    let lives = reads.join_all().await;
    assert!(lives.iter().all(|live| Arc::ptr_eq(live, &lives[0])));
    assert!(directory.live(ClientId(id(7))).await.unwrap().is_none());
    assert_eq!(
        directory.size().0,
        1,
        "nothing is kept of a client that does not exist"
    );
}

async fn the_image_that_was_asked_for_least_lately_goes_first(on: Backend) {
    let (_database, store) = store_of(on, 3).await;
    let [a, b, c] = [0, 1, 2].map(|number| ClientId(id(number)));
    let measured = Directory::new(Arc::clone(&store), crate::AMPLE);
    measured.live(a).await.unwrap();
    let one = measured.size().1;
    // More than two fit, three do not. Looking for news is not asking for anybody.
    for _ in 0..16 {
        let directory = Directory::new(Arc::clone(&store), one * 5 / 2);
        directory.live(a).await.unwrap();
        directory.live(b).await.unwrap();
        let before = directory.live(a).await.unwrap().unwrap();
        directory.poll().await.unwrap();
        directory.live(c).await.unwrap();
        assert_eq!(directory.size().0, 2);
        let after = directory.live(a).await.unwrap().unwrap();
        assert!(
            Arc::ptr_eq(&before, &after),
            "it was asked for after the other"
        );
    }
}

async fn images_that_grow_keep_the_budget_too(on: Backend) {
    let (_database, store) = store_of(on, 3).await;
    let [a, b, c] = [0, 1, 2].map(|number| ClientId(id(number)));
    let measured = Directory::new(Arc::clone(&store), crate::AMPLE);
    measured.live(a).await.unwrap();
    let directory = Directory::new(Arc::clone(&store), measured.size().1 * 4);
    for client in [a, b, c] {
        directory.live(client).await.unwrap();
    }
    assert_eq!(directory.size().0, 3);
    let write = store.write(move |tx| {
        for number in 2..1_000 {
            store::users::insert(tx, c, &traced(number))?;
        }
        store::clients::set_change_number(tx, c, 1_000)
    });
    write.await.unwrap();
    let before = directory.live(c).await.unwrap().unwrap();
    directory.poll().await.unwrap();
    assert_eq!(directory.size().0, 1, "the others make room");
    let after = directory.live(c).await.unwrap().unwrap();
    assert!(
        Arc::ptr_eq(&before, &after),
        "the one in use stays, whatever it takes"
    );
    assert_eq!(after.read().user_count(), 999);
}

async fn a_client_made_by_another_process_is_found_at_once(on: Backend) {
    let world = World::new(on, 1, 2, crate::AMPLE).await;
    let unknown = ClientId(id(9));
    let access = Access::of_command_line(unknown, Source::CommandLine);
    let query = rollcall::model::page::UserQuery::default();
    let list = || {
        users::list(&world.apps[1], &access, &query, None, 9, |page| {
            page.total_count
        })
    };
    assert!(matches!(list().await, Err(Error::NotFound(..))));
    let admin = rollcall::operations::caller::AdminAccess::of_command_line();
    let new = rollcall::model::client::NewClient {
        id: Some(unknown),
        name: "Late".into(),
        partner: None,
        enrollment_token: None,
    };
    let created = rollcall::operations::clients::create(&world.apps[0], &admin, new, None);
    created.await.unwrap();
    assert_eq!(list().await.unwrap(), 0);
}
