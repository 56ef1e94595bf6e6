//! SQLite: one writer thread that shares its commits among many requests, and a few readers.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{Semaphore, oneshot};

use crate::store::error::Error;
use crate::store::migrations;
use crate::store::tx::Tx;

/// How many requests share one commit at most: a bound on what one fsync waits for.
const BATCH_MAX: usize = 512;
/// Requests that wait for the writer; one more is told that the database is busy.
const QUEUE_MAX: usize = 8_192;
/// Connections that read.
const READERS: usize = 4;
/// A reader's page cache, in KiB below zero: it walks through tables from one end to the other. To load
/// 100,000 people it reads 37,348 pages with this one, and 35,997 with 32 MiB.
const READER_CACHE: i64 = -1_024;
/// Pages in the write-ahead log (64 MB) from which on the writer copies them into the file. A page
/// that many commits touch is copied once. Not a thread of its own: it never comes to the end of a
/// log that grows meanwhile, and its syncing slows the commits down (11,600 updates a second became
/// 10,700).
const LOG_PAGES_MAX: i64 = 16_384;
/// How long to wait for another process's write (the command line's, beside the server's).
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// `rcal`, so that no other program's file is taken for ours.
const APPLICATION_ID: i32 = 0x7263_616c;

type Outcome = Result<Box<dyn Any + Send>, Box<dyn Any + Send>>;
/// A request's work: what it made, or the error that undoes it.
type Work = Box<dyn Fn(&mut Tx<'_>) -> Outcome + Send>;
type Answer = Box<dyn FnOnce(Result<Outcome, Error>) + Send>;

struct Job {
    work: Work,
    answer: Answer,
}

/// An open SQLite database.
pub struct Sqlite {
    writer: Writer,
    readers: Arc<Readers>,
}

/// The writer's queue and its thread.
struct Writer {
    /// `None` only while it is dropped.
    jobs: Option<mpsc::SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Readers {
    connections: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    /// Opens the file, making it when there is none.
    pub fn open(path: &Path) -> Result<Self, Error> {
        assert_version()?;
        make_private(path)?;
        let connection = open_file(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        // Not before it is known to be ours may our settings be written into it.
        claim(&connection, path)?;
        settle(&connection)?;
        let mut connections = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let connection = open_file(path, OpenFlags::empty())?;
            settle(&connection)?;
            connection.pragma_update(None, "cache_size", READER_CACHE)?;
            connections.push(connection);
        }
        let permits = Arc::new(Semaphore::new(connections.len()));
        let connections = Mutex::new(connections);
        // The writer copies the log itself, after it has answered.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let readers = Arc::new(Readers {
            connections,
            permits,
        });
        Ok(Self {
            writer: Writer::start(connection)?,
            readers,
        })
    }

    /// Reads from one moment's state.
    pub async fn read<T, E, F>(&self, read: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let readers = Arc::clone(&self.readers);
        let permit = Arc::clone(&readers.permits).acquire_owned().await;
        let permit = permit.expect("the semaphore is never closed");
        let reading = tokio::task::spawn_blocking(move || {
            let connection = readers.connections.lock().pop();
            let connection = connection.expect("there is a connection for each permit");
            // A panic must give the connection back too, or the readers run out.
            let result = std::panic::catch_unwind(AssertUnwindSafe(|| {
                let transaction = connection.unchecked_transaction().map_err(Error::from)?;
                read(&mut Tx::Sqlite(&transaction))
            }));
            readers.connections.lock().push(connection);
            // Whoever asked may have gone meanwhile: the permit is the connection's, not theirs.
            drop(permit);
            result.unwrap_or_else(|_| Err(Error::Failed("a reader panicked".to_owned()).into()))
        });
        let failed = |error: tokio::task::JoinError| Err(Error::Failed(error.to_string()).into());
        reading.await.unwrap_or_else(failed)
    }

    /// Writes durably: when this returns, what it did is on the disk. An error undoes this
    /// request's part alone, though others share the commit.
    pub async fn write<T, E, F>(&self, write: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let job = Job {
            work: Box::new(move |tx| match write(tx) {
                Ok(value) => Ok(Box::new(value)),
                Err(error) => Err(Box::new(error)),
            }),
            answer: Box::new(move |outcome| drop(sender.send(outcome))),
        };
        self.writer.send(job)?;
        let outcome = receiver
            .await
            .map_err(|_| Error::Failed("the writer has ended".to_owned()))??;
        match outcome {
            Ok(value) => Ok(*value.downcast().expect("the job's own value comes back")),
            Err(error) => Err(*error.downcast().expect("the job's own error comes back")),
        }
    }
}

impl Writer {
    fn start(connection: Connection) -> Result<Self, Error> {
        let (sender, jobs) = mpsc::sync_channel(QUEUE_MAX);
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_until_closed(&connection, &jobs))
            .map_err(|error| Error::Failed(error.to_string()))?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    fn send(&self, job: Job) -> Result<(), Error> {
        let jobs = self.jobs.as_ref().expect("it is there until the drop");
        jobs.try_send(job).map_err(|error| {
            Error::Busy(match error {
                mpsc::TrySendError::Full(_) => "too many writes are waiting".to_owned(),
                mpsc::TrySendError::Disconnected(_) => "the writer has ended".to_owned(),
            })
        })
    }
}

impl Drop for Writer {
    /// Waits until what is queued is done and the file is closed, so that whoever comes next (a
    /// restore, above all) finds it free.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // It catches panics itself; and there is nobody left to tell of one.
            drop(thread.join());
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => Self::Busy(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

fn assert_version() -> Result<(), Error> {
    // SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode when a checkpoint meets a reset.
    if rusqlite::version_number() < 3_051_003 {
        let version = rusqlite::version();
        return Err(Error::Refused(format!(
            "SQLite {version} is too old: 3.51.3 is the least"
        )));
    }
    Ok(())
}

/// Makes the file, when there is none, so that nobody but its owner reads the people and secrets that
/// will be in it. What SQLite puts beside it gets the same permissions.
pub(super) fn make_private(path: &Path) -> Result<(), Error> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::Refused(
            format!("cannot open {}: {error}", path.display()),
        )),
        _ => Ok(()),
    }
}

/// A connection that reads and writes, without our settings.
fn open_file(path: &Path, create: OpenFlags) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | create;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| Error::Refused(format!("cannot open {}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Gives a connection our settings. No mmap: an I/O error would kill the process.
fn settle(connection: &Connection) -> Result<(), Error> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // NORMAL loses acknowledged writes in a power cut; FULL does not.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    // Plans must not depend on the values bound: else each binding prepares its statement again.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(())
}

/// Takes an empty file for ours, and refuses another program's.
fn claim(connection: &Connection, path: &Path) -> Result<(), Error> {
    let tables = "SELECT COUNT(*) FROM sqlite_schema";
    let tables = connection.query_row(tables, [], |row| row.get::<_, i64>(0));
    match (application_id(connection, path)?, tables?) {
        (APPLICATION_ID, _) => Ok(()),
        (0, 0) => Ok(connection.pragma_update(None, "application_id", APPLICATION_ID)?),
        _ => Err(not_ours(path)),
    }
}

/// Opens a file that exists, changing nothing, and asks `question` of it, or says `None` when it is
/// empty. It must be ours, and writable.
pub(super) fn inspect<T>(
    path: &Path,
    question: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    let refused = |reason: String| Error::Refused(format!("{}: {reason}", path.display()));
    // Not opened read-only: such a connection leaves its -wal and -shm files behind.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|error| Error::Refused(format!("cannot open {}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let id: i32 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| refused(error.to_string()))?;
    let tables: i64 =
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if id != APPLICATION_ID && (id != 0 || tables != 0) {
        return Err(not_ours(path));
    }
    if connection.is_readonly("main")? {
        return Err(refused("the file cannot be written".to_owned()));
    }
    if tables == 0 {
        return Ok(None);
    }
    question(&mut Tx::Sqlite(&connection)).map(Some)
}

/// Opens a database of ours that exists, to copy it as it is.
pub(super) fn open_ours(path: &Path) -> Result<Connection, Error> {
    let connection = open_file(path, OpenFlags::empty())?;
    match application_id(&connection, path)? {
        APPLICATION_ID => Ok(connection),
        _ => Err(not_ours(path)),
    }
}

/// Opens a file to read it, when it is a whole database of ours, and of a schema that this release
/// knows (`restore` asks before it trusts one).
pub(super) fn open_verified(path: &Path) -> Result<Connection, Error> {
    let refused =
        |reason: &dyn std::fmt::Display| Error::Refused(format!("{}: {reason}", path.display()));
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|error| refused(&error))?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    if application_id(&connection, path)? != APPLICATION_ID {
        return Err(not_ours(path));
    }
    let verdict = connection.pragma_query_value(None, "integrity_check", |row| row.get(0));
    let verdict: String = verdict.unwrap_or_else(|error| error.to_string());
    if verdict != "ok" {
        return Err(refused(&format!("the file is damaged: {verdict}")));
    }
    migrations::assert_known(&mut Tx::Sqlite(&connection))?;
    Ok(connection)
}

fn application_id(connection: &Connection, path: &Path) -> Result<i32, Error> {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    let id = connection.pragma_query_value(None, "application_id", |row| row.get(0));
    id.map_err(|error| match error.sqlite_error_code() {
        Some(NotADatabase | DatabaseCorrupt) => {
            Error::Refused(format!("{}: {error}", path.display()))
        }
        _ => error.into(),
    })
}

fn not_ours(path: &Path) -> Error {
    Error::Refused(format!("{}: not a Rollcall database", path.display()))
}

/// The writer: takes what waits, does it in one transaction, commits once, answers all.
fn write_until_closed(connection: &Connection, jobs: &mpsc::Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        write_batch(connection, batch);
        // Nobody waits for this any more, but who comes next.
        if let Err(error) = shorten_log(connection) {
            tracing::warn!(%error, "the write-ahead log could not be copied: it grows");
        }
    }
}

fn write_batch(connection: &Connection, batch: Vec<Job>) {
    let jobs = batch.into_iter().map(|job| (job.work, job.answer));
    let (works, answers): (Vec<Work>, Vec<Answer>) = jobs.unzip();
    let outcomes = together(connection, &works).unwrap_or_else(|| apart(connection, &works));
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        answer(outcome);
    }
}

/// What became of each job of a batch; the outer error is not the job's own.
type Outcomes = Vec<Result<Outcome, Error>>;

/// Runs all jobs in one transaction. `None`, and nothing done, when one of several failed: it must
/// be undone alone, see [`apart`]. That is seldom, and a savepoint for each job would make SQLite
/// copy every page that the job touches.
fn together(connection: &Connection, works: &[Work]) -> Option<Outcomes> {
    if let Err(error) = run(connection, "BEGIN IMMEDIATE") {
        return Some(all_failed(works, &error));
    }
    let mut outcomes = Outcomes::with_capacity(works.len());
    for work in works {
        outcomes.push(attempt(connection, work));
        if !matches!(outcomes.last(), Some(Ok(Ok(_)))) {
            roll_back(connection);
            return (works.len() == 1).then_some(outcomes);
        }
    }
    Some(commit(connection, works, outcomes))
}

/// Runs the jobs in one transaction, each under a savepoint: its error, or its panic, undoes it
/// alone.
fn apart(connection: &Connection, works: &[Work]) -> Outcomes {
    let begun = run(connection, "BEGIN IMMEDIATE").and_then(|()| {
        let one = |work| {
            run(connection, "SAVEPOINT job")?;
            let outcome = attempt(connection, work);
            if !matches!(outcome, Ok(Ok(_))) {
                run(connection, "ROLLBACK TO job")?;
            }
            run(connection, "RELEASE job")?;
            Ok(outcome)
        };
        works.iter().map(one).collect()
    });
    match begun {
        Ok(outcomes) => commit(connection, works, outcomes),
        Err(error) => {
            roll_back(connection);
            all_failed(works, &error)
        }
    }
}

fn attempt(connection: &Connection, work: &Work) -> Result<Outcome, Error> {
    let run = AssertUnwindSafe(|| work(&mut Tx::Sqlite(connection)));
    std::panic::catch_unwind(run).map_err(|_panic| Error::Failed("a write panicked".to_owned()))
}

fn commit(connection: &Connection, works: &[Work], outcomes: Outcomes) -> Outcomes {
    match run(connection, "COMMIT") {
        Ok(()) => outcomes,
        Err(error) => {
            roll_back(connection);
            all_failed(works, &error)
        }
    }
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // Whatever this answers, the connection is checked again by the next BEGIN.
        drop(run(connection, "ROLLBACK"));
    }
}

fn all_failed(works: &[Work], error: &Error) -> Outcomes {
    works.iter().map(|_| Err(error.clone())).collect()
}

/// Runs a statement without values or rows, which is prepared once.
fn run(connection: &Connection, sql: &str) -> Result<(), Error> {
    Ok(connection.prepare_cached(sql)?.execute([]).map(drop)?)
}

/// Copies the write-ahead log into the file when it is long. The next commit then begins it anew,
/// unless a reader still needs what is in it.
fn shorten_log(connection: &Connection) -> Result<(), Error> {
    let mut length = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)")?;
    let pages: i64 = length.query_row([], |row| row.get(1))?;
    if pages >= LOG_PAGES_MAX {
        let mut copy = connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
        copy.query_row([], |_| Ok(()))?;
    }
    Ok(())
}

/// Checks that no other connection has the database open.
pub(super) fn assert_unused(path: &Path) -> Result<(), Error> {
    let connection = open_ours(path)?;
    // Whoever has it open keeps it open: waiting would not help.
    connection.busy_timeout(Duration::ZERO)?;
    let in_use = || {
        Error::Refused(format!(
            "{} is in use: stop its server first",
            path.display()
        ))
    };
    // In WAL mode the first access under an exclusive lock fails while anybody else is connected.
    connection
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .map_err(|_| in_use())?;
    connection
        .execute_batch("BEGIN EXCLUSIVE; COMMIT")
        .map_err(|_| in_use())?;
    Ok(())
}
