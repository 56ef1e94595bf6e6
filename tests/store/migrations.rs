//! A database of an earlier release holds, once it is opened, what it held.

use rollcall::model::activity::Channel;
use rollcall::model::change::{Actor, ChangeQuery, Entity, Source};
use rollcall::store::changes::{self, Change};
use rollcall::store::{Condition, Error, Store, Tx, activity, users};

use crate::world::{A, B, World, at, client_id, department_id, id, traced, user, user_id};

contract! {
    who_belonged_where_still_does_in_the_same_order,
    the_days_of_the_latest_activity_are_known,
    changes_that_were_made_before_are_timelines_too,
}

/// How each step is undone, the latest first.
const UNDONE: [(i64, &str); 13] = [
    (15, "DROP TABLE operators;"),
    (
        14,
        "DROP TABLE uploads; DROP TABLE upload_parts; DROP TABLE imports;",
    ),
    (
        13,
        "ALTER TABLE tokens DROP COLUMN last_used_at;
         ALTER TABLE oauth_clients DROP COLUMN last_used_at;",
    ),
    (12, "ALTER TABLE changes DROP COLUMN previous;"),
    (
        11,
        "ALTER TABLE activity DROP COLUMN desktop_days;
         ALTER TABLE activity DROP COLUMN web_days;",
    ),
    (10, "DROP TABLE sessions;"),
    (9, "DROP TABLE scim_log; DROP TABLE scim_log_counters;"),
    (
        8,
        "ALTER TABLE users DROP COLUMN held;
         ALTER TABLE clients DROP COLUMN provisioning;
         DROP TABLE departures;",
    ),
    (7, "ALTER TABLE users DROP COLUMN provenance;"),
    (
        6,
        "DROP INDEX departments_by_external_id;
         ALTER TABLE departments DROP COLUMN external_id;",
    ),
    (
        5,
        "DROP TABLE oauth_clients;
         DROP TABLE oauth_secrets;
         DROP INDEX tokens_by_oauth_client;
         ALTER TABLE tokens DROP COLUMN oauth_client;",
    ),
    (
        4,
        "CREATE INDEX users_by_revision ON users (client_id, revision);",
    ),
    (
        3,
        "ALTER TABLE users DROP COLUMN departments;
         CREATE TABLE memberships (
             client_id TEXT NOT NULL, user_id TEXT NOT NULL, department_id TEXT NOT NULL,
             position BIGINT NOT NULL, PRIMARY KEY (client_id, user_id, department_id)
         );
         CREATE INDEX memberships_by_department ON memberships (client_id, department_id);",
    ),
];

/// Takes the schema back to that step.
fn go_back(tx: &mut Tx<'_>, step: i64) -> Result<(), Error> {
    for (_, undo) in UNDONE.iter().filter(|(number, _)| *number > step) {
        tx.script(undo)?;
    }
    tx.script(&format!("DELETE FROM schema_steps WHERE number > {step}"))
}

/// Takes the schema back to its second step, which had a table of memberships, and puts
/// these rows into it: client, user, department and position.
async fn go_back_to_memberships(world: &World, rows: &'static [(u64, u64, u64, i64)]) {
    let insert = "INSERT INTO memberships (client_id, user_id, department_id, position)
                  VALUES ($1, $2, $3, $4)";
    world
        .write(move |tx| {
            go_back(tx, 2)?;
            for (client, user, department, position) in rows {
                let ids = [id(*client), id(*user), id(*department)];
                let [client, user, department] = ids.each_ref().map(|id| id.as_str().into());
                tx.execute(insert, &[client, user, department, (*position).into()])?;
            }
            Ok(())
        })
        .await;
}

async fn who_belonged_where_still_does_in_the_same_order(world: &World) {
    world
        .write(|tx| {
            for (client, number) in [(A, 1), (A, 2), (A, 3), (B, 1)] {
                users::insert(
                    tx,
                    client_id(client),
                    &traced(user(number, &format!("u{number}"))),
                )?;
            }
            Ok(())
        })
        .await;
    let rows = &[
        (A, 1, 2, 1),
        (A, 1, 3, 0),
        (A, 1, 1, 2),
        (A, 3, 2, 0),
        (B, 1, 1, 0),
    ];
    go_back_to_memberships(world, rows).await;
    let place = world.store.location();
    assert_eq!(Store::inspect(place).await.unwrap(), Condition::Outdated);
    drop(world.another().await);
    assert_eq!(Store::inspect(place).await.unwrap(), Condition::Current);
    let (of_a, of_b) = world
        .read(|tx| {
            let of_a = users::find_many(tx, client_id(A), &[1, 2, 3].map(user_id))?;
            Ok((of_a, users::find(tx, client_id(B), user_id(1))?))
        })
        .await;
    let of_a: Vec<_> = of_a
        .into_iter()
        .map(|user| user.into_user().departments)
        .collect();
    let expected = [vec![3, 2, 1], vec![], vec![2]];
    assert_eq!(
        of_a,
        expected.map(|ids| ids.into_iter().map(department_id).collect::<Vec<_>>())
    );
    let of_b = of_b.unwrap();
    assert_eq!(of_b.departments, [department_id(1)]);
    assert_eq!((of_b.revision, of_b.updated_at), (2, at(0)));
}

async fn the_days_of_the_latest_activity_are_known(world: &World) {
    go_back_to_memberships(world, &[]).await;
    let insert = "INSERT INTO activity (client_id, user_id, desktop_at, web_at)
                  VALUES ($1, $2, $3, $4)";
    world
        .write(move |tx| {
            let client = client_id(A);
            for (user, desktop_at, web_at) in [
                (1, Some(at(0).milliseconds()), None),
                (2, Some(at(-86_400_000).milliseconds()), Some(0)),
                (3, None, Some(-1)),
            ] {
                let user = user_id(user);
                let keys = [(&client).into(), (&user).into()];
                tx.execute(
                    insert,
                    &[keys[0], keys[1], desktop_at.into(), web_at.into()],
                )?;
            }
            Ok(())
        })
        .await;
    drop(world.another().await);
    let days = |user, channel| {
        let read = move |tx: &mut Tx<'_>| activity::days_of_user(tx, client_id(A), user_id(user));
        async move {
            let seen = world.read(read).await;
            let days = seen.on(channel).iter().map(|day| day.to_string());
            days.collect::<Vec<_>>()
        }
    };
    assert_eq!(days(1, Channel::Desktop).await, ["2023-11-14"]);
    assert!(days(1, Channel::Web).await.is_empty());
    assert_eq!(days(2, Channel::Desktop).await, ["2023-11-13"]);
    assert_eq!(days(2, Channel::Web).await, ["1970-01-01"]);
    assert!(
        days(3, Channel::Web).await.is_empty(),
        "too long ago to be kept"
    );
}

async fn changes_that_were_made_before_are_timelines_too(world: &World) {
    // Of two clients whose records bear the same ids, a user's and a department's among them.
    let made = [
        (A, 1, Entity::User, 1),
        (B, 1, Entity::User, 1),
        (A, 2, Entity::Department, 1),
        (A, 3, Entity::User, 2),
        (A, 4, Entity::User, 1),
        (B, 2, Entity::User, 1),
        (A, 5, Entity::Department, 1),
        (A, 6, Entity::User, 1),
    ];
    world
        .write(move |tx| {
            for (client, number) in [(A, 1), (A, 2), (A, 3), (B, 1)] {
                let user = traced(user(number, &format!("u{number}")));
                users::insert(tx, client_id(client), &user)?;
            }
            for (client, number, entity, of) in made {
                let record = id(of);
                let change = Change {
                    number,
                    at: at(number),
                    actor: Actor {
                        token: None,
                        source: Source::Api,
                    },
                    entity,
                    entity_id: record.as_str(),
                    action: "updated",
                    detail: "{}",
                    previous: None,
                };
                changes::insert(tx, client_id(client), &change)?;
            }
            go_back(tx, 11)
        })
        .await;
    drop(world.another().await);
    for (client, number, expected) in [
        (A, 1, vec![6, 4, 1]),
        (A, 2, vec![3]),
        (A, 3, vec![]),
        (B, 1, vec![2, 1]),
    ] {
        let timeline = world
            .read(move |tx| {
                let client = client_id(client);
                let user = users::find(tx, client, user_id(number))?.unwrap();
                let Some(latest) = user.provenance().latest_change() else {
                    return Ok(Vec::new());
                };
                let record = (Entity::User, id(number));
                changes::timeline(tx, client, record, latest, &ChangeQuery::default(), 10)
            })
            .await;
        let numbers: Vec<i64> = timeline
            .iter()
            .map(|step| step.entry.as_ref().unwrap().number)
            .collect();
        assert_eq!(numbers, expected, "user {number}");
    }
}
