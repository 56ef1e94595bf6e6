//! Who is asking, and what they may. No client id is believed without asking the caller.

use std::sync::Arc;

use scim::Quirk;

use crate::directory::registry::{KnownToken, LastUse};
use crate::model::change::{Actor, Source};
use crate::model::id::{ClientId, TokenId};
use crate::model::invalid::Invalid;
use crate::model::rate_limit::{Limit, Limits, RouteClass};
use crate::model::scope::{Scope, Scopes};
use crate::model::session::Operator;
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, Secret, Token, TokenHash};
use crate::operations::app::App;
use crate::operations::error::{Error, Noun};
use crate::operations::limits::Asker;
use crate::operations::trail::Trail;

/// The bearer of a valid token, and the door that they came in by.
#[derive(Debug, Clone)]
pub struct Caller {
    known: Arc<KnownToken>,
    source: Source,
}

/// What a caller was found to be allowed: the one way to name a client to an operation. Only this
/// module makes one.
#[derive(Debug, Clone)]
pub struct Access {
    client: ClientId,
    actor: Actor,
    may_enroll: bool,
    may_write_departments: bool,
    trail: Option<Arc<Trail>>,
}

impl Access {
    /// The client whose data may be touched.
    pub fn client(&self) -> ClientId {
        self.client
    }

    /// Whom the log will name.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Whether activity may create the people that it is about.
    pub fn may_enroll(&self) -> bool {
        self.may_enroll
    }

    /// Whether an import may create and change the departments that its rows name.
    pub fn may_write_departments(&self) -> bool {
        self.may_write_departments
    }

    /// The same access, through a door that the log names.
    pub(super) fn through(&self, source: Source) -> Self {
        Self {
            actor: Actor {
                source,
                ..self.actor
            },
            ..self.clone()
        }
    }

    /// The same access, for a request of which notes are taken.
    pub fn leaving(self, trail: Arc<Trail>) -> Self {
        Self {
            trail: Some(trail),
            ..self
        }
    }

    /// Where notes of the request go, if somebody wants them.
    pub fn trail(&self) -> Option<&Trail> {
        self.trail.as_deref()
    }

    /// Notes liberties that were taken in reading the request.
    pub fn note(&self, quirks: &[Quirk]) {
        if let Some(trail) = &self.trail {
            trail.quirks(quirks);
        }
    }

    /// The access of who runs a command on the database's own machine.
    pub fn of_command_line(client: ClientId, source: Source) -> Self {
        Self {
            client,
            actor: Actor {
                token: None,
                source,
            },
            may_enroll: false,
            may_write_departments: true,
            trail: None,
        }
    }

    /// The access of a gateway's bearer, who reads and never writes.
    pub(super) fn of_gateway(client: ClientId) -> Self {
        let actor = Actor {
            token: None,
            source: Source::Api,
        };
        Self {
            client,
            actor,
            may_enroll: false,
            may_write_departments: false,
            trail: None,
        }
    }
}

/// That a caller may administer clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdminAccess {
    actor: Actor,
    scopes: Scopes,
}

impl AdminAccess {
    /// Whom the log will name.
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Refuses to hand on what they do not have themselves: whoever makes a credential could use it.
    pub(super) fn assert_may_grant(
        &self,
        scopes: impl IntoIterator<Item = Scope>,
    ) -> Result<(), Invalid> {
        let mut beyond = scopes
            .into_iter()
            .filter(|scope| !self.scopes.contains(*scope));
        beyond.next().map_or(Ok(()), |scope| {
            let reason =
                format!("the scope {scope} is not one of your own, so you cannot hand it on");
            Err(Invalid::new("scope", reason))
        })
    }

    /// The access of who runs a command on the database's own machine.
    pub fn of_command_line() -> Self {
        Self {
            actor: Actor {
                token: None,
                source: Source::CommandLine,
            },
            scopes: Scope::ALL.into_iter().collect(),
        }
    }
}

impl Caller {
    /// The bearer of the token whose secret is `text`. Garbage is refused without a look-up; an
    /// unknown token is looked for in the database once, since the command line may have made it.
    pub async fn authenticate(app: &App, text: &str) -> Result<Self, Error> {
        let hash = Secret::hash_of(text).ok_or(Error::Unauthorized("The token is malformed."))?;
        app.assert_fresh()?;
        let mut known = app.registry.token(&hash);
        if known.is_none() {
            // In a box, so that the requests of known callers do not carry its room around.
            Box::pin(app.registry.look_again(app.clock.monotonic())).await?;
            known = app.registry.token(&hash);
        }
        let known = known.ok_or(Error::Unauthorized("The token is unknown or was revoked."))?;
        // The clock is asked only by tokens that expire.
        if known.token.expires_at.is_some() && !known.token.is_valid(app.now()) {
            return Err(Error::Unauthorized("The token has expired."));
        }
        known.last_use.note(app.freshness.coarse_now_ms());
        Ok(Self {
            known,
            source: Source::Api,
        })
    }

    /// Who signed in to the console with that token, as long as it is valid and may. It may have been
    /// made on another node a moment ago, as in [`Self::authenticate`].
    pub(super) async fn of_session(app: &App, token: TokenId) -> Result<Option<Self>, Error> {
        let mut known = app.registry.token_of_id(token);
        if known.is_none() {
            app.registry.look_again(app.clock.monotonic()).await?;
            known = app.registry.token_of_id(token);
        }
        let Some(known) = known else {
            return Ok(None);
        };
        let may = known.token.scopes.contains(Scope::Console) && known.token.is_valid(app.now());
        known.last_use.note(app.freshness.coarse_now_ms());
        Ok(may.then_some(Self {
            known,
            source: Source::Console,
        }))
    }

    /// Somebody who signed in to the console through their OpenID provider, as the bearer of what they
    /// were granted for these clients: from here on they are as everybody else.
    pub(super) fn of_operator(
        operator: &Operator,
        clients: ClientSet,
        scopes: Scopes,
        now: Timestamp,
    ) -> Self {
        let id = operator.id();
        let token = Token {
            id,
            name: operator.name.clone(),
            // Of no secret: nobody looks for it by that.
            hash: TokenHash([0; 32]),
            clients,
            scopes,
            limits: Limits::default(),
            oauth_client: None,
            created_at: now,
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        };
        let known = KnownToken {
            token,
            bearer: id,
            buckets: Arc::default(),
            last_use: LastUse::default(),
        };
        Self {
            known: Arc::new(known),
            source: Source::Console,
        }
    }

    /// The limit of a class, if there is one, and whose bucket it is about.
    pub fn limit(&self, class: RouteClass) -> Option<(Limit, Asker<'_>)> {
        let KnownToken {
            token,
            bearer,
            buckets,
            ..
        } = &*self.known;
        let asker = Asker::Token(bearer, buckets);
        token.limits.of(class).map(|limit| (limit, asker))
    }

    /// May the caller do this to this client? The answer is the same refusal whether or not the
    /// client exists; only who may use all clients learns that one does not. `client` is `None`
    /// when the id is malformed: no client has it.
    pub fn access(
        &self,
        client: Option<ClientId>,
        client_text: &str,
        scope: Scope,
    ) -> Result<Access, Error> {
        let token = &self.known.token;
        if !token.scopes.contains(scope) {
            return Err(Error::Forbidden);
        }
        let client = match (client, token.clients) {
            (Some(client), clients) if clients.contains(client) => client,
            (None, ClientSet::All) => return Err(Error::not_found(Noun::Client, client_text)),
            _ => return Err(Error::Forbidden),
        };
        Ok(Access {
            client,
            actor: Actor {
                token: Some(self.known.bearer),
                source: self.source,
            },
            may_enroll: token.scopes.contains(Scope::UsersEnroll),
            may_write_departments: token.scopes.contains(Scope::DepartmentsWrite),
            trail: None,
        })
    }

    /// May the caller administer clients? Only with the `admin` scope and for all clients.
    pub fn admin(&self) -> Result<AdminAccess, Error> {
        let token = &self.known.token;
        if token.clients == ClientSet::All && token.scopes.contains(Scope::Admin) {
            return Ok(AdminAccess {
                actor: Actor {
                    token: Some(self.known.bearer),
                    source: self.source,
                },
                scopes: token.scopes,
            });
        }
        Err(Error::Forbidden)
    }

    pub(super) fn known(&self) -> &KnownToken {
        &self.known
    }
}
