//! Provisioning over SCIM, against the built binary.

use serde_json::{Value, json};

use crate::server::Server;
use crate::shell::{CLIENT, Shell};

fn ann() -> Value {
    json!({
        "userName": "ann",
        "externalId": "7",
        "active": true,
        "nickName": "Annie",
        "name": { "givenName": "Ann", "honorificPrefix": "Dr." },
        "emails": [
            { "value": "ann@home.example", "type": "home" },
            { "value": "ann@example.com", "type": "work" },
        ],
    })
}

/// A token that may provision and read.
fn token(shell: &Shell) -> String {
    let line = format!("token create --client {CLIENT} --scope scim,users:read");
    shell.json(&line)["token"].as_str().unwrap().to_owned()
}

fn without_meta(mut user: Value) -> Value {
    user.as_object_mut().unwrap().shift_remove("meta");
    user
}

#[tokio::test]
async fn who_was_provisioned_is_exported_and_imported_as_they_were_sent() {
    let shell = Shell::with_client();
    let (server, own) = (Server::start(&shell, ""), token(&shell));
    let users = format!("/scim/v2/{CLIENT}/Users");
    let made = server.post(&users, &own, "key", &ann()).await;
    assert_eq!(made.status(), 201);
    let made: Value = serde_json::from_str(&made.text().await.unwrap()).unwrap();
    let path = format!("{users}/{}", made["id"].as_str().unwrap());
    let exported = shell.text(&format!("export --client {CLIENT}"));
    let other = Shell::with_client();
    other.write("people.jsonl", &exported);
    other.text(&format!("import --client {CLIENT} people.jsonl"));
    let (server, own) = (Server::start(&other, ""), token(&other));
    let moved = without_meta(server.json(&path, &own).await);
    assert_eq!(moved, without_meta(made));
    for (name, value) in ann().as_object().unwrap() {
        assert_eq!(moved[name], *value, "{name}");
    }
    // Once more changes nothing.
    let again = other.text(&format!("import --client {CLIENT} people.jsonl --json"));
    assert!(again.contains("\"unchanged\":1"), "{again}");
}
