//! Imports as others see them: what runs, how far it has come, what came of the last ones.
//!
//! A run has a row, which says how it stands, and a lease, whose beat its process moves for as long as
//! it lives. Whoever looks tells by the lease whether what is said to run still does: nobody's clock
//! is compared with another's (see [`crate::operations::nodes`]). A node runs one import of a client
//! at a time; the command line's run beside it and hinder nobody.

use std::io::Read;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::model::change::Source;
use crate::model::id::{ClientId, ImportId, UploadId};
use crate::model::import::{Format, Import, ImportState, Totals};
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::import::{Progress, import, uploads};
use crate::operations::nodes::fenced;
use crate::store::leases::{self, Lease};
use crate::store::{self, Tx};

/// How many of a client's imports are remembered.
pub const KEPT: usize = 100;
/// Refused rows of an import that are remembered; of more only the number is.
pub const BAD_KEPT_MAX: usize = 100;
/// How often a run says how far it has come.
pub const BEAT_INTERVAL: Duration = Duration::from_secs(1);
/// How long a run's beat stands still before it is told that its process ended.
pub const SILENCE: Duration = Duration::from_secs(30);
/// Imports of all clients that one node runs at once: each remembers whom its file was about.
const AT_ONCE_MAX: usize = 8;
/// What the name of a run's lease begins with; the client's id and its own follow.
const LEASES: &str = "import/";
/// What is said of a run whose process ended.
const DIED: &str = "The server that ran it ended before the import did. What it had done by then \
                    stays; import the file again for the rest.";

/// The turns of the imports that this node runs.
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX)))
    }
}

/// An import, and what the token or OAuth client that began it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The import.
    pub import: Import,
    /// The name, if it has one.
    pub actor_name: Option<Box<str>>,
}

/// A file of the command line's.
pub struct File<R> {
    /// What it is called.
    pub name: Box<str>,
    /// How it is written.
    pub format: Format,
    /// How long it is, in bytes.
    pub bytes: u64,
    /// What is in it.
    pub content: R,
}

/// Imports an upload, from now on and on this node, and says how that began. Whoever drops the handle
/// does not stop it.
pub async fn apply(
    app: &Arc<App>,
    access: &Access,
    upload: UploadId,
) -> Result<(Import, JoinHandle<()>), Error> {
    let Ok(turn) = Arc::clone(&app.imports.0).try_acquire_owned() else {
        let reason = "the server runs as many imports as it may";
        return Err(Error::Unavailable(reason.to_owned()));
    };
    let access = access.through(Source::Import);
    let (client, actor) = (access.client(), access.actor().token);
    let (id, now) = (ImportId(app.new_id()), app.now());
    let (upload, run) = begin(app, client, true, move |tx| {
        let upload = uploads::find_whole(tx, client, upload, now)?;
        let import = Import {
            id,
            file_name: upload.file_name.clone(),
            format: upload.format,
            actor,
            upload: Some(upload.id),
            state: ImportState::Running,
            started_at: now,
            updated_at: now,
            bytes: upload.bytes,
            bytes_done: 0,
            totals: Totals::default(),
            bad: Vec::new(),
            failure: None,
        };
        Ok((upload, import))
    })
    .await?;
    let begun = run.import.clone();
    let file = uploads::reader(app, &access, &upload);
    let app = Arc::clone(app);
    let running = tokio::spawn(async move {
        let _turn = turn;
        // How it ended stands in its row.
        drop(run.go(&app, &access, file, |_| {}).await);
    });
    Ok((begun, running))
}

/// Imports a file of the command line's in this process, and remembers how it went.
pub async fn run(
    app: &App,
    access: &Access,
    file: File<impl Read + Send + 'static>,
    report: impl FnMut(&Progress),
) -> Result<Totals, Error> {
    let client = access.client();
    let (id, now) = (ImportId(app.new_id()), app.now());
    let (name, format) = (file.name, file.format);
    let bytes = i64::try_from(file.bytes).unwrap_or(i64::MAX);
    let ((), run) = begin(app, client, false, move |_| {
        let import = Import {
            id,
            file_name: name.clone(),
            format,
            actor: None,
            upload: None,
            state: ImportState::Running,
            started_at: now,
            updated_at: now,
            bytes,
            bytes_done: 0,
            totals: Totals::default(),
            bad: Vec::new(),
            failure: None,
        };
        Ok(((), import))
    })
    .await?;
    run.go(app, access, file.content, report).await
}

/// Writes down that the import begins that `make` makes. With `is_alone` another that runs is in its
/// way; one whose process ended never is.
async fn begin<T: Send + 'static>(
    app: &App,
    client: ClientId,
    is_alone: bool,
    make: impl Fn(&mut Tx<'_>) -> Result<(T, Import), Error> + Send + 'static,
) -> Result<(T, Run), Error> {
    let still = app.nodes.still(LEASES, SILENCE).await;
    let holder = app.nodes.id().to_owned();
    let now = app.now();
    let begin = move |tx: &mut Tx<'_>| {
        uploads::lock(tx, client)?;
        for other in store::imports::running(tx, client)? {
            if lives(tx, client, other.id, &still)? {
                if is_alone {
                    let reason = "Another import of this client is running";
                    return Err(Error::conflict("import", reason));
                }
                continue;
            }
            bury(tx, client, other, now)?;
        }
        let (value, import) = make(tx)?;
        store::imports::insert(tx, client, &import, KEPT as i64)?;
        let lease = lease_of(client, import.id);
        let fence = leases::take(tx, &lease, None, &holder)?;
        let fence = fence.ok_or_else(|| Error::Internal(format!("{lease} is there already")))?;
        let run = Run {
            client,
            import,
            lease,
            fence,
            holder: holder.clone(),
        };
        Ok((value, run))
    };
    app.store.write_for(client, begin).await
}

/// An import that this process runs.
struct Run {
    client: ClientId,
    import: Import,
    lease: String,
    fence: i64,
    holder: String,
}

impl Run {
    /// Runs it to its end, and writes down how far it has come meanwhile.
    async fn go(
        mut self,
        app: &App,
        access: &Access,
        file: impl Read + Send + 'static,
        mut report: impl FnMut(&Progress),
    ) -> Result<Totals, Error> {
        let latest: Mutex<Progress> = Mutex::default();
        let take = |progress: Progress| {
            report(&progress);
            let mut latest = latest.lock();
            let room = BAD_KEPT_MAX.saturating_sub(latest.bad.len());
            latest.bad.extend(progress.bad.into_iter().take(room));
            latest.bytes = progress.bytes;
            latest.totals = progress.totals;
        };
        let mut importing = pin!(import(app, access, file, self.import.format, false, take));
        let mut beats = tokio::time::interval(BEAT_INTERVAL);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let result = loop {
            tokio::select! {
                result = &mut importing => break result,
                _ = beats.tick() => {
                    self.note(app, &latest.lock());
                    // When the database is away the import finds out by itself.
                    if let Ok(false) = self.beat(app).await {
                        let reason = "the import was taken for dead, and stops";
                        break Err(Error::Unavailable(reason.to_owned()));
                    }
                }
            }
        };
        self.note(app, &latest.lock());
        self.end(app, &result).await;
        result
    }

    fn note(&mut self, app: &App, progress: &Progress) {
        let import = &mut self.import;
        import.bytes_done = i64::try_from(progress.bytes).unwrap_or(i64::MAX);
        import.totals = progress.totals;
        import.bad.clone_from(&progress.bad);
        import.updated_at = app.now();
    }

    /// Shows how far it has come, and that it lives. `false`: others took it for dead.
    async fn beat(&self, app: &App) -> Result<bool, Error> {
        let (client, import, fence) = (self.client, self.import.clone(), self.fence);
        let (lease, holder) = (self.lease.clone(), self.holder.clone());
        let beat = move |tx: &mut Tx<'_>| {
            let lives = leases::renew(tx, &lease, &holder, fence)?;
            Ok::<_, Error>(lives && store::imports::save(tx, client, &import)?)
        };
        app.store.write(beat).await
    }

    /// Writes down how it ended. What cannot be written shows by the lease, which stands still.
    async fn end(mut self, app: &App, result: &Result<Totals, Error>) {
        let import = &mut self.import;
        match result {
            Ok(totals) => {
                import.state = ImportState::Done;
                import.totals = *totals;
                import.bytes_done = import.bytes;
            }
            Err(error) => {
                import.state = ImportState::Failed;
                import.failure = Some(failure_of(error));
            }
        }
        let (client, import, fence) = (self.client, self.import, self.fence);
        let (lease, holder) = (self.lease, self.holder);
        let end = move |tx: &mut Tx<'_>| {
            store::imports::save(tx, client, &import)?;
            leases::end(tx, &lease, &holder, fence)?;
            // After a failure the file may be imported again.
            if let (ImportState::Done, Some(upload)) = (import.state, import.upload) {
                store::uploads::remove(tx, client, upload)?;
            }
            Ok::<_, Error>(())
        };
        if let Err(error) = app.store.write(end).await {
            tracing::warn!(%client, %error, "how an import ended is not written down");
        }
    }
}

/// What is said of a failure, without what is for the log alone.
fn failure_of(error: &Error) -> Box<str> {
    match error {
        Error::Invalid(invalid) => invalid.reason.as_str().into(),
        Error::NotFound(..) | Error::Conflict(_) => error.to_string().into(),
        _ => {
            tracing::warn!(%error, "an import fails");
            "The directory could not go on. What was done by then stays; import the file again for \
             the rest."
                .into()
        }
    }
}

/// The import of that id.
pub async fn find(app: &App, access: &Access, id: ImportId) -> Result<Listed, Error> {
    let client = access.client();
    let found = told(app, client, move |tx| {
        Ok(store::imports::find(tx, client, id)?.into_iter().collect())
    });
    let found = found.await?.pop();
    found.ok_or_else(|| Error::not_found(Noun::Import, id.as_str()))
}

/// The client's newest imports, at most `count` of them, the newest first.
pub async fn list(app: &App, access: &Access, count: usize) -> Result<Vec<Listed>, Error> {
    let client = access.client();
    let count = count.min(KEPT) as i64;
    told(app, client, move |tx| {
        store::imports::latest(tx, client, count)
    })
    .await
}

/// What `read` finds, as it is told: what says that it runs may have died, and actors have names.
async fn told(
    app: &App,
    client: ClientId,
    read: impl Fn(&mut Tx<'_>) -> Result<Vec<Import>, store::Error> + Send + 'static,
) -> Result<Vec<Listed>, Error> {
    let still = app.nodes.still(LEASES, SILENCE).await;
    let read = move |tx: &mut Tx<'_>| {
        if store::clients::change_number(tx, client)?.is_none() {
            return Err(Error::not_found(Noun::Client, client.as_str()));
        }
        let mut imports = read(tx)?;
        let actors: Vec<_> = imports.iter().filter_map(|import| import.actor).collect();
        let names = store::tokens::names_of_bearers(tx, client, &actors)?;
        for import in &mut imports {
            let runs = import.state == ImportState::Running;
            if runs && !lives(tx, client, import.id, &still)? {
                died(import);
            }
        }
        let listed = imports.into_iter().map(|import| Listed {
            actor_name: import.actor.and_then(|actor| names.get(&actor).cloned()),
            import,
        });
        Ok(listed.collect())
    };
    app.store.read(read).await
}

/// Writes down which imports died, if this node keeps house.
pub(in crate::operations) async fn purge(app: &App) -> Result<(), Error> {
    for lease in app.nodes.still(LEASES, SILENCE).await {
        let now = app.now();
        let bury_one = move |tx: &mut Tx<'_>| {
            let Lease {
                name, fence, beat, ..
            } = &lease;
            // One whose beat has moved since lives.
            if let Some((client, id)) = named_by(name)
                && leases::remove(tx, name, *fence, *beat)?
                && let Some(import) = store::imports::find(tx, client, id)?
            {
                bury(tx, client, import, now)?;
            }
            Ok(())
        };
        if fenced(app, bury_one).await?.is_none() {
            break;
        }
    }
    Ok(())
}

/// Whether the process that runs an import lives, as far as this node knows.
fn lives(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: ImportId,
    still: &[Lease],
) -> Result<bool, store::Error> {
    let lease = leases::find(tx, &lease_of(client, id))?;
    Ok(lease.is_some_and(|lease| !lease.is_free() && !still.contains(&lease)))
}

/// Writes down that an import died.
fn bury(
    tx: &mut Tx<'_>,
    client: ClientId,
    mut import: Import,
    now: Timestamp,
) -> Result<(), store::Error> {
    let lease = lease_of(client, import.id);
    if let Some(lease) = leases::find(tx, &lease)? {
        leases::remove(tx, &lease.name, lease.fence, lease.beat)?;
    }
    died(&mut import);
    import.updated_at = now;
    store::imports::save(tx, client, &import).map(drop)
}

fn died(import: &mut Import) {
    import.state = ImportState::Failed;
    import.failure = Some(DIED.into());
}

fn lease_of(client: ClientId, id: ImportId) -> String {
    format!("{LEASES}{client}/{id}")
}

/// Whose lease has that name.
fn named_by(lease: &str) -> Option<(ClientId, ImportId)> {
    let (client, id) = lease.strip_prefix(LEASES)?.split_once('/')?;
    Some((ClientId::parse(client)?, ImportId::parse(id)?))
}
