//! The log of what identity providers asked: each client's last requests, how they were read, what
//! they changed and what was answered, for who has to find out what was really sent.
//!
//! A request only leaves its facts in memory; they are written after the answers, many at once, and
//! without the client's lock. What is lost is what a crash finds in memory.

mod keep;
pub mod runs;
mod search;

use std::collections::{HashMap, VecDeque};
use std::mem::{size_of, take};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

pub use search::{Found, Page, search};

use crate::model::id::{ClientId, TokenId};
use crate::model::scim_log::{LoggedRequest, Summary};
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::trail::Notes;
use crate::store::changes::Entry;
use crate::store::{self, Tx};

/// How many of a client's requests are kept.
pub const KEPT: usize = 1_000;
/// How often a server writes what waits: so long it takes until a request can be looked at.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// Bytes of all clients' requests that wait to be written. As many may be being written.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Requests in one transaction: other writes wait for it.
const WRITTEN_AT_ONCE_MAX: usize = 100;
/// Changes of a request that are shown; of more only the number is.
const CHANGES_SHOWN_MAX: i64 = 100;

/// A request and its answer, as they came and went.
#[derive(Debug)]
pub struct Exchange {
    /// When it came.
    pub at: Timestamp,
    /// The method.
    pub method: &'static str,
    /// The path with the query, without secrets.
    pub target: Box<str>,
    /// Whether there were any, or it was too long.
    pub is_target_cut: bool,
    /// The headers that mean something.
    pub headers: Vec<(&'static str, Box<str>)>,
    /// What was answered; `None` when nobody waited for it.
    pub answer: Option<Answer>,
    /// How long it took.
    pub duration: Duration,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status, as a number that says nothing here.
    pub status: u16,
    /// Whether it says that something is wrong.
    pub is_refusal: bool,
    /// The body.
    pub body: Bytes,
}

/// A request that waits to be written.
struct Waiting {
    actor: Option<TokenId>,
    exchange: Exchange,
    /// How long the answer was, of which a long one is not kept.
    answer_bytes: usize,
    notes: Notes,
}

impl Waiting {
    fn bytes(&self) -> usize {
        let exchange = &self.exchange;
        let headers = exchange.headers.iter();
        let headers: usize = headers.map(|(name, value)| name.len() + value.len()).sum();
        let sent = self.notes.sent.as_ref().map_or(0, |sent| sent.len());
        let answer = exchange
            .answer
            .as_ref()
            .map_or(0, |answer| answer.body.len());
        size_of::<Self>() + exchange.target.len() + headers + sent + answer
    }
}

/// One client's requests that wait.
#[derive(Default)]
struct Burst {
    /// The newest of them: what is older would be deleted as soon as it is written.
    requests: VecDeque<Waiting>,
    /// How many came beside those.
    skipped: i64,
}

#[derive(Default)]
struct Bursts {
    of_clients: HashMap<ClientId, Burst>,
    bytes: usize,
}

/// What waits to be written.
#[derive(Default)]
pub struct Queue {
    bursts: Mutex<Bursts>,
    /// Held by who writes, so that whoever ends the server waits for them.
    flushing: tokio::sync::Mutex<()>,
    dropped: AtomicU64,
}

impl Queue {
    fn push(&self, client: ClientId, new: Waiting) {
        let mut bursts = self.bursts.lock();
        let Bursts { of_clients, bytes } = &mut *bursts;
        let burst = of_clients.entry(client).or_default();
        if burst.requests.len() >= KEPT
            && let Some(oldest) = burst.requests.pop_front()
        {
            *bytes -= oldest.bytes();
            burst.skipped += 1;
        }
        let of_new = new.bytes();
        if *bytes + of_new > WAITING_BYTES_MAX {
            burst.skipped += 1;
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        *bytes += of_new;
        burst.requests.push_back(new);
    }

    fn take(&self) -> HashMap<ClientId, Burst> {
        take(&mut *self.bursts.lock()).of_clients
    }
}

/// Leaves a request to be logged. It does not wait for the writing.
pub fn record(app: &App, access: &Access, mut exchange: Exchange) {
    let Some(trail) = access.trail() else {
        return;
    };
    let mut answer_bytes = 0;
    if let Some(Answer { body, .. }) = &mut exchange.answer {
        answer_bytes = body.len();
        if answer_bytes > keep::ANSWER_READ_MAX {
            *body = Bytes::new();
        }
    }
    let waiting = Waiting {
        actor: access.actor().token,
        exchange,
        answer_bytes,
        notes: trail.take(),
    };
    app.scim_log.push(access.client(), waiting);
}

/// How many requests were not logged: too many waited, or the database refused them.
pub fn dropped(app: &App) -> u64 {
    app.scim_log.dropped.load(Ordering::Relaxed)
}

/// Writes what waits. What cannot be written is counted and gone; the last failure is told.
pub async fn flush(app: &App) -> Result<(), Error> {
    let _turn = app.scim_log.flushing.lock().await;
    let mut result = Ok(());
    for (client, burst) in app.scim_log.take() {
        if let Err(error) = write(app, client, burst).await {
            result = Err(error);
        }
    }
    result
}

async fn write(app: &App, client: ClientId, burst: Burst) -> Result<(), Error> {
    let Burst { requests, skipped } = burst;
    let mut unwritten = requests.len();
    // Secrets are looked for in each body: not where others wait to be answered.
    let keeping = tokio::task::spawn_blocking(move || {
        let kept = requests.into_iter().map(keep::request);
        kept.collect::<Vec<LoggedRequest>>()
    });
    let written = async {
        let kept = keeping.await;
        let kept = kept.map_err(|error| Error::Internal(error.to_string()))?;
        let mut skipped = skipped;
        let mut kept = kept.into_iter();
        loop {
            let batch: Arc<[LoggedRequest]> = kept.by_ref().take(WRITTEN_AT_ONCE_MAX).collect();
            if batch.is_empty() && skipped == 0 {
                return Ok(());
            }
            let (count, before) = (batch.len(), take(&mut skipped));
            let append = move |tx: &mut Tx<'_>| {
                // Who may use all clients may have named one that does not exist.
                if store::clients::change_number(tx, client)?.is_none() {
                    return Ok(());
                }
                store::scim_log::append(tx, client, before, &batch, KEPT as i64)
            };
            app.store.write(append).await.map_err(Error::from)?;
            unwritten -= count;
        }
    };
    let written: Result<(), Error> = written.await;
    let dropped = &app.scim_log.dropped;
    dropped.fetch_add(unwritten as u64, Ordering::Relaxed);
    written
}

/// A client's request, as it is looked at.
#[derive(Debug)]
pub struct Logged {
    /// The request.
    pub request: LoggedRequest,
    /// What it changed, or the beginning of it.
    pub changes: Vec<Entry>,
    /// What the token or the OAuth client is called that was used, if it was given a name.
    pub name: Option<Box<str>>,
}

/// The client's newest requests, at most `count` of them, the newest last, each with its number.
pub async fn list(app: &App, access: &Access, count: usize) -> Result<Vec<(i64, Summary)>, Error> {
    let client = access.client();
    let count = count.min(KEPT) as i64;
    let read = move |tx: &mut Tx<'_>| {
        assert_client(tx, client)?;
        let mut found = store::scim_log::latest(tx, client, count)?;
        found.reverse();
        Ok::<_, Error>(found)
    };
    app.store.read(read).await
}

/// The client's request of that number.
pub async fn find(app: &App, access: &Access, number: i64) -> Result<Logged, Error> {
    let client = access.client();
    let read = move |tx: &mut Tx<'_>| {
        assert_client(tx, client)?;
        let request = store::scim_log::find(tx, client, number)?;
        let request =
            request.ok_or_else(|| Error::not_found(Noun::ScimRequest, number.to_string()))?;
        let mut changes = Vec::new();
        for (first, last) in &request.summary.changes.spans {
            let room = CHANGES_SHOWN_MAX - changes.len() as i64;
            let count = (last - first + 1).min(room);
            changes.extend(store::changes::page(tx, client, first - 1, count)?);
        }
        let actors: Vec<TokenId> = request.summary.actor.into_iter().collect();
        let names = store::tokens::names_of_bearers(tx, client, &actors)?;
        Ok::<_, Error>(Logged {
            request,
            changes,
            name: names.into_values().next(),
        })
    };
    app.store.read(read).await
}

pub(super) fn assert_client(tx: &mut Tx<'_>, client: ClientId) -> Result<(), Error> {
    let number = store::clients::change_number(tx, client)?;
    number
        .map(drop)
        .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))
}
