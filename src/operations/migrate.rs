//! Moving house: everything that one database holds, into another that is empty.
//!
//! Reading is one transaction and so one moment; writing is one transaction too, and a copy that is
//! killed leaves nothing behind. Both go on at once, with a few pages of rows between them. Nothing
//! is translated: ids, revisions, logs, hashes and secrets arrive as they were, so that tokens,
//! cursors and ETags go on working.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::store::copy::{self, Page, Sum, TABLES};
use crate::store::{Condition, Error, Location, Store, Tx};

/// Pages that are read ahead of the one that is written.
const PAGES_AHEAD: usize = 4;

/// How far a copy has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It begins: there are that many rows.
    Begun(u64),
    /// That many rows are copied.
    Copied(u64),
    /// That many of the copied rows are read back.
    Checked(u64),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Whether all of it had been there before; then nothing was written.
    pub was_there: bool,
    /// How many rows each table has.
    pub tables: Vec<(&'static str, i64)>,
    /// The SHA-256 of all rows of all tables, in hexadecimal; the same on both sides.
    pub digest: String,
}

/// Copies everything at `from` to `to`, which it makes when there is none. Refuses a database in
/// use, but for `from` when `online`: that is copied as it is at one moment.
pub async fn migrate(
    from: &Location,
    to: &Location,
    online: bool,
    tell: impl FnMut(Progress),
) -> Result<Migrated, Error> {
    if from.is_same(to) {
        let reason = format!("{from} and {to} are the same database");
        return Err(Error::Refused(reason));
    }
    match about("the source", Store::inspect(from).await)? {
        Condition::Current => {}
        Condition::Absent => {
            return Err(Error::Refused(format!("there is no database {from}")));
        }
        Condition::Outdated => {
            return Err(Error::Refused(format!(
                "{from} was written by an earlier release: run a command of this one on it first, \
                 such as `rollcall client list`"
            )));
        }
    }
    if !online {
        about("the source", Store::assert_unused(from).await).map_err(|error| match error {
            Error::Refused(reason) => {
                Error::Refused(format!("{reason}, or copy it as it is now with --online"))
            }
            other => other,
        })?;
    }
    match about("the target", Store::inspect(to).await)? {
        Condition::Absent => {}
        Condition::Current => about("the target", Store::assert_unused(to).await)?,
        Condition::Outdated => {
            return Err(Error::Refused(format!(
                "{to} was written by an earlier release: name an empty database"
            )));
        }
    }
    let source = Store::open(from).await?;
    let target = Store::open(to).await?;
    copy(&source, &target, tell).await
}

/// Says which of the two databases is refused.
fn about<T>(which: &str, result: Result<T, Error>) -> Result<T, Error> {
    result.map_err(|error| match error {
        Error::Refused(reason) => Error::Refused(format!("{which}: {reason}")),
        other => other,
    })
}

/// What goes from the reader to the writer, in this order.
enum Part {
    /// How many rows each table has.
    Counts(Vec<i64>),
    /// Some of the rows.
    Rows(Page),
    /// That these were all, and what each table came to.
    End(Vec<Sum>),
}

/// Why one of the two stopped.
enum Stop {
    /// For a reason of its own.
    Because(Error),
    /// The other is not there any more, and knows why.
    Alone,
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Because(error)
    }
}

/// Copies everything between two open databases. Refuses a target that holds other data; one that
/// holds the very same is left as it is.
pub async fn copy(
    from: &Store,
    to: &Store,
    mut tell: impl FnMut(Progress),
) -> Result<Migrated, Error> {
    let (parts, taken) = sync_channel(PAGES_AHEAD);
    let (teller, mut told) = unbounded_channel();
    // Each is for one run: were either begun anew, rows would come twice or not at all.
    let (parts, taken) = (Mutex::new(Some(parts)), Mutex::new(Some(taken)));
    let reading = from.read(move |tx| send(tx, &once(&parts)?));
    let place = to.location().clone();
    let writing = to.write(move |tx| receive(tx, &place, &once(&taken)?, &teller));
    let telling = async {
        while let Some(progress) = told.recv().await {
            tell(progress);
        }
    };
    // All at once: the one fills the channel that the other empties.
    match tokio::join!(reading, writing, telling) {
        (_, Ok(migrated), ()) => Ok(migrated),
        (Err(Stop::Because(error)), ..) | (_, Err(Stop::Because(error)), ()) => Err(error),
        (_, Err(Stop::Alone), ()) => Err(Error::Failed("the copying ended early".to_owned())),
    }
}

fn once<T>(end: &Mutex<Option<T>>) -> Result<T, Stop> {
    let disturbed = || Error::Busy("the copying was disturbed: start it again".to_owned());
    Ok(end.lock().take().ok_or_else(disturbed)?)
}

/// The reader's part: everything, in the order of [`TABLES`].
fn send(tx: &mut Tx<'_>, parts: &SyncSender<Part>) -> Result<(), Stop> {
    let hand_on = |part| parts.send(part).map_err(|_| Stop::Alone);
    let counts = copy::counts(tx)?;
    hand_on(Part::Counts(counts.clone()))?;
    let mut sums = Vec::with_capacity(TABLES.len());
    for (table, count) in TABLES.iter().zip(counts) {
        let sum = copy::read(tx, table, |page| hand_on(Part::Rows(page)))?;
        if sum.rows != count {
            let (name, rows) = (table.name, sum.rows);
            let reason = format!("{name} has {count} rows of which {rows} could be read");
            return Err(Error::Failed(reason).into());
        }
        sums.push(sum);
    }
    hand_on(Part::End(sums))
}

/// The writer's part: takes everything in, reads it back and compares.
fn receive(
    tx: &mut Tx<'_>,
    place: &Location,
    parts: &Receiver<Part>,
    teller: &UnboundedSender<Progress>,
) -> Result<Migrated, Stop> {
    let Ok(Part::Counts(counts)) = parts.recv() else {
        return Err(Stop::Alone);
    };
    let held = copy::counts(tx)?;
    let mut tables = TABLES.iter().zip(&held);
    let is_empty = tables.all(|(table, rows)| *rows == 0 || table.has_rows_of_its_own);
    if !is_empty && held != counts {
        return Err(other_data(place).into());
    }
    // When nobody is there to be told, the copy goes on all the same.
    let tell = |progress| {
        teller.send(progress).ok();
    };
    let sums = if is_empty {
        tell(Progress::Begun(
            counts.iter().map(|rows| rows.unsigned_abs()).sum(),
        ));
        for table in TABLES {
            copy::clear(tx, table)?;
        }
        take_all(
            parts,
            |page| copy::insert(tx, page),
            |rows| tell(Progress::Copied(rows)),
        )?
    } else {
        take_all(parts, |_| Ok(()), |_| ())?
    };
    let mut checked = 0;
    for (table, sum) in TABLES.iter().zip(&sums) {
        let found = copy::read(tx, table, |page| {
            checked += page.rows() as u64;
            tell(Progress::Checked(checked));
            Ok::<(), Error>(())
        })?;
        if found != *sum {
            return Err(if is_empty {
                damaged(table.name)
            } else {
                other_data(place)
            }
            .into());
        }
    }
    let rows = sums.iter().map(|sum| sum.rows);
    Ok(Migrated {
        was_there: !is_empty,
        tables: TABLES.iter().map(|table| table.name).zip(rows).collect(),
        digest: copy::digest(&sums),
    })
}

/// Takes pages until the reader says what they all came to.
fn take_all(
    parts: &Receiver<Part>,
    mut take: impl FnMut(&Page) -> Result<(), Error>,
    tell: impl Fn(u64),
) -> Result<Vec<Sum>, Stop> {
    let mut copied = 0;
    loop {
        match parts.recv() {
            Ok(Part::Rows(page)) => {
                take(&page)?;
                copied += page.rows() as u64;
                tell(copied);
            }
            Ok(Part::End(sums)) => return Ok(sums),
            Ok(Part::Counts(_)) | Err(_) => return Err(Stop::Alone),
        }
    }
}

fn other_data(place: &Location) -> Error {
    Error::Refused(format!(
        "{place} holds other data already: name an empty database"
    ))
}

fn damaged(table: &str) -> Error {
    Error::Failed(format!(
        "what arrived in {table} is not what was sent; the copy was undone"
    ))
}
