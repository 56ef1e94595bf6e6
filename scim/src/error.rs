//! What can be wrong with a request, in SCIM's words.

use serde_json::{Value, json};

/// The schema of an error's body (RFC 7644 3.12).
pub const ERROR_URN: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A refusal: what the answer's body says, and the status that goes with it (RFC 7644 3.12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status.
    pub status: u16,
    /// The keyword, for the errors that have one.
    pub scim_type: Option<ScimType>,
    /// A sentence for people. It quotes what was sent, but never more than a few words of it.
    pub detail: String,
}

/// The keywords of RFC 7644 3.12, table 9, and of RFC 9865 2.3 (the last three).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// A filter that cannot be read, or compares what cannot be compared.
    InvalidFilter,
    /// More results than the server is willing to work out.
    TooMany,
    /// A `userName` or other unique value that somebody else has.
    Uniqueness,
    /// A change to what cannot be changed.
    Mutability,
    /// A body that is no such message.
    InvalidSyntax,
    /// A PATCH path that cannot be read.
    InvalidPath,
    /// A PATCH path that leads to nothing.
    NoTarget,
    /// A value that is missing, or of the wrong type.
    InvalidValue,
    /// A SCIM version that is not spoken here.
    InvalidVers,
    /// Something that may not stand in a URL.
    Sensitive,
    /// A cursor that is not one of ours.
    InvalidCursor,
    /// A cursor that is too old.
    ExpiredCursor,
    /// A `count` that does not go with the cursor.
    InvalidCount,
}

impl ScimType {
    /// Every keyword.
    pub const ALL: [Self; 13] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
        Self::Sensitive,
        Self::InvalidCursor,
        Self::ExpiredCursor,
        Self::InvalidCount,
    ];

    /// As it stands in the body, for example `invalidFilter`.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }

    /// The status that it goes with: 409 for a taken value, 403 for what may not stand in a URL,
    /// 400 for the rest.
    pub fn status(self) -> u16 {
        match self {
            Self::Uniqueness => 409,
            Self::Sensitive => 403,
            _ => 400,
        }
    }
}

impl ScimError {
    /// An error with a keyword, and the status that goes with it.
    pub fn new(scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self {
            status: scim_type.status(),
            scim_type: Some(scim_type),
            detail: detail.into(),
        }
    }

    /// An error that has no keyword, such as 404.
    pub fn of_status(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
        }
    }

    /// The body (RFC 7644 3.12); the status is a string in it.
    pub fn to_json(&self) -> Value {
        let mut body = json!({ "schemas": [ERROR_URN], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            body["scimType"] = scim_type.name().into();
        }
        body["detail"] = self.detail.as_str().into();
        body
    }

    pub(crate) fn value(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidValue, detail)
    }

    pub(crate) fn syntax(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidSyntax, detail)
    }

    pub(crate) fn path(detail: impl Into<String>) -> Self {
        Self::new(ScimType::InvalidPath, detail)
    }
}

/// What somebody wrote, quoted for a sentence: short, and without control characters.
pub(crate) fn shown(word: &str) -> String {
    const CHARACTERS_MAX: usize = 60;
    match word.char_indices().nth(CHARACTERS_MAX) {
        Some((cut, _)) => format!("{:?}", format!("{}…", &word[..cut])),
        None => format!("{word:?}"),
    }
}
