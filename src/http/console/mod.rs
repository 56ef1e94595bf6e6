//! The console: pages for people, at `/console`. A dialect like the others: who asks is somebody who
//! is signed in, and what they may is what their token may. It calls the operations that the APIs call.
//!
//! Every page reads without JavaScript. Scripts and styles are this server's own files and nothing is
//! written into a page that a browser would run: see `security.rs`.

pub mod assets;
pub mod changes;
mod chart;
mod client_names;
pub mod clients;
mod columns;
mod confirmation;
pub mod department;
pub mod departments;
pub mod entrance;
mod failure;
mod form;
mod frame;
pub mod holds;
pub mod import;
pub mod instances;
pub mod oauth_clients;
pub mod oidc;
pub mod overview;
pub mod people;
pub mod profile;
pub mod scim_log;
pub mod scim_request;
mod secret;
mod security;
mod shown;
pub mod stale;
pub mod tokens;
pub mod user;

use std::sync::Arc;

use hyper::header::LOCATION;
use hyper::{Method, StatusCode};

pub use failure::Failure;

use crate::http::Http;
use crate::http::answer::{self, Response};
use crate::http::body::Pieces;
use crate::http::call::{self, segment};
use crate::http::console::form::Form;
use crate::http::console::frame::{Frame, Place};
use crate::http::observe::RequestId;
use crate::http::query::shown;
use crate::http::router::Asked;
use crate::model::id::{ClientId, DepartmentId, UserId};
use crate::model::page::Position;
use crate::model::scope::Scope;
use crate::operations::app::App;
use crate::operations::caller::{Access, AdminAccess};
use crate::operations::error::{Error, Noun};
use crate::operations::sessions::Visitor;

/// Where it all is.
pub const ROOT: &str = "/console";

/// What somebody needs for one of the console's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: it tells nothing of anybody.
    Anybody,
    /// To be signed in.
    Visitor,
    /// To be signed in with this scope for the client in the path.
    Client(Scope),
    /// To be signed in as who administers clients.
    Admin,
}

/// A request of somebody who is signed in. What they sent with it bore the key of their forms.
pub struct Call {
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    visitor: Visitor,
    form: Form,
}

/// Whether a path is the console's.
pub fn is_consoles(path: &str) -> bool {
    path.strip_prefix(ROOT)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Runs a handler that needs nobody to be signed in.
pub async fn for_anybody<Fut>(
    http: Arc<Http>,
    asked: Arc<Asked>,
    handler: fn(Arc<Http>, Arc<Asked>) -> Fut,
) -> Response
where
    Fut: Future<Output = Result<Response, Failure>>,
{
    let result = handler(http, Arc::clone(&asked)).await;
    security::sealed(result.unwrap_or_else(|failure| failure.render(&asked)))
}

/// Runs a handler for whoever is signed in.
pub async fn for_visitor<Fut>(
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handler: fn(Call) -> Fut,
) -> Response
where
    Fut: Future<Output = Result<Response, Failure>>,
{
    answered(http, template, asked, async |call| handler(call).await).await
}

/// Runs a handler for a client's data. The visitor must have the scope for the client in the path.
pub async fn for_client<Fut>(
    http: Arc<Http>,
    template: &'static str,
    scope: Scope,
    asked: Arc<Asked>,
    handler: fn(Call, Access) -> Fut,
) -> Response
where
    Fut: Future<Output = Result<Response, Failure>>,
{
    answered(http, template, asked, async |call| {
        let text = call.segment("client_id");
        let client = ClientId::parse(&text);
        let access = call.visitor.access(client, &text, scope)?;
        handler(call, access).await
    })
    .await
}

/// Runs a handler for who administers clients.
pub async fn for_admin<Fut>(
    http: Arc<Http>,
    template: &'static str,
    asked: Arc<Asked>,
    handler: fn(Call, AdminAccess) -> Fut,
) -> Response
where
    Fut: Future<Output = Result<Response, Failure>>,
{
    answered(http, template, asked, async |call| {
        let access = call.visitor.admin()?;
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
    let result = async {
        let visitor = security::visitor(&http.app, &asked).await?;
        let decision = call::taken(&http.app, visitor.caller()).await;
        if decision.is_some_and(|decision| !decision.allowed) {
            return Err(Failure::TooMany);
        }
        let form = if asked.head.method == Method::POST {
            security::form(&http, &asked, visitor.secret()).await?
        } else {
            Form::default()
        };
        let (http, asked) = (Arc::clone(&http), Arc::clone(&asked));
        handle(Call {
            http,
            template,
            asked,
            visitor,
            form,
        })
        .await
    };
    let response = result
        .await
        .unwrap_or_else(|failure| failure.render(&asked));
    security::sealed(response)
}

/// Refuses what no route knows.
pub fn refuse(asked: &Asked, failure: Failure) -> Response {
    security::sealed(failure.render(asked))
}

/// The answer in the place of a handler that panicked.
pub fn panicked(id: &RequestId) -> Response {
    let error = Error::Internal("the handler panicked".to_owned());
    security::sealed(Failure::from(error).page(id))
}

/// Leads on to another page after a change, so that loading it anew does not send the form again.
fn see_other(path: &str) -> Response {
    let mut response = answer::empty(StatusCode::SEE_OTHER);
    answer::set(&mut response, LOCATION, path);
    response
}

impl Call {
    fn app(&self) -> &App {
        &self.http.app
    }

    /// The decoded segment that stands where the route's template has `{name}`; empty when it is no
    /// valid text.
    fn segment(&self, name: &str) -> String {
        let found = segment(self.template, self.asked.path(), name);
        found.unwrap_or_default().into_owned()
    }

    /// The id of a user in the path; one that is malformed is nobody's.
    fn user_id(&self) -> Result<UserId, Error> {
        self.id(Noun::User, UserId::parse)
    }

    /// The id of a department in the path; one that is malformed is none's.
    fn department_id(&self) -> Result<DepartmentId, Error> {
        self.id(Noun::Department, DepartmentId::parse)
    }

    fn id<T>(&self, noun: Noun, parse: fn(&str) -> Option<T>) -> Result<T, Error> {
        let text = self.segment(noun.id_name());
        parse(&text).ok_or_else(|| Error::not_found(noun, shown(&text)))
    }

    /// A file that was sent, piece by piece, of up to so many bytes.
    fn pieces(&self, bytes_max: usize) -> Result<Pieces, Failure> {
        let (body, timeout) = (self.asked.take_body(), self.http.settings.body_timeout);
        let headers = &self.asked.head.headers;
        Ok(Pieces::of(headers, body, bytes_max, timeout)?)
    }

    /// What stands in the address, of which only `known` fields may be part.
    fn query(&self, known: &[&str]) -> Result<Form, Failure> {
        let raw = self.asked.head.uri.query().unwrap_or_default();
        Ok(Form::parse(raw, known)?)
    }

    /// The position in a list that a link of this page's names.
    fn position(&self, query: &Form, purpose: &str) -> Result<Option<Position>, Failure> {
        let Some(cursor) = query.get("after") else {
            return Ok(None);
        };
        let position = self.http.seal.open(cursor, purpose);
        position.map(Some).ok_or(Failure::StaleLink)
    }

    fn seal(&self, position: &Position, purpose: &str) -> String {
        self.http.seal.seal(position, purpose)
    }

    /// What surrounds a page that is about no client.
    fn frame(&self, title: &str, place: Place) -> Frame {
        Frame::new(&self.visitor, title, place)
    }

    /// What surrounds a page of a client's.
    async fn client_frame(
        &self,
        access: &Access,
        title: &str,
        place: Place,
    ) -> Result<Frame, Failure> {
        let name =
            crate::operations::clients::get(self.app(), access, |client| client.name.to_string())
                .await?;
        Ok(self
            .frame(title, place)
            .of_client(&self.visitor, access.client(), name))
    }
}
