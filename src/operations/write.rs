//! How every write of a client's data goes: the client locked, the rule's own work, each change
//! recorded with it, one commit, and the image caught up before the caller is answered.

use std::sync::Arc;

use serde_json::Value;

use crate::directory::News;
use crate::directory::image::Delta;
use crate::model::change::{Actor, Entity};
use crate::model::id::ClientId;
use crate::model::provenance::{Origin, TracedUser};
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::trail::{REHEARSED_MAX, Trail};
use crate::operations::user_changes::Written;
use crate::store::changes::Change;
use crate::store::idempotency::Remembered;
use crate::store::users::Rename;
use crate::store::{self, Tx};

/// How long an answer is remembered under its idempotency key.
pub const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

/// Users that a write hands over to the image at most. Reading more is cheap beside writing them.
const HANDED_OVER_MAX: usize = 64;

/// A write in progress.
pub struct Write<'t, 'c> {
    /// The transaction.
    pub tx: &'t mut Tx<'c>,
    /// The client, locked until the transaction ends.
    pub client: ClientId,
    /// The moment that all its changes bear.
    pub now: Timestamp,
    actor: Actor,
    number: i64,
    /// What was recorded, as long as it is only of a few users: see [`Self::hand_over`].
    users: Vec<User>,
    renames: Vec<Rename>,
}

impl<'t, 'c> Write<'t, 'c> {
    fn begin(
        tx: &'t mut Tx<'c>,
        client: ClientId,
        actor: Actor,
        now: Timestamp,
        number: i64,
    ) -> Self {
        Self {
            tx,
            client,
            now,
            actor,
            number,
            users: Vec::new(),
            renames: Vec::new(),
        }
    }

    /// Records a change of a record and says its number, which is the record's new revision. The
    /// record's change before it is `previous`.
    pub fn record(
        &mut self,
        (entity, entity_id): (Entity, &str),
        action: &str,
        detail: &Value,
        previous: Option<i64>,
    ) -> Result<i64, Error> {
        let (number, detail) = (self.take_number(), detail.to_string());
        let change = Change {
            previous,
            ..self.change(number, entity, entity_id, action, &detail)
        };
        store::changes::insert(self.tx, self.client, &change)?;
        Ok(number)
    }

    /// Who writes, and through which door.
    pub(super) fn actor(&self) -> Actor {
        self.actor
    }

    /// Takes the number of a change that is recorded later in the transaction.
    pub(super) fn take_number(&mut self) -> i64 {
        self.number += 1;
        self.number
    }

    /// A change of this write's, under a number that was taken: its record's first.
    pub(super) fn change<'a>(
        &self,
        number: i64,
        entity: Entity,
        entity_id: &'a str,
        action: &'a str,
        detail: &'a str,
    ) -> Change<'a> {
        Change {
            number,
            at: self.now,
            actor: self.actor,
            entity,
            entity_id,
            action,
            detail,
            previous: None,
        }
    }

    /// The change under a number that was taken, as the fields that it sets remember it.
    pub(super) fn origin(&self, number: i64) -> Origin {
        Origin {
            source: self.actor.source,
            at: self.now,
            number,
        }
    }

    /// What this write may make of `old` when it wants `new`: whoever provisions leaves pinned fields
    /// alone.
    pub(super) fn permitted(&self, old: &TracedUser, new: User) -> User {
        if self.actor.source.is_provisioning() {
            old.with_pinned_kept(new)
        } else {
            new
        }
    }

    /// Takes the users whom the latest changes are about, whole, and how they were called before if
    /// that differs: the image need not read again what is handed over.
    pub(super) fn hand_over(&mut self, written: Written) {
        let room = HANDED_OVER_MAX - self.users.len();
        self.users.extend(written.users.into_iter().take(room));
        self.renames.extend(written.renames);
    }

    /// All that the changes after number `since` touched, if it was handed over: a change of
    /// anything else, or one user too many, and it has to be read.
    fn handed_over(self, since: i64) -> Option<Delta> {
        let changes = usize::try_from(self.number - since).ok()?;
        (changes > 0 && self.users.len() == changes).then(|| Delta {
            number: self.number,
            at: Some(self.now),
            client: None,
            departments: Vec::new(),
            users: self.users,
            renames: self.renames,
        })
    }
}

/// A request that is to be done once, however often it is sent.
#[derive(Clone)]
pub struct Once<T> {
    /// The caller's key.
    pub key: String,
    /// What the request was: the same key with another request is refused.
    pub fingerprint: String,
    /// Makes the answer to remember of what was done.
    pub render: fn(&T) -> String,
}

/// What became of a request.
#[derive(Debug)]
pub enum Done<T> {
    /// It was done just now.
    Now(T),
    /// It was done before, and this was answered.
    Before(String),
}

impl<T> Once<T> {
    /// Does `work` unless its answer is remembered; remembers its answer in the same transaction.
    pub(super) fn apply(
        once: Option<&Self>,
        tx: &mut Tx<'_>,
        client: Option<ClientId>,
        actor: Actor,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, Error>,
    ) -> Result<Done<T>, Error> {
        let Some(once) = once else {
            return work(tx).map(Done::Now);
        };
        if let Some(before) = once.before(tx, client, actor, now)? {
            return Ok(before);
        }
        let done = work(tx)?;
        let remembered = Remembered {
            fingerprint: once.fingerprint.clone(),
            answer: (once.render)(&done),
        };
        let actor = actor_name(actor);
        let since = now.plus_milliseconds(-REMEMBERED_MS);
        store::idempotency::remember(tx, client, &actor, &once.key, &remembered, now, since)?;
        Ok(Done::Now(done))
    }

    /// What was answered before under the key, if it is remembered. Refuses another request.
    pub(super) fn before(
        &self,
        tx: &mut Tx<'_>,
        client: Option<ClientId>,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Option<Done<T>>, Error> {
        let since = now.plus_milliseconds(-REMEMBERED_MS);
        let actor = actor_name(actor);
        match store::idempotency::find(tx, client, &actor, &self.key, since)? {
            Some(before) if before.fingerprint != self.fingerprint => Err(Error::KeyReused),
            before => Ok(before.map(|before| Done::Before(before.answer))),
        }
    }
}

/// Under which name an actor's keys are kept; the command line's is empty.
fn actor_name(actor: Actor) -> String {
    let token = actor.token.map(|token| token.to_string());
    token.unwrap_or_default()
}

/// Writes the client's data: see the module.
pub async fn write<T: Send + 'static>(
    app: &App,
    access: &Access,
    work: impl Fn(&mut Write<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match write_once(app, access, None, work).await? {
        Done::Now(value) => Ok(value),
        Done::Before(_) => Err(Error::Internal(
            "an answer was remembered without a key".to_owned(),
        )),
    }
}

/// As [`write()`], but done once under an idempotency key, if there is one.
pub async fn write_once<T: Send + 'static>(
    app: &App,
    access: &Access,
    once: Option<Once<T>>,
    work: impl Fn(&mut Write<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<Done<T>, Error> {
    if let Some(trail) = access.trail().filter(|trail| trail.is_rehearsal()) {
        return rehearse_whole(app, access, trail, work)
            .await
            .map(Done::Now);
    }
    let (client, actor) = (access.client(), access.actor());
    let clock = Arc::clone(&app.clock);
    let (done, before, number, news) = app
        .store
        .write_for(client, move |tx| {
            let number = store::clients::lock(tx, client)?
                .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
            // The clock is read under the lock, so that moments ascend with numbers.
            let now = clock.now();
            let (mut latest, mut delta) = (number, None);
            let done = Once::apply(once.as_ref(), tx, Some(client), actor, now, |tx| {
                let mut write = Write::begin(tx, client, actor, now, number);
                let value = work(&mut write)?;
                latest = write.number;
                delta = write.handed_over(number);
                Ok(value)
            })?;
            let mut news = None;
            if latest != number {
                store::clients::set_change_number(tx, client, latest)?;
                if let Some(delta) = delta {
                    let at = store::changes::moment(tx, client, number)?;
                    news = Some(News {
                        since: (number, at),
                        delta,
                    });
                }
            }
            Ok::<_, Error>((done, number, latest, news))
        })
        .await?;
    // From here on it is done, whatever becomes of the image.
    if let Some(trail) = access.trail()
        && number > before
    {
        trail.wrote(before + 1, number);
    }
    app.directory.catch_up_with(client, number, news).await?;
    Ok(done)
}

/// Does `work` over a moment's state without a lock, and undoes whatever it may have written: for
/// work that asks what a write would do.
pub(super) async fn rehearse<T: Send + 'static>(
    app: &App,
    access: &Access,
    work: impl Fn(&mut Write<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (client, actor) = (access.client(), access.actor());
    let clock = Arc::clone(&app.clock);
    app.store
        .read(move |tx| {
            let number = store::clients::change_number(tx, client)?
                .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
            let now = clock.now();
            work(&mut Write::begin(tx, client, actor, now, number))
        })
        .await
}

/// Why a rehearsal's transaction is undone.
enum Undone<T> {
    /// It came to its end: what the work made, and the changes that it recorded.
    AtItsEnd(T, Vec<store::changes::Entry>, i64),
    /// It was refused.
    Refused(Error),
}

impl<T> From<store::Error> for Undone<T> {
    fn from(error: store::Error) -> Self {
        Self::Refused(error.into())
    }
}

/// Does `work` as [`write_once`] would, under the client's lock, notes what it would have changed, and
/// undoes it. Unlike [`rehearse`] it writes, and whoever only reads may not begin to on SQLite when
/// somebody else has written since.
async fn rehearse_whole<T: Send + 'static>(
    app: &App,
    access: &Access,
    trail: &Trail,
    work: impl Fn(&mut Write<'_, '_>) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (client, actor) = (access.client(), access.actor());
    let clock = Arc::clone(&app.clock);
    let undone = app
        .store
        .write_for(client, move |tx| {
            let number = store::clients::lock(tx, client)?
                .ok_or_else(|| Undone::Refused(Error::not_found(Noun::Client, client.as_str())))?;
            let mut write = Write::begin(tx, client, actor, clock.now(), number);
            let value = work(&mut write).map_err(Undone::Refused)?;
            let count = write.number - number;
            let changes = store::changes::page(tx, client, number, REHEARSED_MAX as i64)?;
            Err::<(), _>(Undone::AtItsEnd(value, changes, count))
        })
        .await;
    match undone {
        Ok(()) => Err(Error::Internal("a rehearsal was not undone".to_owned())),
        Err(Undone::Refused(error)) => Err(error),
        Err(Undone::AtItsEnd(value, changes, count)) => {
            trail.rehearsed(changes, count);
            Ok(value)
        }
    }
}
