//! What can go wrong below SQL.

/// A failure of the database. Nothing that was asked for has happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The database is busy, locked or away: worth another try.
    #[error("the database is not available: {0}")]
    Busy(String),
    /// Anything else: a fault of ours or of the disk.
    #[error("the database failed: {0}")]
    Failed(String),
    /// The database was written by a newer release, or is not ours at all.
    #[error("{0}")]
    Refused(String),
}
