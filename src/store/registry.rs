//! The registry's number: it moves with every change of a client's existence, an instance, a key or
//! a token, so that a server notices what the command line did beside it.

use crate::store::error::Error;
use crate::store::tx::Tx;

/// The number now.
pub fn number(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let sql = "SELECT number FROM counters WHERE name = 'registry'";
    let number = tx.one(sql, &[], |row| row.number(0))?;
    number.ok_or_else(|| Error::Failed("the registry has no number".to_owned()))
}

/// Moves the number on; the transaction's changes are that number's. It also locks the registry until
/// the transaction ends: every write of a token, an instance or a key begins with this, so that what
/// it decides by stays as it was read.
pub fn advance(tx: &mut Tx<'_>) -> Result<i64, Error> {
    let sql = "UPDATE counters SET number = number + 1 WHERE name = 'registry' RETURNING number";
    let number = tx.one(sql, &[], |row| row.number(0))?;
    number.ok_or_else(|| Error::Failed("the registry has no number".to_owned()))
}
