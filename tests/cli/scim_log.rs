//! `rollcall scim-log`, for who has to find out what an identity provider really sent.

use std::path::Path;

use serde_json::{Value, json};

use crate::server::Server;
use crate::shell::{CLIENT, OTHER_CLIENT, Shell, is_moment, keys};

const PASSWORD: &str = "correct-horse-battery";

/// A shell whose database has requests of an identity provider's, and no server any more.
async fn provisioned() -> Shell {
    let shell = Shell::with_client();
    let mut server = Server::start(&shell, "");
    let line = format!("token create --client {CLIENT} --scope scim");
    let token = shell.json(&line)["token"].as_str().unwrap().to_owned();
    let users = format!("/scim/v2/{CLIENT}/Users");
    let ann = json!({ "userName": "ann", "active": "True", "password": PASSWORD });
    let made = server.post(&users, &token, "key", &ann).await;
    assert_eq!(made.status(), 201);
    let again = json!({ "userName": "Ann" });
    let taken = server.post(&users, &token, "key", &again).await;
    assert_eq!(taken.status(), 409);
    let found = server.get(&format!("{users}?count=0"), &token).await;
    assert_eq!(found.status(), 200);
    // What waits is written before the server ends.
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
    shell
}

fn assert_nowhere(folder: &Path, secret: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let mut windows = bytes.windows(secret.len());
        assert!(!windows.any(|bytes| bytes == secret.as_bytes()), "{path:?}");
    }
}

#[tokio::test]
async fn requests_are_listed_and_shown() {
    let shell = provisioned().await;
    let line = format!("scim-log --client {CLIENT}");
    let listed = shell.objects(&line);
    let expected = [
        "number",
        "at",
        "actor",
        "method",
        "path",
        "status",
        "quirks",
        "changes_count",
        "duration_ms",
    ];
    assert_eq!(keys(&listed[0]), expected);
    assert!(is_moment(&listed[0]["at"]));
    assert_eq!(
        listed[0]["quirks"],
        json!(["boolean-text", "password-dropped"])
    );
    let facts = |one: &Value| {
        json!([
            one["number"],
            one["method"],
            one["status"],
            one["changes_count"]
        ])
    };
    let all: Vec<Value> = listed.iter().map(facts).collect();
    let expected = [
        json!([1, "POST", 201, 1]),
        json!([2, "POST", 409, 0]),
        json!([3, "GET", 200, 0]),
    ];
    assert_eq!(all, expected);
    assert_eq!(shell.objects(&format!("{line} --count 1")), listed[2..]);
}

#[tokio::test]
async fn people_are_shown_a_table_and_all_of_a_request() {
    let shell = provisioned().await;
    let line = format!("scim-log --client {CLIENT}");
    let text = shell.text(&line);
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "NUMBER", "TIME", "METHOD", "PATH", "STATUS", "QUIRKS", "CHANGES"
        ]
    );
    assert_eq!(
        lines[1][2..],
        [
            "POST",
            "/Users",
            "201",
            "boolean-text,password-dropped",
            "1"
        ]
    );
    assert_eq!(lines[3][2..], ["GET", "/Users?count=0", "200", "-", "0"]);

    let shown = shell.json(&format!("scim-log show 1 --client {CLIENT}"));
    assert_eq!(shown["headers"]["content-type"], "application/json");
    let sent = json!({ "userName": "ann", "active": "True", "password": "***" });
    assert_eq!(shown["request"]["body"], sent);
    assert_eq!(shown["request"]["secrets_removed"], 1);
    assert_eq!(shown["changes"][0]["action"], "created");
    assert_eq!(shown["answer"]["body"]["userName"], "ann");
    let text = shell.text(&format!("scim-log show 1 --client {CLIENT}"));
    assert!(
        text.contains("Quirk boolean-text: a text was read as true or false"),
        "{text}"
    );
    assert!(text.contains("(secrets removed: 1)"), "{text}");
    assert_nowhere(shell.folder.path(), PASSWORD);
}

#[tokio::test]
async fn a_request_is_rehearsed_and_never_done_again() {
    let shell = provisioned().await;
    let exported = shell.text(&format!("export --client {CLIENT}"));
    let rehearsed = shell.json(&format!("scim-log replay 1 --client {CLIENT} --dry-run"));
    assert_eq!(rehearsed["status"], 409);
    assert_eq!(
        (&rehearsed["status_before"], &rehearsed["secrets_removed"]),
        (&json!(201), &json!(1))
    );
    assert_eq!(
        (&rehearsed["changes_count"], &rehearsed["changes"]),
        (&json!(0), &json!([]))
    );
    let text = shell.text(&format!("scim-log replay 3 --dry-run --client {CLIENT}"));
    assert!(
        text.starts_with("Request 3 would be answered 200 (before: 200). Nothing was"),
        "{text}"
    );
    assert!(text.contains("\"totalResults\": 1"), "{text}");
    let error = shell.error(&format!("scim-log replay 1 --client {CLIENT}"));
    assert!(error.contains("--dry-run"), "{error}");
    assert_eq!(shell.text(&format!("export --client {CLIENT}")), exported);
    // A backup has the log.
    shell.text("backup copy.db");
    let copied = shell.objects(&format!(
        "scim-log --client {CLIENT} --database sqlite:copy.db"
    ));
    assert_eq!(copied.len(), 3);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let shell = Shell::with_client();
    for line in [
        "scim-log".to_owned(),
        "scim-log --client x".to_owned(),
        format!("scim-log --client {CLIENT} --count 0"),
        format!("scim-log --client {CLIENT} --count 1001"),
        format!("scim-log --client {CLIENT} show 1"),
        "scim-log show 1".to_owned(),
        format!("scim-log show --client {CLIENT}"),
        format!("scim-log show x --client {CLIENT}"),
    ] {
        shell.usage_error(&line);
    }
    let error = shell.error(&format!("scim-log show 7 --client {CLIENT}"));
    assert_eq!(error, "error: there is no request 7");
    let error = shell.error(&format!("scim-log replay 7 --client {CLIENT} --dry-run"));
    assert_eq!(error, "error: there is no request 7");
    for line in ["scim-log", "scim-log show 1"] {
        let error = shell.error(&format!("{line} --client {OTHER_CLIENT}"));
        assert_eq!(error, format!("error: there is no client {OTHER_CLIENT}"));
    }
    let text = shell.text(&format!("scim-log --client {CLIENT}"));
    assert!(text.starts_with("There are no requests"), "{text}");
}
