//! `/v2/clients/{client_id}/users/{user_id}/provenance`, and `pin` on its siblings.

use std::time::Duration;

use insta::assert_snapshot;
use rollcall::model::scope::Scope;
use serde_json::{Value, json};

use crate::support::{Caller, Tenant};

/// Somebody in a department, with a role.
async fn anna() -> (Tenant, String) {
    let client = Tenant::new().await;
    let lab = client.department("Lab").await;
    let body = json!({
        "username": "anna", "user_key": "anna", "departments": [lab],
        "profile": { "employment_info": { "role": "Clerk" }, "custom_attributes": { "badge": 7 } },
    });
    let id = client.post("/users", body).await.must_be(201).at("/id");
    (client, id)
}

impl Tenant {
    /// What is known of one field of somebody: source, time and whether it is pinned.
    async fn known(&self, user: &str, field: &str) -> String {
        let answer = self.get(&format!("/users/{user}/provenance")).await.must_be(200);
        match answer.json()["fields"].get(field) {
            None => "nothing".to_owned(),
            Some(known) => {
                let text = |name: &str| known[name].as_str().unwrap_or("-").to_owned();
                let pinned = if known["pinned"] == true { " pinned" } else { "" };
                format!("{} {}{pinned}", text("source"), text("at"))
            }
        }
    }

    async fn pinned(&self, user: &str) -> Vec<String> {
        let answer = self.get(&format!("/users/{user}/provenance")).await.must_be(200);
        let json = answer.json();
        let fields = json["fields"].as_object().unwrap().iter();
        let pinned = fields.filter(|(_, known)| known["pinned"] == true);
        pinned.map(|(name, _)| name.clone()).collect()
    }
}

#[tokio::test]
async fn each_field_remembers_the_door_the_time_and_the_token_of_its_last_change() {
    let (client, id) = anna().await;
    let path = format!("/users/{id}/provenance");
    assert_snapshot!(client.get(&path).await, @r#"200 {"user_id":"019c8f85-3e00-7000-8000-000000000004","fields":{"username":{"source":"api","at":"2026-02-24T12:00:00.000Z","actor":"019c8f85-3e00-7000-8000-000000000002","pinned":false},"user_key":{"source":"api","at":"2026-02-24T12:00:00.000Z","actor":"019c8f85-3e00-7000-8000-000000000002","pinned":false},"departments":{"source":"api","at":"2026-02-24T12:00:00.000Z","actor":"019c8f85-3e00-7000-8000-000000000002","pinned":false},"profile.state":{"source":"api","at":"2026-02-24T12:00:00.000Z","actor":"019c8f85-3e00-7000-8000-000000000002","pinned":false},"profile.custom_attributes":{"source":"api","at":"2026-02-24T12:00:00.000Z","actor":"019c8f85-3e00-7000-8000-000000000002","pinned":false},"profile.employment_info.role":{"source":"api","at":"2026-02-24T12:00:00.000Z","actor":"019c8f85-3e00-7000-8000-000000000002","pinned":false}}}"#);
    client.world.clock().advance(Duration::from_secs(1));
    let profile = json!({ "first_name": "Anna", "employment_info": { "role": "Clerk" } });
    let other = client.token(&[Scope::UsersWrite]).await;
    let rest = client.path(&format!("/users/{id}/profile"));
    other.patch(&rest, profile).await.must_be(200);
    let answer = client.get(&path).await;
    assert_eq!(client.known(&id, "profile.first_name").await, "api 2026-02-24T12:00:01.000Z");
    assert_eq!(client.known(&id, "profile.last_name").await, "nothing");
    let role = "profile.employment_info.role";
    assert_eq!(
        client.known(&id, role).await,
        "api 2026-02-24T12:00:00.000Z",
        "what was said again is not changed"
    );
    let actor = |field: &str| answer.json()["fields"][field]["actor"].clone();
    assert_eq!(actor("profile.first_name"), other.id.unwrap().to_string());
    assert_eq!(actor("username"), client.bearer.id.unwrap().to_string());
    // A value that is taken away was changed too.
    client.world.clock().advance(Duration::from_secs(1));
    let profile = json!({ "employment_info": null, "custom_attributes": { "badge": null } });
    client.patch(&format!("/users/{id}/profile"), profile).await.must_be(200);
    for field in [role, "profile.custom_attributes"] {
        assert_eq!(client.known(&id, field).await, "api 2026-02-24T12:00:02.000Z");
    }
}

#[tokio::test]
async fn who_was_enrolled_by_a_report_came_by_activity() {
    let client = Tenant::new().await;
    client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
    let id = client.get("/users?user_key=anna").await.at("/data/0/id");
    for field in ["username", "user_key", "profile.state"] {
        assert_eq!(client.known(&id, field).await, "activity 2026-02-24T12:00:00.000Z");
    }
    assert_eq!(client.known(&id, "departments").await, "nothing");
}

#[tokio::test]
async fn a_change_of_pins_alone_moves_the_tag_and_the_log_and_not_updated_at() {
    let (client, id) = anna().await;
    let (user, provenance) = (format!("/users/{id}"), format!("/users/{id}/provenance"));
    let before = client.get(&user).await;
    client.world.clock().advance(Duration::from_secs(1));
    let pins = json!({ "pinned": { "departments": true, "profile.first_name": true } });
    let pinned = client.patch(&provenance, pins.clone()).await.must_be(200);
    assert_eq!(pinned.text(), client.get(&provenance).await.text());
    assert_eq!(pinned.header("etag"), client.get(&provenance).await.header("etag"));
    assert_eq!(client.known(&id, "departments").await, "api 2026-02-24T12:00:00.000Z pinned");
    assert_eq!(client.known(&id, "profile.first_name").await, "- - pinned");
    let after = client.get(&user).await;
    assert_eq!(after.text(), before.text());
    assert_ne!(after.header("etag"), before.header("etag"));
    let log = client.world.log(client.id).await;
    assert_eq!(
        log.last().unwrap().detail,
        r#"{"pinned":{"from":null,"to":["departments","profile.first_name"]}}"#
    );
    // What changes nothing moves nothing.
    let numbers = client.numbers().await;
    client.patch(&provenance, pins).await.must_be(200);
    client.patch(&provenance, json!({ "pinned": {} })).await.must_be(200);
    assert_eq!(client.numbers().await, numbers);
    let unpin = json!({ "pinned": { "profile.first_name": false, "profile.last_name": false } });
    client.patch(&provenance, unpin).await.must_be(200);
    assert_eq!(client.pinned(&id).await, ["departments"]);
}

#[tokio::test]
async fn pin_pins_and_unpins_what_the_body_names() {
    let (client, id) = anna().await;
    let (user, profile) = (format!("/users/{id}"), format!("/users/{id}/profile"));
    let before = client.numbers().await.0;
    // The very departments that stand: only the pin changes.
    let departments = client.get(&user).await.at("/departments/0/id");
    let body = json!({ "departments": [departments] });
    let pinned = client.patch(&format!("{user}?pin=true"), body.clone()).await.must_be(200);
    assert_eq!(pinned.header("etag"), client.get(&user).await.header("etag"));
    assert_eq!(client.numbers().await.0, before + 1);
    assert_eq!(client.pinned(&id).await, ["departments"]);
    // Without it pins stay.
    client.patch(&user, json!({ "departments": [] })).await.must_be(200);
    assert_eq!(client.pinned(&id).await, ["departments"]);
    client.patch(&format!("{user}?pin=false"), body).await.must_be(200);
    assert_eq!(client.pinned(&id).await, [""; 0]);

    let patch = json!({
        "state": "ACTIVE", "last_name": null, "custom_attributes": { "badge": 7 },
        "employment_info": { "role": "Lead", "employment_location": null },
    });
    client.patch(&format!("{profile}?pin=true"), patch).await.must_be(200);
    let location = "profile.employment_info.employment_location";
    let expected = [
        "profile.state".to_owned(),
        "profile.custom_attributes".to_owned(),
        "profile.last_name".to_owned(),
        "profile.employment_info.role".to_owned(),
        format!("{location}.location"),
        format!("{location}.office"),
        format!("{location}.country_code"),
        format!("{location}.region"),
        format!("{location}.timezone"),
    ];
    assert_eq!(client.pinned(&id).await, expected);
    let unpin = json!({ "employment_info": { "employment_location": { "office": "MTV" } } });
    client.patch(&format!("{profile}?pin=false"), unpin).await.must_be(200);
    assert!(!client.pinned(&id).await.contains(&format!("{location}.office")));
    let empty = json!({ "employment_info": {} });
    client.patch(&format!("{profile}?pin=false"), empty).await.must_be(200);
    assert_eq!(client.pinned(&id).await.len(), expected.len() - 1);
}

#[tokio::test]
async fn the_api_itself_changes_what_is_pinned_and_it_stays_pinned() {
    let (client, id) = anna().await;
    let pins = json!({ "pinned": { "departments": true, "profile.employment_info.role": true } });
    client.patch(&format!("/users/{id}/provenance"), pins).await.must_be(200);
    client.world.clock().advance(Duration::from_secs(1));
    client.assign(&id, &[]).await;
    let sales = client.department("Sales").await;
    let members = json!({ "user_ids": [id] });
    client.post(&format!("/departments/{sales}/members"), members).await.must_be(200);
    assert_eq!(client.get(&format!("/users/{id}")).await.at("/departments/0/name"), "Sales");
    assert_eq!(client.known(&id, "departments").await, "api 2026-02-24T12:00:01.000Z pinned");
    // Who is deleted comes back with the pins, to the API's own new values too.
    client.delete(&format!("/users/{id}")).await.must_be(204);
    client.get(&format!("/users/{id}/provenance")).await.must_be(404);
    client.patch(&format!("/users/{id}/provenance"), json!({"pinned": {}})).await.must_be(404);
    let again = json!({
        "username": "anna", "user_key": "anna", "profile": { "employment_info": { "role": "Lead" } },
    });
    assert_eq!(client.post("/users", again).await.must_be(201).at("/id"), id);
    assert_eq!(client.pinned(&id).await, ["departments", "profile.employment_info.role"]);
    let shown = client.get(&format!("/users/{id}/profile")).await;
    assert_eq!(shown.at("/employment_info/role"), "Lead");
}

#[tokio::test]
async fn a_stale_tag_fails_a_change_of_pins_and_activity_does_not() {
    let (client, id) = anna().await;
    let path = format!("/users/{id}/provenance");
    let tag = client.get(&path).await.header("etag").to_owned();
    let ask = |method: &str, header: &str| client.ask(method, &path).header(header, &tag);
    ask("GET", "if-none-match").send().await.must_be(304);
    client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
    let pins = json!({ "pinned": { "departments": true } });
    ask("PATCH", "if-match").json(&pins).send().await.must_be(200);
    let stale = ask("PATCH", "if-match").json(&pins).send().await;
    assert_eq!(stale.refusal(), "412 precondition_failed -");
    ask("GET", "if-none-match").send().await.must_be(200);
}

#[tokio::test]
async fn what_is_wrong_with_pins_is_named() {
    let (client, id) = anna().await;
    let (user, path) = (format!("/users/{id}"), format!("/users/{id}/provenance"));
    let before = client.numbers().await;
    let pins = |pinned: Value| json!({ "pinned": pinned });
    for (body, field) in [
        (json!({}), "pinned"),
        (pins(Value::Null), "pinned"),
        (pins(json!(["departments"])), "pinned"),
        (pins(json!({ "departments": 1 })), "departments"),
        (pins(json!({ "departments": null })), "departments"),
        (pins(json!({ "departments": true, "shoe_size": true })), "shoe_size"),
        (pins(json!({ "Departments": true })), "Departments"),
        (pins(json!({ "profile.shoe_size": true })), "profile.shoe_size"),
        (pins(json!({ "profile.employment_info": true })), "profile.employment_info"),
        (pins(json!({ "first_name": true })), "first_name"),
        (pins(json!({ "username": true })), "username"),
        (pins(json!({ "user_key": false })), "user_key"),
        (pins(json!({ "external_id": true })), "external_id"),
        (json!({ "pinned": {}, "fields": {} }), "fields"),
        (json!({ "pinned": {}, "shoe_size": 43 }), "shoe_size"),
    ] {
        let answer = client.patch(&path, body.clone()).await;
        assert_eq!(answer.refusal(), format!("400 invalid_request {field}"), "{body}");
    }
    for pin in ["pin", "pin=", "pin=1", "pin=True", "pin=true&pin=true"] {
        let body = json!({ "departments": [] });
        let answer = client.patch(&format!("{user}?{pin}"), body).await;
        assert_eq!(answer.refusal(), "400 invalid_request pin", "{pin}");
        let answer = client.patch(&format!("{user}/profile?{pin}"), json!({})).await;
        assert_eq!(answer.refusal(), "400 invalid_request pin", "{pin}");
    }
    // Nothing is pinned by a body that is refused.
    let body = json!({ "departments": ["x"] });
    client.patch(&format!("{user}?pin=true"), body).await.must_be(400);
    let body = json!({ "first_name": "Anna", "shoe_size": "43" });
    client.patch(&format!("{user}/profile?pin=true"), body).await.must_be(400);
    for parameter in ["?pin=true", "?x=1"] {
        let answer = client.patch(&format!("{path}{parameter}"), pins(json!({}))).await;
        answer.must_be(400);
        client.get(&format!("{path}{parameter}")).await.must_be(400);
    }
    assert_eq!(client.numbers().await, before);
    assert_eq!(client.pinned(&id).await, [""; 0]);
}

#[tokio::test]
async fn another_clients_user_is_not_found() {
    let (client, id) = anna().await;
    let other = Tenant::within(&client.world, "Other").await;
    let path = format!("/users/{id}/provenance");
    other.get(&path).await.must_be(404);
    let pins = json!({ "pinned": { "departments": true } });
    other.patch(&path, pins).await.must_be(404);
    assert_eq!(client.pinned(&id).await, [""; 0]);
}
