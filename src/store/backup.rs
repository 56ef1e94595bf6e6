//! Whole copies of a database, made while it is in use, and put back.

use std::path::{Path, PathBuf};

use rusqlite::backup::Backup;

use crate::store::error::Error;
use crate::store::{Location, Store, sqlite};

/// Pages copied before the source's readers and writers get a turn.
const PAGES_PER_STEP: i32 = 512;

/// Copies the database at `from` to the new file `to`, by SQLite's online backup: a server may go
/// on writing meanwhile. Refuses when `to` exists.
pub fn backup(from: &Location, to: &Path) -> Result<(), Error> {
    let Location::Sqlite(from) = from;
    if !from.exists() {
        return Err(Error::Refused(format!(
            "there is no database {}",
            from.display()
        )));
    }
    if to.exists() {
        return Err(Error::Refused(format!("{} exists already", to.display())));
    }
    let unfinished = beside(to, "unfinished");
    copy(from, &unfinished)
        .and_then(|()| rename(&unfinished, to))
        .inspect_err(|_| {
            remove(&unfinished);
        })
}

/// Puts the backup `from` in the place of the database at `to`. Refuses a damaged or foreign file,
/// a database in use, and, unless `overwrite`, one that exists.
pub fn restore(from: &Path, to: &Location, overwrite: bool) -> Result<(), Error> {
    let Location::Sqlite(to) = to;
    sqlite::verify(from)?;
    if to.exists() {
        if !overwrite {
            let to = to.display();
            return Err(Error::Refused(format!(
                "{to} exists: --force overwrites it"
            )));
        }
        sqlite::assert_unused(to)?;
    }
    let unfinished = beside(to, "unfinished");
    let copied = copy(from, &unfinished).and_then(|()| {
        // The old database's log would be replayed over the new one.
        remove(&beside(to, "wal"));
        remove(&beside(to, "shm"));
        rename(&unfinished, to)
    });
    copied.inspect_err(|_| remove(&unfinished))
}

impl Store {
    /// Where this database is.
    pub fn location(&self) -> Location {
        Location::Sqlite(self.path().to_owned())
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    remove(to);
    let source = rusqlite::Connection::open(from)?;
    source.busy_timeout(std::time::Duration::from_secs(10))?;
    let mut target = rusqlite::Connection::open(to)
        .map_err(|error| Error::Refused(format!("cannot write {}: {error}", to.display())))?;
    {
        let backup = Backup::new(&source, &mut target)?;
        backup.run_to_completion(PAGES_PER_STEP, std::time::Duration::ZERO, None)?;
    }
    // The copy is one file, whole by itself.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    target.close().map_err(|(_, error)| Error::from(error))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-");
    name.push(suffix);
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    let synced = std::fs::File::open(from).and_then(|file| file.sync_all());
    synced
        .and_then(|()| std::fs::rename(from, to))
        .map_err(|error| Error::Failed(format!("{}: {error}", to.display())))
}

fn remove(path: &Path) {
    // It need not be there; what cannot be removed is noticed by what comes next.
    drop(std::fs::remove_file(path));
}
