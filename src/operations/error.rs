//! What can be wrong with a question, in the directory's words. Each dialect renders it in its own.

use std::fmt;

use crate::model::invalid::Invalid;
use crate::store;

/// What something is called that was asked for and is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// A client organisation.
    Client,
    /// A person.
    User,
    /// A department.
    Department,
    /// A gateway instance.
    Instance,
    /// A public key of an instance's.
    Key,
    /// A token.
    Token,
    /// An OAuth client.
    OauthClient,
    /// What is held of a person.
    Hold,
    /// A request of an identity provider's, in the log of them.
    ScimRequest,
    /// A file that waits to be imported.
    Upload,
    /// A run of an import.
    Import,
}

impl Noun {
    /// The name within a sentence.
    pub fn name_within(self) -> String {
        match self {
            Self::OauthClient => self.name().to_owned(),
            _ => self.name().to_lowercase(),
        }
    }

    /// The name at the beginning of a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "Client",
            Self::User => "User",
            Self::Department => "Department",
            Self::Instance => "Instance",
            Self::Key => "Key",
            Self::Token => "Token",
            Self::OauthClient => "OAuth client",
            Self::Hold => "Hold",
            Self::ScimRequest => "Request",
            Self::Upload => "Upload",
            Self::Import => "Import",
        }
    }

    /// The name of its id: `user_id`.
    pub fn id_name(self) -> &'static str {
        match self {
            Self::Client => "client_id",
            Self::User | Self::Hold => "user_id",
            Self::Department => "department_id",
            Self::Instance => "instance",
            Self::Key => "key_id",
            Self::Token => "token_id",
            Self::OauthClient => "oauth_client_id",
            Self::ScimRequest => "number",
            Self::Upload => "upload_id",
            Self::Import => "import_id",
        }
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why something was not done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nobody we know is asking, and the reason why.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// They may not; deliberately the same whatever there is behind it.
    #[error("Insufficient permissions for this client")]
    Forbidden,
    /// There is no such thing, for them.
    #[error("{0} not found")]
    NotFound(Noun, String),
    /// A value was refused.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The value of a field is taken by another record.
    #[error("{}", .0.reason)]
    Conflict(Invalid),
    /// The record is not the one that the caller has seen.
    #[error("The {0} was changed meanwhile")]
    PreconditionFailed(&'static str),
    /// An idempotency key was used for another request before.
    #[error("The Idempotency-Key was used for another request")]
    KeyReused,
    /// What would have to be known for it is not known well enough at present, and why.
    #[error("{0}")]
    Degraded(String),
    /// Worth another try in a moment.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours; the text is for the log alone.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// That there is no such thing, by the id that was asked for.
    pub fn not_found(noun: Noun, id: impl Into<String>) -> Self {
        Self::NotFound(noun, id.into())
    }

    /// That a field's value is taken.
    pub fn conflict(field: &str, reason: impl Into<String>) -> Self {
        Self::Conflict(Invalid::new(field, reason))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Busy(reason) => Self::Unavailable(reason),
            store::Error::Failed(reason) | store::Error::Refused(reason) => Self::Internal(reason),
        }
    }
}
