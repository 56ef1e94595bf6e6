//! From a path to its handler, and the answer from there to the connection, observed on the way.
//!
//! [`matchit`], which axum's router uses too, finds the path; between it and a handler there is one
//! box and no list of extensions. Axum's layers around the same tree took a tenth of what bare
//! hyper does. It knows no routes: see [`super::routes`].

use std::any::Any;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::FutureExt;
use http_body_util::Full;
use hyper::body::{Body as _, Bytes};
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request};
use parking_lot::Mutex;

use crate::http::answer::Response;
use crate::http::body::Body;
use crate::http::metrics::{RouteFigures, UNMATCHED};
use crate::http::observe::{Exchange, Observer, RequestId};

/// A request as handlers get it. It lies in one place from its beginning to its end: a future that
/// carries a request in it is copied whenever it is handed on.
pub struct Asked {
    /// Its line and headers.
    pub head: Parts,
    /// Taken by who reads it. A body alone is not `Sync`, which futures that lend a request need.
    body: Mutex<Body>,
    /// Its id: the caller's own or one that we made.
    pub id: RequestId,
    /// The address that it came from.
    pub peer: IpAddr,
}

impl Asked {
    /// A part of it that has a head and a body of its own.
    pub fn part(&self, head: Parts, body: Body) -> Self {
        Self {
            head,
            body: Mutex::new(body),
            id: self.id,
            peer: self.peer,
        }
    }

    /// Its path.
    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// Its body, once.
    pub fn take_body(&self) -> Body {
        std::mem::take(&mut self.body.lock())
    }
}

/// An answer to come.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What answers a request.
pub type Handler = Box<dyn Fn(Arc<Asked>) -> Answering + Send + Sync>;

/// What answers under one path.
pub struct Resource {
    /// The path, with `{name}` for a segment.
    pub template: &'static str,
    /// The methods that have a handler. `HEAD` comes with `GET`.
    pub methods: Vec<(Method, Handler)>,
    /// What answers to any other method.
    pub otherwise: Handler,
}

struct Known {
    resource: Resource,
    figures: Arc<RouteFigures>,
}

/// All resources of a server.
pub struct Router {
    resources: matchit::Router<Known>,
    respelled: fn(&str) -> Option<String>,
    unknown: Handler,
    unmatched: Arc<RouteFigures>,
    observer: Observer,
}

impl Router {
    /// A router of these resources; `unknown` answers where there is none. A path that leads nowhere
    /// is looked for once more as it is `respelled`, if it can be.
    pub fn new(
        observer: Observer,
        resources: Vec<Resource>,
        respelled: fn(&str) -> Option<String>,
        unknown: Handler,
    ) -> Self {
        let metrics = &observer.metrics;
        let mut known = matchit::Router::new();
        for resource in resources {
            let template = resource.template;
            let figures = metrics.of_route(template);
            known
                .insert(template, Known { resource, figures })
                .expect("each path of the table is there once, and none hides another");
        }
        Self {
            resources: known,
            respelled,
            unknown,
            unmatched: metrics.of_route(UNMATCHED),
            observer,
        }
    }

    /// Answers a request that came from `peer`. A handler's panic is answered too.
    pub async fn answer(&self, request: Request<Body>, peer: IpAddr) -> Response {
        let (head, body) = request.into_parts();
        let asked = Arc::new(Asked {
            id: self.observer.id_of(&head.headers),
            head,
            body: Mutex::new(body),
            peer,
        });
        let (handler, figures) = self.find(&asked.head.method, asked.path());
        let mut exchange = Exchange::begin(&self.observer, figures, Arc::clone(&asked));
        let answering = async { handler(Arc::clone(&asked)).await };
        let response = match AssertUnwindSafe(answering).catch_unwind().await {
            Ok(response) => exchange.answered(response),
            Err(panic) => exchange.panicked(message(&*panic)),
        };
        match asked.head.method {
            Method::HEAD => headed(response),
            _ => response,
        }
    }

    fn find(&self, method: &Method, path: &str) -> (&Handler, &RouteFigures) {
        let found = self.resources.at(path).ok().map(|found| found.value);
        let again = || {
            let path = (self.respelled)(path)?;
            Some(self.resources.at(&path).ok()?.value)
        };
        let Some(Known { resource, figures }) = found.or_else(again) else {
            return (&self.unknown, &self.unmatched);
        };
        let of = |method: &Method| resource.methods.iter().find(|(known, _)| known == method);
        let handler = match of(method) {
            None if *method == Method::HEAD => of(&Method::GET),
            found => found,
        };
        let handler = handler.map_or(&resource.otherwise, |(_, handler)| handler);
        (handler, figures)
    }
}

/// The answer to `HEAD`: what `GET` would say of itself, without it (RFC 9110 9.3.2).
fn headed(mut response: Response) -> Response {
    if let Some(length) = response
        .body()
        .size_hint()
        .exact()
        .filter(|length| *length > 0)
    {
        let length = HeaderValue::from(length);
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
    response.map(|_| Full::new(Bytes::new()))
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
