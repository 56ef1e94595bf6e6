//! The log: every change, recorded in the transaction that makes it.

use std::collections::{BTreeSet, HashMap};

use crate::model::change::{Actor, By, ChangeQuery, Entity, Source};
use crate::model::id::{ClientId, Id, UserId};
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

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
    /// The number of the same record's change before this one.
    pub previous: Option<i64>,
}

/// Appends a change to the client's log.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, change: &Change<'_>) -> Result<(), Error> {
    insert_many(tx, client, std::slice::from_ref(change))
}

/// Appends changes to the client's log.
pub fn insert_many(tx: &mut Tx<'_>, client: ClientId, changes: &[Change<'_>]) -> Result<(), Error> {
    let sql = "INSERT INTO changes (client_id, number, at, actor, source, entity, entity_id,
               action, detail, previous) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
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
            change.previous.into(),
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
    /// When.
    pub at: Timestamp,
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
    /// The number of the same record's change before this one.
    pub previous: Option<i64>,
}

/// The columns that [`read`] expects.
macro_rules! columns {
    () => {
        "changes.number, at, actor, source, entity, entity_id, action, detail, changes.previous"
    };
}

/// Up to `count` changes after number `since`, in order.
pub fn page(
    tx: &mut Tx<'_>,
    client: ClientId,
    since: i64,
    count: i64,
) -> Result<Vec<Entry>, Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM changes WHERE client_id = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    let values = [(&client).into(), since.into(), count.into()];
    tx.all(sql, &values, read)
}

/// The change of that number.
pub fn find(tx: &mut Tx<'_>, client: ClientId, number: i64) -> Result<Option<Entry>, Error> {
    Ok(page(tx, client, number - 1, 1)?
        .pop()
        .filter(|entry| entry.number == number))
}

/// The number of the earliest change from number `number` on, and when it was made.
pub fn earliest_from(
    tx: &mut Tx<'_>,
    client: ClientId,
    number: i64,
) -> Result<Option<(i64, Timestamp)>, Error> {
    let sql = "SELECT number, at FROM changes WHERE client_id = $1 AND number >= $2
               ORDER BY number LIMIT 1";
    let values = [(&client).into(), number.into()];
    tx.one(sql, &values, |row| Ok((row.number(0)?, row.moment(1)?)))
}

/// What a [`ChangeQuery`] asks of a row: `$4` to `$9`, where the empty text asks nothing.
macro_rules! as_asked {
    () => {
        "($4 = '' OR entity = $4) AND ($5 = '' OR action = $5) AND ($6 = '' OR source = $6)
         AND ($7 = '' OR COALESCE(actor, 'command_line') = $7) AND at >= $8 AND at < $9"
    };
}

fn asked(query: &ChangeQuery) -> [Value<'_>; 6] {
    let by = match &query.by {
        None => "",
        Some(By::CommandLine) => By::COMMAND_LINE,
        Some(By::Token(token)) => token.as_str(),
    };
    [
        query.entity.map_or("", Entity::name).into(),
        query.action.unwrap_or("").into(),
        query.source.map_or("", Source::name).into(),
        by.into(),
        query.from.map_or(i64::MIN, Timestamp::milliseconds).into(),
        query.until.map_or(i64::MAX, Timestamp::milliseconds).into(),
    ]
}

/// Up to `count` changes that are as asked, whatever the record's id, with numbers from `numbers.start`
/// to before `numbers.end`, the newest first. It may look at all between.
pub fn search(
    tx: &mut Tx<'_>,
    client: ClientId,
    numbers: std::ops::Range<i64>,
    query: &ChangeQuery,
    count: i64,
) -> Result<Vec<Entry>, Error> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM changes WHERE client_id = $1 AND number < $2 AND number >= $3 AND ",
        as_asked!(),
        " ORDER BY number DESC LIMIT $10"
    );
    let [entity, action, source, by, from, until] = asked(query);
    let values = [
        (&client).into(),
        numbers.end.into(),
        numbers.start.into(),
        entity,
        action,
        source,
        by,
        from,
        until,
        count.into(),
    ];
    tx.all(sql, &values, read)
}

/// One change of a record, on the way from the latest to the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The change, if it is as asked.
    pub entry: Option<Entry>,
    /// The number of the one before it.
    pub previous: Option<i64>,
}

/// Up to `count` changes of one record, from number `latest` on backwards, each of which names the one
/// before it.
pub fn timeline(
    tx: &mut Tx<'_>,
    client: ClientId,
    (entity, id): (Entity, Id),
    latest: i64,
    query: &ChangeQuery,
    count: i64,
) -> Result<Vec<Step>, Error> {
    let sql = concat!(
        "WITH RECURSIVE steps AS (
             SELECT number, previous, CAST(1 AS BIGINT) AS taken FROM changes
             WHERE client_id = $1 AND number = $2 AND entity = $4 AND entity_id = $10
             UNION ALL
             SELECT earlier.number, earlier.previous, taken + 1
             FROM steps JOIN changes AS earlier
             ON earlier.client_id = $1 AND earlier.number = steps.previous WHERE taken < $3
         ) SELECT ",
        columns!(),
        ", CASE WHEN ",
        as_asked!(),
        " THEN CAST(1 AS BIGINT) ELSE 0 END FROM steps JOIN changes
          ON changes.client_id = $1 AND changes.number = steps.number ORDER BY steps.number DESC"
    );
    let query = ChangeQuery {
        entity: Some(entity),
        ..*query
    };
    let [entity, action, source, by, from, until] = asked(&query);
    let values = [
        (&client).into(),
        latest.into(),
        count.into(),
        entity,
        action,
        source,
        by,
        from,
        until,
        id.as_str().into(),
    ];
    tx.all(sql, &values, |row| {
        let is_asked = row.number(9)? == 1;
        Ok(Step {
            entry: is_asked.then(|| read(row)).transpose()?,
            previous: row.optional_number(8)?,
        })
    })
}

fn read(row: &Row<'_>) -> Result<Entry, Error> {
    Ok(Entry {
        number: row.number(0)?,
        at: row.moment(1)?,
        actor: row.optional_text(2)?.map(str::to_owned),
        source: row.text(3)?.to_owned(),
        entity: row.text(4)?.to_owned(),
        entity_id: row.text(5)?.to_owned(),
        action: row.text(6)?.to_owned(),
        detail: row.text(7)?.to_owned(),
        previous: row.optional_number(8)?,
    })
}
