//! Import: people from a file, as a stream of batches that each are one transaction.
//!
//! **CSV** (RFC 4180, UTF-8): the first row names the columns. Columns: `id`, `username`,
//! `user_key`, `external_id`, `departments` (names divided by `;`, the primary one first), `state`,
//! `created_at`, `updated_at`, `deleted_at`, `last_activity.desktop_at`, `last_activity.web_at`,
//! every profile field by its path (`employment_info.role`, with or without `user.` before it),
//! `custom_attributes` (the text of a JSON object) and `custom_attributes.NAME` (one attribute's
//! text). Cells are trimmed. An empty cell leaves the field as it is, like a column that is not
//! there; to clear a field, use JSONL. A department whose name holds a `;` can only be named in
//! JSONL, or by its id.
//!
//! **JSONL**: an object a line, told apart by its shape. A *user of the Clients API* has a
//! `username` or a `user_key`; it may also have `external_id`, `state`, `deleted_at` and `profile`,
//! as our own export has. A *user of the Identity Gateway* has a `system_identity`; what stands
//! under its `user` beside the contract's fields becomes a custom attribute. A *department* has a
//! `name`. The profile is a merge patch (RFC 7396): `null` clears, an absent key leaves.
//!
//! **Who is meant**: the user of that `id`, else of that `external_id`, else of that `user_key`
//! (the username where no user key is given). Keys that point to different users are refused, and
//! so is an `id` that is not the one of the user whom another key names. A deleted user comes back
//! under its old id, unless the row has a `deleted_at`. A new user's username and user key fall
//! back to each other, then to `email_addr`, then to the external id.
//!
//! **Times**: a new record gets the `created_at` and `updated_at` of its row. For one that is there
//! already `updated_at` counts for nothing: it says when *we* changed the record, and incremental
//! readers rely on that. Activity never moves backwards.
//!
//! What a file says twice of one user or department is refused the second time: otherwise the same
//! file would change it back and forth for ever. Remembering whom the file was about takes about 50
//! bytes a row (twice to four times that in a dry run); nothing else grows with the file.

mod apply;
mod csv;
mod departments;
mod effects;
pub mod jobs;
mod jsonl;
mod people;
pub mod rehearsal;
mod row;
mod seen;
mod source;
pub mod uploads;

use std::io::Read;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::mpsc;

pub use crate::model::import::{BadRow, Format, Totals};
use crate::model::invalid::Invalid;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::import::apply::{Applying, Outcome, State, Terms};
use crate::operations::import::effects::Effect;
use crate::operations::import::row::Row;
use crate::operations::import::source::Source;
use crate::operations::write::{rehearse, write};
use crate::store;

/// The longest row or line, in bytes: what a forgotten quote may swallow.
pub const ROW_BYTES_MAX: usize = 1024 * 1024;
/// Rows in one transaction at most: the more of them, the fewer pages are written twice, and the more
/// memory they take.
const BATCH_ROWS_MAX: usize = 1_000;
/// Bytes of the file in one transaction, about: a bound on memory, whatever the rows hold.
const BATCH_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Batches that are read ahead of the one that is applied.
const BATCHES_AHEAD: usize = 1;

/// How far an import has come, after each batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of the file that were read.
    pub bytes: u64,
    /// What became of the rows so far.
    pub totals: Totals,
    /// The rows that were refused since the last report, by line.
    pub bad: Vec<BadRow>,
    /// What other rows since the last report would come to, in a rehearsal: the first of each batch.
    pub effects: Vec<Effect>,
}

/// Rows that were read together and are applied together.
#[derive(Default)]
struct Batch {
    rows: Vec<(u64, Row)>,
    bad: Vec<BadRow>,
    /// Bytes of the file up to its end.
    bytes: u64,
}

/// Takes people in from `file`, and reports each batch. A row that is refused stops no other. With
/// `dry_run` nothing is written, and the totals say what would have been.
///
/// An error ends the import: a header that cannot be right (before anything is written), a file
/// that cannot be read, a database that fails. The batches before it stay: the import can simply be
/// started again.
pub async fn import(
    app: &App,
    access: &Access,
    file: impl Read + Send + 'static,
    format: Format,
    dry_run: bool,
    mut report: impl FnMut(Progress),
) -> Result<Totals, Error> {
    let client = access.client();
    let known = app
        .store
        .read(move |tx| store::clients::change_number(tx, client))
        .await
        .map_err(Error::from)?;
    known.ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
    let (sender, mut batches) = mpsc::channel(BATCHES_AHEAD);
    let latest_activity = app
        .now()
        .plus_milliseconds(crate::operations::activity::CLOCK_SKEW_MS);
    let reading = tokio::task::spawn_blocking(move || {
        let mut batches = Batches::new(sender);
        let mut source = Source::new(file);
        let read = match format {
            Format::Csv => csv::read(&mut source, &mut batches, latest_activity),
            Format::Jsonl => jsonl::read(&mut source, &mut batches, latest_activity),
        };
        read.or_else(Stop::into_result)
    });
    let state = Arc::new(Mutex::new(State::default()));
    let mut totals = Totals::default();
    while let Some(mut batch) = batches.recv().await {
        let (bytes, mut bad) = (batch.bytes, std::mem::take(&mut batch.bad));
        let outcome = apply_batch(app, access, batch, &state, dry_run).await?;
        bad.extend(outcome.bad);
        bad.sort_by_key(|bad| bad.line);
        totals.add(&outcome.totals);
        totals.bad += bad.len() as u64;
        let effects = outcome.effects;
        report(Progress {
            bytes,
            totals,
            bad,
            effects,
        });
    }
    let read = reading.await;
    read.map_err(|error| Error::Internal(format!("the reader of the file: {error}")))??;
    Ok(totals)
}

async fn apply_batch(
    app: &App,
    access: &Access,
    batch: Batch,
    state: &Arc<Mutex<State>>,
    dry_run: bool,
) -> Result<Outcome, Error> {
    if batch.rows.is_empty() {
        return Ok(Outcome::default());
    }
    let (entropy, known) = (Arc::clone(&app.entropy), Arc::clone(state));
    let terms = Terms {
        is_rehearsal: dry_run,
        may_write_departments: access.may_write_departments(),
    };
    let work = move |write: &mut crate::operations::write::Write<'_, '_>| {
        // What is learnt here is taken over only once it is durable: the closure may run again.
        let known = known.lock();
        Applying::new(write, &known, &*entropy, terms).all(&batch.rows)
    };
    let mut outcome = if dry_run {
        rehearse(app, access, work).await?
    } else {
        write(app, access, work).await?
    };
    if let Some((number, reports)) = outcome.activity.take() {
        app.directory
            .catch_up_activity(access.client(), number, &reports)
            .await?;
    }
    state.lock().absorb(std::mem::take(&mut outcome.state));
    Ok(outcome)
}

/// Why the reading of a file ended early.
enum Stop {
    /// Nobody applies what is read any more.
    Abandoned,
    /// The file is refused or cannot be read.
    Refused(Invalid),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Refused(Invalid::new(
            "file",
            format!("The file cannot be read: {error}"),
        ))
    }
}

impl Stop {
    /// What the import as a whole says of it.
    fn into_result(self) -> Result<(), Error> {
        match self {
            Self::Abandoned => Ok(()),
            Self::Refused(invalid) => Err(Error::Invalid(invalid)),
        }
    }
}

/// Gathers rows into batches and hands these on, as fast as they are applied.
struct Batches {
    sender: mpsc::Sender<Batch>,
    next: Batch,
    sent_bytes: u64,
}

impl Batches {
    fn new(sender: mpsc::Sender<Batch>) -> Self {
        Self {
            sender,
            next: Batch::default(),
            sent_bytes: 0,
        }
    }

    /// Adds a row that was read up to byte `bytes` of the file, or what is wrong with it.
    fn push(&mut self, line: u64, row: Result<Row, Invalid>, bytes: u64) -> Result<(), Stop> {
        match row {
            Ok(row) => self.next.rows.push((line, row)),
            Err(invalid) => self.next.bad.push(BadRow::new(line, invalid)),
        }
        self.next.bytes = bytes;
        let count = self.next.rows.len() + self.next.bad.len();
        if count >= BATCH_ROWS_MAX || bytes - self.sent_bytes >= BATCH_BYTES_MAX {
            self.flush()?;
        }
        Ok(())
    }

    /// Hands on what was gathered.
    fn flush(&mut self) -> Result<(), Stop> {
        let batch = std::mem::take(&mut self.next);
        if batch.rows.is_empty() && batch.bad.is_empty() {
            return Ok(());
        }
        self.sent_bytes = batch.bytes;
        self.sender
            .blocking_send(batch)
            .map_err(|_| Stop::Abandoned)
    }
}
