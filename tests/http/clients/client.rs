//! `/v2/clients` and `/v2/clients/{client_id}`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Caller, Tenant, World};

#[tokio::test]
async fn a_client_is_made_shown_changed_and_listed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = json!({
        "id": "AA7CF840-9ca9-46a3-9778-9015d6580d50", "name": "Acme",
        "partner": {"id": "p1", "name": "Partner"}, "enrollment_token": "enrol-me",
    });
    let made = admin.post("/v2/clients", body).await;
    assert_snapshot!(made, @r#"201 {"id":"aa7cf840-9ca9-46a3-9778-9015d6580d50","name":"Acme","status":"active","partner":{"id":"p1","name":"Partner"},"enrollment_token":"enrol-me","created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:00.000Z"}"#);
    let path = made.header("location").to_owned();
    assert_eq!(path, "/v2/clients/aa7cf840-9ca9-46a3-9778-9015d6580d50");
    let got = admin.get(&path).await.must_be(200);
    assert_eq!(
        (got.text(), got.header("etag")),
        (made.text(), made.header("etag"))
    );
    let known = admin
        .ask("GET", &path)
        .header("if-none-match", got.header("etag"));
    known.send().await.must_be(304);
    world.clock().advance(Duration::from_secs(1));
    let change = json!({"name": "Acme Ltd", "partner": null, "enrollment_token": null});
    let changed = admin.patch(&path, change.clone()).await;
    assert_snapshot!(changed, @r#"200 {"id":"aa7cf840-9ca9-46a3-9778-9015d6580d50","name":"Acme Ltd","status":"active","partner":null,"enrollment_token":null,"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:01.000Z"}"#);
    world.clock().advance(Duration::from_secs(1));
    let same = admin.patch(&path, change).await.must_be(200);
    assert_eq!(
        (same.text(), same.header("etag")),
        (changed.text(), changed.header("etag"))
    );
    assert_eq!(admin.get(&path).await.text(), changed.text());
    let stale = admin
        .ask("PATCH", &path)
        .header("if-match", got.header("etag"));
    let stale = stale.json(&json!({"name": "x"})).send().await;
    assert_eq!(stale.refusal(), "412 precondition_failed -");
    assert_snapshot!(admin.get("/v2/clients").await, @r#"200 {"data":[{"id":"aa7cf840-9ca9-46a3-9778-9015d6580d50","name":"Acme Ltd","status":"active","partner":null,"enrollment_token":null,"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:01.000Z"}],"total_count":1,"next_cursor":null}"#);
}

#[tokio::test]
async fn a_client_without_an_id_is_given_one_and_one_that_is_taken_is_a_conflict() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin
        .post("/v2/clients", json!({"name": "Acme"}))
        .await
        .must_be(201);
    let again = json!({"name": "Other", "id": made.at("/id")});
    assert_snapshot!(admin.post("/v2/clients", again).await, @r#"409 {"error":{"code":"conflict","message":"The id is taken","details":{"field":"id","request_id":"request-1"}}}"#);
    // Names need not be unique.
    admin
        .post("/v2/clients", json!({"name": "Acme"}))
        .await
        .must_be(201);
}

#[tokio::test]
async fn bad_clients_are_refused() {
    let world = World::new().await;
    let admin = world.admin().await;
    let path = admin
        .post("/v2/clients", json!({"name": "A"}))
        .await
        .header("location")
        .to_owned();
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": 7}), "name"),
        (json!({"name": "A", "partner": "x"}), "partner"),
        (json!({"name": "A", "partner": {"id": "x"}}), "partner.name"),
        (
            json!({"name": "A", "partner": {"id": "x", "name": "y", "z": 1}}),
            "partner.z",
        ),
        (
            json!({"name": "A", "enrollment_token": 7}),
            "enrollment_token",
        ),
        (json!({"name": "A", "status": "active"}), "status"),
        (json!({"name": "A", "created_at": "x"}), "created_at"),
        (json!({"name": "A", "x": 1}), "x"),
    ] {
        let expected = format!("400 invalid_request {field}");
        assert_eq!(
            admin.post("/v2/clients", body.clone()).await.refusal(),
            expected
        );
        assert_eq!(admin.patch(&path, body).await.refusal(), expected);
    }
    let bad_id = admin
        .post("/v2/clients", json!({"name": "A", "id": "x"}))
        .await;
    assert_eq!(bad_id.refusal(), "400 invalid_request id");
    let moved = admin.patch(&path, json!({"id": "x"})).await;
    assert_eq!(moved.refusal(), "400 invalid_request id");
    assert_eq!(admin.get("/v2/clients").await.at("/total_count"), "1");
}

#[tokio::test]
async fn the_list_of_clients_pages_by_id() {
    let world = World::new().await;
    let admin = world.admin().await;
    for name in ["one", "two", "three"] {
        world.client(name).await;
    }
    let first = admin.get("/v2/clients?page_size=2").await.must_be(200);
    assert_eq!(first.each("/data", "/name"), ["one", "two"]);
    assert_eq!(first.at("/total_count"), "3");
    let next = first.at("/next_cursor");
    let last = admin.get(&format!("/v2/clients?cursor={next}")).await;
    assert_eq!(last.each("/data", "/name"), ["three"]);
    assert_eq!(last.at("/next_cursor"), "null");
    for (query, expected) in [
        ("page_size=0", "400 invalid_request page_size"),
        ("q=one", "400 invalid_request q"),
        ("cursor=x", "400 invalid_cursor cursor"),
    ] {
        let answer = admin.get(&format!("/v2/clients?{query}")).await;
        assert_eq!(answer.refusal(), expected);
    }
}

#[tokio::test]
async fn a_clients_own_token_reads_its_client_and_changes_it_not() {
    let client = Tenant::new().await;
    assert_snapshot!(client.get("").await, @r#"200 {"id":"019c8f85-3e00-7000-8000-000000000001","name":"Acme","status":"active","partner":null,"enrollment_token":null,"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:00.000Z"}"#);
    let renamed = client.patch("", json!({"name": "x"})).await;
    assert_eq!(renamed.refusal(), "403 forbidden -");
    for (method, path) in [("GET", "/v2/clients"), ("POST", "/v2/clients")] {
        let answer = client
            .bearer
            .ask(method, path)
            .json(&json!({"name": "x"}))
            .send()
            .await;
        assert_eq!(answer.refusal(), "403 forbidden -");
    }
}
