//! Errors in the gateway's form: exactly `{"error":{"code","message"}}`.

use crate::http::answer::Response;
use hyper::StatusCode;
use serde_json::json;

use crate::http::answer;
use crate::http::query::shown;
use crate::http::request_log::FailureReason;
use crate::model::invalid::Invalid;
use crate::operations::error::{Error, Noun};

/// Why a request was not answered as asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The directory says no.
    Directory(Error),
    /// The bucket is empty.
    RateLimited,
    /// There is no such resource at all.
    NoSuchPath,
    /// The resource does not know the method.
    MethodNotAllowed,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Directory(error)
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self::Directory(invalid.into())
    }
}

impl Failure {
    /// The answer that says so.
    pub fn render(self) -> Response {
        let reason = match &self {
            Self::Directory(error) => FailureReason::of(error),
            _ => None,
        };
        let (status, code, message) = self.parts();
        let body = json!({ "error": { "code": code, "message": message } });
        let response = answer::json(status, &body);
        answer::refused(response, "Bearer realm=\"rollcall\"", reason)
    }

    fn parts(self) -> (StatusCode, &'static str, String) {
        const INVALID: &str = "INPUT_VALIDATION_FAILED";
        const SERVER: &str = "INTERNAL_SERVER_ERROR";
        let text = str::to_owned;
        match self {
            Self::RateLimited => (
                StatusCode::TOO_MANY_REQUESTS,
                "RATE_LIMIT_EXCEEDED",
                text("Rate limit exceeded."),
            ),
            Self::NoSuchPath => (
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                text("The resource does not exist."),
            ),
            Self::MethodNotAllowed => {
                let message = text("The gateway is read with GET only.");
                (StatusCode::METHOD_NOT_ALLOWED, INVALID, message)
            }
            Self::Directory(error) => match error {
                Error::Unauthorized(reason) => (
                    StatusCode::UNAUTHORIZED,
                    "AUTHENTICATION_FAILED",
                    text(reason),
                ),
                Error::NotFound(Noun::User, id) => {
                    let message = format!("User ID {} does not exist.", shown(&id));
                    (StatusCode::NOT_FOUND, "NOT_FOUND", message)
                }
                Error::NotFound(noun, id) => {
                    let message = format!("{noun} {} does not exist.", shown(&id));
                    (StatusCode::NOT_FOUND, "NOT_FOUND", message)
                }
                // The gateway has no 403: what a caller may not see is not there for them.
                Error::Forbidden => (
                    StatusCode::NOT_FOUND,
                    "NOT_FOUND",
                    text("The resource does not exist."),
                ),
                Error::Invalid(invalid) => (StatusCode::BAD_REQUEST, INVALID, invalid.reason),
                Error::Unavailable(_) => {
                    let message = text("The directory is busy.");
                    (StatusCode::SERVICE_UNAVAILABLE, SERVER, message)
                }
                // The gateway writes nothing, so what only a write meets is a fault of ours.
                Error::Conflict(_)
                | Error::PreconditionFailed(_)
                | Error::KeyReused
                | Error::Degraded(_)
                | Error::Internal(_) => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    SERVER,
                    text("Internal server error."),
                ),
            },
        }
    }
}
