//! Users over SCIM: found, created, replaced, patched, deleted.

use scim::filter::{Filter, IndexAttribute};
use scim::patch::PatchRequest;
use scim::{Kind, Map, ScimError};
use serde_json::Value;

use crate::directory::Live;
use crate::model::activity::LastActivity;
use crate::model::change::Source;
use crate::model::field::Field;
use crate::model::id::UserId;
use crate::model::profile::Profile;
use crate::model::provenance::TracedUser;
use crate::model::provisioning::{Intent, KeySource};
use crate::model::text::{self, fold};
use crate::model::user::{NewUser, State, User, UserDetails, UserView};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::precondition::Precondition;
use crate::operations::provisioning::breaker::{self, Breaker};
use crate::operations::provisioning::manager::with_manager;
use crate::operations::provisioning::mapping::{self, Mapped, lookup_key, lookup_keys};
use crate::operations::provisioning::{Place, Search, is_there, resource};
use crate::operations::users::{
    create_or_revive, details, find_live, last_activity, live, save, unknown,
};
use crate::operations::write::{Write, write};
use crate::store;

/// People that are looked at before others have their turn with the image.
const LOOKED_AT_ONCE: usize = 1_000;

/// The places of those who match.
pub(super) fn matching(live: &Live, search: &Search) -> Vec<Place> {
    by_index(live, search).unwrap_or_else(|| by_looking(live, search))
}

/// Whether an index that is there already knows who matches.
pub(super) fn has_index(live: &Live, search: &Search) -> bool {
    use IndexAttribute::{ExternalId, Id, UserName};
    let term = search.filter.as_ref().and_then(Filter::index_term);
    let is_own_key = |attribute| matches!(attribute, Id | ExternalId | UserName);
    term.is_some_and(|term| is_own_key(term.attribute) || live.read().has_lookup())
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
    let user = image.user(id).filter(is_there);
    Ok(show(&user.ok_or_else(|| unknown(id))?))
}

/// Those who match, when an index knows them all.
pub(super) fn by_index(live: &Live, search: &Search) -> Option<Vec<Place>> {
    let filter = search.filter.as_ref()?;
    let term = filter.index_term()?;
    let image = live.read();
    let known: Vec<UserView<'_>> = match term.attribute {
        IndexAttribute::Id => {
            let user = UserId::parse(term.text).and_then(|id| image.user(id));
            user.into_iter().collect()
        }
        IndexAttribute::ExternalId => {
            let user = image.user_by_external_id(term.text);
            user.into_iter().collect()
        }
        IndexAttribute::UserName => image.users_named(term.text).collect(),
        IndexAttribute::EmailValue | IndexAttribute::DisplayName => {
            let key = lookup_key(term.attribute, term.text);
            image.looked_up(&key, lookup_keys)
        }
        IndexAttribute::MemberValue => return None,
    };
    let there = known.iter().filter(|user| is_there(user));
    let places = there.filter_map(|user| {
        let shown = || resource(user, &search.base);
        search.place(Kind::User, user.id.0, shown)
    });
    Some(places.collect())
}

fn by_looking(live: &Live, search: &Search) -> Vec<Place> {
    let mut found = Vec::new();
    let mut after = None;
    loop {
        // Whoever writes waits for no more than these.
        let image = live.read();
        let mut looked_at = 0;
        for user in image.users_behind(after).take(LOOKED_AT_ONCE) {
            looked_at += 1;
            after = Some(user.id);
            if !is_there(&user) {
                continue;
            }
            let shown = || resource(&user, &search.base);
            found.extend(search.place(Kind::User, user.id.0, shown));
        }
        if looked_at < LOOKED_AT_ONCE {
            return found;
        }
    }
}

/// Creates a user, or brings a deleted one of the same `externalId` or `userName` back, under its
/// old id; one who waits to be deleted too, for whoever asked was told that they are.
pub async fn create(app: &App, access: &Access, sent: Map) -> Result<UserDetails, Error> {
    let access = access.through(Source::Scim);
    let now = Mapped::of_resource(&sent);
    let username = username(&now)?;
    let live = live(app, &access).await?;
    assert_free(&live, &username, None)?;
    let breaker = Breaker::of(&live);
    let nothing = Mapped::of_resource(&Map::new());
    let new = NewUser {
        user_key: key(&live, &now)?,
        username,
        external_id: external_id(&now)?,
        state: now.state,
        departments: Vec::new(),
        profile: mapping::changed_profile(&Profile::default(), &nothing, &sent)?,
    };
    let id = UserId(app.new_id());
    let created = write(app, &access, move |write| {
        let mut new = new.clone();
        new.profile = with_manager(write, new.profile, &Map::new(), &sent)?;
        let is_active = new.state == State::Active;
        let user = create_or_revive(write, id, new)?;
        if user.id == id {
            return details(write, user, LastActivity::default());
        }
        breaker::is_back(write, &user)?;
        // Of who waited to be deleted the state is still what it was.
        let back = find_live(write, user.id)?;
        let mut told = user;
        change_state(write, breaker, &back, &mut told, is_active)?;
        let user = save(write, &back, told, "updated")?;
        let seen = store::activity::of_user(write.tx, write.client, user.id)?;
        details(write, user, seen)
    });
    let created = created.await.map_err(|error| match error {
        // In the words of who asked.
        Error::Conflict(refused) if refused.field == "external_id" => taken("externalId"),
        Error::Conflict(_) => taken("userName"),
        error => error,
    })?;
    breaker.tell(app, &access, &created.user, None);
    Ok(created)
}

/// Replaces what can be said of a user. State stays where nothing is said of it.
pub async fn replace(
    app: &App,
    access: &Access,
    id: UserId,
    sent: Map,
    precondition: Precondition,
) -> Result<UserDetails, Error> {
    let changed = change(app, access, id, precondition, move |resource| {
        *resource = sent.clone();
        Ok(())
    });
    // There is nothing that could be refused.
    changed
        .await?
        .map_err(|error| Error::Internal(error.detail))
}

/// Makes the changes of a PATCH, all of them or none.
pub async fn patch(
    app: &App,
    access: &Access,
    id: UserId,
    request: PatchRequest,
    precondition: Precondition,
) -> Result<Result<UserDetails, ScimError>, Error> {
    let noted = access.clone();
    let change = change(app, access, id, precondition, move |resource| {
        request
            .apply(resource)
            .map(|applied| noted.note(&applied.quirks))
    });
    change.await
}

/// Deletes a user, softly: nobody here, inactive for the gateway; or has it held.
pub async fn delete(
    app: &App,
    access: &Access,
    id: UserId,
    precondition: Precondition,
) -> Result<(), Error> {
    let access = access.through(Source::Scim);
    let breaker = Breaker::of(&*live(app, &access).await?);
    let deleted = write(app, &access, move |write| {
        let old = find_there(write, id)?;
        precondition.check("user", old.revision)?;
        let mut new = old.to_user();
        breaker.let_go(write, &mut new, Intent::Delete)?;
        let action = if new.held.is_some() {
            "updated"
        } else {
            "deleted"
        };
        let user = save(write, &old, new, action)?;
        Ok((user, old.held))
    });
    let (user, before) = deleted.await?;
    breaker.tell(app, &access, &user, before);
    Ok(())
}

async fn change(
    app: &App,
    access: &Access,
    id: UserId,
    precondition: Precondition,
    make: impl Fn(&mut Map) -> Result<(), ScimError> + Send + 'static,
) -> Result<Result<UserDetails, ScimError>, Error> {
    let access = access.through(Source::Scim);
    let live = live(app, &access).await?;
    let breaker = Breaker::of(&live);
    let seen = last_activity(app, &access, id).await?;
    let changed = write(app, &access, move |write| {
        let old = find_there(write, id)?;
        precondition.check("user", old.revision)?;
        let before = details(write, old.to_user(), seen)?;
        let said = mapping::to_resource(&before.view());
        let mut resource = said.clone();
        if let Err(error) = make(&mut resource) {
            return Ok(Err(error));
        }
        let mut new = changed(write, &live, &old, &said, &resource)?;
        if let Some(active) = resource.get("active").and_then(Value::as_bool) {
            change_state(write, breaker, &old, &mut new, active)?;
        }
        let user = save(write, &old, new, "updated")?;
        Ok(Ok((UserDetails { user, ..before }, old.held)))
    });
    Ok(changed.await?.map(|(changed, before)| {
        breaker.tell(app, &access, &changed.user, before);
        changed
    }))
}

/// Makes somebody active or not, where they are told to be the other.
fn change_state(
    write: &mut Write<'_, '_>,
    breaker: Breaker,
    old: &TracedUser,
    user: &mut User,
    is_active: bool,
) -> Result<(), Error> {
    if old.provenance().pinned().contains(Field::State) {
        // It stays as it is: nobody leaves, and there is nothing to hold.
        return Ok(());
    }
    let told = mapping::told_state(user.state, user.held.map(|held| held.intent));
    match (told, is_active) {
        (State::Active, false) => breaker.let_go(write, user, Intent::Deactivate),
        (State::Inactive, true) => {
            user.state = State::Active;
            user.held = None;
            breaker::is_back(write, user)
        }
        _ => Ok(()),
    }
}

/// The record after a SCIM user that said `before` says `resource`, but for its state.
fn changed(
    write: &mut Write<'_, '_>,
    live: &Live,
    old: &User,
    before: &Map,
    resource: &Map,
) -> Result<User, Error> {
    let (said, now) = (Mapped::of_resource(before), Mapped::of_resource(resource));
    let profile = mapping::changed_profile(&old.profile, &said, resource)?;
    let mut new = User {
        profile: with_manager(write, profile, before, resource)?,
        external_id: external_id(&now)?,
        ..old.clone()
    };
    new.username = username(&now)?;
    if fold(&new.username) != fold(&old.username) {
        assert_free(live, &new.username, Some(old.id))?;
    }
    let (former, key) = (key(live, &said)?, key(live, &now)?);
    // The key is made of what was sent until somebody gives them another one.
    if fold(&former) != fold(&key) && fold(&old.user_key) == fold(&former) {
        let other = store::users::find_by_user_key(write.tx, write.client, &key)?;
        if other.is_some_and(|other| other.id != old.id) {
            return Err(taken("userName"));
        }
        new.user_key = key;
    }
    if let Some(external_id) = &new.external_id
        && new.external_id != old.external_id
        && store::users::find_by_external_id(write.tx, write.client, external_id)?.is_some()
    {
        return Err(taken("externalId"));
    }
    Ok(new)
}

/// The user of that id, unless they are deleted or whoever provisions them was told so.
fn find_there(write: &mut Write<'_, '_>, id: UserId) -> Result<TracedUser, Error> {
    let user = find_live(write, id)?;
    match user.held {
        Some(held) if held.intent == Intent::Delete => Err(unknown(id)),
        _ => Ok(user),
    }
}

/// What the client has user keys made of.
fn key(live: &Live, now: &Mapped) -> Result<Box<str>, Error> {
    let source = live.read().client().provisioning.user_key;
    let made_of = match source {
        KeySource::UserName => None,
        KeySource::ExternalId => now.external_id.as_deref(),
        KeySource::Email => now.email(),
    };
    match made_of.filter(|text| !text.is_empty()) {
        Some(text) => Ok(text::name("userName", text)?),
        None => username(now),
    }
}

fn username(now: &Mapped) -> Result<Box<str>, Error> {
    let username = now.username.as_deref().unwrap_or_default();
    Ok(text::name("userName", username)?)
}

fn external_id(now: &Mapped) -> Result<Option<Box<str>>, Error> {
    let given = now.external_id.as_deref().filter(|given| !given.is_empty());
    let checked = given.map(|given| text::name("externalId", given));
    Ok(checked.transpose()?)
}

/// Refuses the name of somebody else, whatever its case. Names need not be unique in a directory, but
/// identity providers find people by them.
fn assert_free(live: &Live, username: &str, own: Option<UserId>) -> Result<(), Error> {
    let image = live.read();
    let mut named = image.users_named(username);
    let is_anothers = named.any(|user| Some(user.id) != own && is_there(&user));
    if is_anothers {
        return Err(taken("userName"));
    }
    Ok(())
}

fn taken(field: &str) -> Error {
    Error::conflict(field, format!("The {field} is taken"))
}
