//! Errors in the Clients API's form: `{"error":{"code","message","details"}}`.

use crate::http::answer::Response;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::http::answer;
use crate::http::body::BodyError;
use crate::http::observe::RequestId;
use crate::http::request_log::FailureReason;
use crate::model::invalid::Invalid;
use crate::operations::error::Error;

/// Why a request was not answered as asked.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// The directory says no.
    Directory(Error),
    /// The body could not be read.
    Body(BodyError),
    /// The cursor is not one that we made for this list, client, filter and order.
    InvalidCursor,
    /// The token's limit is used up.
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

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

/// A failure's parts: status, code, message, details.
type Rendering = (StatusCode, &'static str, String, Map<String, Value>);

impl Failure {
    /// The answer that says so.
    pub fn render(self, request_id: &RequestId) -> Response {
        let reason = match &self {
            Self::Directory(error) => FailureReason::of(error),
            _ => None,
        };
        let (status, code, message, mut details) = self.parts();
        details.insert("request_id".to_owned(), request_id.as_str().into());
        let body = json!({ "error": { "code": code, "message": message, "details": details } });
        let challenge = if message == "Authentication required" {
            "Bearer realm=\"rollcall\"".to_owned()
        } else {
            format!(
                "Bearer realm=\"rollcall\", error=\"invalid_token\", \
                 error_description=\"{message}\""
            )
        };
        answer::refused(answer::json(status, &body), &challenge, reason)
    }

    fn parts(self) -> Rendering {
        match self {
            Self::Directory(error) => directory_parts(error),
            Self::Body(error) => body_parts(error),
            Self::InvalidCursor => {
                let message = "The cursor does not belong to this list, client, filter and order";
                let details = detail("field", "cursor");
                (
                    StatusCode::BAD_REQUEST,
                    "invalid_cursor",
                    message.to_owned(),
                    details,
                )
            }
            Self::RateLimited => {
                let message = "The token's rate limit is used up".to_owned();
                (
                    StatusCode::TOO_MANY_REQUESTS,
                    "rate_limit_exceeded",
                    message,
                    Map::new(),
                )
            }
            Self::NoSuchPath => (
                StatusCode::NOT_FOUND,
                "not_found",
                "Resource not found".to_owned(),
                Map::new(),
            ),
            Self::MethodNotAllowed => {
                let message = "The resource does not know this method".to_owned();
                (
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    message,
                    Map::new(),
                )
            }
        }
    }
}

fn directory_parts(error: Error) -> Rendering {
    let message = error.to_string();
    match error {
        Error::Unauthorized(_) => (
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            message,
            Map::new(),
        ),
        Error::Forbidden => (StatusCode::FORBIDDEN, "forbidden", message, Map::new()),
        Error::NotFound(noun, id) => (
            StatusCode::NOT_FOUND,
            "not_found",
            message,
            detail(noun.id_name(), &id),
        ),
        Error::Invalid(invalid) => {
            let details = detail("field", &invalid.field);
            (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                invalid.reason,
                details,
            )
        }
        Error::Conflict(invalid) => (
            StatusCode::CONFLICT,
            "conflict",
            message,
            detail("field", &invalid.field),
        ),
        Error::Degraded(_) => (StatusCode::CONFLICT, "conflict", message, Map::new()),
        Error::PreconditionFailed(_) => (
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            message,
            Map::new(),
        ),
        Error::KeyReused => {
            let details = detail("field", "Idempotency-Key");
            (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_request",
                message,
                details,
            )
        }
        Error::Unavailable(_) => {
            let message = "The directory is busy".to_owned();
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                message,
                Map::new(),
            )
        }
        Error::Internal(_) => {
            let message = "Server error".to_owned();
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                message,
                Map::new(),
            )
        }
    }
}

fn body_parts(error: BodyError) -> Rendering {
    match error {
        BodyError::TooLarge => {
            let message = "The body is longer than 1 MiB".to_owned();
            (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                message,
                Map::new(),
            )
        }
        BodyError::FileTooLarge(most) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            format!("The file is longer than {} MiB", most >> 20),
            Map::new(),
        ),
        BodyError::NotAFile => {
            let message = "The body must be a file, text/csv or application/x-ndjson in UTF-8";
            (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                message.to_owned(),
                detail("field", "Content-Type"),
            )
        }
        BodyError::TooSlow => {
            let message = "The body did not arrive in time".to_owned();
            (
                StatusCode::REQUEST_TIMEOUT,
                "invalid_request",
                message,
                detail("field", "body"),
            )
        }
        BodyError::UnsupportedMediaType => {
            let message = "The body must be application/json in UTF-8".to_owned();
            let details = detail("field", "Content-Type");
            (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                message,
                details,
            )
        }
        BodyError::Invalid(invalid) => {
            let details = detail("field", &invalid.field);
            (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                invalid.reason,
                details,
            )
        }
    }
}

fn detail(name: &str, value: &str) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}
