//! The lock, the numbers of changes, and what the log says.

use std::collections::BTreeSet;
use std::sync::Arc;

use rollcall::model::change::{Actor, Entity, Source};
use rollcall::model::id::TokenId;
use rollcall::store::changes::{self, Change};
use rollcall::store::users::{self, Rename};
use rollcall::store::{Error, Tx, clients, departments};

use crate::world::{A, B, World, at, client, client_id, department, id, traced, user, user_id};

contract! {
    writes_of_one_client_are_serial_and_its_log_has_no_gaps,
    the_log_is_in_the_order_of_the_commits,
    a_client_that_is_not_there_cannot_be_locked,
    the_log_is_read_as_it_was_written_and_by_the_page,
    what_changed_since_a_number_is_what_later_changes_touched,
    the_log_tells_whom_changes_touched_unless_they_are_of_departments_or_missing,
    renames_are_told_in_their_order,
    logs_of_two_clients_never_meet,
}

/// Takes the client's next number and records a change of that entity with it.
fn record(tx: &mut Tx<'_>, client: u64, entity_id: &str) -> Result<i64, Error> {
    let client = client_id(client);
    let number = clients::lock(tx, client)?.unwrap() + 1;
    changes::insert(tx, client, &change(number, entity_id))?;
    clients::set_change_number(tx, client, number)?;
    Ok(number)
}

fn change(number: i64, entity_id: &str) -> Change<'_> {
    Change {
        number,
        at: at(number),
        actor: Actor {
            token: None,
            source: Source::CommandLine,
        },
        entity: Entity::User,
        entity_id,
        action: "updated",
        detail: "{}",
        previous: None,
    }
}

async fn writes_of_one_client_are_serial_and_its_log_has_no_gaps(world: &World) {
    world.with_two_clients().await;
    // Two processes, as the command line beside the server.
    let stores = [
        Arc::new(world.another().await),
        Arc::new(world.another().await),
    ];
    let mut writers = tokio::task::JoinSet::new();
    for index in 0..16 {
        let store = Arc::clone(&stores[index % 2]);
        writers.spawn(async move {
            let write = move |tx: &mut Tx<'_>| record(tx, A, &format!("{index}"));
            store.write(write).await.unwrap()
        });
    }
    let numbers: BTreeSet<i64> = writers.join_all().await.into_iter().collect();
    // A client begins with the change that made it.
    assert_eq!(numbers, (2..=17).collect());
    let (latest, log, other) = world
        .read(|tx| {
            Ok((
                clients::change_number(tx, client_id(A))?,
                changes::page(tx, client_id(A), 0, 100)?,
                clients::change_number(tx, client_id(B))?,
            ))
        })
        .await;
    assert_eq!((latest, other), (Some(17), Some(1)));
    let logged: Vec<i64> = log.iter().map(|entry| entry.number).collect();
    assert_eq!(logged, (2..=17).collect::<Vec<_>>());
    let entities: BTreeSet<String> = log.into_iter().map(|entry| entry.entity_id).collect();
    assert_eq!(entities.len(), 16, "no write was lost");
}

async fn the_log_is_in_the_order_of_the_commits(world: &World) {
    world.with_two_clients().await;
    for index in 0..5 {
        let number = world
            .write(move |tx| record(tx, A, &format!("{index}")))
            .await;
        let seen = world
            .read(|tx| clients::change_number(tx, client_id(A)))
            .await;
        assert_eq!((number, seen), (index + 2, Some(index + 2)));
    }
    let failed: Result<i64, Error> = world
        .store
        .write(|tx| {
            record(tx, A, "undone")?;
            Err(Error::Failed("no".to_owned()))
        })
        .await;
    assert!(failed.is_err());
    let next = world.write(|tx| record(tx, A, "5")).await;
    assert_eq!(next, 7, "an undone change leaves no gap");
}

async fn a_client_that_is_not_there_cannot_be_locked(world: &World) {
    let (lock, number) = world
        .write(|tx| {
            let lock = clients::lock(tx, client_id(A))?;
            clients::set_change_number(tx, client_id(A), 5)?;
            Ok((lock, clients::change_number(tx, client_id(A))?))
        })
        .await;
    assert_eq!((lock, number), (None, None));
}

async fn the_log_is_read_as_it_was_written_and_by_the_page(world: &World) {
    let token = TokenId(id(0x70));
    world
        .write(move |tx| {
            for number in 1..=3 {
                let actor = Actor {
                    token: (number == 2).then_some(token),
                    source: Source::Import,
                };
                let change = Change {
                    actor,
                    ..change(number, "e")
                };
                changes::insert(tx, client_id(A), &change)?;
            }
            Ok(())
        })
        .await;
    let (page, rest) = world
        .read(|tx| {
            Ok((
                changes::page(tx, client_id(A), 1, 1)?,
                changes::page(tx, client_id(A), 2, 9)?,
            ))
        })
        .await;
    let expected = |number: i64, actor: Option<String>| changes::Entry {
        number,
        at: at(number),
        actor,
        source: "import".to_owned(),
        entity: "user".to_owned(),
        entity_id: "e".to_owned(),
        action: "updated".to_owned(),
        detail: "{}".to_owned(),
        previous: None,
    };
    assert_eq!(page, [expected(2, Some(token.to_string()))]);
    assert_eq!(rest, [expected(3, None)]);
    let twice = world
        .store
        .write(|tx| changes::insert(tx, client_id(A), &change(3, "e")))
        .await;
    assert!(twice.is_err(), "a number is given once");
}

async fn what_changed_since_a_number_is_what_later_changes_touched(world: &World) {
    world
        .write(|tx| {
            for number in [1_u64, 2, 3] {
                let revision = i64::try_from(number).unwrap() * 10;
                let mut user = user(number, &format!("u{number}"));
                let mut department = department(number, &format!("d{number}"));
                (user.revision, department.revision) = (revision, revision);
                users::insert(tx, client_id(A), &traced(user))?;
                departments::insert(tx, client_id(A), &department)?;
            }
            Ok(())
        })
        .await;
    for (since, expected) in [(-1, 3), (9, 3), (10, 2), (20, 1), (30, 0)] {
        let (users, departments) = world
            .read(move |tx| {
                Ok((
                    users::changed_since(tx, client_id(A), since)?.len(),
                    departments::changed_since(tx, client_id(A), since)?.len(),
                ))
            })
            .await;
        assert_eq!([users, departments], [expected; 2], "since {since}");
    }
}

async fn the_log_tells_whom_changes_touched_unless_they_are_of_departments_or_missing(
    world: &World,
) {
    let of_department = |number, action| Change {
        entity: Entity::Department,
        action,
        ..change(number, "d")
    };
    world
        .write(move |tx| {
            let (one, two) = (user_id(1), user_id(2));
            let all = [
                change(1, one.as_str()),
                of_department(2, "updated"),
                change(3, two.as_str()),
                of_department(4, "created"),
                change(5, one.as_str()),
                change(6, one.as_str()),
                change(8, two.as_str()),
            ];
            changes::insert_many(tx, client_id(A), &all)?;
            changes::insert(tx, client_id(B), &change(7, two.as_str()))
        })
        .await;
    let touched = |since, latest| {
        world.read(move |tx| changes::users_touched(tx, client_id(A), since, latest))
    };
    let (one, two) = (user_id(1), user_id(2));
    assert_eq!(touched(8, 8).await, Some(BTreeSet::new()));
    assert_eq!(touched(7, 8).await, Some(BTreeSet::from([two])));
    assert_eq!(touched(6, 8).await, None, "one change is not in the log");
    assert_eq!(touched(7, 9).await, None, "the latest is not in the log");
    world
        .write(move |tx| changes::insert(tx, client_id(A), &change(7, two.as_str())))
        .await;
    assert_eq!(touched(4, 8).await, Some(BTreeSet::from([one, two])));
    let created = "nobody is in a department that is new";
    assert_eq!(
        touched(3, 8).await,
        Some(BTreeSet::from([one, two])),
        "{created}"
    );
    assert_eq!(
        touched(1, 8).await,
        None,
        "a department touches its members"
    );
}

async fn renames_are_told_in_their_order(world: &World) {
    let rename = |number: i64, name: &str| Rename {
        number,
        user: user_id(1),
        username: name.into(),
    };
    let (first, second, third) = (rename(4, "Anna"), rename(7, "Anne"), rename(9, "Ann"));
    let written = [second.clone(), third.clone(), first.clone()];
    world
        .write(move |tx| {
            for rename in &written {
                users::remember_rename(tx, client_id(A), rename, at(0))?;
            }
            Ok(())
        })
        .await;
    let (all, later, other) = world
        .read(|tx| {
            Ok((
                users::renames_since(tx, client_id(A), -1)?,
                users::renames_since(tx, client_id(A), 4)?,
                users::renames_since(tx, client_id(B), -1)?,
            ))
        })
        .await;
    assert_eq!(all, [first, second.clone(), third.clone()]);
    assert_eq!(later, [second, third]);
    assert_eq!(other, []);
}

async fn logs_of_two_clients_never_meet(world: &World) {
    world.with_two_clients().await;
    world
        .write(|tx| {
            record(tx, A, "a")?;
            record(tx, B, "b")?;
            assert!(clients::update(tx, &client(A))?);
            Ok(())
        })
        .await;
    for (client, entity) in [(A, "a"), (B, "b")] {
        let (log, number) = world
            .read(move |tx| {
                let client = client_id(client);
                Ok((
                    changes::page(tx, client, 0, 9)?,
                    clients::change_number(tx, client)?,
                ))
            })
            .await;
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].entity_id, entity);
        assert_eq!(number, Some(2), "an update of the record moves no number");
    }
}
