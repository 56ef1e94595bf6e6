//! OAuth 2.0 client credentials (RFC 6749 4.4): a machine exchanges its secret for a token of one
//! hour. The token is one like all others; whoever revokes the OAuth client revokes them at once.

use std::sync::Arc;

use crate::directory::registry::KnownOauthClient;
use crate::model::id::{OauthClientId, TokenId};
use crate::model::invalid::Invalid;
use crate::model::oauth::{
    LIVE_TOKENS_MAX, NewOauthClient, OauthClient, OauthSecret, SECRETS_MAX, TOKEN_LIFETIME_S,
};
use crate::model::scope::{Scope, Scopes};
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, Secret, Token, TokenHash};
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::error::{Error, Noun};
use crate::operations::tokens::new_secret;
use crate::store::{self, Tx};

/// Why a secret was not exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// There is no such client, or the secret is not one of its own. Which of both is not told.
    Client,
    /// The client may not have that.
    Scope(String),
    /// Too many of its tokens are valid.
    TooManyTokens,
    /// The directory says no.
    Directory(Error),
}

impl From<Error> for Denied {
    fn from(error: Error) -> Self {
        Self::Directory(error)
    }
}

impl From<store::Error> for Denied {
    fn from(error: store::Error) -> Self {
        Self::Directory(error.into())
    }
}

/// Exchanges a secret for a token with the scopes that are asked for, or else all that the client
/// has.
pub async fn exchange(
    app: &App,
    id: &str,
    secret: &str,
    scope: Option<&str>,
) -> Result<(Token, Secret), Denied> {
    app.assert_fresh()?;
    let id = OauthClientId::parse(id).ok_or(Denied::Client)?;
    let presented = Secret::hash_of(secret).ok_or(Denied::Client)?;
    let known = find(app, id, presented).await?.ok_or(Denied::Client)?;
    let record = &known.record;
    let scopes = match scope.filter(|scope| !scope.trim().is_empty()) {
        None => record.scopes,
        Some(text) => granted(record.scopes, text)?,
    };
    let secret = new_secret(app)?;
    let now = app.now();
    let token = Token {
        id: TokenId(app.new_id()),
        name: record.name.clone(),
        hash: secret.hash(),
        clients: ClientSet::One(record.client),
        scopes,
        limits: record.limits,
        oauth_client: Some(id),
        created_at: now,
        expires_at: Some(now.plus_milliseconds(TOKEN_LIFETIME_S * 1_000)),
        revoked_at: None,
        last_used_at: None,
    };
    let stored = token.clone();
    app.store
        .write(move |tx| {
            let number = store::registry::advance(tx)?;
            // What is known here may be older than what another process has just revoked.
            let is_valid = store::oauth::has_secret(tx, id, presented, now)?;
            if !is_valid {
                return Err(Denied::Client);
            }
            if store::tokens::count_of_oauth_client(tx, id, now)? >= LIVE_TOKENS_MAX {
                return Err(Denied::TooManyTokens);
            }
            Ok(store::tokens::insert(tx, &stored, number)?)
        })
        .await?;
    app.registry.refresh().await.map_err(Error::from)?;
    Ok((token, secret))
}

/// The OAuth client of that id if the secret is one of its own. What is not known is looked for in
/// the database once, since the command line may have made it.
async fn find(
    app: &App,
    id: OauthClientId,
    presented: TokenHash,
) -> Result<Option<Arc<KnownOauthClient>>, Error> {
    let now = app.now();
    let known = || {
        let known = app.registry.oauth_client(id)?;
        let mut own = known.secrets.iter();
        let is_own = own.any(|secret| secret.hash == presented && secret.is_valid(now));
        is_own.then_some(known)
    };
    if let Some(known) = known() {
        return Ok(Some(known));
    }
    Box::pin(app.registry.look_again(app.clock.monotonic())).await?;
    Ok(known())
}

fn granted(own: Scopes, text: &str) -> Result<Scopes, Denied> {
    let names = text.split(' ').filter(|name| !name.is_empty());
    names
        .map(|name| {
            let scope = Scope::parse(name).filter(|scope| own.contains(*scope));
            scope.ok_or_else(|| Denied::Scope(name.to_owned()))
        })
        .collect()
}

/// Makes an OAuth client. Its secret is told here and never again.
pub async fn create(
    app: &App,
    access: &AdminAccess,
    new: NewOauthClient,
) -> Result<(OauthClient, Secret), Error> {
    if new.scopes.is_empty() {
        return Err(Invalid::new("scope", "an OAuth client needs at least one scope").into());
    }
    if new.scopes.contains(&Scope::Admin) || new.scopes.contains(&Scope::Console) {
        let reason = "the scopes admin and console are for tokens that people make";
        return Err(Invalid::new("scope", reason).into());
    }
    access.assert_may_grant(new.scopes.iter().copied())?;
    let secret = new_secret(app)?;
    let now = app.now();
    let oauth_client = OauthClient {
        id: OauthClientId(app.new_id()),
        name: new.name,
        client: new.client,
        scopes: new.scopes.into_iter().collect(),
        limits: new.limits,
        created_at: now,
        revoked_at: None,
        last_used_at: None,
    };
    let (stored, first) = (
        oauth_client.clone(),
        fresh(oauth_client.id, secret.hash(), now),
    );
    app.store
        .write(move |tx| {
            store::registry::advance(tx)?;
            if store::clients::find(tx, stored.client)?.is_none() {
                return Err(Error::not_found(Noun::Client, stored.client.as_str()));
            }
            store::oauth::insert(tx, &stored)?;
            Ok(store::oauth::insert_secret(tx, &first)?)
        })
        .await?;
    app.registry.refresh().await?;
    Ok((oauth_client, secret))
}

/// Gives an OAuth client another secret. Its former ones end after `overlap_ms`; when that is nothing,
/// the tokens that were issued to it end too, since somebody else may have them.
pub async fn rotate(
    app: &App,
    access: &AdminAccess,
    id: OauthClientId,
    overlap_ms: i64,
) -> Result<(OauthClient, Secret), Error> {
    let access = *access;
    let secret = new_secret(app)?;
    let hash = secret.hash();
    let clock = Arc::clone(&app.clock);
    let oauth_client = app
        .store
        .write(move |tx| {
            let number = store::registry::advance(tx)?;
            let oauth_client = existing(tx, id)?;
            if oauth_client.revoked_at.is_some() {
                let reason = "the OAuth client was revoked";
                return Err(Invalid::new("oauth_client_id", reason).into());
            }
            access.assert_may_grant(oauth_client.scopes.iter())?;
            let now = clock.now();
            store::oauth::end_secrets(tx, id, now.plus_milliseconds(overlap_ms))?;
            if overlap_ms == 0 {
                store::tokens::revoke_of_oauth_client(tx, id, now, number)?;
            }
            if store::oauth::purge_secrets(tx, id, now)? >= SECRETS_MAX {
                let reason = format!("{SECRETS_MAX} secrets of the OAuth client are still valid");
                return Err(Error::conflict("oauth_client_id", reason));
            }
            store::oauth::insert_secret(tx, &fresh(id, hash, now))?;
            Ok(oauth_client)
        })
        .await?;
    app.registry.refresh().await?;
    Ok((oauth_client, secret))
}

/// Revokes an OAuth client, its secrets and all tokens that were issued to it, for good.
pub async fn revoke(
    app: &App,
    _access: &AdminAccess,
    id: OauthClientId,
) -> Result<OauthClient, Error> {
    let clock = Arc::clone(&app.clock);
    let oauth_client = app
        .store
        .write(move |tx| {
            let number = store::registry::advance(tx)?;
            let mut oauth_client = existing(tx, id)?;
            let now = clock.now();
            store::oauth::revoke(tx, id, now)?;
            store::tokens::revoke_of_oauth_client(tx, id, now, number)?;
            oauth_client.revoked_at = oauth_client.revoked_at.or(Some(now));
            Ok::<_, Error>(oauth_client)
        })
        .await?;
    app.registry.refresh().await?;
    Ok(oauth_client)
}

/// The OAuth client of that id, revoked or not.
pub async fn get(
    app: &App,
    _access: &AdminAccess,
    id: OauthClientId,
) -> Result<OauthClient, Error> {
    app.store.read(move |tx| existing(tx, id)).await
}

/// All OAuth clients, revoked ones too, the oldest first, each with its secrets.
pub async fn list(
    app: &App,
    _access: &AdminAccess,
) -> Result<Vec<(OauthClient, Vec<OauthSecret>)>, Error> {
    app.store
        .read(|tx| {
            let secrets = store::oauth::all_secrets(tx)?;
            let all = store::oauth::all(tx)?.into_iter();
            Ok(all
                .map(|oauth_client| {
                    let own = secrets
                        .iter()
                        .filter(|secret| secret.owner == oauth_client.id);
                    let own = own.copied().collect();
                    (oauth_client, own)
                })
                .collect())
        })
        .await
}

fn existing(tx: &mut Tx<'_>, id: OauthClientId) -> Result<OauthClient, Error> {
    store::oauth::find(tx, id)?.ok_or_else(|| Error::not_found(Noun::OauthClient, id.as_str()))
}

fn fresh(owner: OauthClientId, hash: TokenHash, now: Timestamp) -> OauthSecret {
    OauthSecret {
        hash,
        owner,
        created_at: now,
        expires_at: None,
    }
}
