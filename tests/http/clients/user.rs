//! `/v2/clients/{client_id}/users/{user_id}`: get, change, delete, restore, and creating.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Caller, Tenant};

#[tokio::test]
async fn a_new_user_is_shown_whole_with_its_place_and_tag() {
    let client = Tenant::new().await;
    let made = client
        .post("/users", json!({"username": "Anna", "user_key": "anna@x"}))
        .await;
    assert_snapshot!(made, @r#"201 {"id":"019c8f85-3e00-7000-8000-000000000003","username":"Anna","user_key":"anna@x","last_activity":{"at":null,"desktop_at":null,"web_at":null},"departments":[],"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:00.000Z"}"#);
    let id = made.at("/id");
    assert_eq!(
        made.header("location"),
        client.path(&format!("/users/{id}"))
    );
    let got = client.bearer.get(made.header("location")).await;
    assert_eq!(got.text(), made.text());
    assert_eq!(got.header("etag"), made.header("etag"));
}

#[tokio::test]
async fn creating_takes_departments_an_external_id_and_a_profile() {
    let client = Tenant::new().await;
    let sales = client.department("Sales").await;
    let support = client.department("Support").await;
    let body = json!({
        "username": "Bob", "user_key": "bob", "external_id": "E 7/8",
        "departments": [support, sales], "profile": {"email_addr": "bob@x", "state": "INACTIVE"},
    });
    let made = client.post("/users", body).await.must_be(201);
    assert_eq!(made.each("/departments", "/name"), ["Support", "Sales"]);
    client.instance("acme").await;
    // The external id is a path segment like any other once it is escaped.
    assert_snapshot!(client.gateway("/acme/users/E%207%2F8").await, @r#"200 {"user":{"state":"INACTIVE","universal_identifier":"bob@x","email_addr":"bob@x","employment_info":{"department":"Support"}},"system_identity":{"id":"E 7/8","username":"Bob"},"last_updated_at":"2026-02-24T12:00:00Z"}"#);
}

#[tokio::test]
async fn creating_refuses_what_is_missing_wrong_unknown_or_ours() {
    let client = Tenant::new().await;
    let other = Tenant::within(&client.world, "Other").await;
    let foreign = other.department("Foreign").await;
    let long = "x".repeat(257);
    let before = client.numbers().await;
    for (body, expected) in [
        (json!({}), "400 invalid_request username"),
        (json!({"username": "a"}), "400 invalid_request user_key"),
        (
            json!({"username": "", "user_key": "a"}),
            "400 invalid_request username",
        ),
        (
            json!({"username": " ", "user_key": "a"}),
            "400 invalid_request username",
        ),
        (
            json!({"username": 1, "user_key": "a"}),
            "400 invalid_request username",
        ),
        (
            json!({"username": null, "user_key": "a"}),
            "400 invalid_request username",
        ),
        (
            json!({"username": "a", "user_key": long}),
            "400 invalid_request user_key",
        ),
        (
            json!({"username": "a\u{0}b", "user_key": "a"}),
            "400 invalid_request username",
        ),
        (
            json!({"username": "a", "user_key": "a", "external_id": ""}),
            "400 invalid_request external_id",
        ),
        (
            json!({"username": "a", "user_key": "a", "id": "x"}),
            "400 invalid_request id",
        ),
        (
            json!({"username": "a", "user_key": "a", "created_at": "x"}),
            "400 invalid_request created_at",
        ),
        (
            json!({"username": "a", "user_key": "a", "shoe": 43}),
            "400 invalid_request shoe",
        ),
        (
            json!({"username": "a", "user_key": "a", "departments": "x"}),
            "400 invalid_request departments",
        ),
        (
            json!({"username": "a", "user_key": "a", "departments": [1]}),
            "400 invalid_request departments",
        ),
        (
            json!({"username": "a", "user_key": "a", "departments": [foreign]}),
            "400 invalid_request departments",
        ),
        (
            json!({"username": "a", "user_key": "a", "profile": 1}),
            "400 invalid_request profile",
        ),
        (
            json!({"username": "a", "user_key": "a", "profile": {"employment_info": {"rank": "x"}}}),
            "400 invalid_request profile.employment_info.rank",
        ),
    ] {
        let answer = client.post("/users", body.clone()).await;
        assert_eq!(answer.refusal(), expected, "{body}");
    }
    assert_eq!(client.numbers().await, before);
    let longest = "ü".repeat(256);
    client.user(&longest).await;
}

#[tokio::test]
async fn a_key_or_external_id_that_somebody_has_is_a_conflict() {
    let client = Tenant::new().await;
    let anna = json!({"username": "Anna", "user_key": "Änna", "external_id": "7"});
    client.post("/users", anna).await.must_be(201);
    // Keys are compared without case, external ids letter for letter.
    let same_key = json!({"username": "Other", "user_key": "äNNA"});
    assert_snapshot!(client.post("/users", same_key).await, @r#"409 {"error":{"code":"conflict","message":"The user_key is taken","details":{"field":"user_key","request_id":"request-1"}}}"#);
    let same_id = json!({"username": "Other", "user_key": "other", "external_id": "7"});
    assert_snapshot!(client.post("/users", same_id).await, @r#"409 {"error":{"code":"conflict","message":"The external_id is taken","details":{"field":"external_id","request_id":"request-1"}}}"#);
    // Usernames need not be unique, and another client is another world.
    let same_name = json!({"username": "Anna", "user_key": "anna2", "external_id": "07"});
    client.post("/users", same_name).await.must_be(201);
    let other = Tenant::within(&client.world, "Other").await;
    let elsewhere = json!({"username": "Anna", "user_key": "Änna", "external_id": "7"});
    other.post("/users", elsewhere).await.must_be(201);
}

#[tokio::test]
async fn a_deleted_user_comes_back_under_the_old_id() {
    let client = Tenant::new().await;
    let anna = json!({"username": "Anna", "user_key": "anna", "external_id": "7"});
    let id = client.post("/users", anna).await.at("/id");
    client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
    for body in [
        json!({"username": "Anna B", "user_key": "ANNA"}),
        json!({"username": "Anna C", "user_key": "anna.c", "external_id": "7"}),
    ] {
        client.delete(&format!("/users/{id}")).await.must_be(204);
        client.world.clock().advance(Duration::from_secs(60));
        let revived = client.post("/users", body.clone()).await.must_be(201);
        assert_eq!(revived.at("/id"), id);
        assert_eq!(revived.at("/username"), body["username"].as_str().unwrap());
        assert_eq!(revived.at("/created_at"), "2026-02-24T12:00:00.000Z");
        assert_eq!(revived.at("/last_activity/at"), "2026-02-24T11:00:00.000Z");
        let place = client.path(&format!("/users/{id}"));
        assert_eq!(revived.header("location"), place);
        assert_eq!(client.bearer.get(&place).await.text(), revived.text());
    }
    assert_eq!(client.get("/users").await.usernames(), "Anna C");
}

#[tokio::test]
async fn two_deleted_users_are_not_made_into_one() {
    let client = Tenant::new().await;
    let one = json!({"username": "one", "user_key": "one", "external_id": "1"});
    let two = json!({"username": "two", "user_key": "two", "external_id": "2"});
    for body in [one, two] {
        let id = client.post("/users", body).await.at("/id");
        client.delete(&format!("/users/{id}")).await.must_be(204);
    }
    let both = json!({"username": "x", "user_key": "two", "external_id": "1"});
    let refused = client.post("/users", both).await;
    assert_eq!(refused.refusal(), "409 conflict user_key");
}

#[tokio::test]
async fn a_tag_answers_304_until_the_record_or_the_activity_changes() {
    let client = Tenant::new().await;
    let path = format!("/users/{}", client.user("anna").await);
    let ask = async |tag: &str| {
        let question = client.ask("GET", &path).header("if-none-match", tag);
        question.send().await
    };
    let first = client.get(&path).await.must_be(200);
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    for known in [
        tag.clone(),
        format!("W/{tag}"),
        "*".into(),
        format!("\"x\", {tag}"),
    ] {
        let answer = ask(&known).await.must_be(304);
        assert_eq!(
            (answer.header("etag"), answer.text()),
            (&*tag, ""),
            "{known}"
        );
    }
    for unknown in ["\"x\"", "", tag.trim_matches('"')] {
        ask(unknown).await.must_be(200);
    }
    client.seen("anna", "desktop", "2026-02-24T11:00:00Z").await;
    let second = ask(&tag).await.must_be(200);
    assert_ne!(second.header("etag"), tag);
    // The same moment on the other channel leaves `at` as it is, and is another body all the same.
    client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
    let third = ask(second.header("etag")).await.must_be(200);
    let department = client.department("Sales").await;
    let changed = client
        .patch(&path, json!({"departments": [department]}))
        .await;
    let fourth = ask(third.header("etag")).await.must_be(200);
    assert_eq!(changed.header("etag"), fourth.header("etag"));
    assert_eq!(changed.text(), fourth.text());
    // The body embeds the department, so its description is part of what the tag stands for.
    let path = format!("/departments/{department}");
    client
        .patch(&path, json!({"description": "sell"}))
        .await
        .must_be(200);
    ask(fourth.header("etag")).await.must_be(200);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let client = Tenant::new().await;
    let path = format!("/users/{}", client.user("anna").await);
    let got = client.get(&path).await;
    let head = client.ask("HEAD", &path).send().await.must_be(200);
    assert_eq!(head.text(), "");
    for name in ["etag", "content-type"] {
        assert_eq!(head.header(name), got.header(name));
    }
    assert_eq!(head.header("content-length"), got.text().len().to_string());
    let unknown = client.ask("HEAD", "/users/nobody").send().await;
    assert_eq!(unknown.must_be(404).text(), "");
}

#[tokio::test]
async fn patch_replaces_the_departments_and_clears_them() {
    let client = Tenant::new().await;
    let path = format!("/users/{}", client.user("anna").await);
    let sales = client.department("Sales").await;
    let support = client.department("Support").await;
    client.world.clock().advance(Duration::from_secs(1));
    let both = client
        .patch(&path, json!({"departments": [support, sales]}))
        .await;
    assert_snapshot!(both, @r#"200 {"id":"019c8f85-3e00-7000-8000-000000000003","username":"anna","user_key":"anna","last_activity":{"at":null,"desktop_at":null,"web_at":null},"departments":[{"id":"019c8f85-3e00-7000-8000-000000000005","name":"Support","description":null},{"id":"019c8f85-3e00-7000-8000-000000000004","name":"Sales","description":null}],"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:01.000Z"}"#);
    assert_eq!(client.get(&path).await.text(), both.text());
    let swapped = client
        .patch(&path, json!({"departments": [sales, support]}))
        .await;
    assert_eq!(swapped.each("/departments", "/name"), ["Sales", "Support"]);
    let one = client
        .patch(&path, json!({"departments": [sales.to_uppercase()]}))
        .await;
    assert_eq!(one.each("/departments", "/name"), ["Sales"]);
    let none = client
        .patch(&path, json!({"departments": []}))
        .await
        .must_be(200);
    assert_eq!(none.at("/departments"), "[]");
}

#[tokio::test]
async fn patch_refuses_all_but_known_departments_and_changes_nothing() {
    let client = Tenant::new().await;
    let other = Tenant::within(&client.world, "Other").await;
    let path = format!("/users/{}", client.user("anna").await);
    let sales = client.department("Sales").await;
    let foreign = other.department("Sales").await;
    let deleted = client.department("Gone").await;
    client
        .delete(&format!("/departments/{deleted}"))
        .await
        .must_be(204);
    let before = (
        client.get(&path).await.text().to_owned(),
        client.numbers().await,
    );
    let unknown = "00000000-0000-7000-8000-000000000000";
    for bad in [foreign.as_str(), &deleted, unknown, "nonsense", ""] {
        let answer = client
            .patch(&path, json!({"departments": [sales, bad]}))
            .await;
        assert_eq!(answer.refusal(), "400 invalid_request departments");
        assert!(answer.at("/error/message").contains(bad), "{answer}");
    }
    for field in [
        "id",
        "username",
        "user_key",
        "last_activity",
        "created_at",
        "updated_at",
    ] {
        let body = json!({"departments": [sales], field: "x"});
        let answer = client.patch(&path, body).await;
        assert_eq!(answer.refusal(), format!("400 invalid_request {field}"));
        let reason = format!("{field} is managed by the system");
        assert_eq!(answer.at("/error/message"), reason);
    }
    for (body, field) in [
        (json!({"departments": [sales], "shoe": 43}), "shoe"),
        (json!({"departments": null}), "departments"),
        (json!({"departments": sales}), "departments"),
        (json!({"departments": [null]}), "departments"),
        (json!({"departments": [sales, sales]}), "departments"),
        (json!({}), "departments"),
    ] {
        let answer = client.patch(&path, body).await;
        assert_eq!(answer.refusal(), format!("400 invalid_request {field}"));
    }
    let after = (
        client.get(&path).await.text().to_owned(),
        client.numbers().await,
    );
    assert_eq!(after, before);
}

#[tokio::test]
async fn updated_at_moves_only_when_something_changes() {
    let client = Tenant::new().await;
    let path = format!("/users/{}", client.user("anna").await);
    let sales = client.department("Sales").await;
    let updated_at = async || client.get(&path).await.at("/updated_at");
    client.world.clock().advance(Duration::from_secs(1));
    client
        .patch(&path, json!({"departments": [sales]}))
        .await
        .must_be(200);
    assert_eq!(updated_at().await, "2026-02-24T12:00:01.000Z");
    let before = client.numbers().await;
    client.world.clock().advance(Duration::from_secs(1));
    let same = client
        .patch(&path, json!({"departments": [sales]}))
        .await
        .must_be(200);
    assert_eq!(same.at("/updated_at"), "2026-02-24T12:00:01.000Z");
    let restored = client.ask("POST", &format!("{path}/restore")).send().await;
    assert_eq!(restored.must_be(200).text(), same.text());
    assert_eq!(client.numbers().await, before);
    client.seen("anna", "web", "2026-02-24T12:00:00Z").await;
    assert_eq!(updated_at().await, "2026-02-24T12:00:01.000Z");
    assert_eq!(client.numbers().await, (before.0, before.1 + 1));
}

#[tokio::test]
async fn if_match_compares_the_record_and_never_the_activity() {
    let client = Tenant::new().await;
    let path = format!("/users/{}", client.user("anna").await);
    let patch = async |tag: &str, departments: &[&str]| {
        let question = client.ask("PATCH", &path).header("if-match", tag);
        question
            .json(&json!({"departments": departments}))
            .send()
            .await
    };
    let sales = client.department("Sales").await;
    let first = client.get(&path).await.header("etag").to_owned();
    client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
    let second = patch(&first, &[&sales]).await.must_be(200);
    let second = second.header("etag").to_owned();
    let stale = patch(&first, &[]).await;
    assert_snapshot!(stale, @r#"412 {"error":{"code":"precondition_failed","message":"The user was changed meanwhile","details":{"request_id":"request-1"}}}"#);
    for never in ["\"x\"", "", "x", &format!("W/{second}")] {
        assert_eq!(patch(never, &[]).await.status, 412, "{never}");
    }
    assert_eq!(client.get(&path).await.header("etag"), second);
    patch(&format!("\"1\", {second}"), &[]).await.must_be(200);
    patch("*", &[&sales]).await.must_be(200);
    let delete = async |tag: &str| {
        client
            .ask("DELETE", &path)
            .header("if-match", tag)
            .send()
            .await
    };
    delete(&second).await.must_be(412);
    let latest = client.get(&path).await.header("etag").to_owned();
    delete(&latest).await.must_be(204);
    delete("*").await.must_be(404);
}

#[tokio::test]
async fn a_deleted_user_is_gone_here_and_inactive_for_the_gateway() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let id = client.user("anna").await;
    let path = format!("/users/{id}");
    let sales = client.department("Sales").await;
    client.assign(&id, &[&sales]).await;
    client.world.clock().advance(Duration::from_secs(5));
    let deleted = client.delete(&path).await.must_be(204);
    assert_eq!(deleted.text(), "");
    assert_snapshot!(client.get(&path).await, @r#"404 {"error":{"code":"not_found","message":"User not found","details":{"user_id":"019c8f85-3e00-7000-8000-000000000003","request_id":"request-1"}}}"#);
    for (method, rest) in [("GET", "/profile"), ("DELETE", "")] {
        let answer = client.ask(method, &format!("{path}{rest}")).send().await;
        assert_eq!(answer.refusal(), "404 not_found -");
    }
    for rest in ["", "/profile"] {
        let body = json!({"departments": []});
        client
            .patch(&format!("{path}{rest}"), body)
            .await
            .must_be(404);
    }
    assert_eq!(client.get("/users").await.at("/total_count"), "0");
    let department = client.get(&format!("/departments/{sales}")).await;
    assert_eq!(department.at("/member_count"), "0");
    assert_snapshot!(client.gateway(&format!("/acme/users/{id}")).await, @r#"200 {"user":{"state":"INACTIVE","universal_identifier":"anna","employment_info":{"department":"Sales"}},"system_identity":{"id":"019c8f85-3e00-7000-8000-000000000003","username":"anna"},"last_updated_at":"2026-02-24T12:00:05Z"}"#);
    client.world.clock().advance(Duration::from_secs(5));
    let restored = client.ask("POST", &format!("{path}/restore")).send().await;
    assert_snapshot!(restored, @r#"200 {"id":"019c8f85-3e00-7000-8000-000000000003","username":"anna","user_key":"anna","last_activity":{"at":null,"desktop_at":null,"web_at":null},"departments":[{"id":"019c8f85-3e00-7000-8000-000000000004","name":"Sales","description":null}],"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:10.000Z"}"#);
    assert_eq!(client.get(&path).await.text(), restored.text());
    assert_eq!(
        restored.header("etag"),
        client.get(&path).await.header("etag")
    );
    let gateway = client.gateway(&format!("/acme/users/{id}")).await;
    assert_eq!(gateway.at("/user/state"), "ACTIVE");
    assert_eq!(gateway.at("/last_updated_at"), "2026-02-24T12:00:10Z");
}

#[tokio::test]
async fn restoring_takes_no_body_or_an_empty_object() {
    let client = Tenant::new().await;
    let path = format!("/users/{}/restore", client.user("anna").await);
    client.post(&path, json!({})).await.must_be(200);
    let answer = client.post(&path, json!({"x": 1})).await;
    assert_eq!(answer.refusal(), "400 invalid_request x");
    let unknown = "/users/00000000-0000-7000-8000-000000000000/restore";
    client.ask("POST", unknown).send().await.must_be(404);
}
