//! Errors in SCIM's form (RFC 7644 3.12).

use hyper::StatusCode;
use scim::filter::FilterError;
use scim::{ScimError, ScimType};

use crate::http::answer::{self, Response};
use crate::http::body::BodyError;
use crate::http::request_log::FailureReason;
use crate::http::scim::answered;
use crate::model::invalid::Invalid;
use crate::operations::error::{Error, Noun};

/// Why a request was not answered as asked.
#[derive(Debug)]
pub enum Failure {
    /// The directory says no.
    Directory(Error),
    /// The body could not be read.
    Body(BodyError),
    /// What was sent is not SCIM.
    Scim(ScimError),
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

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        Self::Scim(error)
    }
}

impl From<FilterError> for Failure {
    fn from(error: FilterError) -> Self {
        Self::Scim(error.into())
    }
}

impl Failure {
    /// The answer that says so.
    pub fn render(self) -> Response {
        let reason = self.reason();
        let error = self.error();
        let status = StatusCode::from_u16(error.status);
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let response = answered(status, &error.to_json());
        answer::refused(response, "Bearer realm=\"rollcall\"", reason)
    }

    /// What is kept from the caller and told to the log.
    pub(super) fn reason(&self) -> Option<FailureReason> {
        match self {
            Self::Directory(error) => FailureReason::of(error),
            _ => None,
        }
    }

    /// What the body says.
    pub(super) fn error(self) -> ScimError {
        match self {
            Self::Scim(error) => error,
            Self::Directory(error) => of_directory(error),
            Self::Body(error) => of_body(error),
            Self::RateLimited => ScimError::of_status(429, "The token's rate limit is used up"),
            Self::NoSuchPath => ScimError::of_status(404, "There is no such resource"),
            Self::MethodNotAllowed => {
                ScimError::of_status(405, "The resource does not know this method")
            }
        }
    }
}

fn of_directory(error: Error) -> ScimError {
    let detail = error.to_string();
    match error {
        Error::Unauthorized(_) => ScimError::of_status(401, detail),
        Error::Forbidden => ScimError::of_status(403, detail),
        Error::NotFound(Noun::User, id) => {
            ScimError::of_status(404, format!("User {id} not found"))
        }
        Error::NotFound(Noun::Department, id) => {
            ScimError::of_status(404, format!("Group {id} not found"))
        }
        Error::NotFound(..) => ScimError::of_status(404, detail),
        Error::Invalid(invalid) => ScimError::new(ScimType::InvalidValue, invalid.reason),
        Error::Conflict(invalid) => ScimError::new(ScimType::Uniqueness, invalid.reason),
        Error::PreconditionFailed(_) => ScimError::of_status(412, detail),
        Error::KeyReused => ScimError::of_status(422, detail),
        Error::Degraded(_) => ScimError::of_status(409, detail),
        Error::Unavailable(_) => ScimError::of_status(503, "The directory is busy"),
        Error::Internal(_) => ScimError::of_status(500, "Server error"),
    }
}

fn of_body(error: BodyError) -> ScimError {
    match error {
        BodyError::TooLarge | BodyError::FileTooLarge(_) => {
            ScimError::of_status(413, "The body is longer than 1 MiB")
        }
        BodyError::TooSlow => ScimError::of_status(408, "The body did not arrive in time"),
        BodyError::UnsupportedMediaType | BodyError::NotAFile => {
            ScimError::of_status(415, "The body must be application/scim+json in UTF-8")
        }
        BodyError::Invalid(invalid) => ScimError::new(ScimType::InvalidSyntax, invalid.reason),
    }
}
