//! What a caller says that they have seen (`If-Match`, RFC 9110 13.1.1), in the directory's words.

use crate::operations::error::Error;

/// Which revisions of a record a write may start from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Precondition {
    /// Any.
    #[default]
    None,
    /// One of these; of the two parts of a user's tag only the record's counts, so that activity
    /// never fails a write.
    Revisions(Vec<i64>),
}

impl Precondition {
    /// Refuses the revision that is there when it is none of those.
    pub fn check(&self, noun: &'static str, revision: i64) -> Result<(), Error> {
        match self {
            Self::Revisions(seen) if !seen.contains(&revision) => {
                Err(Error::PreconditionFailed(noun))
            }
            _ => Ok(()),
        }
    }
}
