//! `rollcall client`.

use serde_json::json;

use crate::shell::{CLIENT, Shell, is_moment, keys};

#[test]
fn a_client_is_created_with_its_instances_and_listed() {
    let shell = Shell::new();
    let created = shell.json(&format!(
        "client create --name Example --id {CLIENT} --instance one --instance two"
    ));
    assert_eq!(keys(&created), ["id", "name", "instances", "created_at"]);
    assert_eq!(created["id"], CLIENT);
    assert_eq!(created["name"], "Example");
    assert_eq!(created["instances"], json!(["one", "two"]));
    assert!(is_moment(&created["created_at"]), "{created}");
    let second = shell.json("client create --name Second");
    assert_eq!(second["instances"], json!([]));
    let mut listed = shell.objects("client list");
    listed.sort_by_key(|client| client["name"].to_string());
    assert_eq!(listed, [created, second]);
}

#[test]
fn people_read_sentences_and_tables() {
    let shell = Shell::new();
    assert!(
        shell
            .text("client list")
            .starts_with("There are no clients")
    );
    let text = shell.text(&format!(
        "client create --name Example --id {CLIENT} --instance one"
    ));
    assert_eq!(
        text,
        format!("Created client Example ({CLIENT})\nInstances: one\n")
    );
    let table = shell.text("client list");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].split_whitespace().collect::<Vec<_>>(),
        ["ID", "NAME", "INSTANCES", "CREATED"]
    );
    assert!(
        lines[1].starts_with(&format!("{CLIENT}  Example  one")),
        "{table}"
    );
    assert!(shell.text("token list").starts_with("There are no tokens"));
    let created = shell.text(&format!(
        "token create --client {CLIENT} --scope users:read"
    ));
    let secret = created.lines().last().unwrap();
    assert!(secret.starts_with("rc_"), "{created}");
    assert!(created.contains("the only time"), "{created}");
    let listed = shell.text("token list");
    assert!(
        listed.contains("users:read") && !listed.contains(secret),
        "{listed}"
    );
    assert!(shell.text("instance list").contains("one"));
}

#[test]
fn no_client_is_created_when_one_of_its_instances_is_taken() {
    let shell = Shell::new();
    shell.json("client create --name First --instance taken");
    let error = shell.error("client create --name Second --instance free --instance taken");
    assert_eq!(error, "error: An instance named taken exists");
    let error = shell.error("client create --name Second --instance free --instance free");
    assert_eq!(error, "error: instance: free is named twice");
    shell.usage_error("client create --name Second --instance free --instance v2");
    shell.usage_error("client create --name Second --instance Nope");
    assert_eq!(shell.objects("client list").len(), 1);
    assert_eq!(shell.objects("instance list").len(), 1);
}

#[test]
fn a_clients_id_cannot_be_taken_twice() {
    let shell = Shell::with_client();
    let error = shell.error(&format!(
        "client create --name Again --id {CLIENT} --instance one"
    ));
    assert_eq!(error, "error: The id is taken");
    assert!(shell.objects("instance list").is_empty());
}
