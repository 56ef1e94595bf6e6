//! Keys that the server makes for itself and that must outlive it, such as the cursors' seal.

use crate::store::error::Error;
use crate::store::tx::Tx;

/// The secret of that name, which is `fresh` when there was none.
pub fn find_or_insert(tx: &mut Tx<'_>, name: &str, fresh: &str) -> Result<String, Error> {
    let sql = "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, &[name.into(), fresh.into()])?;
    let sql = "SELECT value FROM secrets WHERE name = $1";
    let value = tx.one(sql, &[name.into()], |row| row.text(0).map(str::to_owned))?;
    value.ok_or_else(|| Error::Failed(format!("the secret {name} is gone")))
}
