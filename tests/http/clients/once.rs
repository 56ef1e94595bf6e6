//! `Idempotency-Key`, on every POST.

use std::time::Duration;

use insta::assert_snapshot;
use rollcall::model::scope::Scope;
use serde_json::{Value, json};

use crate::support::{Answer, Bearer, Caller, EVERY_SCOPE, Tenant};

async fn once(bearer: &Bearer, key: &str, path: &str, body: &Value) -> Answer {
    let question = bearer.ask("POST", path).header("idempotency-key", key);
    question.json(body).send().await
}

fn same(one: &Answer, other: &Answer) {
    assert_eq!((one.status, one.text()), (other.status, other.text()));
    for name in ["etag", "location", "content-type"] {
        assert_eq!(one.header(name), other.header(name), "{name}");
    }
}

#[tokio::test]
async fn the_same_request_is_answered_as_it_was_and_done_once() {
    let client = Tenant::new().await;
    let admin = client.world.admin().await;
    let anna = client.user("anna").await;
    let sales = client.department("Sales").await;
    client.user("gone").await;
    let members = json!({"user_ids": [anna, "x"]});
    let report = json!({"user_key": "anna", "channel": "web", "at": "2026-02-24T11:00:00Z"});
    for (path, body) in [
        (
            client.path("/users"),
            json!({"username": "bert", "user_key": "bert"}),
        ),
        (client.path(&format!("/users/{anna}/restore")), json!({})),
        (client.path("/departments"), json!({"name": "Support"})),
        (
            client.path(&format!("/departments/{sales}/members")),
            members.clone(),
        ),
        (
            client.path(&format!("/departments/{sales}/members/remove")),
            members,
        ),
        (client.path("/activity"), json!({"reports": [report, "x"]})),
        // Anna's creation: what was changed of her since is as it was again.
        (client.path(&format!("/users/{anna}/undo")), json!({"change": 2})),
        ("/v2/clients".to_owned(), json!({"name": "New"})),
    ] {
        let bearer = if path == "/v2/clients" {
            &admin
        } else {
            &client.bearer
        };
        let key = format!("key of {path}");
        let first = once(bearer, &key, &path, &body).await;
        assert!(first.status < 300, "{first}");
        assert_eq!(first.header("idempotency-replayed"), "-");
        let numbers = client.numbers().await;
        client.world.clock().advance(Duration::from_secs(60));
        let again = once(bearer, &key, &path, &body).await;
        same(&first, &again);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(client.numbers().await, numbers, "{path}");
    }
    assert_eq!(admin.get("/v2/clients").await.at("/total_count"), "2");
}

#[tokio::test]
async fn another_body_or_path_under_the_same_key_is_422_and_does_nothing() {
    let client = Tenant::new().await;
    let path = client.path("/users");
    let anna = json!({"username": "anna", "user_key": "anna"});
    once(&client.bearer, "k", &path, &anna).await.must_be(201);
    let before = client.numbers().await;
    let bert = json!({"username": "bert", "user_key": "bert"});
    assert_snapshot!(once(&client.bearer, "k", &path, &bert).await, @r#"422 {"error":{"code":"invalid_request","message":"The Idempotency-Key was used for another request","details":{"field":"Idempotency-Key","request_id":"request-1"}}}"#);
    let (departments, activity) = (client.path("/departments"), client.path("/activity"));
    let sales = json!({"name": "Sales"});
    once(&client.bearer, "k", &departments, &sales)
        .await
        .must_be(422);
    // Not even somebody unknown is enrolled on the way.
    let report = json!({"user_key": "new", "channel": "web", "at": "2026-02-24T11:00:00Z"});
    let reports = json!({ "reports": [report] });
    once(&client.bearer, "k", &activity, &reports)
        .await
        .must_be(422);
    assert_eq!(client.numbers().await, before);
    assert_eq!(client.get("/users").await.usernames(), "anna");
}

#[tokio::test]
async fn after_a_day_the_key_is_new() {
    let client = Tenant::new().await;
    let path = client.path("/departments");
    let body = json!({"name": "Sales"});
    let first = once(&client.bearer, "k", &path, &body).await.must_be(201);
    client
        .world
        .clock()
        .advance(Duration::from_secs(24 * 60 * 60));
    same(&once(&client.bearer, "k", &path, &body).await, &first);
    client.world.clock().advance(Duration::from_millis(1));
    let anew = once(&client.bearer, "k", &path, &body).await;
    assert_eq!(anew.refusal(), "409 conflict name");
    let other = json!({"name": "Support"});
    let second = once(&client.bearer, "k", &path, &other).await.must_be(201);
    same(&once(&client.bearer, "k", &path, &other).await, &second);
}

#[tokio::test]
async fn a_key_belongs_to_its_token_and_its_client() {
    let client = Tenant::new().await;
    let second = client.token(&EVERY_SCOPE).await;
    let body = json!({"username": "anna", "user_key": "anna"});
    once(&client.bearer, "k", &client.path("/users"), &body)
        .await
        .must_be(201);
    let anew = once(&second, "k", &client.path("/users"), &body).await;
    assert_eq!(anew.refusal(), "409 conflict user_key");
    let other = Tenant::within(&client.world, "Other").await;
    let admin = client.world.admin().await;
    let path = client.path("/departments");
    let body = json!({"name": "Sales"});
    once(&admin, "k", &path, &body).await.must_be(201);
    once(&admin, "k", &other.path("/departments"), &body)
        .await
        .must_be(201);
}

#[tokio::test]
async fn a_refusal_is_not_remembered() {
    let client = Tenant::new().await;
    let path = client.path("/departments");
    let id = client.department("Sales").await;
    let body = json!({"name": "Sales"});
    once(&client.bearer, "k", &path, &body).await.must_be(409);
    client
        .delete(&format!("/departments/{id}"))
        .await
        .must_be(204);
    once(&client.bearer, "k", &path, &body).await.must_be(201);
}

#[tokio::test]
async fn a_key_is_1_to_255_visible_characters() {
    let client = Tenant::new().await;
    let path = client.path("/departments");
    let body = json!({"name": "Sales"});
    for key in [String::new(), "x".repeat(256)] {
        let answer = once(&client.bearer, &key, &path, &body).await;
        assert_eq!(answer.refusal(), "400 invalid_request Idempotency-Key");
    }
    let question = client
        .ask("POST", "/departments")
        .raw_header("idempotency-key", b"\xff");
    let answer = question.json(&body).send().await;
    assert_eq!(answer.refusal(), "400 invalid_request Idempotency-Key");
    once(&client.bearer, &"x".repeat(255), &path, &body)
        .await
        .must_be(201);
}

#[tokio::test]
async fn a_replay_still_needs_the_right() {
    let client = Tenant::new().await;
    let path = client.path("/departments");
    let body = json!({"name": "Sales"});
    let short = client.token(&[Scope::DepartmentsWrite]).await;
    once(&short, "k", &path, &body).await.must_be(201);
    client.world.revoke(short.id.unwrap()).await;
    once(&short, "k", &path, &body).await.must_be(401);
}
