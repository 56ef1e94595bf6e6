//! People who have signed in to the console through an OpenID provider. They are no client's.

use crate::model::session::Operator;
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::Tx;

/// Remembers that somebody signs in, and what they are called now.
pub fn remember(tx: &mut Tx<'_>, operator: &Operator, at: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO operators (id, issuer, subject, name, signed_in_at)
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET
               name = excluded.name, signed_in_at = excluded.signed_in_at";
    let id = operator.id();
    tx.execute(
        sql,
        &[
            (&id).into(),
            (&*operator.issuer).into(),
            (&*operator.subject).into(),
            operator.name.as_ref().into(),
            at.into(),
        ],
    )?;
    Ok(())
}
