//! Tokens: making, listing, rotating and revoking them, which the command line and the
//! console do.

use std::sync::Arc;
use std::time::Duration;

use crate::model::id::{ClientId, TokenId};
use crate::model::invalid::Invalid;
use crate::model::rate_limit::Limits;
use crate::model::scope::{Scope, Scopes};
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, NewToken, Secret, Token};
use crate::operations::app::App;
use crate::operations::caller::AdminAccess;
use crate::operations::error::{Error, Noun};
use crate::store;

/// How many of the clients that a token could reach are named beforehand.
pub const CLIENTS_SHOWN_MAX: i64 = 10;

/// How often a server writes down which tokens were used.
pub const USES_INTERVAL: Duration = Duration::from_secs(60);

/// Makes a token. The secret is told here and never again.
pub async fn create(
    app: &App,
    access: &AdminAccess,
    new: NewToken,
) -> Result<(Token, Secret), Error> {
    check(&new, app.now())?;
    access.assert_may_grant(new.scopes.iter().copied())?;
    let secret = new_secret(app)?;
    let token = Token {
        id: TokenId(app.new_id()),
        name: new.name,
        hash: secret.hash(),
        clients: new.clients,
        scopes: new.scopes.into_iter().collect(),
        limits: new.limits,
        created_at: app.now(),
        oauth_client: None,
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
    };
    let stored = token.clone();
    app.store
        .write(move |tx| {
            let number = store::registry::advance(tx)?;
            if let ClientSet::One(client) = stored.clients
                && store::clients::find(tx, client)?.is_none()
            {
                return Err(Error::not_found(Noun::Client, client.as_str()));
            }
            Ok(store::tokens::insert(tx, &stored, number)?)
        })
        .await?;
    app.registry.refresh().await?;
    Ok((token, secret))
}

/// Refuses a token that makes no sense.
fn check(new: &NewToken, now: Timestamp) -> Result<(), Error> {
    if new.scopes.is_empty() {
        return Err(Invalid::new("scope", "a token needs at least one scope").into());
    }
    if new.scopes.contains(&Scope::Admin) && new.clients != ClientSet::All {
        let reason = "the scope admin is for tokens of all clients";
        return Err(Invalid::new("scope", reason).into());
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Invalid::new("expires", "the token would be over already").into());
    }
    Ok(())
}

/// What a token could reach if it were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// How many clients' data, so far: a token of all clients reaches later ones too.
    pub client_count: u64,
    /// The first of them by id, at most [`CLIENTS_SHOWN_MAX`].
    pub clients: Vec<(ClientId, Box<str>)>,
    /// How many people they have who are not deleted.
    pub people: u64,
    /// What it may do, and each in a sentence.
    pub allowed: Vec<(Scope, &'static str)>,
}

/// Says what a token could reach, before it is made; refuses what [`create`] would refuse.
pub async fn preview(app: &App, access: &AdminAccess, new: &NewToken) -> Result<Reach, Error> {
    check(new, app.now())?;
    access.assert_may_grant(new.scopes.iter().copied())?;
    let scopes: Scopes = new.scopes.iter().copied().collect();
    let set = new.clients;
    let (client_count, clients, people) = app
        .store
        .read(move |tx| match set {
            ClientSet::One(id) => {
                let client = store::clients::find(tx, id)?
                    .ok_or_else(|| Error::not_found(Noun::Client, id.as_str()))?;
                let people = store::users::count_live(tx, id)?;
                Ok::<_, Error>((1, vec![client], people))
            }
            ClientSet::All => {
                let clients = store::clients::page(tx, None, CLIENTS_SHOWN_MAX)?;
                let people = store::users::count_live_everywhere(tx)?;
                Ok((store::clients::count(tx)?, clients, people))
            }
        })
        .await?;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(Reach {
        client_count: count(client_count),
        clients: clients
            .into_iter()
            .map(|client| (client.id, client.name))
            .collect(),
        people: count(people),
        allowed: scopes.iter().map(|one| (one, one.meaning())).collect(),
    })
}

/// The token of that id, whether or not it is valid.
pub async fn get(app: &App, _access: &AdminAccess, id: TokenId) -> Result<Token, Error> {
    let token = app
        .store
        .read(move |tx| store::tokens::find(tx, id))
        .await?;
    token.ok_or_else(|| Error::not_found(Noun::Token, id.as_str()))
}

/// All tokens, revoked ones too, the oldest first; those that are in use were last used some two
/// minutes later at most than it says.
pub async fn list(app: &App, _access: &AdminAccess) -> Result<Vec<Token>, Error> {
    app.store
        .read(store::tokens::all)
        .await
        .map_err(Error::from)
}

/// Writes down which tokens were used here lately, and when. To be called every
/// [`USES_INTERVAL`] by who serves, and once at the end.
pub async fn write_uses(app: &App) -> Result<(), Error> {
    let mut uses = app.registry.take_uses();
    if uses.is_empty() {
        return Ok(());
    }
    // In one order on every node: they lock the same rows.
    uses.sort_unstable();
    let uses: Arc<[_]> = uses.into();
    let to_write = Arc::clone(&uses);
    let written = app
        .store
        .write(move |tx| store::tokens::note_uses(tx, &to_write))
        .await;
    if written.is_err() {
        app.registry.give_back_uses(&uses);
    }
    Ok(written?)
}

/// Revokes a token for good and says what it was; one that was revoked before stays as it is.
pub async fn revoke(app: &App, _access: &AdminAccess, id: TokenId) -> Result<Token, Error> {
    let clock = Arc::clone(&app.clock);
    let token = app
        .store
        .write(move |tx| {
            let number = store::registry::advance(tx)?;
            let mut token = store::tokens::find(tx, id)?
                .ok_or_else(|| Error::not_found(Noun::Token, id.as_str()))?;
            if token.revoked_at.is_none() {
                let now = clock.now();
                store::tokens::revoke(tx, id, now, number)?;
                token.revoked_at = Some(now);
            }
            Ok::<_, Error>(token)
        })
        .await?;
    app.registry.refresh().await?;
    Ok(token)
}

/// Makes a token with the same rights and end in the place of one that is revoked by this.
pub async fn rotate(
    app: &App,
    access: &AdminAccess,
    id: TokenId,
) -> Result<(Token, Secret), Error> {
    let access = *access;
    let secret = new_secret(app)?;
    let (fresh_id, hash) = (TokenId(app.new_id()), secret.hash());
    let clock = Arc::clone(&app.clock);
    let token = app
        .store
        .write(move |tx| {
            // First, as everywhere: what this decides by must not be changed meanwhile. A token that
            // is being revoked must not leave a successor.
            let number = store::registry::advance(tx)?;
            let old = store::tokens::find(tx, id)?
                .ok_or_else(|| Error::not_found(Noun::Token, id.as_str()))?;
            let now = clock.now();
            if !old.is_valid(now) {
                let reason = "the token was revoked or has expired";
                return Err(Invalid::new("token_id", reason).into());
            }
            if old.oauth_client.is_some() {
                let reason =
                    "the token was issued to an OAuth client, which asks for another itself";
                return Err(Invalid::new("token_id", reason).into());
            }
            access.assert_may_grant(old.scopes.iter())?;
            store::tokens::revoke(tx, id, now, number)?;
            let token = Token {
                id: fresh_id,
                hash,
                created_at: now,
                last_used_at: None,
                ..old
            };
            store::tokens::insert(tx, &token, number)?;
            Ok::<_, Error>(token)
        })
        .await?;
    app.registry.refresh().await?;
    Ok((token, secret))
}

/// Sets how often a token may ask, for the classes of routes that are named; the others stay.
pub async fn set_limits(
    app: &App,
    _access: &AdminAccess,
    id: TokenId,
    limits: Limits,
) -> Result<Token, Error> {
    let token = app
        .store
        .write(move |tx| {
            let number = store::registry::advance(tx)?;
            let mut token = store::tokens::find(tx, id)?
                .ok_or_else(|| Error::not_found(Noun::Token, id.as_str()))?;
            for (class, limit) in limits.iter() {
                token.limits.set(class, limit);
            }
            if !store::tokens::set_limits(tx, id, token.limits, number)? {
                return Err(Invalid::new("token_id", "the token was revoked").into());
            }
            Ok::<_, Error>(token)
        })
        .await?;
    app.registry.refresh().await?;
    Ok(token)
}

pub(super) fn new_secret(app: &App) -> Result<Secret, Error> {
    let mut random = [0; 64];
    app.entropy.fill(&mut random);
    Secret::from_random(&random)
        .ok_or_else(|| Error::Internal("the source of randomness is broken".to_owned()))
}
