//! Refusals, in SCIM's form.

use rollcall::model::scope::Scope;
use serde_json::json;

use super::{Provider, escaped};
use crate::support::{Answer, Caller, Tenant};

#[track_caller]
fn refusal(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(body["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], answer.status.to_string());
    assert!(body["detail"].is_string(), "{answer}");
    assert_eq!(answer.header("content-type"), "application/scim+json");
    let scim_type = body.get("scimType").map_or("-", |it| it.as_str().unwrap());
    format!("{} {scim_type}", answer.status)
}

#[tokio::test]
async fn each_refusal_has_its_status_and_its_type() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann", "externalId": "7" })).await;
    let bob = provider.user(json!({ "userName": "bob" })).await;
    let before = provider.tenant.numbers().await;
    let long = "x".repeat(257);
    let rows = [
        ("POST", "/Users".to_owned(), json!([]), "400 invalidSyntax"),
        ("POST", "/Users".to_owned(), json!({}), "400 invalidValue"),
        ("POST", "/Users".to_owned(), json!({ "userName": " " }), "400 invalidValue"),
        ("POST", "/Users".to_owned(), json!({ "userName": long }), "400 invalidValue"),
        ("POST", "/Users".to_owned(), json!({ "userName": "x", "active": "maybe" }), "400 invalidValue"),
        ("POST", "/Users".to_owned(), json!({ "userName": "ANN" }), "409 uniqueness"),
        ("POST", "/Users".to_owned(), json!({ "userName": "x", "externalId": "7" }), "409 uniqueness"),
        ("PUT", format!("/Users/{bob}"), json!({ "userName": "Ann" }), "409 uniqueness"),
        ("PUT", format!("/Users/{bob}"), json!({ "userName": "bob", "externalId": "7" }), "409 uniqueness"),
        ("PUT", "/Users/x".to_owned(), json!({ "userName": "x" }), "404 -"),
        ("PATCH", format!("/Users/{id}"), json!({ "Operations": [] }), "400 invalidSyntax"),
        ("PATCH", format!("/Users/{id}"), json!({ "Operations": [{ "op": "jump" }] }), "400 invalidSyntax"),
        ("PATCH", format!("/Users/{id}"), json!({ "Operations": [{ "op": "replace", "path": "id", "value": "x" }] }), "400 mutability"),
        ("PATCH", format!("/Users/{id}"), json!({ "Operations": [{ "op": "remove", "path": "emails[type eq \"x\"]" }] }), "400 noTarget"),
        ("PATCH", format!("/Users/{id}"), json!({ "Operations": [{ "op": "remove", "path": "userName" }] }), "400 mutability"),
        ("POST", "/Bulk".to_owned(), json!({}), "400 invalidSyntax"),
        ("POST", "/.search".to_owned(), json!([]), "400 invalidSyntax"),
        ("POST", "/.search".to_owned(), json!({ "filter": "(" }), "400 invalidFilter"),
        ("POST", "/Users/.search".to_owned(), json!({ "filter": "" }), "400 invalidFilter"),
        ("POST", "/Groups/.search".to_owned(), json!({ "count": "x" }), "400 invalidValue"),
        ("GET", "/.search".to_owned(), json!({}), "405 -"),
        ("GET", "/Bulk".to_owned(), json!({}), "405 -"),
        ("PUT", "/Users".to_owned(), json!({}), "405 -"),
    ];
    for (method, path, body, expected) in rows {
        let answer = provider.send(method, &path, body.clone()).await;
        assert_eq!(refusal(&answer), expected, "{method} {path} {body}: {answer}");
    }
    for filter in ["userName", "userName eq", "userName xx \"a\"", "(", "userName eq \"a\" and", ""] {
        let path = format!("/Users?filter={}", escaped(filter));
        assert_eq!(refusal(&provider.get(&path).await), "400 invalidFilter", "{filter}");
    }
    let deep = "(".repeat(60_000);
    let path = format!("/Users?filter={deep}");
    assert_eq!(refusal(&provider.get(&path).await), "400 invalidFilter");
    assert_eq!(provider.tenant.numbers().await, before);
}

#[tokio::test]
async fn who_may_not_is_told_so_in_scims_form() {
    let provider = Provider::new().await;
    let world = &provider.tenant.world;
    let users = provider.path("/Users");
    let nobody = world.anonymous().get(&users).await;
    assert_eq!(refusal(&nobody), "401 -");
    assert_eq!(nobody.header("www-authenticate"), "Bearer realm=\"rollcall\"");
    let reader = provider.tenant.token(&[Scope::UsersRead]).await;
    assert_eq!(refusal(&reader.get(&users).await), "403 -");
    let other = Tenant::within(world, "Other").await;
    let other = other.token(&[Scope::Scim]).await;
    assert_eq!(refusal(&other.get(&users).await), "403 -");
    assert_eq!(refusal(&world.anonymous().get("/scim/v2/x/Nothing").await), "404 -");
}

#[tokio::test]
async fn bodies_are_taken_in_both_media_types() {
    let provider = Provider::new().await;
    let users = provider.path("/Users");
    for (number, media_type, status) in [
        (1, "application/scim+json", 201),
        (2, "application/json", 201),
        (3, "application/scim+json; charset=utf-8", 201),
        (4, "Application/JSON;charset=UTF-8", 201),
        (5, "text/plain", 415),
    ] {
        let question = provider.bearer.ask("POST", &users);
        let question = question.header("content-type", media_type);
        let body = json!({ "userName": format!("u{number}") });
        question.body(body.to_string()).send().await.must_be(status);
    }
}

#[tokio::test]
async fn a_bad_body_changes_nothing() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann" })).await;
    let before = provider.tenant.numbers().await;
    let deep = |open: &str, close: &str| {
        let inner = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        format!(r#"{{"userName":"x","a":{inner}}}"#).into_bytes()
    };
    let bodies: Vec<(Vec<u8>, u16)> = vec![
        (b"\xff".to_vec(), 400),
        (b"".to_vec(), 400),
        (b"{".to_vec(), 400),
        (b"null".to_vec(), 400),
        (b"7".to_vec(), 400),
        (br#"{"userName":"\ud800"}"#.to_vec(), 400),
        (b"{\"userName\":\"a\0b\"}".to_vec(), 400),
        (deep("[", "]"), 400),
        (deep(r#"{"a":"#, "}"), 400),
        (vec![b' '; 1024 * 1024 + 1], 413),
    ];
    for (method, rest) in [
        ("POST", "/Users".to_owned()),
        ("PUT", format!("/Users/{id}")),
        ("PATCH", format!("/Users/{id}")),
    ] {
        for (body, status) in &bodies {
            let question = provider.bearer.ask(method, &provider.path(&rest));
            let question = question.header("content-type", "application/scim+json");
            let answer = question.body(body.clone()).send().await;
            assert_eq!(answer.status, *status, "{method} {answer}");
            refusal(&answer);
        }
    }
    let huge = json!({ "userName": "huge", "nickName": "x".repeat(70_000) });
    let answer = provider.send("POST", "/Users", huge).await;
    assert_eq!(refusal(&answer), "400 invalidValue");
    for segment in ["x", "%ff", "%00", "%2e%2e", "00000000-0000-7000-8000-00000000000"] {
        let answer = provider.get(&format!("/Users/{segment}")).await;
        assert_eq!(refusal(&answer), "404 -", "{segment}");
    }
    assert_eq!(provider.tenant.numbers().await, before);
}
