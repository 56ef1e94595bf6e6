//! The log of what identity providers asked. It is written after the answers, in a transaction that
//! does not lock the client.

use crate::model::id::{ClientId, TokenId};
use crate::model::scim_log::{Changes, Facts, LoggedRequest, Summary};
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// The columns that [`read_summary`] expects, behind a `SELECT`, and then `$more`.
macro_rules! select_requests {
    ($more:literal) => {
        concat!(
            "SELECT number, at, actor, method, target, status, duration_us, quirks, changes",
            $more
        )
    };
}

/// Appends requests to the client's log, as the next ones after `skipped` others of which only the
/// number is kept, and takes those out that are not among the newest `kept`.
pub fn append(
    tx: &mut Tx<'_>,
    client: ClientId,
    skipped: i64,
    requests: &[LoggedRequest],
    kept: i64,
) -> Result<(), Error> {
    let count = i64::try_from(requests.len()).expect("a batch has few requests");
    let last = advance(tx, client, skipped + count)?;
    let texts: Vec<(String, String)> = requests
        .iter()
        .map(|request| (request.summary.changes.to_text(), request.facts.to_text()))
        .collect();
    let sql = "INSERT INTO scim_log (client_id, number, at, actor, method, target, status,
               duration_us, quirks, changes, facts, sent, answered)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let numbers = last - count + 1..;
    let rows = numbers.zip(requests).zip(&texts);
    let rows = rows.map(|((number, request), (changes, facts))| {
        let summary = &request.summary;
        [
            Value::from(&client),
            number.into(),
            summary.at.into(),
            summary.actor.as_ref().into(),
            (&summary.method).into(),
            (&summary.target).into(),
            summary.status.into(),
            summary.duration_us.into(),
            (&summary.quirks).into(),
            changes.into(),
            facts.into(),
            request.sent.as_ref().into(),
            request.answered.as_ref().into(),
        ]
    });
    tx.execute_many(sql, rows)?;
    let sql = "DELETE FROM scim_log WHERE client_id = $1 AND number <= (
                   SELECT number FROM scim_log WHERE client_id = $1
                   ORDER BY number DESC LIMIT 1 OFFSET $2)";
    tx.execute(sql, &[(&client).into(), kept.into()])?;
    Ok(())
}

/// Takes the client's next `count` numbers and says the last of them. Who comes next waits until this
/// transaction ends.
fn advance(tx: &mut Tx<'_>, client: ClientId, count: i64) -> Result<i64, Error> {
    let sql = "INSERT INTO scim_log_counters (client_id, number) VALUES ($1, $2)
               ON CONFLICT (client_id) DO UPDATE SET number = scim_log_counters.number + $2
               RETURNING number";
    let number = tx.one(sql, &[(&client).into(), count.into()], |row| row.number(0))?;
    number.ok_or_else(|| Error::Failed("a counter did not answer".to_owned()))
}

/// The newest `count` requests of the client, the newest first, each with its number.
pub fn latest(tx: &mut Tx<'_>, client: ClientId, count: i64) -> Result<Vec<(i64, Summary)>, Error> {
    let sql = select_requests!(
        " FROM scim_log WHERE client_id = $1
                                ORDER BY number DESC LIMIT $2"
    );
    tx.all(sql, &[(&client).into(), count.into()], |row| {
        Ok((row.number(0)?, read_summary(row)?))
    })
}

/// The client's request of that number.
pub fn find(
    tx: &mut Tx<'_>,
    client: ClientId,
    number: i64,
) -> Result<Option<LoggedRequest>, Error> {
    let sql = select_requests!(
        ", facts, sent, answered FROM scim_log
                                WHERE client_id = $1 AND number = $2"
    );
    tx.one(sql, &[(&client).into(), number.into()], |row| {
        Ok(LoggedRequest {
            summary: read_summary(row)?,
            facts: row.parsed(9, Facts::parse)?,
            sent: row.optional_text(10)?.map(Into::into),
            answered: row.optional_text(11)?.map(Into::into),
        })
    })
}

fn read_summary(row: &Row<'_>) -> Result<Summary, Error> {
    Ok(Summary {
        at: row.moment(1)?,
        actor: row.optional_parsed(2, TokenId::parse)?,
        method: row.text(3)?.into(),
        target: row.text(4)?.into(),
        status: row.optional_number(5)?,
        duration_us: row.number(6)?,
        quirks: row.text(7)?.into(),
        changes: row.parsed(8, Changes::parse)?,
    })
}
