//! Everything from one database into another: each case is run for every pair of databases.

use rollcall::operations::migrate::{self, Migrated, Progress};
use rollcall::store::copy::{self, Cell, Kind, TABLES, Table};
use rollcall::store::tx::Value;
use rollcall::store::{Error, Tx, secrets};

use crate::world::World;

/// Makes a test of each case for every direction that there is.
macro_rules! directions {
    ($($case:ident),+ $(,)?) => {
        mod sqlite_to_sqlite {
            use crate::world::World;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&World::sqlite().await, &World::sqlite().await).await;
                }
            )+
        }

        mod sqlite_to_postgres {
            use crate::world::World;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&World::sqlite().await, &World::postgres().await).await;
                }
            )+
        }

        mod postgres_to_sqlite {
            use crate::world::World;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&World::postgres().await, &World::sqlite().await).await;
                }
            )+
        }

        mod postgres_to_postgres {
            use crate::world::World;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(&World::postgres().await, &World::postgres().await).await;
                }
            )+
        }
    };
}

directions! {
    every_row_of_every_table_arrives_as_it_was,
    a_second_copy_finds_everything_there,
    a_target_with_other_data_is_refused_and_left_as_it_was,
    what_a_server_made_for_itself_is_replaced,
    large_rows_arrive_too,
}

/// More than one page of each table.
const ROWS: i64 = 600;
const NULLABLE: [&str; 21] = [
    "partner_id",
    "partner_name",
    "enrollment_token",
    "external_id",
    "profile",
    "deleted_at",
    "name_folded",
    "description",
    "changes.actor",
    "desktop_at",
    "web_at",
    "tokens.expires_at",
    "oauth_secrets.expires_at",
    "operators.name",
    "revoked_at",
    "tokens.name",
    "tokens.client_id",
    "scim_log.actor",
    "status",
    "sent",
    "answered",
];
const MAY_BE_EMPTY: [&str; 4] = ["partner_name", "profile", "description", "detail"];

async fn copied(from: &World, to: &World) -> Result<Migrated, Error> {
    migrate::copy(&from.store, &to.store, |_| ()).await
}

/// A row like no other, with NULL, empty text and the ends of the numbers among its values.
fn row(table: &Table, number: i64) -> Vec<Cell> {
    let cell = |(column, kind): &(&str, Kind)| {
        let full_name = format!("{}.{column}", table.name);
        let is_nullable = NULLABLE.contains(column) || NULLABLE.contains(&full_name.as_str());
        match kind {
            _ if is_nullable && number % 3 == 0 => Cell::Null,
            Kind::Text if MAY_BE_EMPTY.contains(column) && number % 3 == 1 => Cell::Text("".into()),
            Kind::Text => Cell::Text(format!("{column} {number} é\u{10ffff}\"'\n").into()),
            Kind::Number => Cell::Number(match number % 4 {
                0 => i64::MIN + number,
                1 => i64::MAX - number,
                2 => number,
                _ => -number,
            }),
        }
    };
    table.columns.iter().map(cell).collect()
}

fn insert(tx: &mut Tx<'_>, table: &Table, rows: &[Vec<Cell>]) -> Result<usize, Error> {
    let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    let placeholders: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        columns.join(", "),
        placeholders.join(", ")
    );
    let values = rows.iter().map(|row| row.iter().map(Value::from).collect());
    let values: Vec<Vec<Value<'_>>> = values.collect();
    tx.execute_many(&sql, values.iter().map(Vec::as_slice))
}

async fn fill(world: &World) {
    let write = world.write(|tx| {
        for table in TABLES {
            let rows: Vec<_> = (0..ROWS).map(|number| row(table, number)).collect();
            assert_eq!(insert(tx, table, &rows)?, rows.len());
        }
        Ok(())
    });
    write.await;
}

/// Every row of every table, read by other means than the copy's.
async fn everything(world: &World) -> Vec<String> {
    let read = world.read(|tx| {
        let mut lines = Vec::new();
        for table in TABLES {
            let columns: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
            let key = columns[..table.key].join(", ");
            let (columns, name) = (columns.join(", "), table.name);
            let sql = format!("SELECT {columns} FROM {name} ORDER BY {key}");
            lines.extend(tx.all(&sql, &[], |row| {
                let mut line = table.name.to_owned();
                for (index, (_, kind)) in table.columns.iter().enumerate() {
                    line += &match kind {
                        Kind::Text => format!(" {:?}", row.optional_text(index)?),
                        Kind::Number => format!(" {:?}", row.optional_number(index)?),
                    };
                }
                Ok(line)
            })?);
        }
        Ok(lines)
    });
    read.await
}

async fn every_row_of_every_table_arrives_as_it_was(from: &World, to: &World) {
    fill(from).await;
    let before = everything(from).await;
    let mut told = Vec::new();
    let migrated = migrate::copy(&from.store, &to.store, |progress| told.push(progress));
    let migrated = migrated.await.unwrap();
    assert!(!migrated.was_there);
    assert_eq!(everything(to).await, before);
    assert_eq!(everything(from).await, before);
    let all = before.len() as u64;
    for (table, (name, rows)) in TABLES.iter().zip(&migrated.tables) {
        let own = i64::from(*name == "counters");
        assert_eq!((*name, *rows), (table.name, ROWS + own));
    }
    assert_eq!(told.first(), Some(&Progress::Begun(all)));
    assert!(told.contains(&Progress::Copied(all)), "{told:?}");
    assert_eq!(told.last(), Some(&Progress::Checked(all)));
}

async fn a_second_copy_finds_everything_there(from: &World, to: &World) {
    fill(from).await;
    let first = copied(from, to).await.unwrap();
    let second = copied(from, to).await.unwrap();
    let there = Migrated {
        was_there: true,
        ..first
    };
    assert_eq!(second, there);
    // As many rows, but one of them is another.
    let change = "UPDATE users SET profile = '' WHERE profile IS NULL AND revision = 6";
    to.write(|tx| {
        assert_eq!(tx.execute(change, &[])?, 1);
        Ok(())
    })
    .await;
    let before = everything(to).await;
    let reason = copied(from, to).await.unwrap_err().to_string();
    assert!(reason.contains("holds other data already"), "{reason}");
    assert_eq!(everything(to).await, before);
}

async fn a_target_with_other_data_is_refused_and_left_as_it_was(from: &World, to: &World) {
    fill(from).await;
    to.with_two_clients().await;
    let before = everything(to).await;
    let error = copied(from, to).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(
        error
            .to_string()
            .starts_with(&to.store.location().to_string())
    );
    assert_eq!(everything(to).await, before);
}

async fn what_a_server_made_for_itself_is_replaced(from: &World, to: &World) {
    let old = from.write(|tx| secrets::find_or_insert(tx, "cursor", "old"));
    assert_eq!(old.await, "old");
    let new = to.write(|tx| secrets::find_or_insert(tx, "cursor", "new"));
    assert_eq!(new.await, "new");
    from.write(rollcall::store::registry::advance).await;
    assert!(!copied(from, to).await.unwrap().was_there);
    assert_eq!(everything(to).await, everything(from).await);
}

async fn large_rows_arrive_too(from: &World, to: &World) {
    let table = TABLES.iter().find(|table| table.name == "idempotency");
    let table = table.unwrap();
    let write = from.write(|tx| {
        let mut rows: Vec<_> = (0..5).map(|number| row(table, number)).collect();
        for row in &mut rows {
            row[4] = Cell::Text("x".repeat(600_000).into());
        }
        insert(tx, table, &rows)
    });
    write.await;
    // They are not all in memory at once.
    let read = from.read(|tx| {
        let mut pages = Vec::new();
        copy::read(tx, table, |page| {
            pages.push(page.rows());
            Ok::<(), Error>(())
        })?;
        Ok(pages)
    });
    assert_eq!(read.await, [2, 2, 1]);
    copied(from, to).await.unwrap();
    assert_eq!(everything(to).await, everything(from).await);
}

/// What SQLite says of its tables; PostgreSQL's come from the same text.
mod sqlite {
    use super::*;

    fn connect(world: &World) -> rusqlite::Connection {
        rusqlite::Connection::open(world.store.location().file().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn the_list_has_every_table_and_column_of_the_migrations() {
        const NOT_COPIED: [&str; 4] = ["leases", "schema_steps", "upload_parts", "uploads"];
        let world = World::sqlite().await;
        let database = connect(&world);
        let sql = "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t,
                   pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.name";
        let mut statement = database.prepare(sql).unwrap();
        let found = statement.query_map([], |row| {
            let (table, column): (String, String) = (row.get(0)?, row.get(1)?);
            let (kind, key): (String, u32) = (row.get(2)?, row.get(3)?);
            Ok((table, column, kind, key))
        });
        let mut found: Vec<_> = found.unwrap().map(Result::unwrap).collect();
        found.retain(|(table, ..)| !NOT_COPIED.contains(&table.as_str()));
        let mut listed = Vec::new();
        for table in TABLES {
            for (index, (column, kind)) in table.columns.iter().enumerate() {
                let kind = match kind {
                    Kind::Text => "TEXT",
                    Kind::Number => "BIGINT",
                };
                let key = if index < table.key {
                    index as u32 + 1
                } else {
                    0
                };
                let (table, column) = (table.name.to_owned(), (*column).to_owned());
                listed.push((table, column, kind.to_owned(), key));
            }
        }
        listed.sort();
        assert_eq!(found, listed);
    }

    #[tokio::test]
    async fn only_the_tables_said_to_have_rows_of_their_own_have_some_at_first() {
        let world = World::sqlite().await;
        let counts = world.read(copy::counts).await;
        for (table, count) in TABLES.iter().zip(counts) {
            assert!(count == 0 || table.has_rows_of_its_own, "{}", table.name);
        }
    }

    #[tokio::test]
    async fn a_row_that_arrives_otherwise_undoes_the_copy() {
        let (from, to) = (World::sqlite().await, World::sqlite().await);
        fill(&from).await;
        let before = everything(&to).await;
        for damage in [
            "UPDATE users SET profile = 'x' WHERE revision = 6",
            "DELETE FROM users WHERE revision = 6",
        ] {
            let trigger = format!(
                "DROP TRIGGER IF EXISTS damage;
                 CREATE TRIGGER damage AFTER INSERT ON idempotency WHEN NEW.at = 6
                 BEGIN {damage}; END"
            );
            connect(&to).execute_batch(&trigger).unwrap();
            let error = copied(&from, &to).await.unwrap_err().to_string();
            assert!(error.contains("arrived in users"), "{error}");
            assert_eq!(everything(&to).await, before);
        }
        connect(&to).execute_batch("DROP TRIGGER damage").unwrap();
        assert!(!copied(&from, &to).await.unwrap().was_there);
    }

    #[tokio::test]
    async fn what_stops_the_writer_is_told_and_not_that_the_reader_was_left_alone() {
        let (from, to) = (World::sqlite().await, World::sqlite().await);
        fill(&from).await;
        let trigger = "CREATE TRIGGER full AFTER INSERT ON users
                       BEGIN SELECT RAISE(ABORT, 'no room for you'); END";
        connect(&to).execute_batch(trigger).unwrap();
        let error = copied(&from, &to).await.unwrap_err().to_string();
        assert!(error.contains("no room for you"), "{error}");
    }
}
