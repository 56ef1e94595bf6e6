//! Taking back one change of a user: each field that it set gets the value that it had before, if it
//! still has the one that the change gave it. If any was changed since, nothing is taken back.
//!
//! That is a change like every other, whose entry in the log names the one that it takes back; so it can
//! be taken back as well. What was held back is not held again, and what an identity provider sent beside
//! the fields stays if it has sent something else since.

use crate::model::change::Entity;
use crate::model::field::{Field, Fields};
use crate::model::id::UserId;
use crate::model::invalid::Invalid;
use crate::model::profile::ProfileDraft;
use crate::model::provenance::TracedUser;
use crate::model::user::{User, UserDetails};
use crate::model::user_difference::{Changed, UserDifference, set, value_of};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::user_changes::UserChanges;
use crate::operations::users::{details, find, last_activity, unknown, write_whole};
use crate::operations::write::{Done, Once, Write, write_once};
use crate::store;

/// The name of the field that says which change it is.
const CHANGE: &str = "change";

/// Takes back the change of that number, which must be one of this user's.
pub async fn undo(
    app: &App,
    access: &Access,
    id: UserId,
    number: i64,
    once: Option<Once<UserDetails>>,
) -> Result<Done<UserDetails>, Error> {
    let seen = last_activity(app, access, id).await?;
    write_once(app, access, once, move |write| {
        let user = take_back(write, id, number)?;
        details(write, user, seen)
    })
    .await
}

/// Takes back the change of that number, which must be one of this user's, and says what the record is
/// now. What is refused has written nothing.
pub(super) fn take_back(write: &mut Write<'_, '_>, id: UserId, number: i64) -> Result<User, Error> {
    let old = find(write, id)?;
    let difference = difference_of(write, id, number)?;
    // Who is deleted is there only for who brings them back.
    if old.deleted_at.is_some() && !is_deletion(&difference) {
        return Err(unknown(id));
    }
    assert_unchanged_since(&old, &difference, number)?;
    let new = before(write, &old, &difference)?;
    let pinned = pinned_before(&old, difference.pinned.as_ref());
    assert_keys_are_free(write, &old, &new)?;
    assert_departments_exist(write, &old, &new)?;
    let action = match (old.deleted_at, new.deleted_at) {
        (None, Some(_)) => "deleted",
        (Some(_), None) => "restored",
        _ => "updated",
    };
    let mut changes = UserChanges::undoing(number);
    let saved = changes.save_pinning(write, &old, new, pinned, action);
    let user = saved.map_or_else(|| old.to_user(), TracedUser::to_user);
    write_whole(write, changes)?;
    Ok(user)
}

/// What the change made of the user.
fn difference_of(
    write: &mut Write<'_, '_>,
    id: UserId,
    number: i64,
) -> Result<UserDifference, Error> {
    let entry = store::changes::find(write.tx, write.client, number)?;
    let is_theirs = |entry: &store::changes::Entry| {
        entry.entity == Entity::User.name() && entry.entity_id == id.as_str()
    };
    let entry = entry
        .filter(is_theirs)
        .ok_or_else(|| Invalid::new(CHANGE, format!("{number} is not a change of this user")))?;
    let difference = UserDifference::parse(&entry.detail);
    let difference = difference.filter(UserDifference::is_undoable);
    difference.ok_or_else(|| {
        let reason = format!("There is nothing in change {number} that can be taken back");
        Invalid::new(CHANGE, reason).into()
    })
}

fn is_deletion(difference: &UserDifference) -> bool {
    let deleted = difference.deleted_at.as_ref();
    deleted.is_some_and(|deleted| deleted.to.is_some())
}

/// Whether the change made the record: it is taken back by deleting the user.
fn is_creation(difference: &UserDifference) -> bool {
    let created = difference.created_at.as_ref();
    created.is_some_and(|created| created.from.is_none())
}

/// Refuses a change of which a field has another value by now, and names all of these.
fn assert_unchanged_since(
    old: &TracedUser,
    difference: &UserDifference,
    number: i64,
) -> Result<(), Error> {
    let mut changed: Vec<_> = difference
        .fields
        .iter()
        .filter(|(field, changed)| value_of(old, *field) != changed.to)
        .map(|(field, _)| field.name())
        .collect();
    let moments = [
        ("created_at", &difference.created_at, Some(old.created_at)),
        ("deleted_at", &difference.deleted_at, old.deleted_at),
    ];
    for (name, difference, now) in moments {
        if difference.as_ref().is_some_and(|changed| changed.to != now) {
            changed.push(name.into());
        }
    }
    if let Some(Changed { from, to }) = difference.pinned {
        let now = old.provenance().pinned();
        let touched = from.without(to) | to.without(from);
        if touched
            .iter()
            .any(|field| now.contains(field) != to.contains(field))
        {
            changed.push("pinned".into());
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let reason = format!(
        "Change {number} cannot be taken back, since these were changed after it: {}",
        changed.join(", ")
    );
    Err(Error::conflict(CHANGE, reason))
}

/// The record as it was before, as far as the change touched it.
fn before(
    write: &Write<'_, '_>,
    old: &TracedUser,
    difference: &UserDifference,
) -> Result<User, Error> {
    let mut user = old.to_user();
    if is_creation(difference) {
        user.deleted_at.get_or_insert(write.now);
        return Ok(user);
    }
    let fields = difference.fields.iter();
    let values = fields.map(|(field, changed)| (*field, changed.from.as_deref()));
    set(&mut user, values)
        .ok_or_else(|| Error::Internal("the log has a value that is none".to_owned()))?;
    if let Some(sent) = &difference.provisioned
        && user.profile.provisioned() == sent.to.as_deref()
    {
        let mut profile = ProfileDraft::from(&user.profile);
        profile.set_provisioned(sent.from.as_deref().map(str::to_owned));
        user.profile = profile.finish();
    }
    if let Some(created_at) = difference.created_at.as_ref().and_then(|it| it.from) {
        user.created_at = created_at;
    }
    if let Some(deleted) = &difference.deleted_at {
        user.deleted_at = deleted.from.map(|_| write.now);
    }
    Ok(user)
}

/// The pins as they were, and those as they are that the change did not touch.
fn pinned_before(old: &TracedUser, pinned: Option<&Changed<Fields>>) -> Fields {
    let now = old.provenance().pinned();
    pinned.map_or(now, |Changed { from, to }| {
        now.without(to.without(*from)) | from.without(*to)
    })
}

/// Refuses keys that are somebody else's by now.
fn assert_keys_are_free(
    write: &mut Write<'_, '_>,
    old: &TracedUser,
    new: &User,
) -> Result<(), Error> {
    let taken = |field: &str| Error::conflict(field, format!("The {field} is taken"));
    if new.user_key != old.user_key {
        let other = store::users::find_by_user_key(write.tx, write.client, &new.user_key)?;
        if other.is_some_and(|other| other.id != old.id) {
            return Err(taken("user_key"));
        }
    }
    if let Some(external_id) = &new.external_id
        && new.external_id != old.external_id
    {
        let other = store::users::find_by_external_id(write.tx, write.client, external_id)?;
        if other.is_some_and(|other| other.id != old.id) {
            return Err(taken("external_id"));
        }
    }
    Ok(())
}

/// Refuses departments that were deleted since, by their names.
fn assert_departments_exist(
    write: &mut Write<'_, '_>,
    old: &TracedUser,
    new: &User,
) -> Result<(), Error> {
    if new.departments == old.departments {
        return Ok(());
    }
    for id in &new.departments {
        let found = store::departments::find_or_deleted(write.tx, write.client, *id)?;
        if found
            .as_ref()
            .is_none_or(|found| found.deleted_at.is_some())
        {
            let name = found.map_or_else(|| id.as_str().into(), |found| found.name);
            let reason = format!("The department {name} was deleted since");
            return Err(Error::conflict(&Field::Departments.name(), reason));
        }
    }
    Ok(())
}
