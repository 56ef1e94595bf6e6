//! What Entra ID sends: nulls and empty lists, capitalised operations, truth as text, paths with
//! filters in them, and lists of members to be added.

use serde_json::{Value, json};

use super::stage::{Dialect, Request, get, request};
use super::{EXTERNAL_ID, GROUP, USER_NAME};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LOOK: &str = r#"/Users?filter=externalId eq "00ujl29u0le5T6Aj10h7""#;

pub(super) fn dialect() -> Dialect {
    let deleted = vec![
        request("DELETE", "/Users/{user}", json!(null), 204),
        request("GET", "/Users/{user}", json!(null), 404),
        get(LOOK).finds(0),
    ];
    Dialect(vec![
        ("create", created()),
        ("update", updated()),
        ("group", grouped()),
        ("deactivate", vec![activation("False")]),
        ("reactivate", vec![activation("True")]),
        ("delete", deleted),
        ("create again", created()),
    ])
}

/// It tests the connection with somebody who is nobody, looks, and creates whom it does not find.
fn created() -> Vec<Request> {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": EXTERNAL_ID,
        "userName": USER_NAME,
        "active": true,
        "displayName": null,
        "title": null,
        "roles": [],
        "addresses": [],
        "emails": [{ "primary": true, "type": "work", "value": "ann@example.com" }],
        "meta": { "resourceType": "User" },
        "name": { "formatted": null, "familyName": "Bee", "givenName": "Ann" },
    });
    vec![
        get(r#"/Users?filter=userName eq "d3f1a7c0-7a49-4a5c-8d0a-2f3c8f1e7b55""#).finds(0),
        get(LOOK).finds(0),
        request("POST", "/Users", user, 201).names_the_user(),
    ]
}

/// What changed, and only that; without a path its keys are paths themselves.
fn updated() -> Vec<Request> {
    let operations = json!([
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ann.wasp@example.com" },
        { "op": "Add", "path": "title", "value": "Chief" },
        { "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "boss@example.com" },
        { "op": "Replace", "value": {
            "name.familyName": "Wasp",
            format!("{ENTERPRISE}:employeeNumber"): "701984",
        } },
        { "op": "Remove", "path": format!("{ENTERPRISE}:manager") },
    ]);
    vec![get(LOOK).finds(1), patch("/Users/{user}", &operations, 200)]
}

/// It looks for the group without its members, makes it, adds the user, and asks whether she is in.
fn grouped() -> Vec<Request> {
    let group = json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:Group",
            "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group",
        ],
        "externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159",
        "displayName": GROUP,
        "meta": { "resourceType": "Group" },
    });
    let member = json!({ "$ref": null, "value": "{user}" });
    let added = json!([{ "op": "Add", "path": "members", "value": [member] }]);
    let is_in =
        r#"/Groups?excludedAttributes=members&filter=id eq "{group}" and members eq "{user}""#;
    let named = r#"/Groups?excludedAttributes=members&filter=displayName eq "Engineering""#;
    vec![
        get(named).finds(0),
        request("POST", "/Groups", group, 201).names_the_group(),
        get(is_in).finds(0),
        patch("/Groups/{group}", &added, 204),
        get(is_in).finds(1),
    ]
}

fn activation(is_active: &str) -> Request {
    let operation = json!({ "op": "Replace", "path": "active", "value": is_active });
    patch("/Users/{user}", &json!([operation]), 200)
}

fn patch(path: &'static str, operations: &Value, status: u16) -> Request {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    });
    request("PATCH", path, body, status)
}
