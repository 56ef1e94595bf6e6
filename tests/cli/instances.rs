//! `rollcall instance`.

use serde_json::json;

use crate::shell::{CLIENT, OTHER_CLIENT, Shell, keys};

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
";

#[test]
fn an_instance_is_created_given_a_key_and_deleted() {
    let shell = Shell::with_client();
    let created = shell.json(&format!("instance create one --client {CLIENT}"));
    assert_eq!(
        keys(&created),
        ["id", "name", "client_id", "keys", "created_at"]
    );
    assert_eq!(
        (&created["id"], &created["name"]),
        (&json!("one"), &json!("one"))
    );
    assert_eq!(created["client_id"], CLIENT);
    let error = shell.error(&format!("instance create one --client {CLIENT}"));
    assert_eq!(error, "error: An instance named one exists");
    shell.error(&format!("instance create two --client {OTHER_CLIENT}"));
    shell.write("key.pem", PUBLIC_KEY);
    let audience = "https://directory.example.com/one";
    let key = shell.json(&format!(
        "instance key add one --audience {audience} key.pem"
    ));
    assert_eq!(
        keys(&key),
        ["id", "audience", "algorithm", "created_at", "instance"]
    );
    assert_eq!(key["audience"], audience);
    assert_eq!(key["algorithm"], "ES256");
    let listed = shell.json("instance list");
    assert_eq!(listed["keys"][0]["id"], key["id"]);
    let deleted = shell.json("instance delete one");
    assert_eq!(deleted["id"], "one");
    assert!(shell.objects("instance list").is_empty());
    assert_eq!(
        shell.error("instance delete one"),
        "error: there is no instance one"
    );
}

#[test]
fn a_key_that_is_none_is_refused() {
    let shell = Shell::with_client();
    shell.json(&format!("instance create one --client {CLIENT}"));
    shell.write("key.pem", PUBLIC_KEY);
    shell.write("text.pem", "no key");
    let add = "--audience https://directory.example.com/one";
    let error = shell.error(&format!("instance key add one {add} text.pem"));
    assert!(error.contains("public key"), "{error}");
    let error = shell.error(&format!("instance key add one {add} missing.pem"));
    assert!(error.starts_with("error: missing.pem: "), "{error}");
    let error = shell.error(&format!("instance key add two {add} key.pem"));
    assert_eq!(error, "error: there is no instance two");
    shell.usage_error("instance key add one key.pem");
}
