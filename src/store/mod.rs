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
pub mod departures;
pub mod error;
pub mod idempotency;
pub mod imports;
pub mod instances;
pub mod leases;
mod migrations;
pub mod oauth;
pub mod operators;
pub mod postgres;
pub mod registry;
pub mod scim_log;
pub mod secrets;
pub mod sessions;
mod sqlite;
pub mod tokens;
pub mod tx;
pub mod uploads;
pub mod users;

use std::fmt;
use std::path::{Path, PathBuf};

pub use error::Error;
use postgres::Postgres;
use sqlite::Sqlite;
pub use tx::Tx;

use crate::model::id::ClientId;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of SQLite's.
    Sqlite(PathBuf),
    /// A database on a server of PostgreSQL's.
    Postgres(Box<postgres::Url>),
}

impl Location {
    /// Reads `sqlite:FILE` or `postgres://…`.
    pub fn parse(url: &str) -> Result<Self, Error> {
        match url.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => {
                let url = postgres::Url::parse(url)?;
                Ok(Self::Postgres(Box::new(url)))
            }
            // It is not shown: whatever it is, there may be a password in it.
            _ => Err(Error::Refused(
                "it names no database: use sqlite:FILE or postgres://HOST/DATABASE".to_owned(),
            )),
        }
    }

    /// Whether both are the same database, as far as their names tell.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(one), Self::Sqlite(another)) => {
                match (one.canonicalize(), another.canonicalize()) {
                    (Ok(one), Ok(another)) => one == another,
                    _ => one == another,
                }
            }
            (Self::Postgres(one), Self::Postgres(another)) => one.is_same(another),
            _ => false,
        }
    }

    /// The file, for what is done with files alone.
    pub fn file(&self) -> Result<&Path, Error> {
        match self {
            Self::Sqlite(path) => Ok(path),
            Self::Postgres(_) => Err(Error::Refused(
                "this is for SQLite's files: copy a PostgreSQL database with pg_dump, or into a \
                 file with rollcall migrate"
                    .to_owned(),
            )),
        }
    }
}

/// As it is written, but without the password.
impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(formatter, "sqlite:{}", path.display()),
            Self::Postgres(url) => url.fmt(formatter),
        }
    }
}

/// What [`Store::inspect`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// There is no database yet, or an empty one: opening makes it ours.
    Absent,
    /// It is of this release.
    Current,
    /// It is of an earlier release: opening migrates it.
    Outdated,
}

/// An open database, migrated to this release's schema.
pub struct Store {
    location: Location,
    backend: Backend,
}

enum Backend {
    Sqlite(Sqlite),
    Postgres(Box<Postgres>),
}

impl Store {
    /// Opens the database, making and migrating it as needed.
    pub async fn open(location: &Location) -> Result<Self, Error> {
        let backend = match location {
            Location::Sqlite(path) => {
                let sqlite = Sqlite::open(path)?;
                sqlite.write(migrations::migrate).await?;
                Backend::Sqlite(sqlite)
            }
            Location::Postgres(url) => {
                let postgres = Postgres::open(url).await?;
                postgres.migrate().await?;
                Backend::Postgres(Box::new(postgres))
            }
        };
        Ok(Self {
            location: location.clone(),
            backend,
        })
    }

    /// Looks at the database without making or changing it. Refuses what [`Self::open`] would.
    pub async fn inspect(location: &Location) -> Result<Condition, Error> {
        let missing = match location {
            Location::Sqlite(path) if path.exists() => sqlite::inspect(path, migrations::missing)?,
            Location::Sqlite(path) => {
                assert_folder(path)?;
                None
            }
            Location::Postgres(url) => Postgres::open(url).await?.missing().await?,
        };
        Ok(match missing {
            None => Condition::Absent,
            Some(0) => Condition::Current,
            Some(_) => Condition::Outdated,
        })
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Refuses a database that a server, or anybody else, has open. It must exist.
    pub async fn assert_unused(location: &Location) -> Result<(), Error> {
        match location {
            Location::Sqlite(path) => sqlite::assert_unused(path),
            Location::Postgres(url) => Postgres::open(url).await?.assert_unused().await,
        }
    }

    /// Reads from one moment's state. The closure may be run again.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(read).await,
            Backend::Postgres(postgres) => postgres.read(read).await,
        }
    }

    /// Writes in one transaction, durably. An error undoes it whole. The closure may be run again.
    pub async fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.write(write).await,
            Backend::Postgres(postgres) => postgres.write(write).await,
        }
    }

    /// As [`Self::write`], for work that begins by locking that client ([`clients::lock`]): many
    /// who wait for one client hold up no others, and share commits.
    pub async fn write_for<T, E, F>(&self, client: ClientId, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match &self.backend {
            // All writes share one writer there.
            Backend::Sqlite(sqlite) => sqlite.write(write).await,
            Backend::Postgres(postgres) => postgres.write_for(client, write).await,
        }
    }
}

/// Refuses a file that could not be made.
fn assert_folder(path: &Path) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    match folder {
        Some(folder) if !folder.is_dir() => Err(Error::Refused(format!(
            "cannot make {}: there is no folder {}",
            path.display(),
            folder.display()
        ))),
        _ => Ok(()),
    }
}
