//! What all of the Clients API's refusals have in common.

use std::time::Duration;

use insta::assert_snapshot;
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::ClientSet;
use serde_json::json;

use crate::support::callers::REQUEST_ID;
use crate::support::{Caller, Tenant, Verbatim, World};

#[tokio::test]
async fn who_has_no_valid_token_is_challenged() {
    let client = Tenant::new().await;
    let path = client.path("/users");
    let world = &client.world;
    let none = world.anonymous().get(&path).await;
    assert_snapshot!(none, @r#"401 {"error":{"code":"unauthorized","message":"Authentication required","details":{"request_id":"request-1"}}}"#);
    assert_snapshot!(none.header("www-authenticate"), @r#"Bearer realm="rollcall""#);
    let end = Timestamp::parse("2026-02-24T12:00:01Z").unwrap();
    let own = ClientSet::One(client.id);
    let short = world
        .token_with(own, &[Scope::UsersRead], "", Some(end))
        .await;
    short.get(&path).await.must_be(200);
    world.clock().advance(Duration::from_secs(1));
    let expired = short.get(&path).await;
    assert_snapshot!(expired, @r#"401 {"error":{"code":"unauthorized","message":"The token has expired.","details":{"request_id":"request-1"}}}"#);
    assert_snapshot!(expired.header("www-authenticate"), @r#"Bearer realm="rollcall", error="invalid_token", error_description="The token has expired.""#);
    let revoked = client.token(&[Scope::UsersRead]).await;
    world.revoke(revoked.id.unwrap()).await;
    let revoked = revoked.get(&path).await;
    assert_snapshot!(revoked, @r#"401 {"error":{"code":"unauthorized","message":"The token is unknown or was revoked.","details":{"request_id":"request-1"}}}"#);
    let secret = &client.bearer.secret;
    let wrong = format!("Bearer {}x", &secret[..secret.len() - 1]);
    for value in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "rc_x",
        &wrong,
        secret,
        &format!("Bearer{secret}"),
        &format!("Token {secret}"),
        &format!("Bearer {secret} x"),
    ] {
        let answer = Verbatim(world.clone(), value.to_owned()).get(&path).await;
        assert_eq!(answer.refusal(), "401 unauthorized -", "{value}");
        assert!(
            answer
                .header("www-authenticate")
                .starts_with("Bearer realm="),
            "{value}"
        );
    }
    for value in [format!("bearer {secret}"), format!("BEARER  {secret} ")] {
        Verbatim(world.clone(), value).get(&path).await.must_be(200);
    }
    // Two are none: nobody can say which was meant.
    let twice = client
        .ask("GET", "/users")
        .header("authorization", "Bearer x")
        .send()
        .await;
    assert_eq!(twice.refusal(), "401 unauthorized -");
    let bytes = world
        .anonymous()
        .ask("GET", &path)
        .raw_header("authorization", b"Bearer \xff");
    assert_eq!(bytes.send().await.refusal(), "401 unauthorized -");
    // A token in the URL is none (RFC 6750 section 5.3).
    let in_url = format!("{path}?access_token={secret}");
    world.anonymous().get(&in_url).await.must_be(401);
}

#[tokio::test]
async fn a_refusal_tells_not_whether_the_client_exists() {
    let world = World::new().await;
    let client = Tenant::within(&world, "Acme").await;
    let other = Tenant::within(&world, "Other").await;
    let id = other.user("anna").await;
    let department = other.department("Sales").await;
    let nobody = "00000000-0000-7000-8000-000000000000";
    for (method, rest) in [
        ("GET", String::new()),
        ("PATCH", String::new()),
        ("GET", "/users".into()),
        ("GET", "/users?limit=5".into()),
        ("GET", format!("/users/{id}")),
        ("PATCH", format!("/users/{id}")),
        ("DELETE", format!("/users/{id}")),
        ("GET", format!("/departments/{department}")),
        ("POST", "/activity".into()),
        ("POST", "/users".into()),
    ] {
        let ask = async |client_id: &str| {
            let path = format!("/v2/clients/{client_id}{rest}");
            client
                .bearer
                .ask(method, &path)
                .json(&json!({}))
                .send()
                .await
        };
        let existing = ask(other.id.as_str()).await.must_be(403);
        for unknown in [nobody, "nonsense", "%ff"] {
            let unknown = ask(unknown).await;
            assert_eq!(unknown.to_string(), existing.to_string(), "{method} {rest}");
            assert_eq!(unknown.headers, existing.headers);
        }
    }
    assert_snapshot!(client.bearer.get(&other.path("/users")).await, @r#"403 {"error":{"code":"forbidden","message":"Insufficient permissions for this client","details":{"request_id":"request-1"}}}"#);
    // Who lacks the scope is told the same, for their own client too.
    let reader = client.token(&[Scope::ActivityWrite]).await;
    let lacking = reader.get(&client.path("/users")).await;
    let foreign = client.bearer.get(&other.path("/users")).await;
    assert_eq!(lacking.to_string(), foreign.to_string());
}

#[tokio::test]
async fn who_may_use_all_clients_learns_that_one_does_not_exist() {
    let world = World::new().await;
    let admin = world.admin().await;
    for id in ["00000000-0000-7000-8000-000000000000", "nonsense"] {
        let user = "/users/00000000-0000-7000-8000-000000000001";
        let profile = format!("{user}/profile");
        let provenance = format!("{user}/provenance");
        let restore = format!("{user}/restore");
        let undo = format!("{user}/undo");
        let department = "/departments/00000000-0000-7000-8000-000000000001";
        let members = format!("{department}/members");
        let new_user = json!({"username": "a", "user_key": "a"});
        for (method, rest, body) in [
            ("GET", "", json!({})),
            ("PATCH", "", json!({"name": "x"})),
            ("GET", "/users", json!({})),
            ("GET", "/users/summary", json!({})),
            ("POST", "/users", new_user),
            ("GET", user, json!({})),
            ("PATCH", user, json!({"departments": []})),
            ("DELETE", user, json!({})),
            ("POST", &restore, json!({})),
            ("POST", &undo, json!({"change": 1})),
            ("GET", "/changes", json!({})),
            ("GET", &profile, json!({})),
            ("PATCH", &profile, json!({})),
            ("GET", &provenance, json!({})),
            ("PATCH", &provenance, json!({"pinned": {}})),
            ("GET", "/departments", json!({})),
            ("POST", "/departments", json!({"name": "x"})),
            ("GET", department, json!({})),
            ("PATCH", department, json!({})),
            ("DELETE", department, json!({})),
            ("POST", &members, json!({"user_ids": []})),
            ("POST", "/activity", json!({"reports": []})),
        ] {
            let path = format!("/v2/clients/{id}{rest}");
            let answer = admin.ask(method, &path).json(&body).send().await;
            assert_eq!(
                answer.at("/error/message"),
                "Client not found",
                "{method} {path}"
            );
            assert_eq!(answer.at("/error/details/client_id"), id);
            answer.must_be(404);
        }
    }
    assert_snapshot!(admin.get("/v2/clients/nonsense").await, @r#"404 {"error":{"code":"not_found","message":"Client not found","details":{"client_id":"nonsense","request_id":"request-1"}}}"#);
}

#[tokio::test]
async fn a_malformed_unknown_foreign_or_deleted_id_is_not_found() {
    let client = Tenant::new().await;
    let other = Tenant::within(&client.world, "Other").await;
    let (foreign, department) = (other.user("anna").await, other.department("Sales").await);
    let unknown = "c3f19253-26g4-6129-c461-215h9658429d";
    for id in [
        &foreign,
        unknown,
        "x",
        "%20",
        "%00",
        "%ff",
        "summary%20",
        "a1d97031",
    ] {
        for rest in ["", "/profile", "/provenance"] {
            let answer = client.get(&format!("/users/{id}{rest}")).await.must_be(404);
            assert_eq!(answer.at("/error/message"), "User not found");
        }
    }
    for id in [&department, unknown, "x", "%ff"] {
        let answer = client.get(&format!("/departments/{id}")).await.must_be(404);
        assert_eq!(answer.at("/error/message"), "Department not found");
    }
    assert_snapshot!(client.get(&format!("/users/{unknown}")).await, @r#"404 {"error":{"code":"not_found","message":"User not found","details":{"user_id":"c3f19253-26g4-6129-c461-215h9658429d","request_id":"request-1"}}}"#);
    assert_snapshot!(client.get("/users/x%07y").await, @r#"404 {"error":{"code":"not_found","message":"User not found","details":{"user_id":"xy","request_id":"request-1"}}}"#);
}

#[tokio::test]
async fn a_path_that_is_none_is_not_found() {
    let client = Tenant::new().await;
    for path in [
        client.path("/nothing"),
        client.path("/users/x/y"),
        client.path("/users/"),
        "/v2".into(),
        "/v2/".into(),
        "/v2/client".into(),
        "/nothing".into(),
    ] {
        let answer = client.bearer.get(&path).await;
        assert_eq!(answer.refusal(), "404 not_found -", "{path}");
    }
    assert_snapshot!(client.bearer.get("/v2/nothing").await, @r#"404 {"error":{"code":"not_found","message":"Resource not found","details":{"request_id":"request-1"}}}"#);
}

#[tokio::test]
async fn a_method_that_is_none_is_405_with_those_that_are() {
    let client = Tenant::new().await;
    let user = format!("/users/{}", client.user("anna").await);
    for (rest, allow) in [
        ("", "GET, PATCH, HEAD, OPTIONS"),
        ("/users", "GET, POST, HEAD, OPTIONS"),
        ("/users/summary", "GET, HEAD, OPTIONS"),
        (&user, "GET, PATCH, DELETE, HEAD, OPTIONS"),
        ("/activity", "POST, OPTIONS"),
    ] {
        for method in ["PUT", "TRACE", "BREW"] {
            let answer = client.ask(method, rest).send().await;
            assert_eq!(
                answer.refusal(),
                "405 method_not_allowed -",
                "{method} {rest}"
            );
            assert_eq!(answer.header("allow"), allow);
        }
        let options = client
            .world
            .anonymous()
            .ask("OPTIONS", &client.path(rest))
            .send()
            .await;
        assert_eq!((options.status, options.text()), (204, ""));
        assert_eq!(options.header("allow"), allow);
    }
    let head = client.ask("HEAD", "/activity").send().await.must_be(405);
    assert_eq!(head.header("allow"), "POST, OPTIONS");
    assert_snapshot!(client.ask("PUT", "/users").send().await, @r#"405 {"error":{"code":"method_not_allowed","message":"The resource does not know this method","details":{"request_id":"request-1"}}}"#);
}

#[tokio::test]
async fn a_body_must_be_json_in_utf_8() {
    let client = Tenant::new().await;
    let text = r#"{"name":"Sales"}"#;
    let send = async |media_type: &str| {
        let question = client
            .ask("POST", "/departments")
            .header("content-type", media_type);
        question.body(text).send().await
    };
    for media_type in [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/merge-patch+json",
        "application/json; charset=latin1",
        "*/*",
    ] {
        let answer = send(media_type).await;
        assert_eq!(
            answer.refusal(),
            "415 unsupported_media_type Content-Type",
            "{media_type}"
        );
    }
    let none = client.ask("POST", "/departments").body(text).send().await;
    assert_snapshot!(none, @r#"415 {"error":{"code":"unsupported_media_type","message":"The body must be application/json in UTF-8","details":{"field":"Content-Type","request_id":"request-1"}}}"#);
    send("Application/JSON; Charset=\"UTF-8\"")
        .await
        .must_be(201);
}

#[tokio::test]
async fn a_limited_token_is_told_its_limit_and_an_unlimited_one_nothing() {
    let world = World::new().await;
    let client = Tenant::within(&world, "Acme").await;
    let path = client.path("/users");
    let own = ClientSet::One(client.id);
    let limited = world
        .token_with(own, &[Scope::UsersRead], "api=3", None)
        .await;
    let told = async || {
        let answer = limited.get(&path).await;
        let header = |name| answer.header(name).to_owned();
        let limit = header("x-ratelimit-limit");
        let (remaining, reset) = (header("x-ratelimit-remaining"), header("x-ratelimit-reset"));
        let status = answer.status;
        format!(
            "{status} {limit} {remaining} {reset} {}",
            header("retry-after")
        )
    };
    assert_eq!(told().await, "200 3 2 20 -");
    // Refusals count and tell as well.
    let unknown = limited.get(&client.path("/users/x")).await.must_be(404);
    assert_eq!(unknown.header("x-ratelimit-remaining"), "1");
    assert_eq!(told().await, "200 3 0 60 -");
    assert_eq!(told().await, "429 3 0 60 20");
    assert_snapshot!(limited.get(&path).await, @r#"429 {"error":{"code":"rate_limit_exceeded","message":"The token's rate limit is used up","details":{"request_id":"request-1"}}}"#);
    world.clock().advance(Duration::from_secs(19));
    assert_eq!(told().await, "429 3 0 41 1");
    world.clock().advance(Duration::from_secs(1));
    assert_eq!(told().await, "200 3 0 60 -");
    let unlimited = client.get("/users").await.must_be(200);
    assert_eq!(unlimited.header("x-ratelimit-limit"), "-");
}

#[tokio::test]
async fn every_error_repeats_the_requests_id() {
    let client = Tenant::new().await;
    let id = client.user("anna").await;
    for answer in [
        client
            .world
            .anonymous()
            .get(&client.path("/users"))
            .await
            .must_be(401),
        client.bearer.get("/v2/clients").await.must_be(403),
        client.get("/users/x").await.must_be(404),
        client.bearer.get("/v2/x").await.must_be(404),
        client.get("/users?x=1").await.must_be(400),
        client.get("/users?cursor=1").await.must_be(400),
        client.ask("PUT", "/users").send().await.must_be(405),
        client
            .post("/users", json!({"username": "anna", "user_key": "anna"}))
            .await
            .must_be(409),
        client
            .ask("DELETE", &format!("/users/{id}"))
            .header("if-match", "\"0\"")
            .send()
            .await
            .must_be(412),
        client
            .ask("POST", "/users")
            .body("{}")
            .send()
            .await
            .must_be(415),
    ] {
        assert_eq!(answer.at("/error/details/request_id"), REQUEST_ID);
        let error = answer.json()["error"].as_object().unwrap().clone();
        let members: Vec<&str> = error.keys().map(String::as_str).collect();
        assert_eq!(members, ["code", "message", "details"]);
        assert_eq!(answer.header("content-type"), "application/json");
    }
}
