//! A database of an earlier release holds, once it is opened, what it held.

use rollcall::store::{Condition, Store, users};

use crate::world::{A, B, World, at, client_id, department_id, id, traced, user, user_id};

contract! {
    who_belonged_where_still_does_in_the_same_order,
}

/// Takes the schema back to its second step, which had a table of memberships, and puts
/// these rows into it: client, user, department and position.
async fn go_back_to_memberships(world: &World, rows: &'static [(u64, u64, u64, i64)]) {
    let schema = "ALTER TABLE users DROP COLUMN provenance;
        ALTER TABLE users DROP COLUMN departments;
        CREATE INDEX users_by_revision ON users (client_id, revision);
        CREATE TABLE memberships (
            client_id TEXT NOT NULL, user_id TEXT NOT NULL, department_id TEXT NOT NULL,
            position BIGINT NOT NULL, PRIMARY KEY (client_id, user_id, department_id)
        );
        CREATE INDEX memberships_by_department ON memberships (client_id, department_id);
        DROP INDEX departments_by_external_id;
        ALTER TABLE departments DROP COLUMN external_id;
        ALTER TABLE users DROP COLUMN held;
        ALTER TABLE clients DROP COLUMN provisioning;
        DROP TABLE departures;
        DROP TABLE oauth_clients;
        DROP TABLE oauth_secrets;
        DROP INDEX tokens_by_oauth_client;
        ALTER TABLE tokens DROP COLUMN oauth_client;
        DROP TABLE scim_log;
        DROP TABLE scim_log_counters;
        DROP TABLE sessions;
        DELETE FROM schema_steps WHERE number > 2;";
    let insert = "INSERT INTO memberships (client_id, user_id, department_id, position)
                  VALUES ($1, $2, $3, $4)";
    world
        .write(move |tx| {
            tx.script(schema)?;
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
