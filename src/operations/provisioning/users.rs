//! Users over SCIM: looked for, created, replaced, patched, deleted.

use scim::filter::IndexAttribute;
use scim::patch::PatchRequest;
use scim::{Map, ScimError};
use serde_json::Value;

use crate::directory::Live;
use crate::model::change::Source;
use crate::model::id::UserId;
use crate::model::profile::{Profile, ProfileField};
use crate::model::text::{self, fold};
use crate::model::user::{NewUser, User, UserDetails, UserView};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::precondition::Precondition;
use crate::operations::provisioning::mapping::{self, Mapped};
use crate::operations::provisioning::{Found, Search, resource};
use crate::operations::users::{self, details, find_live, last_activity, live, save};
use crate::operations::write::{Done, Write, write};
use crate::store;

/// People that are looked at before others have their turn with the image.
const LOOKED_AT_ONCE: usize = 1_000;

/// Looks for users. Who was deleted is not there.
pub async fn search(app: &App, access: &Access, search: Search) -> Result<Found, Error> {
    let live = live(app, access).await?;
    if let Some(found) = by_index(&live, &search) {
        return Ok(search.cut(found));
    }
    // Many are looked at: not where others wait to be answered.
    let looking = tokio::task::spawn_blocking(move || {
        if search.filter.is_none() && search.sort.is_none() {
            return in_order(&live, &search);
        }
        search.cut(by_looking(&live, &search))
    });
    looking
        .await
        .map_err(|error| Error::Internal(error.to_string()))
}

/// Those who match, when an index knows them all.
fn by_index(live: &Live, search: &Search) -> Option<Vec<Map>> {
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
            user.filter(|user| user.deleted_at.is_none())
                .into_iter()
                .collect()
        }
        IndexAttribute::UserName => image.users_named(term.text).collect(),
        _ => return None,
    };
    let resources = known.iter().map(|user| resource(user, &search.base));
    Some(resources.filter(|found| filter.matches(found)).collect())
}

/// A page of everybody.
fn in_order(live: &Live, search: &Search) -> Found {
    let image = live.read();
    let skipped = search.start_index.saturating_sub(1);
    let shown = image.users_behind(None).skip(skipped).take(search.count);
    Found {
        total: image.user_count(),
        resources: shown.map(|user| resource(&user, &search.base)).collect(),
    }
}

/// What whoever matches must have, as it can be seen without writing them down as a resource.
enum Sign {
    /// That e-mail address, in lower case, and as it stands in JSON.
    Email(String, String),
    /// That display name, in lower case.
    DisplayName(String),
}

impl Sign {
    fn of(search: &Search) -> Option<Self> {
        let term = search.filter.as_ref()?.index_term()?;
        let lower = term.text.to_lowercase();
        match term.attribute {
            IndexAttribute::EmailValue => {
                let quoted = Value::from(lower.as_str()).to_string();
                Some(Self::Email(lower, quoted))
            }
            IndexAttribute::DisplayName => Some(Self::DisplayName(lower)),
            _ => None,
        }
    }

    /// Whether a user may have it: in the profile, or in what was sent beside it.
    fn may_be_had_by(&self, user: &UserView<'_>) -> bool {
        let is = |field, wanted: &str| {
            let value = user.profile.get(field);
            value.is_some_and(|value| value.to_lowercase() == *wanted)
        };
        let sent = user.profile.provisioned().unwrap_or_default();
        match self {
            Self::Email(address, quoted) => {
                is(ProfileField::EmailAddr, address)
                    || (sent.contains("\"emails\"") && sent.to_lowercase().contains(quoted))
            }
            Self::DisplayName(name) => {
                is(ProfileField::FullName, name) || sent.contains("\"displayName\"")
            }
        }
    }
}

fn by_looking(live: &Live, search: &Search) -> Vec<Map> {
    let sign = Sign::of(search);
    let mut found = Vec::new();
    let mut after = None;
    loop {
        // Whoever writes waits for no more than these.
        let image = live.read();
        let mut looked_at = 0;
        for user in image.users_behind(after).take(LOOKED_AT_ONCE) {
            looked_at += 1;
            after = Some(user.id);
            if sign.as_ref().is_some_and(|sign| !sign.may_be_had_by(&user)) {
                continue;
            }
            let shown = resource(&user, &search.base);
            if search.filter.as_ref().is_none_or(|it| it.matches(&shown)) {
                found.push(shown);
            }
        }
        if looked_at < LOOKED_AT_ONCE {
            return found;
        }
    }
}

/// Creates a user, or brings a deleted one of the same `externalId` or `userName` back, under its
/// old id.
pub async fn create(app: &App, access: &Access, sent: Map) -> Result<UserDetails, Error> {
    let access = access.through(Source::Scim);
    let now = Mapped::of_resource(&sent);
    let username = username(&now)?;
    let live = live(app, &access).await?;
    assert_free(&live, &username, None)?;
    let nothing = Mapped::of_resource(&Map::new());
    let new = NewUser {
        user_key: username.clone(),
        username,
        external_id: external_id(&now)?,
        state: now.state,
        departments: Vec::new(),
        profile: mapping::changed_profile(&Profile::default(), &nothing, &sent)?,
    };
    match users::create(app, &access, new, None).await {
        Ok(Done::Now(user)) => Ok(user),
        Ok(Done::Before(_)) => Err(Error::Internal("nothing was asked for once".to_owned())),
        // In the words of who asked.
        Err(Error::Conflict(refused)) if refused.field == "external_id" => Err(taken("externalId")),
        Err(Error::Conflict(_)) => Err(taken("userName")),
        Err(error) => Err(error),
    }
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
    let change = change(app, access, id, precondition, move |resource| {
        request.apply(resource).map(drop)
    });
    change.await
}

/// Deletes a user, softly: nobody here, inactive for the gateway.
pub async fn delete(
    app: &App,
    access: &Access,
    id: UserId,
    precondition: Precondition,
) -> Result<(), Error> {
    users::delete(app, &access.through(Source::Scim), id, precondition).await
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
    let seen = last_activity(app, &access, id).await?;
    write(app, &access, move |write| {
        let old = find_live(write, id)?;
        precondition.check("user", old.revision)?;
        let before = details(write, old.clone(), seen)?;
        let mut resource = mapping::to_resource(&before.view());
        let said = Mapped::of_resource(&resource);
        if let Err(error) = make(&mut resource) {
            return Ok(Err(error));
        }
        let new = changed(write, &live, &old, &said, &resource)?;
        let user = save(write, &old, new, "updated")?;
        Ok(Ok(UserDetails { user, ..before }))
    })
    .await
}

/// The record after a SCIM user that said `before` says `resource`.
fn changed(
    write: &mut Write<'_, '_>,
    live: &Live,
    old: &User,
    before: &Mapped,
    resource: &Map,
) -> Result<User, Error> {
    let now = Mapped::of_resource(resource);
    let mut new = User {
        profile: mapping::changed_profile(&old.profile, before, resource)?,
        external_id: external_id(&now)?,
        ..old.clone()
    };
    if resource.get("active").is_some_and(Value::is_boolean) {
        new.state = now.state;
    }
    new.username = username(&now)?;
    if fold(&new.username) != fold(&old.username) {
        assert_free(live, &new.username, Some(old.id))?;
        // The key is the name until somebody gives them another one.
        if fold(&old.user_key) == fold(&old.username) {
            new.user_key = new.username.clone();
            let other = store::users::find_by_user_key(write.tx, write.client, &new.user_key)?;
            if other.is_some_and(|other| other.id != old.id) {
                return Err(taken("userName"));
            }
        }
    }
    if let Some(external_id) = &new.external_id
        && new.external_id != old.external_id
        && store::users::find_by_external_id(write.tx, write.client, external_id)?.is_some()
    {
        return Err(taken("externalId"));
    }
    Ok(new)
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
    let is_anothers = image.users_named(username).any(|user| Some(user.id) != own);
    if is_anothers {
        return Err(taken("userName"));
    }
    Ok(())
}

fn taken(field: &str) -> Error {
    Error::conflict(field, format!("The {field} is taken"))
}
