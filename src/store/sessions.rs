//! Sessions of the console. A secret is never here, only its hash. They are no client's: who is signed
//! in may see several, or all.

use crate::model::session::{Holder, Session};
use crate::model::timestamp::Timestamp;
use crate::model::token::TokenHash;
use crate::store::error::Error;
use crate::store::tx::Tx;

/// Adds a session.
pub fn insert(tx: &mut Tx<'_>, session: &Session) -> Result<(), Error> {
    let sql = "INSERT INTO sessions (hash, owner, holder, created_at, expires_at)
               VALUES ($1, $2, $3, $4, $5)";
    tx.execute(
        sql,
        &[
            (&session.hash.to_hex()).into(),
            (&session.holder.owner()).into(),
            (&session.holder.to_text()).into(),
            session.created_at.into(),
            session.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// The session whose secret has that hash, unless it is over at `now`.
pub fn find(tx: &mut Tx<'_>, hash: TokenHash, now: Timestamp) -> Result<Option<Session>, Error> {
    let sql = "SELECT holder, created_at, expires_at FROM sessions
               WHERE hash = $1 AND expires_at > $2";
    tx.one(sql, &[(&hash.to_hex()).into(), now.into()], |row| {
        Ok(Session {
            hash,
            holder: row.parsed(0, Holder::from_text)?,
            created_at: row.moment(1)?,
            expires_at: row.moment(2)?,
        })
    })
}

/// Ends a session.
pub fn remove(tx: &mut Tx<'_>, hash: TokenHash) -> Result<(), Error> {
    let sql = "DELETE FROM sessions WHERE hash = $1";
    tx.execute(sql, &[(&hash.to_hex()).into()])?;
    Ok(())
}

/// Ends all sessions of an owner, and says how many they were.
pub fn remove_of_owner(tx: &mut Tx<'_>, owner: &str) -> Result<usize, Error> {
    tx.execute("DELETE FROM sessions WHERE owner = $1", &[owner.into()])
}

/// Ends all sessions of an owner but for the latest `count`.
pub fn keep_latest(tx: &mut Tx<'_>, owner: &str, count: i64) -> Result<usize, Error> {
    let sql = "DELETE FROM sessions WHERE owner = $1 AND hash NOT IN (
                   SELECT hash FROM sessions WHERE owner = $1
                   ORDER BY created_at DESC, hash LIMIT $2)";
    tx.execute(sql, &[owner.into(), count.into()])
}

/// Forgets the sessions that were over before `before`.
pub fn purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, Error> {
    tx.execute(
        "DELETE FROM sessions WHERE expires_at < $1",
        &[before.into()],
    )
}
