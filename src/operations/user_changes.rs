//! How users' records are written: many at once, each with its change.

use crate::model::change::Entity;
use crate::model::field::Fields;
use crate::model::provenance::TracedUser;
use crate::model::provisioning::Intent;
use crate::model::text::fold;
use crate::model::user::{State, User};
use crate::model::user_difference;
use crate::operations::error::Error;
use crate::operations::write::Write;
use crate::store;
use crate::store::changes::Change;
use crate::store::users::Rename;

/// Changes that were decided on and are written together, in few round trips. Whoever decides on the
/// next one must know of those before it: the database does not yet.
#[derive(Default)]
pub(super) struct UserChanges {
    /// Those who are new.
    created: Vec<Pending>,
    /// Those who are there already, in the order in which keys pass from one to another.
    saved: Vec<Pending>,
    renames: Vec<Rename>,
    /// The number of the change that these take back.
    undoes: Option<i64>,
}

/// What a flush wrote.
pub(super) struct Written {
    pub(super) users: Vec<User>,
    pub(super) renames: Vec<Rename>,
}

/// A record as it is to be.
struct Pending {
    user: TracedUser,
    action: &'static str,
    /// What the log says of it.
    detail: String,
    /// The number of the record's change before this one.
    previous: Option<i64>,
    has_other_keys: bool,
}

impl UserChanges {
    /// Changes that take back the one of that number, and say so.
    pub(super) fn undoing(number: i64) -> Self {
        Self {
            undoes: Some(number),
            ..Self::default()
        }
    }

    /// Adds a user with the moments that it bears. Its keys are free, and nothing else is decided on
    /// it before the next flush.
    pub(super) fn create(&mut self, write: &mut Write<'_, '_>, mut user: User) -> &TracedUser {
        user.revision = write.take_number();
        let origin = write.origin(user.revision);
        let user = TracedUser::created(user, origin);
        let pending = Pending {
            detail: user_difference::write(None, &user, self.undoes),
            previous: None,
            has_other_keys: true,
            action: "created",
            user,
        };
        &self.created.push_mut(pending).user
    }

    /// Makes `old` what `new` is, which bears the same id, as far as the write may. `updated_at` becomes
    /// the write's moment unless `new` brings its own. `None`: nothing differs, and nothing is written.
    pub(super) fn save(
        &mut self,
        write: &mut Write<'_, '_>,
        old: &TracedUser,
        new: User,
        action: &'static str,
    ) -> Option<&TracedUser> {
        let pinned = old.provenance().pinned();
        self.save_pinning(write, old, new, pinned, action)
    }

    /// As [`Self::save`], with these fields pinned afterwards. Pins alone move the revision and not
    /// `updated_at`: what the record says is the same.
    pub(super) fn save_pinning(
        &mut self,
        write: &mut Write<'_, '_>,
        old: &TracedUser,
        new: User,
        pinned: Fields,
        action: &'static str,
    ) -> Option<&TracedUser> {
        let mut new = write.permitted(old, new);
        if new.held.is_some_and(|held| is_so(held.intent, &new)) {
            new.held = None;
        }
        let is_same = new == **old;
        if is_same && pinned == old.provenance().pinned() {
            return None;
        }
        if !is_same && new.updated_at == old.updated_at && is_other_record(old, &new) {
            new.updated_at = write.now.max(old.updated_at);
        }
        new.revision = write.take_number();
        if fold(&new.username) != fold(&old.username) {
            self.renames.push(Rename {
                number: new.revision,
                user: new.id,
                username: old.username.clone(),
            });
        }
        let origin = write.origin(new.revision);
        let new = old.changed(new, pinned, origin);
        let pending = Pending {
            detail: user_difference::write(Some(old), &new, self.undoes),
            previous: old.provenance().latest_change(),
            has_other_keys: new.user_key != old.user_key || new.external_id != old.external_id,
            action,
            user: new,
        };
        Some(&self.saved.push_mut(pending).user)
    }

    /// Writes what was decided on, and says what it was.
    pub(super) fn flush(&mut self, write: &mut Write<'_, '_>) -> Result<Written, Error> {
        let Self {
            created,
            saved,
            renames,
            ..
        } = std::mem::take(self);
        let client = write.client;
        let changes: Vec<_> = created
            .iter()
            .chain(&saved)
            .map(|pending| {
                let (user, detail) = (&pending.user, &pending.detail);
                let id = user.id.as_str();
                Change {
                    previous: pending.previous,
                    ..write.change(user.revision, Entity::User, id, pending.action, detail)
                }
            })
            .collect();
        store::changes::insert_many(write.tx, client, &changes)?;
        // Who is new may take a key that somebody gives up, and never gives up one: they come last.
        let with_other_keys = |wanted| {
            let saved = saved.iter();
            users(saved.filter(move |pending| pending.has_other_keys == wanted))
        };
        store::users::update_many_under_same_keys(write.tx, client, &with_other_keys(false))?;
        store::users::update_many(write.tx, client, &with_other_keys(true))?;
        if store::users::insert_many(write.tx, client, &users(&created))? != created.len() {
            return Err(Error::conflict("id", "The id is taken"));
        }
        store::users::remember_renames(write.tx, client, &renames, write.now)?;
        let pending = created.into_iter().chain(saved);
        let users = pending.map(|pending| pending.user.into_user()).collect();
        Ok(Written { users, renames })
    }
}

/// Whether somebody is as an intent would have them.
fn is_so(intent: Intent, user: &User) -> bool {
    match intent {
        Intent::Deactivate => user.deleted_at.is_some() || user.state == State::Inactive,
        Intent::Delete => user.deleted_at.is_some(),
    }
}

/// Whether more differs than what is held, which is no part of what is shown of somebody.
fn is_other_record(old: &User, new: &User) -> bool {
    let is_seen_alike = || {
        let held = old.held;
        User {
            held,
            ..new.clone()
        } == *old
    };
    new.held == old.held || !is_seen_alike()
}

fn users<'p>(pending: impl IntoIterator<Item = &'p Pending>) -> Vec<&'p TracedUser> {
    pending.into_iter().map(|pending| &pending.user).collect()
}
