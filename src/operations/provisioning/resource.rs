//! People as whole SCIM resources: with what is the server's to say.

use scim::resource::schemas;
use scim::{Kind, Map};
use serde_json::{Value, json};

use crate::model::department::{Department, DepartmentView};
use crate::model::user::UserView;
use crate::operations::provisioning::mapping;

/// A user (SCIM, Users map onto the directory). `base` is the address of the client's SCIM root,
/// without a slash at its end.
pub fn user(user: &UserView<'_>, base: &str) -> Map {
    let attributes = mapping::to_resource(user);
    let mut resource = Map::from_iter([
        (
            "schemas".to_owned(),
            json!(schemas(Kind::User, &attributes)),
        ),
        ("id".to_owned(), user.id.as_str().into()),
    ]);
    resource.extend(attributes);
    let groups = user.departments.iter();
    let groups: Vec<Value> = groups.map(|it| group_of_user(it, base)).collect();
    if !groups.is_empty() {
        resource.insert("groups".to_owned(), groups.into());
    }
    let meta = json!({
        "resourceType": Kind::User.name(),
        "created": user.created_at,
        "lastModified": user.updated_at,
        "location": format!("{base}/Users/{}", user.id),
        "version": format!("\"{}\"", user.revision),
    });
    resource.insert("meta".to_owned(), meta);
    resource
}

fn group_of_user(department: &Department, base: &str) -> Value {
    json!({
        "value": department.id,
        "$ref": format!("{base}/Groups/{}", department.id),
        "display": department.name,
        "type": "direct",
    })
}

/// A group (SCIM, Groups map to departments), without its members.
pub(super) fn group(view: &DepartmentView<'_>, number: i64, base: &str) -> Map {
    let Department {
        id,
        name,
        external_id,
        created_at,
        updated_at,
        ..
    } = view.department;
    let mut group = Map::from_iter([
        ("schemas".to_owned(), json!([Kind::Group.core().urn])),
        ("id".to_owned(), id.as_str().into()),
        ("displayName".to_owned(), (&**name).into()),
    ]);
    if let Some(external_id) = external_id {
        group.insert("externalId".to_owned(), (&**external_id).into());
    }
    let meta = json!({
        "resourceType": Kind::Group.name(),
        "created": created_at,
        "lastModified": updated_at,
        "location": format!("{base}/Groups/{id}"),
        "version": group_tag(view.department, number),
    });
    group.insert("meta".to_owned(), meta);
    group
}

/// A group's tag: of its own record, and behind the dash of the client's latest change, since whoever
/// belongs to it is no part of the record.
pub fn group_tag(department: &Department, number: i64) -> String {
    format!("\"{}-{number}\"", department.revision)
}

/// The members of a group.
pub(super) fn members<'u>(users: impl Iterator<Item = UserView<'u>>, base: &str) -> Vec<Value> {
    let member = |user: UserView<'_>| {
        json!({
            "value": user.id,
            "$ref": format!("{base}/Users/{}", user.id),
            "display": user.username,
            "type": Kind::User.name(),
        })
    };
    users.map(member).collect()
}
