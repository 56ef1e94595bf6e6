//! The Identity Gateway: two operations, for consumers whose code is fixed.
//!
//! Every answer tells of a rate limit, also the one that refuses: who presents no valid credential
//! is counted by address.

mod failure;
mod users;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use crate::http::answer::Response;
use hyper::{HeaderMap, StatusCode};

pub use failure::Failure;
pub use users::{get, list, write as write_user};

use crate::http::call::segment;
use crate::http::router::Asked;
use crate::http::{Http, answer, credential, rate_limits};
use crate::model::rate_limit::{Decision, Limit, RouteClass};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::gateway::GatewayCaller;
use crate::operations::limits::Asker;

/// A request to an instance, whose caller may read it.
pub struct Question<'a> {
    http: &'a Http,
    template: &'static str,
    asked: &'a Asked,
    access: Access,
}

impl Question<'_> {
    fn app(&self) -> &App {
        &self.http.app
    }

    fn segment(&self, name: &str) -> Option<Cow<'_, str>> {
        segment(self.template, self.asked.path(), name)
    }
}

/// Runs a handler for an instance's people; `class` says what the request is counted as.
pub async fn for_instance(
    http: Arc<Http>,
    template: &'static str,
    class: RouteClass,
    asked: Arc<Asked>,
    handler: impl AsyncFnOnce(Question<'_>) -> Result<Response, Failure>,
) -> Response {
    let (result, decision) = counted(&http, template, class, &asked, handler).await;
    let mut response = result.unwrap_or_else(Failure::render);
    tell(&http, &mut response, decision);
    response
}

/// Refuses a method that the gateway does not have, counted as a stranger's request.
pub async fn refuse(http: &Http, peer: IpAddr, failure: Failure) -> Response {
    as_stranger(http, peer, || failure.render()).await
}

/// Answers `OPTIONS`, counted as a stranger's request.
pub async fn options(http: &Http, peer: IpAddr) -> Response {
    as_stranger(http, peer, || answer::empty(StatusCode::NO_CONTENT)).await
}

async fn as_stranger(http: &Http, peer: IpAddr, answer: impl FnOnce() -> Response) -> Response {
    let decision = stranger(http, peer, RouteClass::GatewayGet).await;
    let mut response = if decision.allowed {
        answer()
    } else {
        Failure::RateLimited.render()
    };
    tell(http, &mut response, decision);
    response
}

fn tell(http: &Http, response: &mut Response, decision: Decision) {
    let form = http.settings.reset_form;
    rate_limits::tell(response, &decision, form, &http.app);
}

async fn stranger(http: &Http, peer: IpAddr, class: RouteClass) -> Decision {
    let limit = class.default_limit().or(Limit::per_minute(300));
    let limit = limit.expect("300 a minute is a limit");
    http.app.take(Asker::Stranger(peer), class, limit).await
}

async fn counted(
    http: &Http,
    template: &'static str,
    class: RouteClass,
    asked: &Asked,
    handler: impl AsyncFnOnce(Question<'_>) -> Result<Response, Failure>,
) -> (Result<Response, Failure>, Decision) {
    let instance = segment(template, asked.path(), "instance").unwrap_or_default();
    let caller = match identify(&http.app, &instance, &asked.head.headers).await {
        Ok(caller) => caller,
        Err(failure) => {
            let decision = stranger(http, asked.peer, class).await;
            let failure = if decision.allowed {
                failure
            } else {
                Failure::RateLimited
            };
            return (Err(failure), decision);
        }
    };
    let Some((limit, asker)) = caller.limit(class) else {
        let reason = "a class of the gateway's routes has no limit".to_owned();
        let decision = stranger(http, asked.peer, class).await;
        return (Err(Error::Internal(reason).into()), decision);
    };
    let decision = http.app.take(asker, class, limit).await;
    if !decision.allowed {
        return (Err(Failure::RateLimited), decision);
    }
    let answer = async {
        let access = caller.access(&http.app, &instance).await?;
        handler(Question {
            http,
            template,
            asked,
            access,
        })
        .await
    };
    (answer.await, decision)
}

/// Who asks: `Authorization: Bearer …`, or the key as the whole value (Identity Gateway,
/// Authentication).
async fn identify(
    app: &App,
    instance: &str,
    headers: &HeaderMap,
) -> Result<GatewayCaller, Failure> {
    let credential = credential::bearer_or_bare(headers)?;
    Ok(GatewayCaller::identify(app, instance, credential).await?)
}
