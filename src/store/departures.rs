//! Whom each source deactivated or deleted lately, so that it is noticed when they are too many.

use crate::model::id::{ClientId, TokenId, UserId};
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::Tx;

/// How many left by a source after `since`, up to `count_max`: the rest would make no difference.
pub fn count(
    tx: &mut Tx<'_>,
    client: ClientId,
    source: TokenId,
    since: Timestamp,
    count_max: i64,
) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM departures
               WHERE client_id = $1 AND source = $2 AND at > $3 LIMIT $4) AS recent";
    let values = [
        (&client).into(),
        (&source).into(),
        since.into(),
        count_max.into(),
    ];
    let count = tx.one(sql, &values, |row| row.number(0))?;
    Ok(count.map_or(0, i64::unsigned_abs))
}

/// Whether somebody left by a source after `since`.
pub fn has_left(
    tx: &mut Tx<'_>,
    client: ClientId,
    source: TokenId,
    user: UserId,
    since: Timestamp,
) -> Result<bool, Error> {
    let sql = "SELECT at FROM departures WHERE client_id = $1 AND source = $2 AND user_id = $3";
    let values = [(&client).into(), (&source).into(), (&user).into()];
    let at = tx.one(sql, &values, |row| row.moment(0))?;
    Ok(at.is_some_and(|at| at > since))
}

/// Notes that somebody leaves by a source at `at`, and forgets those who left by it until `over`.
pub fn note(
    tx: &mut Tx<'_>,
    client: ClientId,
    source: TokenId,
    user: UserId,
    at: Timestamp,
    over: Timestamp,
) -> Result<(), Error> {
    let sql = "DELETE FROM departures WHERE client_id = $1 AND source = $2 AND at <= $3";
    tx.execute(sql, &[(&client).into(), (&source).into(), over.into()])?;
    let sql = "INSERT INTO departures (client_id, source, user_id, at) VALUES ($1, $2, $3, $4)
               ON CONFLICT DO NOTHING";
    let values = [
        (&client).into(),
        (&source).into(),
        (&user).into(),
        at.into(),
    ];
    tx.execute(sql, &values)?;
    Ok(())
}

/// Forgets that somebody left by a source: they are there again.
pub fn forget(
    tx: &mut Tx<'_>,
    client: ClientId,
    source: TokenId,
    user: UserId,
) -> Result<(), Error> {
    let sql = "DELETE FROM departures WHERE client_id = $1 AND source = $2 AND user_id = $3";
    tx.execute(sql, &[(&client).into(), (&source).into(), (&user).into()])?;
    Ok(())
}

/// Forgets all who left by a source: it begins anew.
pub fn forget_all(tx: &mut Tx<'_>, client: ClientId, source: TokenId) -> Result<(), Error> {
    let sql = "DELETE FROM departures WHERE client_id = $1 AND source = $2";
    tx.execute(sql, &[(&client).into(), (&source).into()])?;
    Ok(())
}
