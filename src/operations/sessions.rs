//! Who is signed in to the console: no more than what their token allows, asked at every request.

use std::sync::Arc;

use crate::model::id::ClientId;
use crate::model::scope::Scope;
use crate::model::session::{
    Holder, Operator, SESSION_LIFETIME_MS, SESSIONS_MAX, Session, SessionSecret,
};
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
    /// Somebody in several groups may different things for different clients. There is one at least.
    callers: Vec<Caller>,
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
    let (secret, mut session) = begun(app, Holder::Token(token.id));
    if let Some(end) = token.expires_at {
        session.expires_at = session.expires_at.min(end);
    }
    keep(app, (secret, session), None).await
}

/// Begins a session of somebody whose OpenID provider has said who they are and which groups they are
/// in. Nothing is granted to anybody by that alone.
pub async fn sign_in_operator(app: &App, mut operator: Operator) -> Result<SessionSecret, Error> {
    let groups = std::mem::take(&mut operator.groups);
    operator.groups = app.grants.known(groups.iter().map(|group| &**group));
    if operator.groups.is_empty() {
        let reason = "None of your groups may use this console.";
        return Err(Error::Unauthorized(reason));
    }
    let session = begun(app, Holder::Operator(operator.clone()));
    keep(app, session, Some(operator)).await
}

/// A secret that nobody has.
pub fn fresh_secret(app: &App) -> SessionSecret {
    let mut bytes = [0; 32];
    app.entropy().fill(&mut bytes);
    SessionSecret::from_random(bytes)
}

fn begun(app: &App, holder: Holder) -> (SessionSecret, Session) {
    let secret = fresh_secret(app);
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
    operator: Option<Operator>,
) -> Result<SessionSecret, Error> {
    app.store
        .write(move |tx| {
            if let Some(operator) = &operator {
                store::operators::remember(tx, operator, session.created_at)?;
            }
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
    let callers: Vec<Caller> = match &session.holder {
        Holder::Token(token) => {
            let caller = Caller::of_session(app, *token).await?;
            caller.into_iter().collect()
        }
        Holder::Operator(operator) => {
            let granted = app.grants.of(&operator.groups).into_iter();
            let caller = |(clients, scopes)| Caller::of_operator(operator, clients, scopes, now);
            granted.map(caller).collect()
        }
    };
    if callers.is_empty() {
        return Err(NOT_SIGNED_IN);
    }
    Ok(Visitor {
        secret,
        session,
        callers,
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
        let token = &self.callers[0].known().token;
        let name = token.name.as_deref().map(str::to_owned);
        name.unwrap_or_else(|| format!("token {}", &token.id.as_str()[..8]))
    }

    /// The clients that they may see; `None` when it is every client.
    pub fn clients(&self) -> Option<Vec<ClientId>> {
        let sets = self
            .callers
            .iter()
            .map(|caller| caller.known().token.clients);
        sets.map(|set| match set {
            ClientSet::One(client) => Some(client),
            ClientSet::All => None,
        })
        .collect()
    }

    /// Whom their requests are counted for.
    pub fn caller(&self) -> &Caller {
        &self.callers[0]
    }

    /// Whether they have the scope for that client.
    pub fn may(&self, client: ClientId, scope: Scope) -> bool {
        self.access(Some(client), client.as_str(), scope).is_ok()
    }

    /// May they do this to that client? See [`Caller::access`].
    pub fn access(
        &self,
        client: Option<ClientId>,
        client_text: &str,
        scope: Scope,
    ) -> Result<Access, Error> {
        let mut refused = Error::Forbidden;
        for caller in &self.callers {
            match caller.access(client, client_text, scope) {
                Ok(access) => return Ok(access),
                // That there is no such client is told to who may see every client.
                Err(error @ Error::NotFound(..)) => refused = error,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    /// May they administer clients? See [`Caller::admin`].
    pub fn admin(&self) -> Result<AdminAccess, Error> {
        let mut callers = self.callers.iter();
        callers
            .find_map(|caller| caller.admin().ok())
            .ok_or(Error::Forbidden)
    }
}
