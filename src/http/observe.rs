//! What surrounds every request: its id, its measure, its line in the log, and the net under it
//! that turns a panic into an answer.
//!
//! It is a `tower` layer with a future of its own, because a middleware function would cost a box
//! or two for each request. It allocates twice: the id among the request's extensions, and the id's
//! header on the answer.

use std::any::Any;
use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, str};

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::http::metrics::{Metrics, UNMATCHED, method_label};
use crate::http::request_log::{Entry, FailureReason, RequestLog, may_be_secret};
use crate::http::server::Peer;
use crate::model::environment::{Clock, Entropy};

/// The header that carries a request's id, both ways.
pub static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken from a caller.
const ID_LENGTH_MAX: usize = 64;

/// The status in the log and the figures, never sent, of a request whose caller did not wait for
/// the answer (nginx's number for it), or that was abandoned at the server's end.
const CLOSED_BY_CALLER: StatusCode = match StatusCode::from_u16(499) {
    Ok(status) => status,
    Err(_) => unreachable!(),
};

/// A request's id: 1 to 64 of `[A-Za-z0-9._-]`, the caller's own or one that we made. Among the
/// extensions of every request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId {
    bytes: [u8; ID_LENGTH_MAX],
    length: u8,
}

impl RequestId {
    /// The caller's id; `None` if it is no good or may be a secret in the wrong place.
    pub fn parse(text: &str) -> Option<Self> {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let is_good = (1..=ID_LENGTH_MAX).contains(&text.len())
            && text.bytes().all(is_known)
            && !may_be_secret(text);
        is_good.then(|| Self::of(text.as_bytes()))
    }

    /// A new id: 32 hexadecimal digits.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut random = [0; 16];
        entropy.fill(&mut random);
        let mut digits = [0; 32];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(random) {
            pair[0] = b"0123456789abcdef"[usize::from(byte >> 4)];
            pair[1] = b"0123456789abcdef"[usize::from(byte & 15)];
        }
        Self::of(&digits)
    }

    fn of(text: &[u8]) -> Self {
        let mut bytes = [0; ID_LENGTH_MAX];
        bytes[..text.len()].copy_from_slice(text);
        let length = u8::try_from(text.len()).expect("an id has 64 characters at most");
        Self { bytes, length }
    }

    /// The id as it is written.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..usize::from(self.length)]).expect("an id is plain ASCII")
    }
}

/// The id of a request that [`Observe`] let through.
pub fn request_id(extensions: &axum::http::Extensions) -> RequestId {
    let id = extensions.get::<RequestId>().copied();
    id.expect("the router's outermost layer gives every request an id")
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

/// What observing needs.
pub struct Observer {
    /// Measures.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub entropy: Arc<dyn Entropy>,
    /// Counts.
    pub metrics: Arc<Metrics>,
    /// Writes the lines.
    pub log: Arc<RequestLog>,
    /// The answer to a request whose handler panicked, in the dialect that the path belongs to.
    pub failure: fn(&RequestId, &str) -> Response,
}

/// The layer, for `Router::layer`: outermost, after every route and fallback has been added.
#[derive(Clone)]
pub struct Observe(Arc<Observer>);

impl Observe {
    /// A layer that tells `observer`.
    pub fn new(observer: Observer) -> Self {
        Self(Arc::new(observer))
    }
}

impl<S> Layer<S> for Observe {
    type Service = Observed<S>;

    fn layer(&self, inner: S) -> Observed<S> {
        let observer = Arc::clone(&self.0);
        Observed { inner, observer }
    }
}

/// A service of which every request is observed.
#[derive(Clone)]
pub struct Observed<S> {
    inner: S,
    observer: Arc<Observer>,
}

impl<S> Service<Request> for Observed<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Observing<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let exchange = Exchange::begin(&self.observer, &request);
        request.extensions_mut().insert(exchange.request_id);
        let call = catch_unwind(AssertUnwindSafe(|| self.inner.call(request)));
        let (inner, panic) = match call {
            Ok(inner) => (Some(inner), None),
            Err(panic) => (None, Some(message(&*panic))),
        };
        Observing {
            inner,
            panic,
            exchange,
        }
    }
}

pin_project! {
    /// The answer to come.
    pub struct Observing<F> {
        // None once it has panicked: it must not be asked again.
        #[pin]
        inner: Option<F>,
        panic: Option<String>,
        exchange: Exchange,
    }
}

impl<F> Future for Observing<F>
where
    F: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(inner) = this.inner.as_mut().as_pin_mut() {
            match catch_unwind(AssertUnwindSafe(|| inner.poll(context))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(Ok(response))) => {
                    return Poll::Ready(Ok(this.exchange.answered(response)));
                }
                Err(panic) => {
                    this.inner.set(None);
                    *this.panic = Some(message(&*panic));
                }
            }
        }
        let reason = this.panic.take().unwrap_or_default();
        Poll::Ready(Ok(this.exchange.panicked(reason)))
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

/// One request and its answer. Dropped before the answer, it says that nobody waited for it.
struct Exchange {
    observer: Arc<Observer>,
    begun: Duration,
    request_id: RequestId,
    method: Method,
    uri: Uri,
    route: Option<MatchedPath>,
    peer: Option<IpAddr>,
    is_over: bool,
}

impl Exchange {
    fn begin(observer: &Arc<Observer>, request: &Request) -> Self {
        let request_id = request
            .headers()
            .get(&REQUEST_ID)
            .and_then(|value| RequestId::parse(value.to_str().ok()?))
            .unwrap_or_else(|| RequestId::new(&*observer.entropy));
        Self {
            observer: Arc::clone(observer),
            begun: observer.clock.monotonic(),
            request_id,
            method: request.method().clone(),
            uri: request.uri().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            peer: request.extensions().get::<Peer>().map(|peer| peer.0),
            is_over: false,
        }
    }

    fn answered(&mut self, mut response: Response) -> Response {
        let id = HeaderValue::from_str(self.request_id.as_str()).expect("an id is plain ASCII");
        response.headers_mut().insert(&REQUEST_ID, id);
        let reason = response.extensions().get::<FailureReason>();
        self.tell(response.status(), reason.map(|reason| reason.0.as_str()));
        response
    }

    fn panicked(&mut self, reason: String) -> Response {
        let mut response = (self.observer.failure)(&self.request_id, self.uri.path());
        response.extensions_mut().insert(FailureReason(reason));
        self.answered(response)
    }

    fn tell(&mut self, status: StatusCode, reason: Option<&str>) {
        self.is_over = true;
        let observer = &self.observer;
        let duration = observer.clock.monotonic().saturating_sub(self.begun);
        let route = self.route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
        observer
            .metrics
            .request(route, &self.method, status, duration);
        let status = status.as_u16();
        // Where no line is wanted, not even the time of day is asked for.
        if observer.log.wants(status, duration) {
            observer.log.record(&Entry {
                at: observer.clock.now(),
                request_id: self.request_id.as_str(),
                method: method_label(&self.method),
                path: self.uri.path(),
                route,
                status,
                duration,
                peer: self.peer,
                reason,
            });
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(CLOSED_BY_CALLER, None);
        }
    }
}
