//! SCIM 2.0: identity providers write people here. The crate `scim` knows the protocol's data; here
//! are its requests and answers.

pub mod bulk;
pub mod discovery;
mod failure;
pub mod groups;
mod log;
mod replay;
pub mod search;
pub mod users;

use std::sync::Arc;

use hyper::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, StatusCode};
use scim::Quirk;
use serde_json::Value;

pub use failure::Failure;
pub use replay::{Replayed, replay};

use crate::http::answer::{self, Response};
use crate::http::body::Body;
use crate::http::call::{segment, taken};
use crate::http::query::Query;
use crate::http::router::Asked;
use crate::http::scim::log::Logging;
use crate::http::scim::replay::Rehearsing;
use crate::http::{Http, body, credential, rate_limits};
use crate::model::id::{ClientId, DepartmentId, UserId};
use crate::model::rate_limit::Decision;
use crate::model::scope::Scope;
use crate::operations::app::App;
use crate::operations::caller::{Access, Caller};
use crate::operations::error::{Error, Noun};
use crate::operations::trail::Trail;

/// Where it all is.
pub const ROOT: &str = "/scim/v2/";
/// The path of users.
pub const USERS: &str = "/scim/v2/{client_id}/Users";
/// The path of one.
pub const USER: &str = "/scim/v2/{client_id}/Users/{user_id}";
/// The path of groups.
pub const GROUPS: &str = "/scim/v2/{client_id}/Groups";
/// The path of one.
pub const GROUP: &str = "/scim/v2/{client_id}/Groups/{department_id}";
/// Where a client is.
const CLIENT: &str = "/scim/v2/{client_id}";
/// What bodies are (RFC 7644 8.1).
const MEDIA_TYPE: &str = "application/scim+json";
const MEDIA_TYPES: [&str; 2] = [MEDIA_TYPE, "application/json"];

/// A request whose caller may provision the client.
pub struct Call {
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    access: Access,
}

/// Runs a handler for a client's data.
pub async fn for_client<Fut>(
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handler: fn(Call) -> Fut,
) -> Response
where
    Fut: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    let (result, decision) = counted(&http, template, Arc::clone(&asked), handler).await;
    let mut response = result.unwrap_or_else(Failure::render);
    if let Some(decision) = decision {
        rate_limits::tell(
            &mut response,
            &decision,
            http.settings.reset_form,
            &http.app,
        );
    }
    response
}

async fn counted<Fut>(
    http: &Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handler: fn(Call) -> Fut,
) -> (Result<Response, Failure>, Option<Decision>)
where
    Fut: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    if let Some(Rehearsing(access)) = asked.head.extensions.get() {
        let call = Call::new(http, template, &asked, access.clone());
        return (handler(call).await, None);
    }
    let caller = match identify(&http.app, &asked.head.headers).await {
        Ok(caller) => caller,
        Err(error) => return (Err(error.into()), None),
    };
    let decision = taken(&http.app, &caller).await;
    if decision.is_some_and(|decision| !decision.allowed) {
        return (Err(Failure::RateLimited), decision);
    }
    let access = match let_in(&caller, &asked) {
        Ok(access) => access,
        Err(error) => return (Err(error.into()), decision),
    };
    let logging = Logging::begin(http, &asked, &access);
    let call = Call::new(http, template, &asked, access);
    let response = handler(call).await.unwrap_or_else(Failure::render);
    logging.answered(&response);
    (Ok(response), decision)
}

/// The access of a caller to the client in the path, whose notes are for the client's log.
fn let_in(caller: &Caller, asked: &Asked) -> Result<Access, Error> {
    let text = segment(CLIENT, asked.path(), "client_id").unwrap_or_default();
    let access = caller.access(ClientId::parse(&text), &text, Scope::Scim)?;
    Ok(access.leaving(Arc::default()))
}

/// Refuses what no route knows, whoever asks. When it is somebody who may provision the client, its
/// log has it: what is looked for there is often an address that is not quite right.
pub async fn refuse(http: &Arc<Http>, asked: &Arc<Asked>, failure: Failure) -> Response {
    let response = failure.render();
    if let Ok(caller) = identify(&http.app, &asked.head.headers).await
        && let Ok(access) = let_in(&caller, asked)
    {
        Logging::begin(http, asked, &access).answered(&response);
    }
    response
}

async fn identify(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    Caller::authenticate(app, credential::bearer_or_bare(headers)?).await
}

impl Call {
    fn new(http: &Arc<Http>, template: &'static str, asked: &Arc<Asked>, access: Access) -> Self {
        Self {
            http: Arc::clone(http),
            template,
            asked: Arc::clone(asked),
            access,
        }
    }

    /// Notes liberties that were taken in reading the request.
    fn note(&self, quirks: &[Quirk]) {
        self.access.note(quirks);
    }

    /// Whether what is written is undone, so that nobody can read it afterwards.
    fn is_rehearsal(&self) -> bool {
        self.access.trail().is_some_and(Trail::is_rehearsal)
    }

    fn app(&self) -> &App {
        &self.http.app
    }

    fn headers(&self) -> &HeaderMap {
        &self.asked.head.headers
    }

    /// A part of this request, which is answered as if it had been sent alone: by the same caller,
    /// who was counted and let in already.
    fn part(&self, template: &'static str, head: Parts, body: Body) -> Self {
        Self {
            http: Arc::clone(&self.http),
            template,
            asked: Arc::new(self.asked.part(head, body)),
            access: self.access.clone(),
        }
    }

    /// The parameters of the query that are known; others are passed over.
    fn query(&self, known: &[&str]) -> Result<Query, Failure> {
        let raw = self.asked.head.uri.query().unwrap_or_default();
        Ok(Query::parse_form(raw, known)?)
    }

    /// The id of a user in the path; one that is malformed is nobody's.
    fn user_id(&self) -> Result<UserId, Failure> {
        let text = segment(self.template, self.asked.path(), "user_id").unwrap_or_default();
        let id = UserId::parse(&text).ok_or_else(|| Error::not_found(Noun::User, text))?;
        Ok(id)
    }

    /// The id of a group in the path; one that is malformed is none's.
    fn group_id(&self) -> Result<DepartmentId, Failure> {
        let text = segment(self.template, self.asked.path(), "department_id").unwrap_or_default();
        let id = DepartmentId::parse(&text);
        Ok(id.ok_or_else(|| Error::not_found(Noun::Department, text))?)
    }

    /// The JSON of the body.
    async fn json(&self) -> Result<Value, Failure> {
        let timeout = self.http.settings.body_timeout;
        let body = body::read(self.headers(), self.asked.take_body(), timeout).await?;
        if let Some(trail) = self.access.trail() {
            trail.sent(&body);
        }
        Ok(body::json(self.headers(), &body, &MEDIA_TYPES)?)
    }

    /// The address of the client's SCIM root.
    fn base(&self) -> String {
        base_of(&self.asked, self.access.client())
    }
}

/// The address of a client's SCIM root, as the caller sees it, without a slash at its end.
pub fn base_of(asked: &Asked, client: ClientId) -> String {
    static FORWARDED: HeaderName = HeaderName::from_static("x-forwarded-proto");
    let text = |name: &HeaderName| asked.head.headers.get(name)?.to_str().ok();
    let host = text(&HOST).or_else(|| asked.head.uri.host());
    let Some(host) = host.filter(|host| is_host(host)) else {
        return format!("{ROOT}{client}");
    };
    let is_secure = text(&FORWARDED).is_some_and(|proto| proto.eq_ignore_ascii_case("https"));
    let scheme = if is_secure { "https" } else { "http" };
    format!("{scheme}://{host}{ROOT}{client}")
}

/// Whether a caller's text can stand in an address as it is.
fn is_host(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    (1..=255).contains(&text.len()) && text.bytes().all(is_fine)
}

/// A JSON value as an answer.
fn answered(status: StatusCode, body: &Value) -> Response {
    as_scim(answer::json(status, body))
}

/// The same answer, whose body is SCIM's.
fn as_scim(mut response: Response) -> Response {
    let headers = response.headers_mut();
    if headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    }
    response
}

/// Whether a path is one that is answered in SCIM's form.
pub fn is_scims(path: &str) -> bool {
    let start = path.get(..ROOT.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(ROOT))
}

/// The path as the routes spell it, where somebody spells it otherwise: names in any case, a slash
/// at the end.
pub fn respelled(path: &str) -> Option<String> {
    const NAMES: [&str; 7] = [
        "Users",
        "Groups",
        ".search",
        "Bulk",
        "ServiceProviderConfig",
        "ResourceTypes",
        "Schemas",
    ];
    let rest = is_scims(path).then(|| &path[ROOT.len()..])?;
    let mut segments = rest.trim_end_matches('/').split('/');
    let mut respelled = format!("{ROOT}{}", segments.next()?);
    for segment in segments {
        let known = NAMES.iter().find(|name| name.eq_ignore_ascii_case(segment));
        respelled.push('/');
        respelled.push_str(known.copied().unwrap_or(segment));
    }
    Some(respelled)
}
