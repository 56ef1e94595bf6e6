//! Making answers: JSON bodies, tags, nothing more than once.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use hyper::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::http::etag;
use crate::http::request_log::FailureReason;

/// An answer: whole before its first byte is sent.
pub type Response = hyper::Response<Full<Bytes>>;

/// Why our headers can be sent.
const VISIBLE: &str = "what we put into headers is visible ASCII";

/// A JSON text as an answer.
pub fn json_text(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut response = with(status, body.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// A value as JSON text.
pub fn text_of(body: &impl Serialize) -> String {
    serde_json::to_string(body).expect("our bodies have text keys and no failing parts")
}

/// A value as an answer.
pub fn json(status: StatusCode, body: &impl Serialize) -> Response {
    json_text(status, text_of(body))
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Response {
    with(status, Bytes::new())
}

fn with(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    // As many as most answers have, made room for once.
    response.headers_mut().reserve(8);
    response
}

/// A single resource: its body and tag, or 304 when the caller has it already.
pub fn tagged<B: Into<Bytes>>(
    headers: &HeaderMap,
    tag: String,
    body: impl FnOnce() -> B,
) -> Response {
    let mut response = if etag::is_known(headers, &tag) {
        empty(StatusCode::NOT_MODIFIED)
    } else {
        json_text(StatusCode::OK, body())
    };
    let tag = HeaderValue::try_from(tag).expect(VISIBLE);
    response.headers_mut().insert(ETAG, tag);
    response
}

/// Sets a header to text that we made.
pub fn set(response: &mut Response, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect(VISIBLE);
    response.headers_mut().insert(name, value);
}

/// What each refusal says beside its body: 401 how to prove oneself, 503 when to come again; and to
/// the log alone the reason, when it is kept from the caller.
pub fn refused(mut response: Response, challenge: &str, reason: Option<FailureReason>) -> Response {
    match response.status() {
        StatusCode::UNAUTHORIZED => set(&mut response, WWW_AUTHENTICATE, challenge),
        StatusCode::SERVICE_UNAVAILABLE => set(&mut response, RETRY_AFTER, "1"),
        _ => {}
    }
    if let Some(reason) = reason {
        response.extensions_mut().insert(reason);
    }
    response
}

/// An answer that can be remembered and given again: see [`crate::http::once`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Repeatable {
    /// The status code.
    pub status: u16,
    /// The resource's tag.
    pub etag: Option<String>,
    /// The id of what was made: its place is behind the request's path.
    pub made: Option<String>,
    /// The JSON body.
    pub body: String,
}

impl Repeatable {
    /// The answer to a request for `path`.
    pub fn into_response(self, path: &str) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = json_text(status, self.body);
        if let Some(tag) = &self.etag {
            set(&mut response, ETAG, tag);
        }
        if let Some(id) = &self.made {
            set(
                &mut response,
                LOCATION,
                &format!("{}/{id}", path.trim_end_matches('/')),
            );
        }
        response
    }
}
