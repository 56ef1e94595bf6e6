//! The log's vocabulary: who changed what, and through which door.

use crate::model::id::TokenId;

/// Which record a change touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity {
    /// The client's own record.
    Client,
    /// A person.
    User,
    /// A department.
    Department,
}

impl Entity {
    /// The name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::Department => "department",
        }
    }
}

/// The door that a change came in by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The Clients API.
    Api,
    /// A report of activity that enrolled somebody.
    Activity,
    /// `rollcall import`.
    Import,
    /// SCIM 2.0.
    Scim,
    /// Another command of the command line.
    CommandLine,
    /// The console.
    Console,
}

impl Source {
    /// The name in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Activity => "activity",
            Self::Import => "import",
            Self::Scim => "scim",
            Self::CommandLine => "command_line",
            Self::Console => "console",
        }
    }

    /// Whether it repeats what another system says, and so leaves pinned fields alone.
    pub fn is_provisioning(self) -> bool {
        matches!(self, Self::Import | Self::Scim)
    }
}

/// Who changes something, and through which door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// The token that was used, or the OAuth client that it was issued to; `None` for the command line, whose user owns the database.
    pub token: Option<TokenId>,
    /// The door.
    pub source: Source,
}
