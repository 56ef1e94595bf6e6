//! `rollcall token`.

use serde_json::{Value, json};

use crate::shell::{CLIENT, OTHER_CLIENT, Shell, is_moment, keys};

#[test]
fn a_token_is_shown_once_and_never_listed() {
    let shell = Shell::with_client();
    let created = shell.json(&format!(
        "token create --client {CLIENT} --scope users:read,gateway:read --scope users:write \
         --expires 90d --name reader --limit api=600 --limit gateway-list=60"
    ));
    let expected = [
        "id",
        "name",
        "client_id",
        "scopes",
        "limits",
        "oauth_client_id",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
        "token",
    ];
    assert_eq!(keys(&created), expected);
    assert_eq!(created["name"], "reader");
    assert_eq!(created["client_id"], CLIENT);
    assert_eq!(
        created["scopes"],
        json!(["users:read", "users:write", "gateway:read"])
    );
    assert_eq!(created["limits"], json!({ "api": 600, "gateway-list": 60 }));
    assert!(is_moment(&created["created_at"]) && is_moment(&created["expires_at"]));
    assert_eq!(created["revoked_at"], Value::Null);
    assert!(created["token"].as_str().unwrap().starts_with("rc_"));
    let listed = shell.objects("token list");
    let mut without_secret = created;
    without_secret
        .as_object_mut()
        .unwrap()
        .shift_remove("token");
    assert_eq!(listed, [without_secret]);
}

#[test]
fn a_token_may_be_for_all_clients_and_for_ever() {
    let shell = Shell::new();
    let created = shell.json("token create --all-clients --scope admin");
    assert_eq!(created["client_id"], Value::Null);
    assert_eq!(created["name"], Value::Null);
    assert_eq!(created["expires_at"], Value::Null);
    assert_eq!(created["limits"], json!({}));
}

#[test]
fn a_token_is_rotated_and_revoked() {
    let shell = Shell::with_client();
    let line = format!("token create --client {CLIENT} --scope users:read --expires 12h --name n");
    let first = shell.json(&line);
    let first_id = first["id"].as_str().unwrap();
    let second = shell.json(&format!("token rotate {first_id}"));
    assert_ne!(second["id"], first["id"]);
    assert_ne!(second["token"], first["token"]);
    for kept in ["name", "client_id", "scopes", "limits", "expires_at"] {
        assert_eq!(second[kept], first[kept], "{kept}");
    }
    let error = shell.error(&format!("token rotate {first_id}"));
    assert!(error.contains("was revoked"), "{error}");
    let second_id = second["id"].as_str().unwrap();
    let revoked = shell.json(&format!("token revoke {second_id}"));
    assert_eq!(revoked["id"], second["id"]);
    assert!(is_moment(&revoked["revoked_at"]));
    // Once more changes nothing.
    assert_eq!(shell.json(&format!("token revoke {second_id}")), revoked);
    let listed = shell.objects("token list");
    assert!(listed.iter().all(|token| is_moment(&token["revoked_at"])));
}

#[test]
fn a_tokens_limits_are_set_class_by_class() {
    let shell = Shell::with_client();
    let line = format!("token create --client {CLIENT} --scope users:read --limit api=600");
    let token = shell.json(&line);
    let id = token["id"].as_str().unwrap();
    let line = format!("token limit {id} --limit gateway-get=5");
    let mut expected = token.clone();
    expected.as_object_mut().unwrap().shift_remove("token");
    expected["limits"] = json!({ "api": 600, "gateway-get": 5 });
    assert_eq!(shell.json(&line), expected);
    expected["limits"] = json!({ "api": 7, "gateway-get": 5 });
    assert_eq!(
        shell.json(&format!("token limit {id} --limit api=7")),
        expected
    );
    assert_eq!(shell.objects("token list"), [expected.clone()]);
    shell.usage_error(&format!("token limit {id}"));
    shell.usage_error(&format!("token limit {id} --limit api=0"));
    let error = shell.error(&format!("token limit {id} --limit api=1 --limit api=2"));
    assert_eq!(error, "error: two limits are given for api");
    let error = shell.error(&format!("token limit {OTHER_CLIENT} --limit api=1"));
    assert_eq!(error, format!("error: there is no token {OTHER_CLIENT}"));
    assert_eq!(shell.objects("token list"), [expected]);
    shell.json(&format!("token revoke {id}"));
    let error = shell.error(&format!("token limit {id} --limit api=1"));
    assert!(error.contains("was revoked"), "{error}");
}

#[test]
fn a_token_that_makes_no_sense_is_refused() {
    let shell = Shell::with_client();
    for arguments in [
        "--scope users:read",
        "--all-clients",
        "--all-clients --scope users:reed",
        "--all-clients --scope users:read,",
        "--all-clients --scope users:read --expires 90",
        "--all-clients --scope users:read --expires 0d",
        "--all-clients --scope users:read --limit web=1",
        "--all-clients --scope users:read --limit api=0",
        "--client nobody --scope users:read",
    ] {
        shell.usage_error(&format!("token create {arguments}"));
    }
    shell.usage_error(&format!(
        "token create --all-clients --client {CLIENT} --scope admin"
    ));
    let error = shell.error(&format!(
        "token create --client {OTHER_CLIENT} --scope users:read"
    ));
    assert_eq!(error, format!("error: there is no client {OTHER_CLIENT}"));
    let error = shell.error(&format!("token create --client {CLIENT} --scope admin"));
    assert!(error.contains("all clients"), "{error}");
    let limits = "--limit api=1 --limit api=2";
    let error = shell.error(&format!(
        "token create --all-clients --scope admin {limits}"
    ));
    assert_eq!(error, "error: two limits are given for api");
    assert!(shell.objects("token list").is_empty());
    shell.usage_error("token revoke nothing");
    let error = shell.error(&format!("token revoke {OTHER_CLIENT}"));
    assert_eq!(error, format!("error: there is no token {OTHER_CLIENT}"));
}
