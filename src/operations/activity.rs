//! Activity: who was seen, where and when, taken in from many agents at once.
//!
//! Reports of many requests share one entry of the durable log and one commit. Each request waits
//! until its own are durable and in the image.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::directory::Directory;
use crate::directory::image::Image;
use crate::model::activity::{Channel, Report};
use crate::model::change::Source;
use crate::model::id::{ClientId, UserId};
use crate::model::timestamp::Timestamp;
use crate::model::user::NewUser;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::users::{create_or_revive, live};
use crate::operations::write::{Done, Once, write};
use crate::store::{self, Tx};

/// Reports in one request at most.
pub const REPORTS_MAX: usize = 1_000;
/// Reports of all clients that wait for a commit at most, some 50 MB: one more is told to come again.
const WAITING_MAX: usize = 1_000_000;
/// Reports in one entry of the log at most: other nodes read it in one piece.
const ENTRY_MAX: usize = 16 * REPORTS_MAX;
/// How far ahead of our clock a report may be.
pub(super) const CLOCK_SKEW_MS: i64 = 5 * 60 * 1000;

/// Whom a report is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The user of that id.
    Id(UserId),
    /// The user of that key, whatever its case.
    Key(Box<str>),
}

/// A report as it was sent, or what is wrong with it.
pub type Sent = Result<SentReport, Rejection>;

/// A well-formed report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentReport {
    /// Whom it is about.
    pub subject: Subject,
    /// The channel that saw them.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
}

/// Why a report was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// `clock_skew`, `not_found` or `invalid_request`.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

impl Rejection {
    /// A rejection of something malformed.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            code: "invalid_request",
            message: message.into(),
        }
    }

    fn not_found(message: &str) -> Self {
        Self {
            code: "not_found",
            message: message.to_owned(),
        }
    }
}

/// What became of a request's reports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Receipt {
    /// How many are durable now.
    pub accepted: usize,
    /// Which were not taken in, by their place in the request, and why.
    pub rejected: Vec<(usize, Rejection)>,
}

/// Takes reports in. When this returns, the accepted ones are durable and readable.
pub async fn report(
    app: &App,
    access: &Access,
    sent: Vec<Sent>,
    once: Option<Once<Receipt>>,
) -> Result<Done<Receipt>, Error> {
    let live = live(app, access).await?;
    let latest = app.now().plus_milliseconds(CLOCK_SKEW_MS);
    let mut receipt = Receipt::default();
    let mut unknown = Vec::new();
    let mut reports = Vec::with_capacity(sent.len());
    {
        let image = live.read();
        for (index, sent) in sent.into_iter().enumerate() {
            match sent.and_then(|sent| resolve(&image, access, sent, latest)) {
                Ok(Resolved::Known(report)) => reports.push(report),
                Ok(Resolved::Unknown(key, report)) => unknown.push((index, key, report)),
                Err(rejection) => receipt.rejected.push((index, rejection)),
            }
        }
    }
    if !unknown.is_empty() {
        // Nobody is enrolled by a request that was done before, or is refused for its key.
        if let Some(once) = &once
            && let Some(before) = done_before(app, access, once).await?
        {
            return Ok(before);
        }
        enroll(app, access, unknown, &mut reports, &mut receipt).await?;
        receipt.rejected.sort_by_key(|(index, _)| *index);
    }
    receipt.accepted = reports.len();
    let Some(once) = once else {
        if !reports.is_empty() {
            append(app, access.client(), reports).await?;
        }
        return Ok(Done::Now(receipt));
    };
    append_once(app, access, reports, receipt, once).await
}

enum Resolved {
    Known(Report),
    /// Somebody to be enrolled under that key; the report's user is not known yet.
    Unknown(Box<str>, (Channel, Timestamp)),
}

fn resolve(
    image: &Image,
    access: &Access,
    sent: SentReport,
    latest: Timestamp,
) -> Result<Resolved, Rejection> {
    if sent.at > latest {
        let message = "at is more than 5 minutes in the future".to_owned();
        return Err(Rejection {
            code: "clock_skew",
            message,
        });
    }
    let user = match &sent.subject {
        Subject::Id(id) => image.user_or_deleted(*id),
        Subject::Key(key) => image.user_by_key(key),
    };
    match (user, sent.subject) {
        // Somebody who was deprovisioned is not brought back by their desktop.
        (Some(user), _) if user.deleted_at.is_some() => {
            Err(Rejection::not_found("The user was deleted"))
        }
        (Some(user), _) => Ok(Resolved::Known(Report {
            user: user.id,
            channel: sent.channel,
            at: sent.at,
        })),
        (None, Subject::Key(key)) if access.may_enroll() => {
            Ok(Resolved::Unknown(key, (sent.channel, sent.at)))
        }
        (None, _) => Err(Rejection::not_found("User not found")),
    }
}

/// What was answered before under the request's key.
async fn done_before(
    app: &App,
    access: &Access,
    once: &Once<Receipt>,
) -> Result<Option<Done<Receipt>>, Error> {
    let (client, actor, now) = (access.client(), access.actor(), app.now());
    let once = once.clone();
    app.store
        .read(move |tx| once.before(tx, Some(client), actor, now))
        .await
}

/// Creates the people whose keys are unknown, and adds their reports.
async fn enroll(
    app: &App,
    access: &Access,
    unknown: Vec<(usize, Box<str>, (Channel, Timestamp))>,
    reports: &mut Vec<Report>,
    receipt: &mut Receipt,
) -> Result<(), Error> {
    let keys: Vec<(UserId, Box<str>)> = unknown
        .iter()
        .map(|(_, key, _)| (UserId(app.new_id()), key.clone()))
        .collect();
    let access = access.through(Source::Activity);
    let users = write(app, &access, move |write| {
        keys.iter()
            .map(|(id, key)| {
                // Another request, or an earlier report of this one, may have been first.
                let known = store::users::find_by_user_key(write.tx, write.client, key)?;
                match known {
                    Some(user) if user.deleted_at.is_some() => Ok(None),
                    Some(user) => Ok(Some(user.id)),
                    None => {
                        let new = NewUser::of_key(key.clone());
                        create_or_revive(write, *id, new).map(|user| Some(user.id))
                    }
                }
            })
            .collect::<Result<Vec<Option<UserId>>, Error>>()
    })
    .await?;
    for ((index, _, (channel, at)), user) in unknown.into_iter().zip(users) {
        match user {
            Some(user) => reports.push(Report { user, channel, at }),
            None => receipt
                .rejected
                .push((index, Rejection::not_found("The user was deleted"))),
        }
    }
    Ok(())
}

/// A request's reports that wait for a commit, and whom to tell.
struct Waiting {
    reports: Vec<Report>,
    sender: oneshot::Sender<Result<(), Error>>,
}

/// Reports that wait for the next commit, by client.
#[derive(Default)]
pub struct Queue(Mutex<Reports>);

#[derive(Default)]
struct Reports {
    waiting: HashMap<ClientId, Vec<Waiting>>,
    /// Reports that wait or are being written, of all clients.
    count: usize,
}

impl Queue {
    /// Lets reports wait, and says whether they are the first of their client's. Refuses them when
    /// too many wait: the database does not keep up.
    fn push(&self, client: ClientId, new: Waiting) -> Result<bool, Error> {
        let mut queue = self.0.lock();
        if queue.count + new.reports.len() > WAITING_MAX {
            return Err(Error::Unavailable(
                "too many reports are waiting".to_owned(),
            ));
        }
        queue.count += new.reports.len();
        let waiting = queue.waiting.entry(client).or_default();
        waiting.push(new);
        Ok(waiting.len() == 1)
    }

    fn take(&self, client: ClientId) -> Vec<Waiting> {
        self.0.lock().waiting.remove(&client).unwrap_or_default()
    }

    /// Tells those who were taken what became of their reports.
    fn answer(&self, taken: Vec<Waiting>, result: &Result<(), Error>) {
        self.0.lock().count -= taken.iter().map(|one| one.reports.len()).sum::<usize>();
        for waiting in taken {
            drop(waiting.sender.send(result.clone()));
        }
    }
}

/// Appends the reports with those of whoever else waits for the same client.
async fn append(app: &App, client: ClientId, reports: Vec<Report>) -> Result<(), Error> {
    let (sender, receiver) = oneshot::channel();
    let is_first = app.activity.push(client, Waiting { reports, sender })?;
    // The first one commits for all who come before its turn to write. It does so on a task of its
    // own: its caller may hang up, the others still wait.
    if is_first {
        let queue = Arc::clone(&app.activity);
        let (store, directory) = (Arc::clone(&app.store), Arc::clone(&app.directory));
        let clock = Arc::clone(&app.clock);
        tokio::spawn(async move {
            let taken: Arc<Mutex<Vec<Waiting>>> = Arc::default();
            let ours = Arc::clone(&taken);
            let work_queue = Arc::clone(&queue);
            let result = store
                .write(move |tx| {
                    // The turn first, which other nodes may have: meanwhile the group forms.
                    let first = store::activity::next_number(tx, client)?;
                    let mut taken = ours.lock();
                    taken.extend(work_queue.take(client));
                    write_entries(tx, client, first, &taken, clock.now())
                })
                .await;
            let result = match result {
                Ok(entries) => take_in(&directory, client, entries).await,
                Err(error) => Err(error),
            };
            // A writer that never ran took nobody: they must not wait for ever. If it ran, who came
            // later has a first one of their own.
            let mut taken = std::mem::take(&mut *taken.lock());
            if result.is_err() && taken.is_empty() {
                taken = queue.take(client);
            }
            queue.answer(taken, &result);
        });
    }
    receiver
        .await
        .map_err(|_| Error::Unavailable("the server is shutting down".to_owned()))?
}

/// Writes the reports of those who wait, whole requests to an entry, the first of which has the
/// number that was taken.
fn write_entries(
    tx: &mut Tx<'_>,
    client: ClientId,
    first: i64,
    waiting: &[Waiting],
    now: Timestamp,
) -> Result<Vec<(i64, Vec<Report>)>, Error> {
    let mut entries = vec![(first, Vec::new())];
    for one in waiting {
        let (_, reports) = entries.last().expect("there is one from the beginning");
        if !reports.is_empty() && reports.len() + one.reports.len() > ENTRY_MAX {
            let number = store::activity::next_number(tx, client)?;
            entries.push((number, Vec::new()));
        }
        let (_, reports) = entries.last_mut().expect("there is one from the beginning");
        reports.extend_from_slice(&one.reports);
    }
    for (number, reports) in &entries {
        store::activity::insert(tx, client, *number, reports, now)?;
    }
    Ok(entries)
}

async fn take_in(
    directory: &Directory,
    client: ClientId,
    entries: Vec<(i64, Vec<Report>)>,
) -> Result<(), Error> {
    for (number, reports) in entries {
        directory
            .catch_up_activity(client, number, &reports)
            .await?;
    }
    Ok(())
}

/// Appends one request's reports under its idempotency key.
async fn append_once(
    app: &App,
    access: &Access,
    reports: Vec<Report>,
    receipt: Receipt,
    once: Once<Receipt>,
) -> Result<Done<Receipt>, Error> {
    let (client, actor) = (access.client(), access.actor());
    let clock = Arc::clone(&app.clock);
    let to_append = reports.clone();
    let (done, number) = app
        .store
        .write_for(client, move |tx| {
            // The lock makes two requests under one key come one after the other.
            store::clients::lock(tx, client)?
                .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
            let now = clock.now();
            let mut number = None;
            let done = Once::apply(Some(&once), tx, Some(client), actor, now, |tx| {
                if !to_append.is_empty() {
                    number = Some(store::activity::append(tx, client, &to_append, now)?);
                }
                Ok(receipt.clone())
            })?;
            Ok::<_, Error>((done, number))
        })
        .await?;
    if let Some(number) = number {
        app.directory
            .catch_up_activity(client, number, &reports)
            .await?;
    }
    Ok(done)
}
