//! Imports: the files that people upload for them, and what is kept of each run.

use serde::{Deserialize, Serialize};

use crate::model::id::{ImportId, TokenId, UploadId};
use crate::model::invalid::Invalid;
use crate::model::timestamp::Timestamp;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Rows of cells, the first row names the columns.
    Csv,
    /// A JSON object a line.
    Jsonl,
}

impl Format {
    /// The name: what a file's name ends in.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }

    /// The format of that name, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Csv, Self::Jsonl]
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name))
    }
}

/// What became of the rows. Users are counted by `created`, `changed` and `unchanged`; a row of
/// either kind that was refused by `bad`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Users that were not there before.
    pub created: u64,
    /// Users that differ now, in their record or their activity.
    pub changed: u64,
    /// Users that were like that already.
    pub unchanged: u64,
    /// Rows that were refused.
    pub bad: u64,
    /// Departments that were not there before, or had been deleted.
    pub departments_created: u64,
    /// Departments that differ now.
    pub departments_changed: u64,
}

impl Totals {
    /// Adds those of more rows.
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.bad += other.bad;
        self.departments_created += other.departments_created;
        self.departments_changed += other.departments_changed;
    }
}

/// A row that was refused. It changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// The line that it begins on, from 1, as an editor counts them.
    pub line: u64,
    /// The column's name or the JSON field's path; `None` when it is about the row as a whole.
    pub column: Option<String>,
    /// A sentence.
    pub reason: String,
}

impl BadRow {
    /// A row that was refused for that.
    pub fn new(line: u64, invalid: Invalid) -> Self {
        Self {
            line,
            column: (!invalid.field.is_empty()).then_some(invalid.field),
            reason: invalid.reason,
        }
    }
}

/// A file that was uploaded and waits to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The id.
    pub id: UploadId,
    /// What the file is called.
    pub file_name: Box<str>,
    /// How it is written.
    pub format: Format,
    /// The token that was used, or the OAuth client that it was issued to.
    pub actor: Option<TokenId>,
    /// How many bytes of it have come.
    pub bytes: i64,
    /// When it began to come.
    pub created_at: Timestamp,
    /// When all of it had come.
    pub completed_at: Option<Timestamp>,
}

/// How an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportState {
    /// It goes on.
    Running,
    /// It came to the end of the file, whether or not rows were refused.
    Done,
    /// It ended before that. What it had done by then stays.
    Failed,
}

impl ImportState {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// A run of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The id.
    pub id: ImportId,
    /// What the file is called.
    pub file_name: Box<str>,
    /// How it is written.
    pub format: Format,
    /// The token that was used, or the OAuth client that it was issued to; `None` for the command
    /// line.
    pub actor: Option<TokenId>,
    /// The upload that it reads; `None` for a file of the command line's.
    pub upload: Option<UploadId>,
    /// How it stands.
    pub state: ImportState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it last said how far it has come.
    pub updated_at: Timestamp,
    /// How long the file is, in bytes.
    pub bytes: i64,
    /// How far into the file it has come.
    pub bytes_done: i64,
    /// What became of the rows so far.
    pub totals: Totals,
    /// The first rows that were refused.
    pub bad: Vec<BadRow>,
    /// Why it ended before the end of the file, in a sentence.
    pub failure: Option<Box<str>>,
}
