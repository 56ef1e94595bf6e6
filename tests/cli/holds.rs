//! `rollcall hold` and `rollcall client provisioning`, beside a running server.

use serde_json::{Value, json};

use crate::server::Server;
use crate::shell::{CLIENT, Shell, keys};

/// Has a client of 22 people lose all of them over SCIM, and says the ids in the order in which they
/// were deleted.
async fn lose_everybody(shell: &Shell, server: &Server) -> Vec<String> {
    let line = format!("token create --client {CLIENT} --scope scim,users:read");
    let token = shell.json(&line)["token"].as_str().unwrap().to_owned();
    let users = format!("/scim/v2/{CLIENT}/Users");
    let mut ids = Vec::new();
    for number in 0..22 {
        let user = json!({ "userName": format!("user{number}") });
        let made = server
            .post(&users, &token, &format!("key{number}"), &user)
            .await;
        assert_eq!(made.status(), 201);
        let made: Value = serde_json::from_str(&made.text().await.unwrap()).unwrap();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    for id in &ids {
        let answer = reqwest::Client::new()
            .delete(format!("http://{}{users}/{id}", server.address))
            .bearer_auth(&token)
            .send();
        assert_eq!(answer.await.unwrap().status(), 204);
    }
    ids
}

#[tokio::test]
async fn what_is_held_is_listed_and_approved_or_rejected() {
    let shell = Shell::with_client();
    let server = Server::start(&shell, "");
    let ids = lose_everybody(&shell, &server).await;
    let list = format!("hold list --client {CLIENT}");
    let mut held = shell.objects(&list);
    held.sort_by_key(|hold| hold["username"].to_string());
    assert_eq!(
        keys(&held[0]),
        ["user_id", "username", "intent", "at", "source"]
    );
    let users: Vec<_> = held
        .iter()
        .map(|hold| hold["user_id"].as_str().unwrap())
        .collect();
    assert_eq!(users, ids[19..]);
    assert!(held.iter().all(|hold| hold["intent"] == "delete"));
    let text = shell.text(&list);
    assert!(text.contains("SOURCE") && text.contains("user21"), "{text}");
    let rejected = shell.json(&format!("hold reject --client {CLIENT} {}", ids[19]));
    assert_eq!(rejected, json!({ "count": 1 }));
    let error = shell.error(&format!("hold approve --client {CLIENT} {}", ids[19]));
    assert!(error.contains(&ids[19]), "{error}");
    let approved = shell.text(&format!("hold approve --client {CLIENT} --all"));
    assert_eq!(approved.trim(), "Approved what was held of 2 people.");
    assert_eq!(shell.text(&list).trim(), "Nothing is held.");
    let left = shell.text(&format!("export --client {CLIENT}"));
    assert!(left.contains(&ids[19]));
    let of_a_stranger = "hold list --client bb7cf840-9ca9-46a3-9778-9015d6580d50";
    shell.error(of_a_stranger);
}

#[test]
fn a_client_is_set_and_shows_its_settings() {
    let shell = Shell::with_client();
    let line = format!("client provisioning {CLIENT}");
    let first = shell.json(&line);
    let expected = json!({
        "id": CLIENT, "breaker": true, "breaker_share": 10, "breaker_users": 20,
        "user_key": "userName", "pin_departments": false,
    });
    assert_eq!(first, expected);
    let set = shell.json(&format!(
        "{line} --breaker off --breaker-share 25 --user-key email --pin-departments on"
    ));
    let expected = json!({
        "id": CLIENT, "breaker": false, "breaker_share": 25, "breaker_users": 20,
        "user_key": "email", "pin_departments": true,
    });
    assert_eq!(set, expected);
    assert_eq!(shell.json(&line), expected);
    let text = shell.text(&line);
    assert!(text.contains("Circuit breaker: off"), "{text}");
    for wrong in [
        "--breaker maybe",
        "--breaker-share 0",
        "--breaker-share 101",
        "--breaker-users 0",
        "--user-key shoe",
    ] {
        shell.usage_error(&format!("{line} {wrong}"));
    }
    for wrong in [
        "hold approve",
        "hold approve --all x",
        "hold list",
        "hold reject --all",
    ] {
        shell.usage_error(wrong);
    }
}
