//! Groups over SCIM, which are departments: found, created, replaced, patched, deleted.

use std::collections::{BTreeSet, HashSet};

use scim::filter::{Filter, IndexAttribute};
use scim::patch::{MemberChange, PatchRequest};
use scim::{Kind, Map, ScimError};
use serde_json::Value;

use crate::directory::image::Image;
use crate::model::change::Source;
use crate::model::department::{Department, DepartmentView};
use crate::model::id::{DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::provenance::TracedUser;
use crate::model::text;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::departments;
use crate::operations::error::Error;
use crate::operations::precondition::Precondition;
use crate::operations::provisioning::{Place, Search, is_there, resource};
use crate::operations::user_changes::UserChanges;
use crate::operations::users::{live, write_whole};
use crate::operations::write::{Write, write};
use crate::store;

/// The places of those that match.
pub(super) fn matching(image: &Image, search: &Search) -> Vec<Place> {
    // A group's members are many: they are written only for who asks about them.
    let has_members = search.names("members");
    let known = candidates(image, search.filter.as_ref()).into_iter();
    known
        .filter_map(|view| {
            let shown = || whole(image, &view, has_members, &search.base);
            search.place(Kind::Group, view.department.id.0, shown)
        })
        .collect()
}

/// The groups among which those are that match.
fn candidates<'i>(image: &'i Image, filter: Option<&Filter>) -> Vec<DepartmentView<'i>> {
    let Some(term) = filter.and_then(Filter::index_term) else {
        return image.departments().collect();
    };
    match term.attribute {
        IndexAttribute::Id => {
            let id = DepartmentId::parse(term.text);
            id.and_then(|id| image.department(id)).into_iter().collect()
        }
        IndexAttribute::MemberValue => {
            let user = UserId::parse(term.text).and_then(|id| image.user(id));
            let departments = user.iter().flat_map(|user| user.departments.iter());
            departments
                .filter_map(|department| image.department(department.id))
                .collect()
        }
        IndexAttribute::DisplayName => image.department_named(term.text).into_iter().collect(),
        _ => image.departments().collect(),
    }
}

/// The resource that a group is shown as.
pub(super) fn whole(
    image: &Image,
    view: &DepartmentView<'_>,
    has_members: bool,
    base: &str,
) -> Map {
    let mut group = resource::group(view, image.number(), base);
    if has_members && view.member_count > 0 {
        let members = image.members_of(view.department.id).filter(is_there);
        let members = resource::members(members, base);
        if !members.is_empty() {
            group.insert("members".to_owned(), members.into());
        }
    }
    group
}

/// Lends a group to `show`, with its tag: whoever has it already needs no members.
pub async fn get<R>(
    app: &App,
    access: &Access,
    id: DepartmentId,
    show: impl FnOnce(String, &dyn Fn(bool, &str) -> Map) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    let view = image
        .department(id)
        .ok_or_else(|| departments::unknown(id))?;
    let tag = super::group_tag(view.department, image.number());
    Ok(show(tag, &|has_members, base| {
        whole(&image, &view, has_members, base)
    }))
}

/// Creates a group with its members, and says its id.
pub async fn create(app: &App, access: &Access, sent: Map) -> Result<DepartmentId, Error> {
    let id = DepartmentId(app.new_id());
    write(app, &access.through(Source::Scim), move |write| {
        let (name, external_id) = said(&sent)?;
        let (tx, client) = (&mut *write.tx, write.client);
        if store::departments::find_by_name(tx, client, &name)?.is_some() {
            return Err(taken("displayName"));
        }
        if let Some(external_id) = &external_id
            && store::departments::find_by_external_id(tx, client, external_id)?.is_some()
        {
            return Err(taken("externalId"));
        }
        let department = Department {
            id,
            name,
            description: None,
            external_id,
            created_at: write.now,
            updated_at: write.now,
            deleted_at: None,
            revision: 0,
        };
        departments::insert(write, department)?;
        let members = MemberChange {
            add: members_of(&sent),
            ..MemberChange::default()
        };
        change_members(write, id, &members)?;
        Ok(id)
    })
    .await
}

/// Replaces what can be said of a group, its members too.
pub async fn replace(
    app: &App,
    access: &Access,
    id: DepartmentId,
    sent: Map,
    precondition: Precondition,
) -> Result<(), Error> {
    write(app, &access.through(Source::Scim), move |write| {
        let old = departments::find(write, id)?;
        precondition.check("group", old.revision)?;
        save(write, &old, &sent)?;
        let members = MemberChange {
            clear: true,
            add: members_of(&sent),
            ..MemberChange::default()
        };
        change_members(write, id, &members)
    })
    .await
}

/// Makes the changes of a PATCH, all of them or none.
pub async fn patch(
    app: &App,
    access: &Access,
    id: DepartmentId,
    request: PatchRequest,
    precondition: Precondition,
) -> Result<Result<(), ScimError>, Error> {
    let patch = match request.into_group_patch() {
        Ok(patch) => patch,
        Err(error) => return Ok(Err(error)),
    };
    let noted = access.clone();
    write(app, &access.through(Source::Scim), move |write| {
        let old = departments::find(write, id)?;
        precondition.check("group", old.revision)?;
        let mut group = Map::from_iter([("displayName".to_owned(), (&*old.name).into())]);
        if let Some(external_id) = &old.external_id {
            group.insert("externalId".to_owned(), (&**external_id).into());
        }
        match patch.rest.apply(&mut group) {
            Ok(applied) => noted.note(&applied.quirks),
            Err(error) => return Ok(Err(error)),
        }
        save(write, &old, &group)?;
        change_members(write, id, &patch.members)?;
        Ok(Ok(()))
    })
    .await
}

/// Deletes a group; its members stay.
pub async fn delete(
    app: &App,
    access: &Access,
    id: DepartmentId,
    precondition: Precondition,
) -> Result<(), Error> {
    departments::delete(app, &access.through(Source::Scim), id, precondition).await
}

fn save(write: &mut Write<'_, '_>, old: &Department, said_now: &Map) -> Result<(), Error> {
    let (name, external_id) = said(said_now)?;
    let new = Department {
        name,
        external_id,
        ..old.clone()
    };
    match departments::save(write, old, new) {
        Err(Error::Conflict(refused)) if refused.field == "external_id" => Err(taken("externalId")),
        Err(Error::Conflict(_)) => Err(taken("displayName")),
        other => other,
    }
}

/// The name and the external id that a group says it has.
fn said(group: &Map) -> Result<(Box<str>, Option<Box<str>>), Error> {
    let text = |name| group.get(name).and_then(Value::as_str).unwrap_or_default();
    let name = text::name("displayName", text("displayName"))?;
    let external_id = Some(text("externalId")).filter(|given| !given.is_empty());
    let external_id = external_id.map(|given| text::name("externalId", given));
    Ok((name, external_id.transpose()?))
}

fn members_of(group: &Map) -> BTreeSet<String> {
    let members = group.get("members").and_then(Value::as_array);
    let value = |member: &Value| Some(member.get("value")?.as_str()?.to_owned());
    members.into_iter().flatten().filter_map(value).collect()
}

/// Has people join and leave. Who is nobody cannot join, and leaves without a word; whose departments are
/// pinned does neither.
fn change_members(
    write: &mut Write<'_, '_>,
    group: DepartmentId,
    change: &MemberChange,
) -> Result<(), Error> {
    let mut coming = Vec::with_capacity(change.add.len());
    for text in &change.add {
        let nobody = || Invalid::new("members", format!("{text} is not a user"));
        coming.push(UserId::parse(text).ok_or_else(nobody)?);
    }
    let joining = store::users::find_many(write.tx, write.client, &coming)?;
    let is_live = |user: &&TracedUser| user.deleted_at.is_none();
    let found = joining.iter().filter(is_live).map(|user| user.id);
    let found: HashSet<UserId> = found.collect();
    if let Some(nobody) = coming.iter().find(|id| !found.contains(id)) {
        return Err(Invalid::new("members", format!("{nobody} is not a user")).into());
    }
    let leaving = if change.clear {
        store::users::of_department(write.tx, write.client, group)?
    } else {
        let ids = change.remove.iter().filter_map(|text| UserId::parse(text));
        let ids: Vec<UserId> = ids.collect();
        store::users::find_many(write.tx, write.client, &ids)?
    };
    let mut changes = UserChanges::default();
    let leaving = leaving.iter().filter(is_live);
    for old in leaving.filter(|user| !found.contains(&user.id)) {
        if old.departments.contains(&group) {
            let mut new = old.to_user();
            new.departments.retain(|known| *known != group);
            changes.save(write, old, new, "updated");
        }
    }
    for old in &joining {
        if !old.departments.contains(&group) {
            let mut new = old.to_user();
            new.departments.push(group);
            changes.save(write, old, new, "updated");
        }
    }
    write_whole(write, changes)
}

fn taken(field: &str) -> Error {
    Error::conflict(field, format!("The {field} is taken"))
}
