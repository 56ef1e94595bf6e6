//! What Okta sends: it looks before it creates, puts back the whole of what it read, and patches
//! without a path.

use serde_json::{Value, json};

use super::stage::{Dialect, Request, get, request};
use super::{EXTERNAL_ID, GROUP, USER_NAME};

const LOOK: &str = r#"/Users?filter=userName eq "ann@example.com"&startIndex=1&count=100"#;

pub(super) fn dialect() -> Dialect {
    Dialect(vec![
        ("create", created()),
        ("update", updated()),
        ("group", grouped()),
        ("deactivate", vec![activation(false)]),
        ("reactivate", vec![activation(true)]),
        (
            "delete",
            vec![request("DELETE", "/Users/{user}", json!(null), 204)],
        ),
        ("create again", created()),
    ])
}

/// It creates whom it does not find.
fn created() -> Vec<Request> {
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": USER_NAME,
        "name": { "givenName": "Ann", "familyName": "Bee" },
        "emails": [{ "primary": true, "value": "ann@example.com", "type": "work" }],
        "displayName": "Ann Bee",
        "locale": "en-US",
        "externalId": EXTERNAL_ID,
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    vec![
        get(LOOK).finds(0),
        request("POST", "/Users", user, 201).names_the_user(),
    ]
}

/// It reads the user and sends all of it back, with what is new.
fn updated() -> Vec<Request> {
    let new = json!({
        "name": { "givenName": "Ann", "familyName": "Wasp" },
        "title": "Chief",
        "emails": [{ "primary": true, "value": "ann.wasp@example.com", "type": "work" }],
        "groups": [],
    });
    vec![
        get(LOOK).finds(1),
        get("/Users/{user}"),
        request("PUT", "/Users/{user}", new, 200).over_what_was_read(),
    ]
}

/// It makes the group without members, names it once more with the id beside, and adds the user.
fn grouped() -> Vec<Request> {
    let group = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "displayName": GROUP,
        "members": [],
    });
    let named = json!({ "op": "replace", "value": { "id": "{group}", "displayName": GROUP } });
    let member = json!({ "value": "{user}", "display": USER_NAME });
    let added = json!([
        { "op": "remove", "path": "members[value eq \"{user}\"]" },
        { "op": "add", "path": "members", "value": [member] },
    ]);
    vec![
        request("POST", "/Groups", group, 201).names_the_group(),
        patch("/Groups/{group}", &json!([named]), 204),
        patch("/Groups/{group}", &added, 204),
    ]
}

fn activation(is_active: bool) -> Request {
    let operation = json!({ "op": "replace", "value": { "active": is_active } });
    patch("/Users/{user}", &json!([operation]), 200)
}

fn patch(path: &'static str, operations: &Value, status: u16) -> Request {
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": operations,
    });
    request("PATCH", path, body, status)
}
