//! One request of the Clients API on its way to a handler: who calls, what they may, what they sent.
//!
//! The route table says what a route needs; it is checked here, before the handler runs, so that no
//! handler can forget it. The Identity Gateway's requests have their own way: [`super::gateway`].

use std::borrow::Cow;
use std::sync::Arc;

use crate::http::answer::Response;
use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::AUTHORIZATION;

use crate::http::Http;
use crate::http::body::{self, Fields, Pieces};
use crate::http::clients::failure::Failure;
use crate::http::once;
use crate::http::pages::Key;
use crate::http::query::{Query, decoded};
use crate::http::rate_limits;
use crate::http::router::Asked;
use crate::model::id::{ClientId, DepartmentId, ImportId, UserId};
use crate::model::invalid::Invalid;
use crate::model::page::{Moment, Position};
use crate::model::rate_limit::{Decision, RouteClass};
use crate::model::scope::Scope;
use crate::operations::app::App;
use crate::operations::caller::{Access, AdminAccess, Caller};
use crate::operations::error::{Error, Noun};
use crate::operations::write::Once;

/// A request whose caller is known.
pub struct Call {
    pub(super) http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    caller: Caller,
}

/// What came of a request: the answer, and what its bucket said, if its token has a limit.
type Counted = (Result<Response, Failure>, Option<Decision>);

/// Runs a handler for a client's data. The caller must have the scope for the client in the path.
pub async fn for_client<F, Fut>(
    http: Arc<Http>,
    template: &'static str,
    scope: Scope,
    asked: Arc<Asked>,
    handler: F,
) -> Response
where
    F: FnOnce(Call, Access) -> Fut,
    Fut: Future<Output = Result<Response, Failure>>,
{
    answered(http, template, asked, async |call| {
        let text = call.segment("client_id").unwrap_or_default();
        let access = call.caller.access(ClientId::parse(&text), &text, scope)?;
        handler(call, access).await
    })
    .await
}

/// Runs a handler for who administers clients.
pub async fn for_admin<F, Fut>(
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handler: F,
) -> Response
where
    F: FnOnce(Call, AdminAccess) -> Fut,
    Fut: Future<Output = Result<Response, Failure>>,
{
    answered(http, template, asked, async |call| {
        let access = call.caller.admin()?;
        handler(call, access).await
    })
    .await
}

async fn answered(
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handle: impl AsyncFnOnce(Call) -> Result<Response, Failure>,
) -> Response {
    let (result, decision) = counted(&http, template, Arc::clone(&asked), handle).await;
    let mut response = result.unwrap_or_else(|failure| failure.render(&asked.id));
    if let Some(decision) = decision {
        let form = http.settings.reset_form;
        rate_limits::tell(&mut response, &decision, form, &http.app);
    }
    response
}

async fn counted(
    http: &Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handle: impl AsyncFnOnce(Call) -> Result<Response, Failure>,
) -> Counted {
    let caller = match authenticate(&http.app, &asked.head.headers).await {
        Ok(caller) => caller,
        Err(error) => return (Err(error.into()), None),
    };
    let decision = taken(&http.app, &caller).await;
    if decision.is_some_and(|decision| !decision.allowed) {
        return (Err(Failure::RateLimited), decision);
    }
    let call = Call {
        http: Arc::clone(http),
        template,
        asked,
        caller,
    };
    (handle(call).await, decision)
}

/// What the caller's bucket of the API's requests said, if their token has a limit.
pub(super) async fn taken(app: &App, caller: &Caller) -> Option<Decision> {
    let class = RouteClass::ClientsApi;
    let (limit, asker) = caller.limit(class)?;
    Some(app.take(asker, class, limit).await)
}

/// The caller of a request, by RFC 6750 section 2.1 alone: never a token in a URL or a body.
async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Caller, Error> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Error::Unauthorized("Authentication required"));
    };
    let malformed = Error::Unauthorized("The token is malformed.");
    let value = value.to_str().map_err(|_| malformed.clone())?;
    let (scheme, token) = value.split_once(' ').ok_or_else(|| malformed.clone())?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(malformed);
    }
    Caller::authenticate(app, token.trim()).await
}

impl Call {
    /// The app.
    pub fn app(&self) -> &App {
        &self.http.app
    }

    /// The app, for who keeps it.
    pub fn shared_app(&self) -> &Arc<App> {
        &self.http.app
    }

    /// What the page is kept under that answers this request at that moment.
    pub fn page_key(&self, access: &Access, moment: Moment) -> Key {
        Key::new(access.client(), moment, &self.asked.head.uri)
    }

    /// The request's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.asked.head.headers
    }

    /// The request's path.
    pub fn path(&self) -> &str {
        self.asked.path()
    }

    /// The id of a user in the path; one that is malformed is nobody's.
    pub fn user_id(&self) -> Result<UserId, Error> {
        self.id(Noun::User, UserId::parse)
    }

    /// The id of a department in the path; one that is malformed is none's.
    pub fn department_id(&self) -> Result<DepartmentId, Error> {
        self.id(Noun::Department, DepartmentId::parse)
    }

    /// The id of an import in the path; one that is malformed is none's.
    pub fn import_id(&self) -> Result<ImportId, Error> {
        self.id(Noun::Import, ImportId::parse)
    }

    fn id<T>(&self, noun: Noun, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
        let text = self.segment(noun.id_name()).unwrap_or_default();
        parse(&text).ok_or_else(|| Error::not_found(noun, super::query::shown(&text)))
    }

    /// The decoded segment that stands where the route's template has `{name}`.
    fn segment(&self, name: &str) -> Option<Cow<'_, str>> {
        segment(self.template, self.path(), name)
    }

    /// The query's parameters, of which only `known` ones may be given.
    pub fn query(&self, known: &[&str]) -> Result<Query, Invalid> {
        Query::parse(self.asked.head.uri.query(), known)
    }

    /// The whole body.
    pub async fn body(&self) -> Result<Bytes, Failure> {
        let body = self.asked.take_body();
        let timeout = self.http.settings.body_timeout;
        Ok(body::read(&self.asked.head.headers, body, timeout).await?)
    }

    /// The body piece by piece, for one that is a file of up to so many bytes.
    pub fn pieces(&self, bytes_max: usize) -> Result<Pieces, Failure> {
        let body = self.asked.take_body();
        let timeout = self.http.settings.body_timeout;
        Ok(Pieces::of(
            &self.asked.head.headers,
            body,
            bytes_max,
            timeout,
        )?)
    }

    /// The fields of a JSON body.
    pub async fn fields(&self) -> Result<Fields, Failure> {
        let body = self.body().await?;
        Ok(body::object(
            &self.asked.head.headers,
            &body,
            &["application/json"],
        )?)
    }

    /// The fields of a JSON body, and the request's once-only form when it bears a key.
    pub async fn fields_once<T>(
        &self,
        render: fn(&T) -> String,
    ) -> Result<(Fields, Option<Once<T>>), Failure> {
        let body = self.body().await?;
        let fields = body::object(&self.asked.head.headers, &body, &["application/json"])?;
        let once = once::of_request(&self.asked.head.headers, self.path(), &body, render)?;
        Ok((fields, once))
    }

    /// The cursor in the query, opened for `purpose`.
    pub fn cursor(&self, query: &Query, purpose: &str) -> Result<Option<Position>, Failure> {
        let Some(cursor) = query.get("cursor") else {
            return Ok(None);
        };
        self.http
            .seal
            .open(cursor, purpose)
            .map(Some)
            .ok_or(Failure::InvalidCursor)
    }

    /// The cursor for a position in the list that `purpose` describes.
    pub fn seal(&self, position: &Position, purpose: &str) -> String {
        self.http.seal.seal(position, purpose)
    }
}

/// The decoded segment of `path` that stands where `template` has `{name}`; `None` when it is no
/// valid text.
pub fn segment<'a>(template: &str, path: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let is_named = |part: &str| {
        part.strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
            == Some(name)
    };
    let index = template.split('/').position(is_named)?;
    decoded(path.split('/').nth(index)?)
}
