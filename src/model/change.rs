//! The log's vocabulary: who changed what, and through which door.

use crate::model::id::{Id, TokenId};
use crate::model::timestamp::Timestamp;

/// Which record a change touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Entity {
    /// The client's own record.
    Client,
    /// A person.
    User,
    /// A department.
    Department,
}

impl Entity {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Client, Self::User, Self::Department];

    /// The entity of that name, exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|entity| entity.name() == name)
    }

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
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Api,
        Self::Activity,
        Self::Import,
        Self::Scim,
        Self::CommandLine,
        Self::Console,
    ];

    /// The door of that name, exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

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

/// What is done to records, by the names in the log.
pub const ACTIONS: [&str; 4] = ["created", "updated", "deleted", "restored"];

/// Whose changes are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// Those of who used this token, or was issued one as this OAuth client.
    Token(TokenId),
    /// The command line's.
    CommandLine,
}

impl By {
    /// What stands for the command line, which has no token.
    pub const COMMAND_LINE: &'static str = "command_line";

    /// Reads an id, or [`Self::COMMAND_LINE`].
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            Self::COMMAND_LINE => Some(Self::CommandLine),
            id => TokenId::parse(id).map(Self::Token),
        }
    }
}

/// Which changes to list. All that is given must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangeQuery {
    /// Of records of this kind.
    pub entity: Option<Entity>,
    /// Of the record of that kind that has this id. Without a kind it means nothing.
    pub entity_id: Option<Id>,
    /// One of [`ACTIONS`].
    pub action: Option<&'static str>,
    /// Through this door.
    pub source: Option<Source>,
    /// By whom.
    pub by: Option<By>,
    /// Made at this moment or later.
    pub from: Option<Timestamp>,
    /// Made before this moment.
    pub until: Option<Timestamp>,
}
