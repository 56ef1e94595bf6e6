//! Why a command ends without having done what it was asked: a sentence, and exit code 1.

use std::io;
use std::path::Path;

use crate::operations;
use crate::store;

/// Why a command failed.
#[derive(Debug, PartialEq, Eq)]
pub enum Failure {
    /// What is wrong, a sentence each; there is at least one.
    Because(Vec<String>),
    /// Nobody reads our output any more (`rollcall client list | head -1`): no reason to complain.
    NobodyReads,
}

impl Failure {
    /// A failure for one reason.
    pub fn because(reason: impl Into<String>) -> Self {
        Self::Because(vec![reason.into()])
    }

    /// That a file could not be read or written.
    pub fn of_file(path: &Path, error: &io::Error) -> Self {
        Self::because(format!("{}: {error}", path.display()))
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        Self::because(error.to_string())
    }
}

impl From<operations::error::Error> for Failure {
    fn from(error: operations::error::Error) -> Self {
        use operations::error::Error;
        Self::because(match error {
            Error::NotFound(noun, id) => {
                format!("there is no {} {id}", noun.name_within())
            }
            other => other.to_string(),
        })
    }
}
