//! People: reading them, and the rules of changing them.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::directory::Live;
use crate::model::activity::LastActivity;
use crate::model::change::Source;
use crate::model::department::Department;
use crate::model::field::{Field, Fields};
use crate::model::id::{DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::page::{Moment, Page, Position, UserQuery};
use crate::model::profile_json;
use crate::model::provenance::TracedUser;
use crate::model::provisioning::Intent;
use crate::model::user::{NewUser, State, Summary, User, UserDetails, UserView};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::precondition::Precondition;
use crate::operations::user_changes::UserChanges;
use crate::operations::write::{Done, Once, Write, write, write_once};
use crate::store;

/// The image of the client that was granted.
pub(super) async fn live(app: &App, access: &Access) -> Result<Arc<Live>, Error> {
    let client = access.client();
    if let Some(live) = app.directory.at_hand(client) {
        return Ok(live);
    }
    // In a box, so that requests that need not wait do not carry its room around.
    let live = Box::pin(app.directory.live(client)).await?;
    live.ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))
}

/// Lends the user of that id to `show`.
pub async fn get<R>(
    app: &App,
    access: &Access,
    id: UserId,
    show: impl FnOnce(&UserView<'_>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    let user = image.user(id).ok_or_else(|| unknown(id))?;
    Ok(show(&user))
}

/// Lends the user of that id to `show`, whether or not they were deleted.
pub async fn get_or_deleted<R>(
    app: &App,
    access: &Access,
    id: UserId,
    show: impl FnOnce(&UserView<'_>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    let user = image.user_or_deleted(id).ok_or_else(|| unknown(id))?;
    Ok(show(&user))
}

/// The moment of the client's image: the same question about its people has the same answer as long
/// as it stays.
pub async fn moment(app: &App, access: &Access) -> Result<Moment, Error> {
    Ok(live(app, access).await?.moment())
}

/// Lends a page of users to `show`. A department that does not exist matches nobody.
pub async fn list<R>(
    app: &App,
    access: &Access,
    query: &UserQuery,
    after: Option<&Position>,
    size: usize,
    show: impl FnOnce(Page<UserView<'_>>) -> R,
) -> Result<R, Error> {
    let mut image = live(app, access).await?;
    let (number, began_at) = (image.read().number(), after.map_or(0, |after| after.since));
    if number < began_at {
        // Another node began this walk, at a change that was not looked for here yet.
        Box::pin(app.directory.reach(access.client(), began_at)).await?;
        image = live(app, access).await?;
    }
    let image = image.read();
    Ok(show(image.list_users(query, after, size)))
}

/// How many users were seen within the last `threshold_s` seconds, and how many were not.
pub async fn summary(app: &App, access: &Access, threshold_s: i64) -> Result<Summary, Error> {
    let live = live(app, access).await?;
    let since = app
        .now()
        .plus_milliseconds(threshold_s.saturating_mul(-1000));
    let summary = live.read().summary(since);
    Ok(summary)
}

/// Creates a user, or brings a deleted one with the same external id or user key back, under its
/// old id.
pub async fn create(
    app: &App,
    access: &Access,
    new: NewUser,
    once: Option<Once<UserDetails>>,
) -> Result<Done<UserDetails>, Error> {
    let id = UserId(app.new_id());
    write_once(app, access, once, move |write| {
        let user = create_or_revive(write, id, new.clone())?;
        // Only who was there before can have been seen.
        let seen = if user.id == id {
            LastActivity::default()
        } else {
            store::activity::of_user(write.tx, write.client, user.id)?
        };
        details(write, user, seen)
    })
    .await
}

/// Replaces the user's departments, and pins or unpins them when `pin` says so, else as the client's
/// settings do.
pub async fn set_departments(
    app: &App,
    access: &Access,
    id: UserId,
    departments: Vec<DepartmentId>,
    pin: Option<bool>,
    precondition: Precondition,
) -> Result<UserDetails, Error> {
    let seen = last_activity(app, access, id).await?;
    let is_pinned = live(app, access)
        .await?
        .read()
        .client()
        .provisioning
        .pins_departments;
    let pin = pin.or(is_pinned.then_some(true));
    write(app, access, move |write| {
        let old = find_live(write, id)?;
        precondition.check("user", old.revision)?;
        let found = check_departments(write, &departments)?;
        let new = User {
            departments: departments.clone(),
            ..old.to_user()
        };
        let pinned = repinned(&old, Field::Departments.into(), pin);
        Ok(UserDetails {
            user: save_pinning(write, &old, new, pinned, "updated")?.into_user(),
            departments: found,
            last_activity: seen,
        })
    })
    .await
}

/// Changes the user's profile and state by a JSON merge patch of the gateway's `user` object, and pins
/// or unpins the fields that it names when `pin` says so.
pub async fn patch_profile(
    app: &App,
    access: &Access,
    id: UserId,
    patch: Map<String, Value>,
    pin: Option<bool>,
    precondition: Precondition,
) -> Result<UserDetails, Error> {
    let seen = last_activity(app, access, id).await?;
    write(app, access, move |write| {
        let old = find_live(write, id)?;
        precondition.check("user", old.revision)?;
        let (state, profile) = profile_json::patched(&old.profile, &patch)?;
        let new = User {
            state: state.unwrap_or(old.state),
            profile,
            ..old.to_user()
        };
        let pinned = repinned(&old, Fields::named_by(&patch), pin);
        let user = save_pinning(write, &old, new, pinned, "updated")?.into_user();
        details(write, user, seen)
    })
    .await
}

/// Deletes the user, softly: the Clients API shows it no more, the gateway as inactive.
pub async fn delete(
    app: &App,
    access: &Access,
    id: UserId,
    precondition: Precondition,
) -> Result<(), Error> {
    write(app, access, move |write| {
        let old = find_live(write, id)?;
        precondition.check("user", old.revision)?;
        let new = User {
            deleted_at: Some(write.now),
            ..old.to_user()
        };
        save(write, &old, new, "deleted").map(drop)
    })
    .await
}

/// Brings a deleted user back as they were; one that is not deleted stays as it is.
pub async fn restore(
    app: &App,
    access: &Access,
    id: UserId,
    once: Option<Once<UserDetails>>,
) -> Result<Done<UserDetails>, Error> {
    let seen = last_activity(app, access, id).await?;
    write_once(app, access, once, move |write| {
        let old = find(write, id)?;
        let new = User {
            deleted_at: None,
            ..old.to_user()
        };
        let user = save(write, &old, new, "restored")?;
        details(write, user, seen)
    })
    .await
}

pub(super) fn unknown(id: UserId) -> Error {
    Error::not_found(Noun::User, id.as_str())
}

/// The user of that id, deleted or not.
pub(super) fn find(write: &mut Write<'_, '_>, id: UserId) -> Result<TracedUser, Error> {
    store::users::find(write.tx, write.client, id)?.ok_or_else(|| unknown(id))
}

pub(super) fn find_live(write: &mut Write<'_, '_>, id: UserId) -> Result<TracedUser, Error> {
    find(write, id).and_then(|user| match user.deleted_at {
        None => Ok(user),
        Some(_) => Err(unknown(id)),
    })
}

/// When the user was last seen, as the image has it: the log may be long, and the writer has better
/// to do than to read it. Nothing of it depends on the write.
pub(super) async fn last_activity(
    app: &App,
    access: &Access,
    id: UserId,
) -> Result<LastActivity, Error> {
    let live = live(app, access).await?;
    let user = live
        .read()
        .user_or_deleted(id)
        .map(|user| user.last_activity);
    Ok(user.unwrap_or_default())
}

/// The record with all that a view of it embeds.
pub(super) fn details(
    write: &mut Write<'_, '_>,
    user: User,
    last_activity: LastActivity,
) -> Result<UserDetails, Error> {
    let mut departments = Vec::with_capacity(user.departments.len());
    for id in &user.departments {
        departments.extend(store::departments::find(write.tx, write.client, *id)?);
    }
    Ok(UserDetails {
        user,
        departments,
        last_activity,
    })
}

/// The departments of those ids. Refuses one that the client does not have, and one named twice.
pub(super) fn check_departments(
    write: &mut Write<'_, '_>,
    departments: &[DepartmentId],
) -> Result<Vec<Department>, Error> {
    let mut found = Vec::with_capacity(departments.len());
    for (index, id) in departments.iter().enumerate() {
        if departments[..index].contains(id) {
            return Err(Invalid::new("departments", format!("{id} is named twice")).into());
        }
        let department = store::departments::find(write.tx, write.client, *id)?;
        found.push(
            department
                .ok_or_else(|| Invalid::new("departments", format!("{id} is not a department")))?,
        );
    }
    Ok(found)
}

/// Creates a user under `id`, or revives a deleted one with the same external id or user key.
pub(super) fn create_or_revive(
    write: &mut Write<'_, '_>,
    id: UserId,
    new: NewUser,
) -> Result<User, Error> {
    check_departments(write, &new.departments)?;
    let by_external_id = match &new.external_id {
        Some(external_id) => {
            store::users::find_by_external_id(write.tx, write.client, external_id)?
        }
        None => None,
    };
    let by_user_key = store::users::find_by_user_key(write.tx, write.client, &new.user_key)?;
    let taken = |field: &str| Error::conflict(field, format!("The {field} is taken"));
    // Whoever provisions was told that who waits to be deleted is.
    let is_provisioning = write.actor().source == Source::Scim;
    let is_there = |user: &TracedUser| {
        let is_leaving = user.held.is_some_and(|held| held.intent == Intent::Delete);
        user.deleted_at.is_none() && !(is_provisioning && is_leaving)
    };
    if by_external_id.as_ref().is_some_and(is_there) {
        return Err(taken("external_id"));
    }
    if by_user_key.as_ref().is_some_and(is_there) {
        return Err(taken("user_key"));
    }
    let old = match (by_external_id, by_user_key) {
        // One record cannot be two people's: the key stays with whom it belonged to.
        (Some(one), Some(other)) if one.id != other.id => return Err(taken("user_key")),
        (Some(former), _) | (None, Some(former)) => former,
        (None, None) => return insert(write, id, new),
    };
    let revived = User {
        username: new.username,
        user_key: new.user_key,
        external_id: new.external_id.or_else(|| old.external_id.clone()),
        state: if old.deleted_at.is_some() {
            new.state
        } else {
            old.state
        },
        departments: new.departments,
        profile: if new.profile.is_empty() {
            old.profile.clone()
        } else {
            new.profile
        },
        deleted_at: None,
        held: None,
        ..old.to_user()
    };
    save(write, &old, revived, "restored")
}

/// Adds a user whose keys were found to be free.
pub(super) fn insert(write: &mut Write<'_, '_>, id: UserId, new: NewUser) -> Result<User, Error> {
    let user = User {
        id,
        username: new.username,
        user_key: new.user_key,
        external_id: new.external_id,
        state: new.state,
        profile: new.profile,
        departments: new.departments,
        created_at: write.now,
        updated_at: write.now,
        deleted_at: None,
        held: None,
        revision: 0,
    };
    insert_whole(write, user)
}

/// Adds a user with the moments that it bears.
fn insert_whole(write: &mut Write<'_, '_>, user: User) -> Result<User, Error> {
    let mut changes = UserChanges::default();
    let user = changes.create(write, user).to_user();
    write_whole(write, changes)?;
    Ok(user)
}

/// Writes changes of whole records, which the image can take as they are.
pub(super) fn write_whole(
    write: &mut Write<'_, '_>,
    mut changes: UserChanges,
) -> Result<(), Error> {
    let written = changes.flush(write)?;
    write.hand_over(written);
    Ok(())
}

/// Writes what differs between `old` and `new`, which bear the same id, and says what the record is
/// now. A write that changes nothing moves nothing, and one that provisions leaves pinned fields as
/// they are. `updated_at` becomes the write's moment unless `new` brings its own.
pub(super) fn save(
    write: &mut Write<'_, '_>,
    old: &TracedUser,
    new: User,
    action: &'static str,
) -> Result<User, Error> {
    let pinned = old.provenance().pinned();
    save_pinning(write, old, new, pinned, action).map(TracedUser::into_user)
}

/// As [`save`], with these fields pinned afterwards.
pub(super) fn save_pinning(
    write: &mut Write<'_, '_>,
    old: &TracedUser,
    new: User,
    pinned: Fields,
    action: &'static str,
) -> Result<TracedUser, Error> {
    let mut changes = UserChanges::default();
    let saved = changes.save_pinning(write, old, new, pinned, action);
    let Some(user) = saved.cloned() else {
        return Ok(old.clone());
    };
    write_whole(write, changes)?;
    Ok(user)
}

/// The fields that are pinned once `named` are, or are no more; as before when nothing is said.
fn repinned(old: &TracedUser, named: Fields, pin: Option<bool>) -> Fields {
    let pinned = old.provenance().pinned();
    match pin {
        None => pinned,
        Some(true) => pinned | named,
        Some(false) => pinned.without(named),
    }
}

impl NewUser {
    /// Somebody of whom only the key is known: it is the username too.
    pub fn of_key(user_key: Box<str>) -> Self {
        Self {
            username: user_key.clone(),
            user_key,
            external_id: None,
            state: State::Active,
            departments: Vec::new(),
            profile: crate::model::profile::Profile::default(),
        }
    }
}
