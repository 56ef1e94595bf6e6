//! Whole copies of a database, made while it is in use, and put back.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::store::error::Error;
use crate::store::{Location, sqlite};

/// Copies all that is left. In parts it would begin again whenever somebody writes between two of
/// them, and under steady writes never end; a whole copy is one moment, and in WAL mode nobody waits
/// for it.
const ALL_PAGES: i32 = -1;

/// Copies the database at `from` to the new file `to`, by SQLite's online backup: a server may go
/// on writing meanwhile. Refuses when `to` exists.
pub fn backup(from: &Location, to: &Path) -> Result<(), Error> {
    let from = from.file()?;
    if !from.exists() {
        return Err(Error::Refused(format!(
            "there is no database {}",
            from.display()
        )));
    }
    if to.exists() {
        return Err(Error::Refused(format!("{} exists already", to.display())));
    }
    let source = sqlite::open_ours(from)?;
    let unfinished = beside(to, "unfinished");
    copy(&source, &unfinished)
        .and_then(|()| rename(&unfinished, to))
        .inspect_err(|_| {
            remove(&unfinished);
        })
}

/// Puts the backup `from` in the place of the database at `to`. Refuses a damaged or foreign file,
/// one of a newer release, a database in use, and, unless `overwrite`, one that exists.
pub fn restore(from: &Path, to: &Location, overwrite: bool) -> Result<(), Error> {
    let to = to.file()?;
    let source = sqlite::open_verified(from)?;
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
    let copied = copy(&source, &unfinished).and_then(|()| {
        // The old database's log would be replayed over the new one.
        remove(&beside(to, "wal"));
        remove(&beside(to, "shm"));
        rename(&unfinished, to)
    });
    copied.inspect_err(|_| remove(&unfinished))
}

fn copy(source: &Connection, to: &Path) -> Result<(), Error> {
    remove(to);
    sqlite::make_private(to)?;
    let mut target = Connection::open(to)
        .map_err(|error| Error::Refused(format!("cannot write {}: {error}", to.display())))?;
    match Backup::new(source, &mut target)?.step(ALL_PAGES)? {
        StepResult::Done => {}
        _ => return Err(Error::Busy("the database could not be copied".to_owned())),
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
