//! A route: its place, what a caller needs for it, and the door that a request goes through on its way
//! to the handler. Which routes there are says [`super::routes`].

use std::sync::Arc;

use hyper::Method;

use crate::http::answer::Response;
use crate::http::call::{self, Call};
use crate::http::clients::failure::Failure;
use crate::http::console::{self, Reach};
use crate::http::router::{Answering, Asked};
use crate::http::{Http, gateway, oauth, scim};
use crate::model::rate_limit::RouteClass;
use crate::model::scope::Scope;
use crate::operations::caller::{Access, AdminAccess};

/// What a caller needs for a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: it tells nothing of anybody.
    Nothing,
    /// A token for the client in the path, with this scope.
    Scope(Scope),
    /// A token for all clients with the scope `admin`.
    Admin,
    /// A credential of the instance in the path; counted in this class.
    Gateway(RouteClass),
    /// An OAuth client's id and secret.
    ClientSecret,
    /// A token for the client in the path, with the scope `scim`.
    Scim,
}

pub(super) type Handler = Arc<dyn Fn(Arc<Http>, Arc<Asked>) -> Answering + Send + Sync>;

/// One route, of those who come with a credential, or of the console's pages.
#[derive(Clone)]
pub struct Route<N = Needs> {
    /// The method. `HEAD` comes with `GET`, `OPTIONS` with everything.
    pub method: Method,
    /// The path, with `{name}` for a segment.
    pub path: &'static str,
    /// What a caller needs.
    pub needs: N,
    /// The name of the operation in the OpenAPI document.
    pub name: &'static str,
    pub(super) handler: Handler,
}

/// A route of the Clients API about a client.
pub(super) fn of_client<Fut>(
    method: &Method,
    path: &'static str,
    scope: Scope,
    name: &'static str,
    handler: fn(Call, Access) -> Fut,
) -> Route
where
    Fut: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    let handler: Handler =
        Arc::new(move |http, asked| Box::pin(call::for_client(http, path, scope, asked, handler)));
    Route {
        method: method.clone(),
        path,
        needs: Needs::Scope(scope),
        name,
        handler,
    }
}

/// A route of the Clients API for who administers clients.
pub(super) fn of_admin<Fut>(
    method: &Method,
    path: &'static str,
    name: &'static str,
    handler: fn(Call, AdminAccess) -> Fut,
) -> Route
where
    Fut: Future<Output = Result<Response, Failure>> + Send + 'static,
{
    let handler: Handler =
        Arc::new(move |http, asked| Box::pin(call::for_admin(http, path, asked, handler)));
    Route {
        method: method.clone(),
        path,
        needs: Needs::Admin,
        name,
        handler,
    }
}

/// A route of the Identity Gateway.
pub(super) fn of_gateway(path: &'static str, class: RouteClass, name: &'static str) -> Route {
    let handler: Handler = Arc::new(move |http, asked| {
        Box::pin(async move {
            gateway::for_instance(http, path, class, asked, async |question| match class {
                RouteClass::GatewayList => gateway::list(question).await,
                _ => gateway::get(question).await,
            })
            .await
        })
    });
    Route {
        method: Method::GET,
        path,
        needs: Needs::Gateway(class),
        name,
        handler,
    }
}

/// A route of SCIM about a client.
pub(super) fn of_scim<Fut>(
    method: &Method,
    path: &'static str,
    name: &'static str,
    handler: fn(scim::Call) -> Fut,
) -> Route
where
    Fut: Future<Output = Result<Response, scim::Failure>> + Send + 'static,
{
    let handler: Handler =
        Arc::new(move |http, asked| Box::pin(scim::for_client(http, path, asked, handler)));
    Route {
        method: method.clone(),
        path,
        needs: Needs::Scim,
        name,
        handler,
    }
}

/// A page of the console's that leads to its others.
pub(super) fn of_anybody<Fut>(
    method: &Method,
    path: &'static str,
    name: &'static str,
    handler: fn(Arc<Http>, Arc<Asked>) -> Fut,
) -> Route<Reach>
where
    Fut: Future<Output = Result<Response, console::Failure>> + Send + 'static,
{
    let answering: Handler =
        Arc::new(move |http, asked| Box::pin(console::for_anybody(http, asked, handler)));
    page_of(method, path, Reach::Anybody, name, answering)
}

/// A page of the console's for whoever is signed in.
pub(super) fn of_visitor<Fut>(
    method: &Method,
    path: &'static str,
    name: &'static str,
    handler: fn(console::Call) -> Fut,
) -> Route<Reach>
where
    Fut: Future<Output = Result<Response, console::Failure>> + Send + 'static,
{
    let answering: Handler =
        Arc::new(move |http, asked| Box::pin(console::for_visitor(http, path, asked, handler)));
    page_of(method, path, Reach::Visitor, name, answering)
}

/// A page of the console's about a client.
pub(super) fn of_console<Fut>(
    method: &Method,
    path: &'static str,
    scope: Scope,
    name: &'static str,
    handler: fn(console::Call, Access) -> Fut,
) -> Route<Reach>
where
    Fut: Future<Output = Result<Response, console::Failure>> + Send + 'static,
{
    let answering: Handler = Arc::new(move |http, asked| {
        Box::pin(console::for_client(http, path, scope, asked, handler))
    });
    page_of(method, path, Reach::Client(scope), name, answering)
}

/// A page of the console's for who administers clients.
pub(super) fn of_admin_page<Fut>(
    method: &Method,
    path: &'static str,
    name: &'static str,
    handler: fn(console::Call, AdminAccess) -> Fut,
) -> Route<Reach>
where
    Fut: Future<Output = Result<Response, console::Failure>> + Send + 'static,
{
    let answering: Handler =
        Arc::new(move |http, asked| Box::pin(console::for_admin(http, path, asked, handler)));
    page_of(method, path, Reach::Admin, name, answering)
}

fn page_of(
    method: &Method,
    path: &'static str,
    reach: Reach,
    name: &'static str,
    handler: Handler,
) -> Route<Reach> {
    Route {
        method: method.clone(),
        path,
        needs: reach,
        name,
        handler,
    }
}

/// The route where machines exchange their secrets.
pub(super) fn of_oauth(path: &'static str, name: &'static str) -> Route {
    Route {
        method: Method::POST,
        path,
        needs: Needs::ClientSecret,
        name,
        handler: Arc::new(|http, asked| Box::pin(oauth::token(http, asked))),
    }
}

/// A route that needs nothing, whose answer is at hand.
pub(super) fn open(
    path: &'static str,
    name: &'static str,
    handler: fn(&Http, &Asked) -> Response,
) -> Route {
    let handler: Handler = Arc::new(move |http, asked| {
        let response = handler(&http, &asked);
        Box::pin(std::future::ready(response))
    });
    Route {
        method: Method::GET,
        path,
        needs: Needs::Nothing,
        name,
        handler,
    }
}

/// A route that needs nothing, whose answer has to be waited for.
pub(super) fn open_waiting(
    path: &'static str,
    name: &'static str,
    handler: fn(Arc<Http>) -> Answering,
) -> Route {
    let handler: Handler = Arc::new(move |http, _| handler(http));
    Route {
        method: Method::GET,
        path,
        needs: Needs::Nothing,
        name,
        handler,
    }
}
