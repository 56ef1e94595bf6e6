//! Tokens' records. A secret is never here, only its hash.

use std::collections::HashMap;

use crate::model::id::{ClientId, OauthClientId, TokenId};
use crate::model::rate_limit::Limits;
use crate::model::scope::Scopes;
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, Token, TokenHash};
use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_tokens {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, name, client_id, scopes, limits, created_at, expires_at, revoked_at,
             oauth_client, last_used_at FROM tokens ",
            $rest
        )
    };
}

/// Adds a token; `registry_number` is the registry's, advanced for it.
pub fn insert(tx: &mut Tx<'_>, token: &Token, registry_number: i64) -> Result<(), Error> {
    let sql = "INSERT INTO tokens (id, hash, name, client_id, scopes, limits, created_at,
               expires_at, revoked_at, registry_number, oauth_client)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
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
            token.oauth_client.as_ref().into(),
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

/// Remembers when tokens were used, each with the OAuth client that it was issued to. What another
/// node has seen later stays. Nobody decides by it, so the registry's number does not move.
pub fn note_uses(
    tx: &mut Tx<'_>,
    uses: &[(TokenId, Option<OauthClientId>, Timestamp)],
) -> Result<(), Error> {
    let sql = "UPDATE tokens SET last_used_at = $2
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    let of_tokens = uses
        .iter()
        .map(|(id, _, at)| [Value::from(id), (*at).into()]);
    tx.execute_many(sql, of_tokens)?;
    let sql = "UPDATE oauth_clients SET last_used_at = $2
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    let of_owners = uses.iter().filter_map(|(_, owner, at)| {
        let owner = owner.as_ref()?;
        Some([Value::from(owner), (*at).into()])
    });
    tx.execute_many(sql, of_owners)?;
    Ok(())
}

/// What tokens and OAuth clients are called, of those whom the log may name as `bearers` and who may
/// touch the client's data, and people who signed in to the console. Who has no name is left out.
pub fn names_of_bearers(
    tx: &mut Tx<'_>,
    client: ClientId,
    bearers: &[TokenId],
) -> Result<HashMap<TokenId, Box<str>>, Error> {
    let sql = "SELECT id, name FROM tokens
               WHERE id = $2 AND name IS NOT NULL AND (client_id = $1 OR client_id IS NULL)
               UNION ALL
               SELECT id, name FROM oauth_clients
               WHERE id = $2 AND name IS NOT NULL AND client_id = $1
               UNION ALL
               SELECT id, name FROM operators WHERE id = $2 AND name IS NOT NULL";
    let questions = bearers.iter().map(|id| [Value::from(&client), id.into()]);
    let names = tx.all_many(sql, questions, |row| {
        Ok((row.parsed(0, TokenId::parse)?, row.text(1)?.into()))
    })?;
    Ok(names.into_iter().collect())
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

/// How many tokens that were issued to an OAuth client are valid at `now`.
pub fn count_of_oauth_client(
    tx: &mut Tx<'_>,
    owner: OauthClientId,
    now: Timestamp,
) -> Result<usize, Error> {
    let sql = "SELECT COUNT(*) FROM tokens
               WHERE oauth_client = $1 AND revoked_at IS NULL AND expires_at > $2";
    let count = tx.one(sql, &[(&owner).into(), now.into()], |row| row.number(0))?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

/// Revokes all tokens that were issued to an OAuth client.
pub fn revoke_of_oauth_client(
    tx: &mut Tx<'_>,
    owner: OauthClientId,
    at: Timestamp,
    registry_number: i64,
) -> Result<(), Error> {
    let sql = "UPDATE tokens SET revoked_at = $2, registry_number = $3
               WHERE oauth_client = $1 AND revoked_at IS NULL";
    tx.execute(sql, &[(&owner).into(), at.into(), registry_number.into()])?;
    Ok(())
}

/// Forgets the tokens that were issued to OAuth clients and were over before `before`. They cannot
/// be used, so nobody has to notice.
pub fn purge_issued(tx: &mut Tx<'_>, before: Timestamp) -> Result<usize, Error> {
    let sql = "DELETE FROM tokens WHERE oauth_client IS NOT NULL AND expires_at < $1";
    tx.execute(sql, &[before.into()])
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
    let client = row.optional_parsed(3, ClientId::parse)?;
    Ok(Token {
        id: row.parsed(0, TokenId::parse)?,
        hash: row.parsed(1, TokenHash::from_hex)?,
        name: row.optional_text(2)?.map(Into::into),
        clients: client.map_or(ClientSet::All, ClientSet::One),
        scopes: Scopes::parse(row.text(4)?),
        limits: row.parsed(5, Limits::parse)?,
        created_at: row.moment(6)?,
        expires_at: row.optional_moment(7)?,
        revoked_at: row.optional_moment(8)?,
        oauth_client: row.optional_parsed(9, OauthClientId::parse)?,
        last_used_at: row.optional_moment(10)?,
    })
}
