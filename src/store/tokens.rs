//! Tokens' records. A secret is never here, only its hash.

use crate::model::id::{ClientId, TokenId};
use crate::model::rate_limit::Limits;
use crate::model::scope::Scopes;
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, Token, TokenHash};
use crate::store::error::Error;
use crate::store::tx::{Row, Tx};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_tokens {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, name, client_id, scopes, limits, created_at, expires_at, revoked_at
             FROM tokens ",
            $rest
        )
    };
}

/// Adds a token; `registry_number` is the registry's, advanced for it.
pub fn insert(tx: &mut Tx<'_>, token: &Token, registry_number: i64) -> Result<(), Error> {
    let sql = "INSERT INTO tokens (id, hash, name, client_id, scopes, limits, created_at,
               expires_at, revoked_at, registry_number)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let client = match &token.clients {
        ClientSet::One(client) => Some(client),
        ClientSet::All => None,
    };
    tx.execute(
        sql,
        &[
            (&token.id).into(),
            (&token.hash.to_hex()).into(),
            token.name.as_ref().into(),
            client.into(),
            (&token.scopes.to_string()).into(),
            (&token.limits.to_text()).into(),
            token.created_at.into(),
            token.expires_at.into(),
            token.revoked_at.into(),
            registry_number.into(),
        ],
    )?;
    Ok(())
}

/// All tokens, revoked ones too, the oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Token>, Error> {
    tx.all(select_tokens!("ORDER BY created_at, id"), &[], read)
}

/// The tokens that changed after the registry's number `since`.
pub fn changed_since(tx: &mut Tx<'_>, since: i64) -> Result<Vec<Token>, Error> {
    tx.all(
        select_tokens!("WHERE registry_number > $1"),
        &[since.into()],
        read,
    )
}

/// The token of that id.
pub fn find(tx: &mut Tx<'_>, id: TokenId) -> Result<Option<Token>, Error> {
    tx.one(select_tokens!("WHERE id = $1"), &[(&id).into()], read)
}

/// Revokes a token for good. `false` when there is none of that id, or it was revoked before.
pub fn revoke(
    tx: &mut Tx<'_>,
    id: TokenId,
    at: Timestamp,
    registry_number: i64,
) -> Result<bool, Error> {
    let sql = "UPDATE tokens SET revoked_at = $2, registry_number = $3
               WHERE id = $1 AND revoked_at IS NULL";
    let count = tx.execute(sql, &[(&id).into(), at.into(), registry_number.into()])?;
    Ok(count == 1)
}

/// Sets the limits of a token. `false` when there is none of that id, or it was revoked.
pub fn set_limits(
    tx: &mut Tx<'_>,
    id: TokenId,
    limits: Limits,
    registry_number: i64,
) -> Result<bool, Error> {
    let sql = "UPDATE tokens SET limits = $2, registry_number = $3
               WHERE id = $1 AND revoked_at IS NULL";
    let text = limits.to_text();
    let count = tx.execute(sql, &[(&id).into(), (&text).into(), registry_number.into()])?;
    Ok(count == 1)
}

fn read(row: &Row<'_>) -> Result<Token, Error> {
    let clients = match row.optional_text(3)? {
        None => ClientSet::All,
        Some(_) => ClientSet::One(row.parsed(3, ClientId::parse)?),
    };
    Ok(Token {
        id: row.parsed(0, TokenId::parse)?,
        hash: row.parsed(1, TokenHash::from_hex)?,
        name: row.optional_text(2)?.map(Into::into),
        clients,
        scopes: Scopes::parse(row.text(4)?),
        limits: row.parsed(5, Limits::parse)?,
        created_at: row.moment(6)?,
        expires_at: row.optional_moment(7)?,
        revoked_at: row.optional_moment(8)?,
    })
}
