//! The log: every change, recorded in the transaction that makes it.

use std::collections::{BTreeSet, HashMap};

use crate::model::change::{Actor, Entity};
use crate::model::id::{ClientId, UserId};
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::{Tx, Value};

/// One change of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// The client's next number.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who, and through which door.
    pub actor: Actor,
    /// What kind of record.
    pub entity: Entity,
    /// Which one.
    pub entity_id: &'a str,
    /// What was done: `created`, `updated`, `deleted`, `restored`.
    pub action: &'a str,
    /// JSON: what it was and what it is.
    pub detail: &'a str,
}

/// Appends a change to the client's log.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, change: &Change<'_>) -> Result<(), Error> {
    insert_many(tx, client, std::slice::from_ref(change))
}

/// Appends changes to the client's log.
pub fn insert_many(tx: &mut Tx<'_>, client: ClientId, changes: &[Change<'_>]) -> Result<(), Error> {
    let sql = "INSERT INTO changes (client_id, number, at, actor, source, entity, entity_id,
               action, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let rows = changes.iter().map(|change| {
        [
            Value::from(&client),
            change.number.into(),
            change.at.into(),
            change.actor.token.as_ref().into(),
            change.actor.source.name().into(),
            change.entity.name().into(),
            change.entity_id.into(),
            change.action.into(),
            change.detail.into(),
        ]
    });
    tx.execute_many(sql, rows)?;
    Ok(())
}

/// When a change was made; `None` when the log does not have it.
pub fn moment(tx: &mut Tx<'_>, client: ClientId, number: i64) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT at FROM changes WHERE client_id = $1 AND number = $2";
    tx.one(sql, &[(&client).into(), number.into()], |row| row.moment(0))
}

/// Changes whose users are looked up one by one at most. Of more it is quicker to read everybody.
const LOOKED_UP_MAX: i64 = 4_096;

/// The users whom the changes after number `since` up to the latest, `latest`, touched. `None` when the
/// log does not tell them: a department's change touched its members, or they are too many, or the log
/// does not have all of these changes.
pub fn users_touched(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    latest: i64,
) -> Result<Option<BTreeSet<UserId>>, Error> {
    if latest - since > LOOKED_UP_MAX {
        return Ok(None);
    }
    let sql = "SELECT entity, action, entity_id FROM changes
               WHERE client_id = $1 AND number > $2 ORDER BY number";
    let (mut count, mut is_told, mut users) = (0, true, BTreeSet::new());
    tx.each(sql, &[(&client).into(), since.into()], |row| {
        count += 1;
        let (entity, action) = (row.text(0)?, row.text(1)?);
        if entity == Entity::User.name() {
            users.insert(row.parsed(2, UserId::parse)?);
        }
        // Nobody is in a department that is new.
        is_told &= entity != Entity::Department.name() || action == "created";
        Ok::<(), Error>(())
    })?;
    Ok((is_told && count == latest - since).then_some(users))
}

/// By whom those of these changes were made that the log has; nothing for the command line's.
pub fn actors(
    tx: &mut Tx<'_>,
    client: ClientId,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<HashMap<i64, String>, Error> {
    let sql = "SELECT number, actor FROM changes
               WHERE client_id = $1 AND number = $2 AND actor IS NOT NULL";
    let keys = numbers
        .into_iter()
        .map(|number| [Value::from(&client), number.into()]);
    let actors = tx.all_many(sql, keys, |row| {
        Ok((row.number(0)?, row.text(1)?.to_owned()))
    })?;
    Ok(actors.into_iter().collect())
}

/// What the log says of one change, for who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The client's number of it.
    pub number: i64,
    /// The token's id; `None` for the command line.
    pub actor: Option<String>,
    /// The door's name.
    pub source: String,
    /// The kind of record.
    pub entity: String,
    /// Which one.
    pub entity_id: String,
    /// What was done.
    pub action: String,
    /// JSON: what it was and what it is.
    pub detail: String,
}

/// Up to `count` changes after number `since`, in order.
pub fn page(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    count: i64,
) -> Result<Vec<Entry>, Error> {
    let sql = "SELECT number, actor, source, entity, entity_id, action, detail FROM changes
               WHERE client_id = $1 AND number > $2 ORDER BY number LIMIT $3";
    tx.all(
        sql,
        &[(&client).into(), since.into(), count.into()],
        |row| {
            Ok(Entry {
                number: row.number(0)?,
                actor: row.optional_text(1)?.map(str::to_owned),
                source: row.text(2)?.to_owned(),
                entity: row.text(3)?.to_owned(),
                entity_id: row.text(4)?.to_owned(),
                action: row.text(5)?.to_owned(),
                detail: row.text(6)?.to_owned(),
            })
        },
    )
}
