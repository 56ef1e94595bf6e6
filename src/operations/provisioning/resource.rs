//! People as whole SCIM resources: with what is the server's to say.

use scim::resource::schemas;
use scim::{Kind, Map};
use serde_json::{Value, json};

use crate::model::department::Department;
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
    let groups: Vec<Value> = user
        .departments
        .iter()
        .map(|department| group(department, base))
        .collect();
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

fn group(department: &Department, base: &str) -> Value {
    json!({
        "value": department.id,
        "$ref": format!("{base}/Groups/{}", department.id),
        "display": department.name,
        "type": "direct",
    })
}
