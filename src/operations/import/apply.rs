//! Doing what rows say, each whole or not at all.
//!
//! A row is checked against everything that could refuse it before the first of its writes: so a
//! bad row leaves nothing behind, and the transaction's other rows stand. Whom the rows may mean is
//! looked up for many at once, and what they say of users is written for many at once: each row is
//! applied to what those before it left in [`People`]. In a rehearsal the same checks read the same
//! database, and what earlier rows would have written is remembered instead.

use std::rc::Rc;

use crate::model::activity::{Channel, LastActivity, Report};
use crate::model::change::Entity;
use crate::model::environment::Entropy;
use crate::model::id::{Id, UserId};
use crate::model::invalid::Invalid;
use crate::model::provenance::TracedUser;
use crate::model::text::fold;
use crate::model::user::User;
use crate::operations::error::Error;
use crate::operations::import::departments::Departments;
use crate::operations::import::effects::Effect;
use crate::operations::import::people::People;
use crate::operations::import::row::{Row, UserRow};
use crate::operations::import::seen::{Digest, Kind, Seen};
use crate::operations::import::{BadRow, Totals};
use crate::operations::user_changes::UserChanges;
use crate::operations::write::Write;
use crate::store;

/// Rows that are looked up and written together: enough that round trips do not count, and few enough
/// that what is known and made of them is small beside the rows themselves.
const ROWS_AT_ONCE: usize = 250;

/// What is remembered from batch to batch.
#[derive(Default)]
pub(super) struct State {
    seen: Seen,
    /// In a rehearsal: the departments as they would be.
    departments: Departments,
}

impl State {
    pub(super) fn absorb(&mut self, later: Self) {
        self.seen.absorb(later.seen);
        self.departments = later.departments;
    }
}

/// How rows are applied.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// Nothing is written.
    pub(super) is_rehearsal: bool,
    /// Rows may create and change departments.
    pub(super) may_write_departments: bool,
}

/// What became of a batch.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) totals: Totals,
    pub(super) bad: Vec<BadRow>,
    /// In a rehearsal: what the first of the other rows would come to.
    pub(super) effects: Vec<Effect>,
    /// The entry of the activity log that was appended.
    pub(super) activity: Option<(i64, Vec<Report>)>,
    pub(super) state: State,
}

/// A batch that is being applied.
pub(super) struct Applying<'a, 't, 'c> {
    pub(super) write: &'a mut Write<'t, 'c>,
    before: &'a State,
    entropy: &'a dyn Entropy,
    pub(super) terms: Terms,
    /// The line of the row that is being applied.
    pub(super) line: u64,
    pub(super) effects: Vec<Effect>,
    pub(super) seen: Seen,
    pub(super) departments: Departments,
    pub(super) totals: Totals,
    people: People,
    changes: UserChanges,
    reports: Vec<Report>,
}

/// A key that a row names its user by.
#[derive(Clone, Copy)]
enum Identity<'r> {
    Id(UserId),
    /// The gateway's: an external id, or our id of a user without one.
    System(&'r str),
    ExternalId(&'r str),
    UserKey(&'r str),
}

impl Identity<'_> {
    /// What the row calls it.
    fn field(self) -> &'static str {
        match self {
            Self::Id(_) => "id",
            Self::System(_) => "system_identity.id",
            Self::ExternalId(_) => "external_id",
            Self::UserKey(_) => "user_key",
        }
    }

    fn digest(self) -> Digest {
        match self {
            Self::Id(id) => Digest::of(Kind::User, id.as_str()),
            Self::System(text) | Self::ExternalId(text) => Digest::of(Kind::ExternalId, text),
            Self::UserKey(text) => Digest::of(Kind::UserKey, &fold(text)),
        }
    }

    fn is_of(self, user: &User) -> bool {
        match self {
            Self::Id(id) => user.id == id,
            Self::System(text) => {
                user.external_id.as_deref() == Some(text) || UserId::parse(text) == Some(user.id)
            }
            Self::ExternalId(text) => user.external_id.as_deref() == Some(text),
            Self::UserKey(text) => fold(&user.user_key) == fold(text),
        }
    }
}

impl<'a, 't, 'c> Applying<'a, 't, 'c> {
    pub(super) fn new(
        write: &'a mut Write<'t, 'c>,
        before: &'a State,
        entropy: &'a dyn Entropy,
        terms: Terms,
    ) -> Self {
        // A write's departments are read anew in each transaction: others may have changed them.
        let departments = if terms.is_rehearsal {
            before.departments.clone()
        } else {
            Departments::default()
        };
        Self {
            write,
            before,
            entropy,
            terms,
            line: 0,
            effects: Vec::new(),
            seen: Seen::default(),
            departments,
            totals: Totals::default(),
            people: People::default(),
            changes: UserChanges::default(),
            reports: Vec::new(),
        }
    }

    /// Applies the rows in order.
    pub(super) fn all(mut self, rows: &[(u64, Row)]) -> Result<Outcome, Error> {
        // The batch before this one may have been the table's first.
        self.write.tx.plan_anew();
        let mut bad = Vec::new();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            self.people = People::of(self.write, rows, self.terms.is_rehearsal)?;
            self.departments.look_up(self.write, rows)?;
            for (line, row) in rows {
                self.line = *line;
                let applied = match row {
                    Row::User(row) => self.user(*line, row),
                    Row::Department(row) => self.department(*line, row),
                };
                match applied {
                    Ok(()) => {}
                    Err(Error::Invalid(invalid)) => bad.push(BadRow::new(*line, invalid)),
                    Err(error) => return Err(error),
                }
            }
            self.write_users()?;
        }
        let mut activity = None;
        if !self.reports.is_empty() && !self.terms.is_rehearsal {
            let (client, now) = (self.write.client, self.write.now);
            let number = store::activity::append(self.write.tx, client, &self.reports, now)?;
            activity = Some((number, self.reports));
        }
        Ok(Outcome {
            totals: self.totals,
            bad,
            effects: self.effects,
            activity,
            state: State {
                seen: self.seen,
                departments: self.departments,
            },
        })
    }

    /// Writes what the rows so far say of users.
    pub(super) fn write_users(&mut self) -> Result<(), Error> {
        self.changes.flush(self.write).map(drop)
    }

    pub(super) fn new_id(&self) -> Id {
        self.entropy.new_id(self.write.now)
    }

    /// Refuses what an earlier row was about.
    pub(super) fn refuse_repeated(&self, field: &str, digest: Digest) -> Result<(), Error> {
        let seen = self.seen.line(digest);
        match seen.or_else(|| self.before.seen.line(digest)) {
            None => Ok(()),
            Some(line) => Err(refused(field, format!("Line {line} is about the same"))),
        }
    }

    /// Does what a user's row says.
    fn user(&mut self, line: u64, row: &UserRow) -> Result<(), Error> {
        let old = self.find_user(row)?;
        let wanted = match &row.departments {
            None => None,
            Some(references) => Some(self.wanted(references)?),
        };
        let mut new = match &old {
            Some(old) => changed(old, row)?,
            None => self.created(row)?,
        };
        // Nothing refuses the row any more.
        if let Some(wanted) = wanted {
            new.departments = self.make(wanted)?;
        }
        if let Some(old) = &old {
            new = self.write.permitted(old, new);
        }
        let moved = self.note_activity(row, new.id, old.is_some());
        self.remember(line, row, old.as_deref().map(|old| &**old), &new);
        match old {
            None => {
                self.totals.created += 1;
                self.tell(Entity::User, &new.username, "created", Vec::new);
                if !self.terms.is_rehearsal {
                    let new = self.changes.create(self.write, new);
                    self.people.put(None, new.clone());
                }
            }
            Some(old) if **old != new => {
                self.totals.changed += 1;
                let action = match (old.deleted_at, new.deleted_at) {
                    (Some(_), None) => "restored",
                    (None, Some(_)) => "deleted",
                    _ => "updated",
                };
                let fields = self.differences(&old, &new, moved)?;
                self.tell(Entity::User, &new.username, action, || fields);
                if !self.terms.is_rehearsal
                    && let Some(new) = self.changes.save(self.write, &old, new, action)
                {
                    self.people.put(Some(&old), new.clone());
                }
            }
            Some(old) if moved => {
                self.totals.changed += 1;
                let fields = self.differences(&old, &new, true)?;
                self.tell(Entity::User, &new.username, "updated", || fields);
            }
            Some(_) => self.totals.unchanged += 1,
        }
        Ok(())
    }

    /// The user whom the row's keys name, deleted or not.
    fn find_user(&self, row: &UserRow) -> Result<Option<Rc<TracedUser>>, Error> {
        let keys = [
            row.id.map(Identity::Id),
            row.system_id.as_deref().map(Identity::System),
            row.external_id
                .as_ref()
                .and_then(Option::as_deref)
                .map(Identity::ExternalId),
            row.user_key.as_deref().map(Identity::UserKey),
        ];
        let mut found: Option<(&Rc<TracedUser>, Identity<'_>)> = None;
        for key in keys.into_iter().flatten() {
            self.refuse_taken(key)?;
            if found.as_ref().is_some_and(|(user, _)| key.is_of(user)) {
                continue;
            }
            let Some(other) = self.look_up(key) else {
                continue;
            };
            if let Some((user, by)) = &found {
                let (by, field) = (by.field(), key.field());
                let reason = format!("{by} is {}'s, but {field} is {}'s", user.id, other.id);
                return Err(refused(field, reason));
            }
            found = Some((other, key));
        }
        if found.is_none()
            && row.user_key.is_none()
            && let Some(user_key) = row.new_user_key()
        {
            let key = Identity::UserKey(user_key);
            self.refuse_taken(key)?;
            found = self.look_up(key).map(|user| (user, key));
        }
        let Some((user, by)) = found else {
            return Ok(None);
        };
        if row.id.is_some_and(|id| id != user.id) {
            let (by, id) = (by.field(), user.id);
            return Err(refused("id", format!("{by} is {id}'s, who is another id")));
        }
        self.refuse_repeated(by.field(), Identity::Id(user.id).digest())?;
        Ok(Some(Rc::clone(user)))
    }

    /// In a rehearsal, refuses a key that an earlier row would have given to somebody: in earnest
    /// that user would be found by it.
    fn refuse_taken(&self, key: Identity<'_>) -> Result<(), Error> {
        if !self.terms.is_rehearsal {
            return Ok(());
        }
        if let Identity::System(text) = key
            && let Some(id) = UserId::parse(text)
        {
            self.refuse_repeated(key.field(), Identity::Id(id).digest())?;
        }
        self.refuse_repeated(key.field(), key.digest())
    }

    fn look_up(&self, key: Identity<'_>) -> Option<&Rc<TracedUser>> {
        let freed = self.terms.is_rehearsal && {
            let digest = key.digest();
            self.seen.is_free(digest) || self.before.seen.is_free(digest)
        };
        let found = match key {
            Identity::Id(id) => self.people.find(id),
            Identity::System(_) | Identity::ExternalId(_) | Identity::UserKey(_) if freed => None,
            Identity::System(text) | Identity::ExternalId(text) => {
                self.people.find_by_external_id(text)
            }
            Identity::UserKey(text) => self.people.find_by_user_key(text),
        };
        match (key, found) {
            (Identity::System(text), None) => self.people.find(UserId::parse(text)?),
            (_, found) => found,
        }
    }

    /// The user that a row makes, without departments.
    fn created(&self, row: &UserRow) -> Result<User, Error> {
        let nobody = || {
            let reason = "There is no such user, and the row has no username or user_key for one";
            refused("", reason)
        };
        let now = self.write.now;
        Ok(User {
            id: row.id.unwrap_or_else(|| UserId(self.new_id())),
            username: row.new_username().ok_or_else(nobody)?.into(),
            user_key: row.new_user_key().ok_or_else(nobody)?.into(),
            external_id: row.external_or_system_id().map(Into::into),
            state: row.state.unwrap_or_default(),
            profile: row.new_profile(),
            departments: Vec::new(),
            created_at: row.created_at.unwrap_or(now),
            updated_at: row.updated_at.unwrap_or(now),
            deleted_at: row.deleted_at,
            held: None,
            revision: 0,
        })
    }

    /// Notes the row's activity for the batch's report, and says whether it moves a time.
    fn note_activity(&mut self, row: &UserRow, user: UserId, is_known: bool) -> bool {
        let told = row.last_activity;
        if told.at().is_none() {
            return false;
        }
        let mut activity = if is_known {
            self.people.activity(user)
        } else {
            LastActivity::default()
        };
        let channels = [
            (Channel::Desktop, told.desktop_at),
            (Channel::Web, told.web_at),
        ];
        let mut moved = false;
        for (channel, at) in channels {
            let Some(at) = at else { continue };
            let before = activity;
            activity.take(channel, at);
            if activity != before {
                moved = true;
                self.reports.push(Report { user, channel, at });
            }
        }
        moved
    }

    /// Remembers that the file was about this user.
    fn remember(&mut self, line: u64, row: &UserRow, old: Option<&User>, new: &User) {
        let by_id = Identity::Id(new.id);
        if !self.terms.is_rehearsal {
            self.seen.insert(by_id.digest(), line);
            return;
        }
        if old.is_some() || row.id.is_some() {
            self.seen.insert(by_id.digest(), line);
        }
        let keys = |user: &User| {
            let external_id = user.external_id.as_deref();
            let external_id = external_id.map(|text| Identity::ExternalId(text).digest());
            [
                Some(Identity::UserKey(&user.user_key).digest()),
                external_id,
            ]
        };
        let (before, after) = (old.map_or([None; 2], keys), keys(new));
        for (before, after) in before.into_iter().zip(after) {
            if before == after {
                continue;
            }
            if let Some(before) = before {
                self.seen.free(before);
            }
            if let Some(after) = after {
                self.seen.insert(after, line);
            }
        }
    }
}

/// The user after the row, in the departments of before. `updated_at` says when we changed the record, so
/// it is not the row's to say.
fn changed(old: &User, row: &UserRow) -> Result<User, Error> {
    let mut new = User {
        profile: row.profile_of(&old.profile)?,
        deleted_at: row.deleted_at,
        state: row.state.unwrap_or(old.state),
        created_at: row.created_at.unwrap_or(old.created_at),
        ..old.clone()
    };
    if let Some(username) = &row.username {
        new.username.clone_from(username);
    }
    if let Some(user_key) = &row.user_key {
        new.user_key.clone_from(user_key);
    }
    if let Some(external_id) = &row.external_id {
        new.external_id.clone_from(external_id);
    }
    if let Some(system_id) = &row.system_id
        && !Identity::System(system_id).is_of(old)
    {
        new.external_id = Some(system_id.clone());
    }
    Ok(new)
}

fn refused(field: &str, reason: impl Into<String>) -> Error {
    Error::Invalid(Invalid::new(field, reason))
}
