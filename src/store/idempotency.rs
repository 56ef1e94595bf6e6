//! Answers that are remembered for a day, so that a request sent again is not done again.

use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::Tx;

use crate::model::id::ClientId;

/// What was answered before under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// What the request was.
    pub fingerprint: String,
    /// What was answered; opaque here.
    pub answer: String,
}

/// The answer remembered under the actor's key since `since`. `client` is `None` where a request
/// is about no client yet.
pub fn find(
    tx: &mut Tx<'_>,
    client: Option<ClientId>,
    actor: &str,
    key: &str,
    since: Timestamp,
) -> Result<Option<Remembered>, Error> {
    let sql = "SELECT fingerprint, answer FROM idempotency
               WHERE client_id = $1 AND actor = $2 AND key = $3 AND at >= $4";
    let client = client.as_ref().map_or("", ClientId::as_str);
    tx.one(
        sql,
        &[client.into(), actor.into(), key.into(), since.into()],
        |row| {
            Ok(Remembered {
                fingerprint: row.text(0)?.to_owned(),
                answer: row.text(1)?.to_owned(),
            })
        },
    )
}

/// Remembers an answer under the actor's key, in the place of one from before `since`, which is
/// over. One that is not is a collision: another request was first.
pub fn remember(
    tx: &mut Tx<'_>,
    client: Option<ClientId>,
    actor: &str,
    key: &str,
    remembered: &Remembered,
    at: Timestamp,
    since: Timestamp,
) -> Result<(), Error> {
    let client = client.as_ref().map_or("", ClientId::as_str);
    let sql = "DELETE FROM idempotency
               WHERE client_id = $1 AND actor = $2 AND key = $3 AND at < $4";
    let values = [client.into(), actor.into(), key.into(), since.into()];
    tx.execute(sql, &values)?;
    let sql = "INSERT INTO idempotency (client_id, actor, key, fingerprint, answer, at)
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(
        sql,
        &[
            client.into(),
            actor.into(),
            key.into(),
            (&remembered.fingerprint).into(),
            (&remembered.answer).into(),
            at.into(),
        ],
    )?;
    Ok(())
}

/// Forgets what was answered before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, Error> {
    tx.execute("DELETE FROM idempotency WHERE at < $1", &[before.into()])
}
