//! SQL: one text for both databases, a plain function each over [`tx::Tx`].
//!
//! The client comes first in every argument list and every key. Nothing here knows of permissions,
//! JSON bodies or status codes. What people read is answered from memory: see [`crate::directory`].

pub mod activity;
pub mod backup;
pub mod changes;
pub mod clients;
pub mod copy;
pub mod departments;
pub mod error;
pub mod idempotency;
pub mod instances;
pub mod memberships;
mod migrations;
pub mod registry;
pub mod secrets;
mod sqlite;
pub mod tokens;
pub mod tx;
pub mod users;

use std::fmt;
use std::path::{Path, PathBuf};

pub use error::Error;
use sqlite::Sqlite;
pub use tx::Tx;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite's.
    Sqlite(PathBuf),
}

impl Location {
    /// Reads `sqlite:FILE`.
    pub fn parse(url: &str) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Err(Error::Refused(
                "PostgreSQL is not supported yet: use sqlite:FILE".to_owned(),
            )),
            // Only its beginning is said again: a URL may hold a password.
            _ => {
                let scheme = url.split(':').next().unwrap_or_default();
                Err(Error::Refused(format!(
                    "{scheme:?} names no database: use sqlite:FILE"
                )))
            }
        }
    }
}

impl Location {
    /// Whether both are the same database, as far as their names tell.
    pub fn is_same(&self, other: &Self) -> bool {
        let (Self::Sqlite(one), Self::Sqlite(another)) = (self, other);
        match (one.canonicalize(), another.canonicalize()) {
            (Ok(one), Ok(another)) => one == another,
            _ => self == other,
        }
    }
}

impl fmt::Display for Location {
    /// The URL, without a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Sqlite(path) = self;
        write!(formatter, "sqlite:{}", path.display())
    }
}

/// What [`Store::inspect`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// There is no database yet, or an empty file: opening makes one.
    Absent,
    /// It is of this release.
    Current,
    /// It is of an earlier release: opening migrates it.
    Outdated,
}

/// An open database, migrated to this release's schema.
pub struct Store {
    backend: Sqlite,
}

impl Store {
    /// Opens the database, making and migrating it as needed.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        let Location::Sqlite(path) = location;
        let backend = Sqlite::open(path)?;
        backend.write(migrations::migrate).await?;
        Ok(Self { backend })
    }

    /// Looks at the database without making or changing it. Refuses what [`Self::open`] would.
    pub fn inspect(location: &Location) -> Result<Condition, Error> {
        let Location::Sqlite(path) = location;
        if path.exists() {
            return Ok(match sqlite::inspect(path, migrations::missing)? {
                None => Condition::Absent,
                Some(0) => Condition::Current,
                Some(_) => Condition::Outdated,
            });
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        match folder {
            Some(folder) if !folder.is_dir() => Err(Error::Refused(format!(
                "cannot make {}: there is no folder {}",
                path.display(),
                folder.display()
            ))),
            _ => Ok(Condition::Absent),
        }
    }

    /// Refuses a database that a server, or anybody else, has open. It must exist.
    pub fn assert_unused(location: &Location) -> Result<(), Error> {
        let Location::Sqlite(path) = location;
        sqlite::assert_unused(path)
    }

    /// Reads from one moment's state. The closure may be run again.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.backend.read(read).await
    }

    /// Writes in one transaction, durably. An error undoes it whole. The closure may be run again.
    pub async fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.backend.write(write).await
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        self.backend.path()
    }
}
