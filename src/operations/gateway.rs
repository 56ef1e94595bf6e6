//! The Identity Gateway's two questions, and who may ask them.

use std::sync::Arc;

use crate::directory::registry::{Buckets, KnownInstance};
use crate::model::filter::Filter;
use crate::model::id::{KeyId, UserId};
use crate::model::rate_limit::{Limit, RouteClass};
use crate::model::scope::Scope;
use crate::model::user::UserView;
use crate::operations::app::App;
use crate::operations::caller::{Access, Caller};
use crate::operations::error::{Error, Noun};
use crate::operations::jwt;
use crate::operations::limits::Asker;
use crate::operations::users::live;

/// Who asks through a gateway.
pub enum GatewayCaller {
    /// The bearer of one of our tokens.
    Token(Caller),
    /// The bearer of a JSON Web Token that a key of the instance signed.
    Key {
        /// The instance whose key it is.
        instance: Arc<KnownInstance>,
        /// The key's id.
        key: KeyId,
        /// What the key's bearers may still ask this minute.
        buckets: Arc<Buckets>,
    },
}

impl GatewayCaller {
    /// Who presents this credential to this instance: one of our tokens, or a JSON Web Token that
    /// one of the instance's keys signed.
    pub async fn identify(app: &App, instance: &str, credential: &str) -> Result<Self, Error> {
        if credential.matches('.').count() != 2 {
            let caller = Caller::authenticate(app, credential).await?;
            if !caller.known().token.scopes.contains(Scope::GatewayRead) {
                let reason = "The token may not read through the gateway.";
                return Err(Error::Unauthorized(reason));
            }
            return Ok(Self::Token(caller));
        }
        let refused = Error::Unauthorized("The token is not one that this gateway accepts.");
        app.assert_fresh()?;
        let instance = find(app, instance).await?.ok_or(refused)?;
        let known = jwt::verify(credential, &instance.keys, app.now())?;
        let (key, buckets) = (known.key.id, Arc::clone(&known.buckets));
        Ok(Self::Key {
            instance,
            key,
            buckets,
        })
    }

    /// The limit of a class, and whose bucket it is about.
    pub fn limit(&self, class: RouteClass) -> Option<(Limit, Asker<'_>)> {
        match self {
            Self::Token(caller) => caller.limit(class),
            Self::Key { key, buckets, .. } => {
                let limit = class.default_limit()?;
                Some((limit, Asker::Key(key, buckets)))
            }
        }
    }

    /// May the caller read this instance? Another client's is not there for them.
    pub async fn access(&self, app: &App, instance: &str) -> Result<Access, Error> {
        let unknown = || Error::not_found(Noun::Instance, instance);
        match self {
            Self::Key { instance, .. } => Ok(Access::of_gateway(instance.client)),
            Self::Token(caller) => {
                let client = find(app, instance).await?.ok_or_else(unknown)?.client;
                let granted = caller.known().token.clients.contains(client);
                granted
                    .then(|| Access::of_gateway(client))
                    .ok_or_else(unknown)
            }
        }
    }
}

/// The instance of that name; an unknown one is looked for in the database once, since the command
/// line may have made it.
async fn find(app: &App, name: &str) -> Result<Option<Arc<KnownInstance>>, Error> {
    if let Some(instance) = app.registry.instance(name) {
        return Ok(Some(instance));
    }
    Box::pin(app.registry.look_again(app.clock.monotonic())).await?;
    Ok(app.registry.instance(name))
}

/// Lends the user of that id to `show`: the id that the source system gave, else ours. Who was
/// deleted is still there.
pub async fn get<R>(
    app: &App,
    access: &Access,
    id: &str,
    show: impl FnOnce(&UserView<'_>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    let user = image
        .user_by_external_id(id)
        .or_else(|| image.user_or_deleted(UserId::parse(id)?))
        .ok_or_else(|| Error::not_found(Noun::User, id))?;
    Ok(show(&user))
}

/// Lends a page of all users in the order of ids to `show`, and the id that the next one begins
/// behind. A page may be short, even empty, and not be the last.
pub async fn list<R>(
    app: &App,
    access: &Access,
    filter: Option<&Filter>,
    after: Option<UserId>,
    size: usize,
    show: impl FnOnce(&[UserView<'_>], Option<UserId>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    let (users, next) = image.list_for_gateway(filter, after, size);
    Ok(show(&users, next))
}
