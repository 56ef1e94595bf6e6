//! What is taken out of what clients send, and what stays.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use scim::secret;
use serde_json::{Value, json};

/// Whether nothing of the secret is left, and what was kept.
#[track_caller]
fn removed(mut sent: Value) -> (usize, Value) {
    let count = secret::remove(&mut sent).len();
    assert!(!sent.to_string().contains("hunter2"), "{sent}");
    (count, sent)
}

#[test]
fn no_secret_is_left_however_it_is_written() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for sent in [
        json!({ "password": "hunter2" }),
        json!({ "PassWord": "hunter2", "userName": "ann" }),
        json!({ "pass_word": ["hunter2", { "value": "hunter2" }] }),
        json!({ enterprise: { "clientSecret": "hunter2" } }),
        json!({ "urn:ietf:params:scim:schemas:core:2.0:User:password": "hunter2" }),
        json!({ "credentials": { "type": "x", "value": "hunter2" } }),
        json!({ "accessToken": "hunter2", "api-key": "hunter2", "PIN": "hunter2" }),
        json!({ "Operations": [{ "op": "replace", "path": "password", "value": "hunter2" }] }),
        json!({ "Operations": [{ "OP": "Add", "PATH": "urn:x:User:Password", "VALUE": { "a": "hunter2" } }] }),
        json!({ "Operations": [{ "op": "add", "value": { "name.password": "hunter2" } }] }),
        json!({ "Operations": [{ "op": "remove", "path": "password eq hunter2" }] }),
        json!({ "Operations": [{ "op": "remove", "path": "keys[password eq \"hunter2\"]" }] }),
        json!({ "Operations": [{ "method": "POST", "data": { "password": "hunter2" } }] }),
        json!({ "Operations": [{ "method": "POST", "data": "{\"password\":\"hunter2\"}" }] }),
        json!({ "filter": "userName eq \"a\" or password sw hunter2" }),
        json!({ "attributes": [{ "name": "Password", "value": "hunter2" }] }),
        json!({ "profileUrl": "https://example.com/?token=hunter2" }),
        json!("secret='hunter2'"),
    ] {
        let (count, kept) = removed(sent.clone());
        assert!(count > 0, "{sent}");
        assert!(kept.to_string().contains(secret::REMOVED), "{kept}");
    }
}

#[test]
fn what_is_no_secret_stays() {
    for sent in [
        json!({ "userName": "ann", "name": { "givenName": "Pin" }, "title": "Secret Agent" }),
        json!({ "password": null, "passwordNeverExpires": true }),
        json!({ "Operations": [{ "op": "remove", "path": "password" }] }),
        json!({ "Operations": [{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@b" }] }),
        json!({ "displayName": "Token Ring", "members": [{ "value": "u1", "type": "User" }] }),
        json!({ "filter": "userName eq \"ann\"", "attributes": ["password"] }),
        json!([1, "pin", { "spin": 1, "tokens": 2 }]),
    ] {
        assert_eq!(removed(sent.clone()), (0, sent));
    }
}

#[test]
fn no_depth_exhausts_the_stack() {
    let mut value = json!({ "password": "hunter2" });
    for _ in 0..100_000 {
        value = Value::Array(vec![value]);
    }
    assert_eq!(secret::remove(&mut value).len(), 1);
    scim::resource::dismantle(value);
}
