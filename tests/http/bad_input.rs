//! What no honest client sends: each is refused, nothing changes, nothing breaks.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body as HttpBody, Bytes, Frame};
use rollcall::http::body::Body;
use rollcall::http::routes::{self, Needs, Route};
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Question, Tenant, World};

const GIBIBYTE: usize = 1024 * 1024 * 1024;

struct Stage {
    client: Tenant,
    admin: crate::support::Bearer,
    user: String,
    department: String,
}

impl Stage {
    async fn new() -> Self {
        let client = Tenant::within(&World::new().await, "Acme").await;
        client.instance("acme").await;
        let user = client.user("anna").await;
        let department = client.department("Sales").await;
        let admin = client.world.admin().await;
        Self {
            client,
            admin,
            user,
            department,
        }
    }

    /// The good ids put into a path.
    fn good(&self, template: &str) -> String {
        self.client.filled(template, &self.user, &self.department)
    }

    /// Asks as who may do everything, so that nothing is refused for want of a right.
    fn ask(&self, route: &Route, path: &str) -> Question {
        self.admin.ask(route.method.as_str(), path)
    }
}

/// Everything that a path can name, without the braces.
fn names(template: &str) -> impl Iterator<Item = &str> {
    let is_name = |part: &&str| part.starts_with('{');
    template.split('/').filter(is_name)
}

/// The routes for who has a token. Who exchanges a secret for one is in `oauth.rs`, and identity
/// providers, to whom more is allowed, in `scim/errors.rs`.
fn guarded() -> impl Iterator<Item = Route> {
    routes::table()
        .into_iter()
        .filter(|route| {
            let others = [Needs::Nothing, Needs::ClientSecret, Needs::Scim];
            !others.contains(&route.needs)
        })
}

/// Whether a route takes JSON. Who takes files is in `clients/imports.rs`.
fn takes_json(route: &Route) -> bool {
    let is_write = ["POST", "PATCH"].contains(&route.method.as_str());
    is_write && route.name != "createImport"
}

#[tokio::test]
async fn a_bad_segment_in_any_path_is_not_found() {
    let stage = Stage::new().await;
    let before = stage.client.numbers().await;
    let long = "a".repeat(10_000);
    let bad = [
        "x",
        "%ff",
        "%C3",
        "%00",
        "%0A",
        "%2e%2e",
        "%2F",
        "%",
        "%zz",
        "null",
        "-1",
        "é",
        "%22",
        "00000000-0000-7000-8000-00000000000",
        "00000000-0000-7000-8000-0000000000000",
        "00000000_0000_7000_8000_000000000000",
        "{x}",
        &long,
    ];
    for route in guarded() {
        for name in names(route.path) {
            for bad in bad {
                let path = stage.good(&route.path.replace(name, bad));
                let answer = stage.ask(&route, &path).json(&json!({})).send().await;
                let is_gateways = matches!(route.needs, Needs::Gateway(_));
                let expected = if is_gateways { 400..=404 } else { 404..=404 };
                // The body of a write is read before the directory is asked.
                let is_read_first = ["POST", "PATCH"].contains(&route.method.as_str());
                let is_refused =
                    expected.contains(&answer.status) || (is_read_first && answer.status == 400);
                assert!(is_refused, "{} {path}: {answer}", route.method);
            }
        }
    }
    assert_eq!(stage.client.numbers().await, before);
}

#[tokio::test]
async fn a_bad_query_of_any_route_is_refused() {
    let stage = Stage::new().await;
    let before = stage.client.numbers().await;
    let huge = format!("q={}", "a".repeat(60_000));
    let many = "a=1&".repeat(10_000);
    for route in guarded() {
        for query in [
            "%ff=1",
            "x=%ff",
            "q=%ff",
            "q=%",
            "%00=1",
            "nothing=1",
            "q[]=1",
            "é=1",
            "=1",
            "=",
            "cursor=%00",
            "cursor=%ff",
            "pageToken=%ff",
            "filter=%ff",
            &many,
        ] {
            let path = format!("{}?{query}", stage.good(route.path));
            let answer = stage.ask(&route, &path).json(&json!({})).send().await;
            assert_eq!(answer.status, 400, "{} {path:.200}: {answer}", route.method);
        }
        let path = format!("{}?{huge}", stage.good(route.path));
        let answer = stage.ask(&route, &path).json(&json!({})).send().await;
        assert!(
            answer.status < 500 && answer.text().len() < 2_000_000,
            "{}",
            route.name
        );
    }
    assert_eq!(stage.client.numbers().await, before);
}

#[tokio::test]
async fn a_bad_body_of_any_route_is_refused() {
    let stage = Stage::new().await;
    let before = stage.client.numbers().await;
    let deep = |open: &str, close: &str| {
        let inner = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
        format!(r#"{{"name":{inner},"profile":{inner},"custom_attributes":{inner}}}"#).into_bytes()
    };
    let bodies: Vec<Vec<u8>> = vec![
        b"\xff".to_vec(),
        b"{\"name\":\"\xff\"}".to_vec(),
        b"{\"name\":\"\xed\xa0\x80\"}".to_vec(),
        br#"{"name":"\ud800"}"#.to_vec(),
        b"{\"name\":\"a\0b\"}".to_vec(),
        b"\0".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"[]".to_vec(),
        b"null".to_vec(),
        b"7".to_vec(),
        b"\"x\"".to_vec(),
        b"{\"name\":1e999}".to_vec(),
        b"{'name':'x'}".to_vec(),
        b"{\"name\":\"x\",}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        deep("[", "]"),
        deep(r#"{"a":"#, "}"),
        b"[".repeat(10_000),
        br#"{"nothing":1}"#.to_vec(),
        br#"{"\u0000":1}"#.to_vec(),
    ];
    for route in guarded().filter(takes_json) {
        let path = stage.good(route.path);
        for body in &bodies {
            let question = stage
                .ask(&route, &path)
                .header("content-type", "application/json");
            let answer = question.body(body.clone()).send().await;
            let shown = String::from_utf8_lossy(body);
            assert_eq!(answer.status, 400, "{} {shown:.60}: {answer}", route.name);
        }
        // No body at all is one only where there is nothing to say.
        let question = stage
            .ask(&route, &path)
            .header("content-type", "application/json");
        let answer = question.send().await;
        let expected = if route.name == "restoreUser" {
            200
        } else {
            400
        };
        assert_eq!(answer.status, expected, "{}", route.name);
    }
    assert_eq!(stage.client.numbers().await, before);
}

type Polled = Option<Result<Frame<Bytes>, Infallible>>;

/// A body without an end and without an announced length.
struct Endless {
    given: usize,
}

impl HttpBody for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Polled> {
        static CHUNK: [u8; 64 * 1024] = [b' '; 64 * 1024];
        self.given += CHUNK.len();
        assert!(
            self.given < 4 * 1024 * 1024,
            "the body is read far beyond its limit"
        );
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&CHUNK)))))
    }
}

async fn sent(stage: &Stage, route: &Route, body: Body, length: Option<usize>) -> Answer {
    let path = stage.good(route.path);
    let mut question = stage
        .ask(route, &path)
        .header("content-type", "application/json");
    if let Some(length) = length {
        question = question.header("content-length", &length.to_string());
    }
    question.body(body).send().await
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_413_announced_or_not() {
    let stage = Stage::new().await;
    let before = stage.client.numbers().await;
    for route in guarded().filter(takes_json) {
        let announced = sent(&stage, &route, Body::default(), Some(GIBIBYTE)).await;
        let endless = || Body::new(Endless { given: 0 });
        let streamed = sent(&stage, &route, endless(), None).await;
        // The announcement may be a lie.
        let lying = sent(&stage, &route, endless(), Some(2)).await;
        for answer in [announced, streamed, lying] {
            assert_eq!(
                answer.refusal(),
                "413 payload_too_large -",
                "{}",
                route.name
            );
        }
    }
    let largest = format!(r#"{{"name":"x"{}}}"#, " ".repeat(1024 * 1024 - 12));
    let make = async |text: String| {
        let question = stage.client.ask("POST", "/departments");
        question
            .header("content-type", "application/json")
            .body(text)
            .send()
            .await
    };
    make(format!("{largest} ")).await.must_be(413);
    assert_eq!(stage.client.numbers().await, before);
    make(largest).await.must_be(201);
    // Who may not write does not get to send.
    let anonymous = stage.client.world.anonymous();
    let question = anonymous.ask("POST", &stage.client.path("/departments"));
    let body = Body::new(Endless {
        given: 4 * 1024 * 1024 - 70_000,
    });
    question.body(body).send().await.must_be(401);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let client = Tenant::new().await;
    // Not before: time that flies would count against the database's answers too.
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let question = client
        .ask("POST", "/departments")
        .header("content-type", "application/json");
    let answer = question.body(Body::new(Never)).send().await;
    assert_eq!(answer.refusal(), "408 invalid_request body");
    assert!(started.elapsed() >= Duration::from_secs(30));
}

struct Never;

impl HttpBody for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Polled> {
        Poll::Pending
    }
}

#[tokio::test]
async fn headers_of_any_bytes_are_met_calmly() {
    let stage = Stage::new().await;
    let path = stage.client.path(&format!("/users/{}", stage.user));
    for name in [
        "if-match",
        "if-none-match",
        "content-type",
        "idempotency-key",
        "accept",
    ] {
        for value in [
            &b"\xff\xfe"[..],
            b"",
            b"\"",
            b",,,",
            b"W/",
            b"*, *",
            &[b'x'; 8_000],
        ] {
            for method in ["GET", "PATCH"] {
                let question = stage.admin.ask(method, &path).raw_header(name, value);
                let question = if name == "content-type" || method == "GET" {
                    question.body(r#"{"x":1}"#)
                } else {
                    question.json(&json!({"x": 1}))
                };
                let answer = question.send().await;
                assert!(answer.status < 500, "{name} {value:?}: {answer}");
            }
        }
    }
    let length = stage
        .client
        .ask("POST", "/departments")
        .header("content-length", "x");
    assert!(length.json(&Value::Null).send().await.status < 500);
}
