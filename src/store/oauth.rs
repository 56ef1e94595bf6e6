//! OAuth clients and their secrets' hashes. Tokens that were issued to them lie with all tokens.

use crate::model::id::{ClientId, OauthClientId};
use crate::model::oauth::{OauthClient, OauthSecret};
use crate::model::rate_limit::Limits;
use crate::model::scope::Scopes;
use crate::model::timestamp::Timestamp;
use crate::model::token::TokenHash;
use crate::store::error::Error;
use crate::store::tx::{Row, Tx};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_oauth_clients {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, client_id, scopes, limits, created_at, revoked_at, last_used_at
             FROM oauth_clients ",
            $rest
        )
    };
}

/// Adds an OAuth client.
pub fn insert(tx: &mut Tx<'_>, oauth_client: &OauthClient) -> Result<(), Error> {
    let sql = "INSERT INTO oauth_clients (id, name, client_id, scopes, limits, created_at,
               revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.execute(
        sql,
        &[
            (&oauth_client.id).into(),
            oauth_client.name.as_ref().into(),
            (&oauth_client.client).into(),
            (&oauth_client.scopes.to_string()).into(),
            (&oauth_client.limits.to_text()).into(),
            oauth_client.created_at.into(),
            oauth_client.revoked_at.into(),
        ],
    )?;
    Ok(())
}

/// All OAuth clients, revoked ones too, the oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<OauthClient>, Error> {
    tx.all(select_oauth_clients!("ORDER BY created_at, id"), &[], read)
}

/// The OAuth client of that id.
pub fn find(tx: &mut Tx<'_>, id: OauthClientId) -> Result<Option<OauthClient>, Error> {
    tx.one(
        select_oauth_clients!("WHERE id = $1"),
        &[(&id).into()],
        read,
    )
}

/// Revokes an OAuth client for good and forgets its secrets.
pub fn revoke(tx: &mut Tx<'_>, id: OauthClientId, at: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE oauth_clients SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    tx.execute(sql, &[(&id).into(), at.into()])?;
    tx.execute(
        "DELETE FROM oauth_secrets WHERE oauth_client_id = $1",
        &[(&id).into()],
    )?;
    Ok(())
}

/// Adds a secret to an OAuth client that exists.
pub fn insert_secret(tx: &mut Tx<'_>, secret: &OauthSecret) -> Result<(), Error> {
    let sql = "INSERT INTO oauth_secrets (hash, oauth_client_id, created_at, expires_at)
               VALUES ($1, $2, $3, $4)";
    tx.execute(
        sql,
        &[
            (&secret.hash.to_hex()).into(),
            (&secret.owner).into(),
            secret.created_at.into(),
            secret.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// All secrets of all OAuth clients, the oldest of each first.
pub fn all_secrets(tx: &mut Tx<'_>) -> Result<Vec<OauthSecret>, Error> {
    let sql = "SELECT hash, oauth_client_id, created_at, expires_at FROM oauth_secrets
               ORDER BY oauth_client_id, created_at, hash";
    tx.all(sql, &[], |row| {
        Ok(OauthSecret {
            hash: row.parsed(0, TokenHash::from_hex)?,
            owner: row.parsed(1, OauthClientId::parse)?,
            created_at: row.moment(2)?,
            expires_at: row.optional_moment(3)?,
        })
    })
}

/// Whether an OAuth client has that secret and it is not over at `now`.
pub fn has_secret(
    tx: &mut Tx<'_>,
    owner: OauthClientId,
    hash: TokenHash,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = "SELECT 1 FROM oauth_secrets WHERE hash = $2 AND oauth_client_id = $1
               AND (expires_at IS NULL OR expires_at > $3)";
    let hash = hash.to_hex();
    let values = [(&owner).into(), (&hash).into(), now.into()];
    Ok(tx.one(sql, &values, |_| Ok(()))?.is_some())
}

/// Has the secrets of an OAuth client end at `at`, but for those that end before.
pub fn end_secrets(tx: &mut Tx<'_>, owner: OauthClientId, at: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE oauth_secrets SET expires_at = $2
               WHERE oauth_client_id = $1 AND (expires_at IS NULL OR expires_at > $2)";
    tx.execute(sql, &[(&owner).into(), at.into()])?;
    Ok(())
}

/// Forgets the secrets of an OAuth client that are over at `now`, and says how many it has left.
pub fn purge_secrets(
    tx: &mut Tx<'_>,
    owner: OauthClientId,
    now: Timestamp,
) -> Result<usize, Error> {
    tx.execute(
        "DELETE FROM oauth_secrets WHERE oauth_client_id = $1 AND expires_at <= $2",
        &[(&owner).into(), now.into()],
    )?;
    let sql = "SELECT COUNT(*) FROM oauth_secrets WHERE oauth_client_id = $1";
    let count = tx.one(sql, &[(&owner).into()], |row| row.number(0))?;
    Ok(usize::try_from(count.unwrap_or(0)).unwrap_or(usize::MAX))
}

fn read(row: &Row<'_>) -> Result<OauthClient, Error> {
    Ok(OauthClient {
        id: row.parsed(0, OauthClientId::parse)?,
        name: row.optional_text(1)?.map(Into::into),
        client: row.parsed(2, ClientId::parse)?,
        scopes: Scopes::parse(row.text(3)?),
        limits: row.parsed(4, Limits::parse)?,
        created_at: row.moment(5)?,
        revoked_at: row.optional_moment(6)?,
        last_used_at: row.optional_moment(7)?,
    })
}
