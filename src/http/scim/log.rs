//! What of a request the client's log is told: see [`crate::operations::scim_log`].

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::HeaderMap;
use scim::secret;

use crate::http::Http;
use crate::http::answer::Response;
use crate::http::metrics::method_label;
use crate::http::query::decoded;
use crate::http::request_log::{masked, may_be_secret};
use crate::http::router::Asked;
use crate::model::timestamp::Timestamp;
use crate::operations::caller::Access;
use crate::operations::scim_log::{self, Answer, Exchange};

/// The headers that mean something to us. Never `Authorization`.
const HEADERS: [&str; 8] = [
    "host",
    "x-forwarded-proto",
    "user-agent",
    "content-type",
    "content-length",
    "if-match",
    "if-none-match",
    "x-request-id",
];
/// The most of one header that is kept, and of a path with its query.
const HEADER_BYTES_MAX: usize = 256;
const TARGET_BYTES_MAX: usize = 2_048;

/// A request whose caller was let in. It is logged with its answer, or without one when it is dropped
/// before: whoever hung up may have changed something all the same.
pub struct Logging {
    http: Arc<Http>,
    asked: Arc<Asked>,
    access: Access,
    at: Timestamp,
    begun: Duration,
    is_over: bool,
}

impl Logging {
    /// A request begins. Its notes are in the access.
    pub fn begin(http: &Arc<Http>, asked: &Arc<Asked>, access: &Access) -> Self {
        Self {
            http: Arc::clone(http),
            asked: Arc::clone(asked),
            access: access.clone(),
            at: http.app.now(),
            begun: http.app.clock().monotonic(),
            is_over: false,
        }
    }

    /// It was answered.
    pub fn answered(mut self, response: &Response) {
        // The body is at hand, whole, and shared rather than copied.
        let body = response.body().clone().collect().now_or_never();
        let body = body.and_then(Result::ok).map(|body| body.to_bytes());
        let status = response.status();
        self.tell(Some(Answer {
            status: status.as_u16(),
            is_refusal: status.is_client_error() || status.is_server_error(),
            body: body.unwrap_or_default(),
        }));
    }

    fn tell(&mut self, answer: Option<Answer>) {
        self.is_over = true;
        let (app, head) = (&self.http.app, &self.asked.head);
        let (target, is_target_cut) = target(self.asked.path(), head.uri.query());
        let exchange = Exchange {
            at: self.at,
            method: method_label(&head.method),
            target: target.into(),
            is_target_cut,
            headers: headers(&head.headers),
            answer,
            duration: app.clock().monotonic().saturating_sub(self.begun),
        };
        scim_log::record(app, &self.access, exchange);
    }
}

impl Drop for Logging {
    fn drop(&mut self) {
        if !self.is_over {
            self.tell(None);
        }
    }
}

fn headers(headers: &HeaderMap) -> Vec<(&'static str, Box<str>)> {
    let kept = |name: &'static str| {
        let text = headers.get(name)?.to_str().ok()?;
        let text = match may_be_secret(text) {
            true => secret::REMOVED,
            false => &text[..text.floor_char_boundary(HEADER_BYTES_MAX)],
        };
        Some((name, text.into()))
    };
    HEADERS.into_iter().filter_map(kept).collect()
}

/// The path with its query, without what may be a secret in them, and whether that is not all of it.
fn target(path: &str, query: Option<&str>) -> (String, bool) {
    let masked = masked(path);
    let mut is_cut = masked != path;
    let mut target = masked.into_owned();
    for (index, pair) in query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .enumerate()
    {
        target.push(if index == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if is_harmless(name, value) {
            target.push_str(pair);
        } else {
            is_cut = true;
            target.push_str(match may_hold_secret(name) {
                true => secret::REMOVED,
                false => name,
            });
            target.push('=');
            target.push_str(secret::REMOVED);
        }
    }
    is_cut |= target.len() > TARGET_BYTES_MAX;
    target.truncate(target.floor_char_boundary(TARGET_BYTES_MAX));
    (target, is_cut)
}

fn is_harmless(name: &str, value: &str) -> bool {
    let is_secrets = decoded(name).is_none_or(|name| secret::is_name(&name));
    !is_secrets && !may_hold_secret(name) && !may_hold_secret(value)
}

fn may_hold_secret(text: &str) -> bool {
    let spaced = text.replace('+', " ");
    may_be_secret(text) || decoded(&spaced).is_none_or(|text| secret::may_be_in_expression(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_kept_without_what_may_be_a_secret() {
        let filter = "filter=userName%20eq%20%22ann%22&count=1";
        let token = "rc_0123456789abcdefghijABCDEFGHIJ";
        for (query, kept) in [
            (Some(filter), Some(filter)),
            (
                Some("attributes=password,userName"),
                Some("attributes=password,userName"),
            ),
            (
                Some("a=1&filter=password+eq+%22x%22"),
                Some("a=1&filter=***"),
            ),
            (Some("filter=p%61ssword%20eq%20x"), Some("filter=***")),
            (Some("access_token=x&b"), Some("access_token=***&b")),
            (Some(&*format!("a={token}")), Some("a=***")),
            (Some(token), Some("***=***")),
            (Some("a=%ff"), Some("a=***")),
            (None, None),
        ] {
            let (found, is_cut) = target("/Users", query);
            let expected = kept.map_or("/Users".to_owned(), |kept| format!("/Users?{kept}"));
            assert_eq!(found, expected);
            assert_eq!(is_cut, query != kept, "{found}");
        }
        let (path, is_cut) = target(&format!("/Users/{token}"), None);
        assert_eq!((&*path, is_cut), ("/Users/rc_***", true));
        let (long, is_cut) = target("/Users", Some(&"x".repeat(5_000)));
        assert!(is_cut && long.len() == TARGET_BYTES_MAX);
    }
}
