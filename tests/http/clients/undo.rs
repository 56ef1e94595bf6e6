//! `…/users/{user_id}/undo`: a change is taken back whole, or not at all.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Tenant};

impl Tenant {
    /// The number of the client's latest change.
    async fn latest(&self) -> i64 {
        self.numbers().await.0
    }

    async fn undo(&self, user: &str, change: i64) -> Answer {
        self.post(&format!("/users/{user}/undo"), json!({ "change": change })).await
    }

    /// All that somebody is but for moments and where it comes from: the gateway shows who is deleted
    /// too.
    async fn whole(&self, user: &str) -> Value {
        let mut user_body = self.get(&format!("/users/{user}")).await.json();
        user_body.as_object_mut().unwrap().remove("updated_at");
        let mut seen = self.gateway(&format!("/acme/users/{user}")).await.must_be(200).json();
        seen.as_object_mut().unwrap().remove("last_updated_at");
        let provenance = self.get(&format!("/users/{user}/provenance")).await.json();
        let pinned: Vec<&String> = provenance["fields"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, known)| known["pinned"] == true)
            .map(|(name, _)| name)
            .collect();
        json!({ "user": user_body, "seen": seen, "pinned": pinned })
    }
}

/// A client with somebody in a department, of whom something of each kind is set.
async fn stage() -> (Tenant, String, String, String) {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let (lab, field) = (client.department("Lab").await, client.department("Field").await);
    let body = json!({
        "username": "anna", "user_key": "anna", "departments": [lab],
        "profile": {
            "first_name": "Anna", "employment_info": { "role": "Clerk" },
            "custom_attributes": { "badge": 7 },
        },
    });
    let anna = client.post("/users", body).await.must_be(201).at("/id");
    client.world.clock().advance(Duration::from_secs(1));
    (client, anna, lab, field)
}

#[tokio::test]
async fn whatever_was_changed_is_as_it_was_and_taking_that_back_does_it_again() {
    let (client, anna, lab, field) = stage().await;
    let user = format!("/users/{anna}");
    let scim = format!("/scim/v2/{}/Users/{anna}", client.id);
    let profile = format!("{user}/profile");
    let changes: Vec<(&str, String, Value)> = vec![
        ("PATCH", user.clone(), json!({ "departments": [field, lab] })),
        ("PATCH", user.clone(), json!({ "departments": [] })),
        ("PATCH", format!("{user}?pin=true"), json!({ "departments": [field] })),
        ("PATCH", profile.clone(), json!({ "state": "INACTIVE" })),
        (
            "PATCH",
            profile.clone(),
            json!({ "first_name": null, "last_name": "A", "employment_info": { "role": "Lead" },
                "custom_attributes": { "badge": { "old": 7 } } }),
        ),
        ("PATCH", profile.clone(), json!({ "employment_info": null, "custom_attributes": null })),
        ("PATCH", format!("{user}/provenance"), json!({ "pinned": { "profile.state": true } })),
        ("DELETE", user.clone(), Value::Null),
    ];
    for (method, path, body) in changes {
        let before = client.whole(&anna).await;
        client.ask(method, &path).json(&body).send().await;
        let (number, after) = (client.latest().await, client.whole(&anna).await);
        assert_ne!(before, after, "{method} {body}");
        let undone = client.undo(&anna, number).await.must_be(200);
        assert_eq!(client.whole(&anna).await, before, "{method} {body}");
        assert_eq!(undone.text(), client.get(&user).await.text());
        assert_eq!(undone.header("etag"), client.get(&user).await.header("etag"));
        assert_eq!(client.latest().await, number + 1);
        client.undo(&anna, number + 1).await.must_be(200);
        assert_eq!(client.whole(&anna).await, after, "{method} {body}");
        client.undo(&anna, number + 2).await.must_be(200);
    }
    // An identity provider's change too, with what only SCIM shows.
    let body = json!({ "userName": "anna", "title": "Clerk", "name": { "givenName": "Anna" },
        "phoneNumbers": [{ "type": "home", "value": "1" }] });
    let provide = async |body: &Value| {
        let question = client.bearer.ask("PUT", &scim).json(body);
        question.send().await.must_be(200)
    };
    provide(&body).await;
    let before = client.bearer.get(&scim).await.json();
    let whole = client.whole(&anna).await;
    let body = json!({ "userName": "bertha", "externalId": "E-7", "active": false, "title": "Lead",
        "name": { "givenName": "Bertha" }, "phoneNumbers": [{ "type": "home", "value": "2" }] });
    provide(&body).await;
    client.undo(&anna, client.latest().await).await.must_be(200);
    assert_eq!(client.whole(&anna).await, whole);
    let mut after = client.bearer.get(&scim).await.json();
    after["meta"] = before["meta"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_creation_is_taken_back_by_deleting_and_a_return_too() {
    let (client, anna, ..) = stage().await;
    let created = client.latest().await;
    let gone = client.undo(&anna, created).await.must_be(200);
    assert_eq!(gone.at("/username"), "anna");
    client.get(&format!("/users/{anna}")).await.must_be(404);
    let log = client.world.log(client.id).await;
    assert_eq!(log.last().unwrap().action, "deleted");
    // Somebody with that key comes back with another name, and goes again.
    let back = json!({ "username": "Anna B", "user_key": "ANNA" });
    assert_eq!(client.post("/users", back).await.must_be(201).at("/id"), anna);
    let returned = client.latest().await;
    client.undo(&anna, returned).await.must_be(200);
    client.get(&format!("/users/{anna}")).await.must_be(404);
    let log = client.world.log(client.id).await;
    assert_eq!(log.last().unwrap().action, "deleted");
    client.undo(&anna, returned + 1).await.must_be(200);
    assert_eq!(client.get(&format!("/users/{anna}")).await.at("/username"), "Anna B");
    assert_eq!(client.world.log(client.id).await.last().unwrap().action, "restored");
}

#[tokio::test]
async fn what_was_changed_since_is_named_and_nothing_is_taken_back() {
    let (client, anna, lab, field) = stage().await;
    let (user, profile) = (format!("/users/{anna}"), format!("/users/{anna}/profile"));
    let first = json!({ "first_name": "A", "last_name": "B", "employment_info": { "role": "C" } });
    client.patch(&profile, first).await.must_be(200);
    let number = client.latest().await;
    let later = json!({ "first_name": "X", "employment_info": { "role": "Y" } });
    client.patch(&profile, later).await.must_be(200);
    let (numbers, whole) = (client.numbers().await, client.whole(&anna).await);
    let refused = client.undo(&anna, number).await;
    assert_snapshot!(refused, @r#"409 {"error":{"code":"conflict","message":"Change 5 cannot be taken back, since these were changed after it: profile.first_name, profile.employment_info.role","details":{"field":"change","request_id":"request-1"}}}"#);
    assert_eq!((client.numbers().await, client.whole(&anna).await), (numbers, whole));
    // What has that value once more is as the change left it.
    let again = json!({ "first_name": "A", "employment_info": { "role": "C" } });
    client.patch(&profile, again).await.must_be(200);
    client.undo(&anna, number).await.must_be(200);

    client.assign(&anna, &[&field]).await;
    let moved = client.latest().await;
    client.assign(&anna, &[&field, &lab]).await;
    assert_eq!(client.undo(&anna, moved).await.refusal(), "409 conflict change");
    let pin = |is_pinned: bool| json!({ "pinned": { "profile.state": is_pinned } });
    client.patch(&format!("{user}/provenance"), pin(true)).await.must_be(200);
    let pinned = client.latest().await;
    client.patch(&format!("{user}/provenance"), pin(false)).await.must_be(200);
    assert!(client.undo(&anna, pinned).await.must_be(409).at("/error/message").ends_with(": pinned"));
    // A deletion that is not the last one.
    client.delete(&user).await.must_be(204);
    let deleted = client.latest().await;
    client.ask("POST", &format!("{user}/restore")).send().await.must_be(200);
    client.world.clock().advance(Duration::from_secs(1));
    client.delete(&user).await.must_be(204);
    let refused = client.undo(&anna, deleted).await.must_be(409);
    assert!(refused.at("/error/message").ends_with(": deleted_at"));
    // Who is deleted is there for nothing else.
    client.undo(&anna, moved).await.must_be(404);
}

#[tokio::test]
async fn what_is_gone_or_somebody_elses_by_now_is_named() {
    let (client, anna, lab, field) = stage().await;
    client.assign(&anna, &[&field]).await;
    let moved = client.latest().await;
    client.delete(&format!("/departments/{lab}")).await.must_be(204);
    assert_snapshot!(client.undo(&anna, moved).await, @r#"409 {"error":{"code":"conflict","message":"The department Lab was deleted since","details":{"field":"departments","request_id":"request-1"}}}"#);
    let scim = format!("/scim/v2/{}/Users/{anna}", client.id);
    let named = |name: &str, id: &str| json!({ "userName": name, "externalId": id });
    for (name, id) in [("anna", "E-1"), ("bertha", "E-1"), ("bertha", "E-2")] {
        let question = client.bearer.ask("PUT", &scim).json(&named(name, id));
        question.send().await.must_be(200);
    }
    let renamed = client.latest().await;
    let new = json!({ "username": "c", "user_key": "c", "external_id": "E-1" });
    client.post("/users", new).await.must_be(201);
    client.user("Anna").await;
    assert_eq!(client.undo(&anna, renamed - 1).await.refusal(), "409 conflict user_key");
    assert_eq!(client.undo(&anna, renamed).await.refusal(), "409 conflict external_id");
}

#[tokio::test]
async fn only_changes_of_that_user_in_which_there_is_something_can_be_taken_back() {
    let (client, anna, ..) = stage().await;
    let bert = client.user("bert").await;
    let numbers = client.numbers().await;
    for change in [json!(1), json!(2), json!(client.latest().await), json!(999), json!(i64::MAX)] {
        let body = json!({ "change": change });
        let answer = client.post(&format!("/users/{anna}/undo"), body).await;
        assert_eq!(answer.refusal(), "400 invalid_request change", "{change}");
    }
    for change in [json!(0), json!(-1), json!("4"), json!(4.5), json!(4e300), json!(null), json!(u64::MAX)] {
        let body = json!({ "change": change });
        let answer = client.post(&format!("/users/{bert}/undo"), body).await;
        assert_eq!(answer.refusal(), "400 invalid_request change", "{change}");
    }
    assert_eq!(client.numbers().await, numbers);
    // A whole number may be written as a fraction.
    let answer = client.post(&format!("/users/{bert}/undo"), json!({ "change": 5.0 })).await;
    answer.must_be(200);
    let numbers = client.numbers().await;
    let body = json!({ "change": 4, "reason": "x" });
    let answer = client.post(&format!("/users/{anna}/undo"), body).await;
    assert_eq!(answer.refusal(), "400 invalid_request reason");
    assert_eq!(client.numbers().await, numbers);
}

#[tokio::test]
async fn taking_back_is_a_change_of_its_own_where_values_come_from() {
    let (client, anna, lab, field) = stage().await;
    client.assign(&anna, &[&field]).await;
    let number = client.latest().await;
    client.world.clock().advance(Duration::from_secs(5));
    let other = client.token(&crate::support::EVERY_SCOPE).await;
    let path = client.path(&format!("/users/{anna}/undo"));
    other.post(&path, json!({ "change": number })).await.must_be(200);
    let log = client.world.log(client.id).await;
    let last = log.last().unwrap();
    assert_eq!(
        last.detail,
        format!(r#"{{"departments":{{"from":["{field}"],"to":["{lab}"]}},"undoes":{number}}}"#)
    );
    assert_eq!(last.previous, Some(number));
    let theirs = client.get(&format!("/changes?entity=user&entity_id={anna}")).await;
    assert_eq!(theirs.at("/data/0/undoes"), number.to_string());
    assert_eq!(theirs.at("/data/1/undoes"), "null");
    let known = client.get(&format!("/users/{anna}/provenance")).await;
    let departments = &known.json()["fields"]["departments"];
    assert_eq!(departments["at"], "2026-02-24T12:00:06.000Z");
    assert_eq!(departments["actor"], other.id.unwrap().to_string());
}
