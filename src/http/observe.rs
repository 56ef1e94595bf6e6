//! What is noted of every request: its id, how long it took, its line in the log.

use std::sync::Arc;
use std::time::Duration;
use std::{fmt, str};

use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};

use crate::http::answer::Response;
use crate::http::metrics::{Metrics, RouteFigures, method_label};
use crate::http::request_log::{Entry, FailureReason, RequestLog, may_be_secret};
use crate::http::router::Asked;
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

/// A request's id: 1 to 64 of `[A-Za-z0-9._-]`, the caller's own or one that we made.
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

impl Observer {
    /// The id of a request with these headers.
    pub fn id_of(&self, headers: &HeaderMap) -> RequestId {
        headers
            .get(&REQUEST_ID)
            .and_then(|value| RequestId::parse(value.to_str().ok()?))
            .unwrap_or_else(|| RequestId::new(&*self.entropy))
    }
}

/// One request and its answer. Dropped before the answer, it says that nobody waited for it.
pub struct Exchange<'a> {
    observer: &'a Observer,
    figures: &'a RouteFigures,
    asked: Arc<Asked>,
    begun: Duration,
    is_over: bool,
}

impl<'a> Exchange<'a> {
    /// A request to the route with these figures begins.
    pub fn begin(observer: &'a Observer, figures: &'a RouteFigures, asked: Arc<Asked>) -> Self {
        Self {
            observer,
            figures,
            asked,
            begun: observer.clock.monotonic(),
            is_over: false,
        }
    }

    /// It was answered: the answer gets the id.
    pub fn answered(&mut self, mut response: Response) -> Response {
        let id = HeaderValue::from_str(self.asked.id.as_str()).expect("an id is plain ASCII");
        response.headers_mut().insert(&REQUEST_ID, id);
        let reason = response.extensions().get::<FailureReason>();
        self.tell(response.status(), reason.map(|reason| reason.0.as_str()));
        response
    }

    /// Its handler panicked, for this reason.
    pub fn panicked(&mut self, reason: String) -> Response {
        let mut response = (self.observer.failure)(&self.asked.id, self.asked.path());
        response.extensions_mut().insert(FailureReason(reason));
        self.answered(response)
    }

    fn tell(&mut self, status: StatusCode, reason: Option<&str>) {
        self.is_over = true;
        let observer = self.observer;
        let duration = observer.clock.monotonic().saturating_sub(self.begun);
        observer
            .metrics
            .request(self.figures, &self.asked.head.method, status, duration);
        let status = status.as_u16();
        // Where no line is wanted, not even the time of day is asked for.
        if observer.log.wants(status, duration) {
            observer.log.record(&Entry {
                at: observer.clock.now(),
                request_id: self.asked.id.as_str(),
                method: method_label(&self.asked.head.method),
                path: self.asked.path(),
                route: self.figures.template(),
                status,
                duration,
                peer: self.asked.peer,
                reason,
            });
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(CLOSED_BY_CALLER, None);
        }
    }
}
