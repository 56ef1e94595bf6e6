//! Departments: reading them, and the rules of changing them and who belongs to them.

use serde_json::json;

use crate::model::change::Entity;
use crate::model::department::{Department, DepartmentChange, DepartmentView, NewDepartment};
use crate::model::id::{DepartmentId, UserId};
use crate::model::page::{DepartmentQuery, Page, Position};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::precondition::Precondition;
use crate::operations::users::{self, live};
use crate::operations::write::{Done, Once, Write, write, write_once};
use crate::store;

/// Lends the department of that id to `show`.
pub async fn get<R>(
    app: &App,
    access: &Access,
    id: DepartmentId,
    show: impl FnOnce(&DepartmentView<'_>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    let department = image.department(id).ok_or_else(|| unknown(id))?;
    Ok(show(&department))
}

/// Lends a page of departments to `show`.
pub async fn list<R>(
    app: &App,
    access: &Access,
    query: &DepartmentQuery,
    after: Option<&Position>,
    size: usize,
    show: impl FnOnce(Page<DepartmentView<'_>>) -> R,
) -> Result<R, Error> {
    let live = live(app, access).await?;
    let image = live.read();
    Ok(show(image.list_departments(query, after, size)))
}

/// Creates a department.
pub async fn create(
    app: &App,
    access: &Access,
    new: NewDepartment,
    once: Option<Once<Department>>,
) -> Result<Done<Department>, Error> {
    let id = DepartmentId(app.new_id());
    write_once(app, access, once, move |write| {
        if store::departments::find_by_name(write.tx, write.client, &new.name)?.is_some() {
            return Err(name_taken());
        }
        let department = Department {
            id,
            name: new.name.clone(),
            description: new.description.clone(),
            external_id: None,
            created_at: write.now,
            updated_at: write.now,
            deleted_at: None,
            revision: 0,
        };
        insert(write, department)
    })
    .await
}

/// Renames or re-describes a department. Its members' records change with it: they embed both.
pub async fn update(
    app: &App,
    access: &Access,
    id: DepartmentId,
    change: DepartmentChange,
    precondition: Precondition,
) -> Result<(), Error> {
    write(app, access, move |write| {
        let old = find(write, id)?;
        precondition.check("department", old.revision)?;
        let new = Department {
            name: change.name.clone().unwrap_or_else(|| old.name.clone()),
            description: change
                .description
                .clone()
                .unwrap_or_else(|| old.description.clone()),
            ..old.clone()
        };
        save(write, &old, new)
    })
    .await
}

/// Deletes a department, softly: it leaves the lists and its members.
pub async fn delete(
    app: &App,
    access: &Access,
    id: DepartmentId,
    precondition: Precondition,
) -> Result<(), Error> {
    write(app, access, move |write| {
        let old = find(write, id)?;
        precondition.check("department", old.revision)?;
        let detail = json!({ "name": old.name, "description": old.description });
        let record = (Entity::Department, id.as_str());
        let revision = write.record(record, "deleted", &detail, Some(old.revision))?;
        let new = Department {
            deleted_at: Some(write.now),
            updated_at: write.now.max(old.updated_at),
            revision,
            ..old
        };
        store::departments::update(write.tx, write.client, &new)?;
        store::users::touch_members(write.tx, write.client, id, write.now, revision)?;
        store::users::leave_department(write.tx, write.client, id)?;
        Ok(())
    })
    .await
}

/// What became of each user that was to join or leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MembersChanged {
    /// Those of whom it is true now, by the ids as they were sent.
    pub succeeded: Vec<String>,
    /// Those who are no users of the client, by the ids as they were sent.
    pub failed: Vec<String>,
}

/// Joining or leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// They belong to the department afterwards.
    Member,
    /// They do not.
    NoMember,
}

/// Makes the users members of the department, or not. Who is as asked already has succeeded.
pub async fn change_members(
    app: &App,
    access: &Access,
    id: DepartmentId,
    users: Vec<String>,
    membership: Membership,
    once: Option<Once<MembersChanged>>,
) -> Result<Done<MembersChanged>, Error> {
    write_once(app, access, once, move |write| {
        find(write, id)?;
        let mut changed = MembersChanged::default();
        for text in &users {
            if change_member(write, id, text, membership)? {
                changed.succeeded.push(text.clone());
            } else {
                changed.failed.push(text.clone());
            }
        }
        Ok(changed)
    })
    .await
}

fn change_member(
    write: &mut Write<'_, '_>,
    department: DepartmentId,
    user: &str,
    membership: Membership,
) -> Result<bool, Error> {
    let Some(user) = UserId::parse(user) else {
        return Ok(false);
    };
    let old = match users::find_live(write, user) {
        Ok(old) => old,
        Err(Error::NotFound(..)) => return Ok(false),
        Err(error) => return Err(error),
    };
    let mut new = old.to_user();
    new.departments.retain(|known| *known != department);
    if membership == Membership::Member {
        if old.departments.contains(&department) {
            return Ok(true);
        }
        new.departments.push(department);
    }
    users::save(write, &old, new, "updated")?;
    Ok(true)
}

pub(super) fn unknown(id: DepartmentId) -> Error {
    Error::not_found(Noun::Department, id.as_str())
}

fn name_taken() -> Error {
    Error::conflict("name", "A department of that name exists")
}

pub(super) fn find(write: &mut Write<'_, '_>, id: DepartmentId) -> Result<Department, Error> {
    store::departments::find(write.tx, write.client, id)?.ok_or_else(|| unknown(id))
}

/// Adds a department whose name was found to be free.
pub(super) fn insert(
    write: &mut Write<'_, '_>,
    mut department: Department,
) -> Result<Department, Error> {
    let detail = json!({ "name": department.name, "description": department.description });
    let record = (Entity::Department, department.id.as_str());
    department.revision = write.record(record, "created", &detail, None)?;
    if !store::departments::insert(write.tx, write.client, &department)? {
        return Err(Error::conflict("id", "The id is taken"));
    }
    Ok(department)
}

/// Writes what differs between `old` and `new`, which bear the same id; nothing when nothing does.
pub(super) fn save(
    write: &mut Write<'_, '_>,
    old: &Department,
    mut new: Department,
) -> Result<(), Error> {
    if new == *old {
        return Ok(());
    }
    if let Some(external_id) = &new.external_id {
        let same_id = store::departments::find_by_external_id(write.tx, write.client, external_id)?;
        if same_id.is_some_and(|other| other.id != old.id) {
            return Err(Error::conflict("external_id", "The external_id is taken"));
        }
    }
    let same_name = store::departments::find_by_name(write.tx, write.client, &new.name)?;
    if same_name.is_some_and(|other| other.id != old.id) {
        return Err(name_taken());
    }
    if new.updated_at == old.updated_at {
        new.updated_at = write.now.max(old.updated_at);
    }
    let mut detail = json!({
        "name": { "from": old.name, "to": new.name },
        "description": { "from": old.description, "to": new.description },
    });
    if new.external_id != old.external_id {
        detail["external_id"] = json!({ "from": old.external_id, "to": new.external_id });
    }
    let record = (Entity::Department, new.id.as_str());
    new.revision = write.record(record, "updated", &detail, Some(old.revision))?;
    store::departments::update(write.tx, write.client, &new)?;
    if new.name != old.name || new.description != old.description {
        store::users::touch_members(write.tx, write.client, new.id, write.now, new.revision)?;
    }
    Ok(())
}
