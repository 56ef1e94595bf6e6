//! `POST /oauth2/token`: client credentials are exchanged for a token (RFC 6749 4.4, errors as in
//! its 5.2).

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA, RETRY_AFTER};
use serde_json::json;

use crate::http::Http;
use crate::http::answer::{self, Response};
use crate::http::body::{self, BodyError};
use crate::http::query::{Query, decoded};
use crate::http::request_log::FailureReason;
use crate::http::router::Asked;
use crate::model::oauth::TOKEN_LIFETIME_S;
use crate::model::rate_limit::{Limit, RouteClass};
use crate::operations::error::Error;
use crate::operations::limits::Asker;
use crate::operations::oauth::{self, Denied};

const PARAMETERS: [&str; 4] = ["grant_type", "client_id", "client_secret", "scope"];
const FORM: &str = "application/x-www-form-urlencoded";
/// How often an address may present what is no client's, a minute.
const FAILURES_PER_MINUTE: u32 = 60;

/// Why there is no token, in the words of RFC 6749 5.2.
struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after_s: Option<u32>,
    reason: Option<FailureReason>,
}

/// `POST /oauth2/token`
pub async fn token(http: Arc<Http>, asked: Arc<Asked>) -> Response {
    let mut response = match exchanged(&http, &asked).await {
        Ok(response) => response,
        Err(refusal) => refusal.render(),
    };
    // Whoever keeps answers must not keep this one (RFC 6749 5.1).
    answer::set(&mut response, CACHE_CONTROL, "no-store");
    answer::set(&mut response, PRAGMA, "no-cache");
    response
}

async fn exchanged(http: &Http, asked: &Asked) -> Result<Response, Refusal> {
    let headers = &asked.head.headers;
    if asked
        .head
        .uri
        .query()
        .is_some_and(|query| !query.is_empty())
    {
        return Err(invalid(
            "parameters stand in the body, not in the path's query",
        ));
    }
    let body = body::read(headers, asked.take_body(), http.settings.body_timeout).await?;
    body::assert_media_type(headers, &[FORM])?;
    let text = std::str::from_utf8(&body).map_err(|_| invalid("the body is not valid UTF-8"))?;
    let form = Query::parse_form(text, &PARAMETERS).map_err(|refused| invalid(&refused.reason))?;
    // A parameter without a value is as one that is not there (RFC 6749 3.2).
    let parameter = |name| form.get(name).filter(|value| !value.is_empty());
    match parameter("grant_type") {
        Some("client_credentials") => {}
        Some(_) => {
            let description = "grant_type must be client_credentials";
            return Err(bad_request("unsupported_grant_type", description));
        }
        None => return Err(invalid("grant_type is required")),
    }
    let given = (parameter("client_id"), parameter("client_secret"));
    let (id, secret) = credentials(headers, given)?;
    let exchange = oauth::exchange(&http.app, &id, &secret, parameter("scope"));
    let (token, secret) = match exchange.await {
        Ok(issued) => issued,
        Err(denied) => return Err(refusal(http, asked.peer, denied).await),
    };
    let body = json!({
        "access_token": secret.reveal(),
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFETIME_S,
        "scope": token.scopes.to_string(),
    });
    Ok(answer::json(StatusCode::OK, &body))
}

/// The client's id and secret: by HTTP Basic, or else in the form; not by both (RFC 6749 2.3).
fn credentials(
    headers: &HeaderMap,
    (id, secret): (Option<&str>, Option<&str>),
) -> Result<(String, String), Refusal> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let Some(value) = values.next() else {
        return match (id, secret) {
            (Some(id), Some(secret)) => Ok((id.to_owned(), secret.to_owned())),
            _ => Err(not_authenticated(
                "client_id and client_secret are required",
            )),
        };
    };
    if values.next().is_some() || secret.is_some() {
        return Err(invalid("the client must prove itself in one way only"));
    }
    let malformed = || not_authenticated("the Authorization header is not HTTP Basic");
    let value = value.to_str().map_err(|_| malformed())?;
    let (scheme, encoded) = value.trim().split_once(' ').ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(malformed());
    }
    let bytes = STANDARD.decode(encoded.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    let (own_id, secret) = text.split_once(':').ok_or_else(malformed)?;
    // Both were encoded as in a form first (RFC 6749 2.3.1); ours are the same either way.
    let part = |text: &str| decoded(text).map(std::borrow::Cow::into_owned);
    let (own_id, secret) = part(own_id).zip(part(secret)).ok_or_else(malformed)?;
    if id.is_some_and(|id| id != own_id) {
        return Err(invalid(
            "client_id is not the one in the Authorization header",
        ));
    }
    Ok((own_id, secret))
}

async fn refusal(http: &Http, peer: IpAddr, denied: Denied) -> Refusal {
    match denied {
        Denied::Client => stranger(http, peer).await,
        Denied::Scope(name) => {
            let description = format!("the client has no scope {}", printable(&name));
            bad_request("invalid_scope", &description)
        }
        Denied::TooManyTokens => {
            too_many("too many of the client's tokens are valid: use one until it ends")
        }
        Denied::Directory(error) => error.into(),
    }
}

/// The refusal of somebody who is no client of ours; counted by address.
async fn stranger(http: &Http, peer: IpAddr) -> Refusal {
    let limit = Limit::per_minute(FAILURES_PER_MINUTE).expect("it is within the limit's range");
    let asker = Asker::Stranger(peer);
    let decision = http.app.take(asker, RouteClass::ClientsApi, limit).await;
    if decision.allowed {
        return not_authenticated("the client is unknown, or its secret is not this one");
    }
    Refusal {
        retry_after_s: Some(decision.retry_after_s),
        ..too_many("too many attempts")
    }
}

fn bad_request(error: &'static str, description: &str) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        error,
        description: description.to_owned(),
        retry_after_s: None,
        reason: None,
    }
}

fn invalid(description: &str) -> Refusal {
    bad_request("invalid_request", description)
}

fn not_authenticated(description: &str) -> Refusal {
    Refusal {
        status: StatusCode::UNAUTHORIZED,
        ..bad_request("invalid_client", description)
    }
}

fn too_many(description: &str) -> Refusal {
    Refusal {
        status: StatusCode::TOO_MANY_REQUESTS,
        retry_after_s: Some(60),
        ..bad_request("temporarily_unavailable", description)
    }
}

/// A stranger's text with the characters alone that a description may have (RFC 6749 5.2).
fn printable(text: &str) -> String {
    let is_fine =
        |character: &char| matches!(character, ' '..='~') && !matches!(character, '"' | '\\');
    text.chars().filter(is_fine).take(100).collect()
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge | BodyError::FileTooLarge(_) => Self {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..invalid("the body is longer than 1 MiB")
            },
            BodyError::TooSlow => Self {
                status: StatusCode::REQUEST_TIMEOUT,
                ..invalid("the body did not arrive in time")
            },
            BodyError::UnsupportedMediaType | BodyError::NotAFile => {
                invalid("the body must be application/x-www-form-urlencoded in UTF-8")
            }
            BodyError::Invalid(refused) => invalid(&refused.reason),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let reason = FailureReason::of(&error);
        let (status, error, description) = match error {
            Error::Unavailable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "the directory is busy",
            ),
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "server_error",
                "server error",
            ),
        };
        Self {
            status,
            reason,
            ..bad_request(error, description)
        }
    }
}

impl Refusal {
    fn render(self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let response = answer::json(self.status, &body);
        let mut response = answer::refused(response, "Basic realm=\"rollcall\"", self.reason);
        if let Some(seconds) = self.retry_after_s {
            answer::set(&mut response, RETRY_AFTER, &seconds.to_string());
        }
        response
    }
}
