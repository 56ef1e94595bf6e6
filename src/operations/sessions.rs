//! Who is signed in to the console: no more than what their token allows, asked at every request.

use std::sync::Arc;

use crate::model::id::ClientId;
use crate::model::scope::Scope;
use crate::model::session::{Holder, SESSION_LIFETIME_MS, SESSIONS_MAX, Session, SessionSecret};
use crate::model::token::ClientSet;
use crate::operations::app::App;
use crate::operations::caller::{Access, AdminAccess, Caller};
use crate::operations::error::Error;
use crate::store;

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Visitor {
    secret: SessionSecret,
    session: Session,
    caller: Caller,
}

/// Why nobody is signed in who asks without a session, or with one that is over.
const NOT_SIGNED_IN: Error = Error::Unauthorized("You are not signed in.");

/// Begins a session of who presents a token with the scope `console`.
pub async fn sign_in(app: &App, token: &str) -> Result<SessionSecret, Error> {
    let caller = Caller::authenticate(app, token.trim()).await?;
    let token = &caller.known().token;
    if !token.scopes.contains(Scope::Console) {
        let reason = "The token has not the scope console, which the console asks for.";
        return Err(Error::Unauthorized(reason));
    }
    let ends = app.now().plus_milliseconds(SESSION_LIFETIME_MS);
    let mut session = begun(app, Holder::Token(token.id));
    session.1.expires_at = token.expires_at.map_or(ends, |end| end.min(ends));
    keep(app, session).await
}

fn begun(app: &App, holder: Holder) -> (SessionSecret, Session) {
    let mut bytes = [0; 32];
    app.entropy().fill(&mut bytes);
    let secret = SessionSecret::from_random(bytes);
    let now = app.now();
    let session = Session {
        hash: secret.hash(),
        holder,
        created_at: now,
        expires_at: now.plus_milliseconds(SESSION_LIFETIME_MS),
    };
    (secret, session)
}

async fn keep(
    app: &App,
    (secret, session): (SessionSecret, Session),
) -> Result<SessionSecret, Error> {
    app.store
        .write(move |tx| {
            store::sessions::insert(tx, &session)?;
            let owner = session.holder.owner();
            store::sessions::keep_latest(tx, &owner, SESSIONS_MAX as i64)
        })
        .await?;
    Ok(secret)
}

/// Who has that session, as long as it lasts. It is looked up in the database each time: so who signs
/// out is signed out on every node.
pub async fn find(app: &App, secret: SessionSecret) -> Result<Visitor, Error> {
    app.assert_fresh()?;
    let (hash, now) = (secret.hash(), app.now());
    let session = app
        .store
        .read(move |tx| store::sessions::find(tx, hash, now))
        .await?;
    let session = session.ok_or(NOT_SIGNED_IN)?;
    let caller = match &session.holder {
        Holder::Token(token) => Caller::of_session(app, *token),
    };
    let caller = caller.ok_or(NOT_SIGNED_IN)?;
    Ok(Visitor {
        secret,
        session,
        caller,
    })
}

/// Ends the session.
pub async fn sign_out(app: &App, visitor: &Visitor) -> Result<(), Error> {
    let hash = visitor.session.hash;
    app.store
        .write(move |tx| store::sessions::remove(tx, hash))
        .await
        .map_err(Error::from)
}

/// Ends all sessions of whoever has this one, in every browser, and says how many they were.
pub async fn sign_out_everywhere(app: &App, visitor: &Visitor) -> Result<usize, Error> {
    let owner: Arc<str> = visitor.session.holder.owner().into();
    app.store
        .write(move |tx| store::sessions::remove_of_owner(tx, &owner))
        .await
        .map_err(Error::from)
}

impl Visitor {
    /// The secret that their forms are made with.
    pub fn secret(&self) -> &SessionSecret {
        &self.secret
    }

    /// The session's record.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// What they are called.
    pub fn name(&self) -> String {
        let token = &self.caller.known().token;
        let name = token.name.as_deref().map(str::to_owned);
        name.unwrap_or_else(|| format!("token {}", &token.id.as_str()[..8]))
    }

    /// The one client that they may see; `None` when it is every client.
    pub fn only_client(&self) -> Option<ClientId> {
        match self.caller.known().token.clients {
            ClientSet::One(client) => Some(client),
            ClientSet::All => None,
        }
    }

    /// Whether they have the scope, for what it is worth where they may look.
    pub fn has(&self, scope: Scope) -> bool {
        self.caller.known().token.scopes.contains(scope)
    }

    /// May they do this to that client? See [`Caller::access`].
    pub fn access(
        &self,
        client: Option<ClientId>,
        client_text: &str,
        scope: Scope,
    ) -> Result<Access, Error> {
        self.caller.access(client, client_text, scope)
    }

    /// May they administer clients? See [`Caller::admin`].
    pub fn admin(&self) -> Result<AdminAccess, Error> {
        self.caller.admin()
    }
}
