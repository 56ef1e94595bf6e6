//! The gateway's rate limits: on every answer, and true.

use std::time::Duration;

use insta::assert_snapshot;
use rollcall::http::rate_limits::ResetForm;
use rollcall::model::scope::Scope;
use rollcall::model::token::ClientSet;

use crate::support::signer::Signer;
use crate::support::{Answer, Caller, Tenant, Verbatim, World};

async fn acme() -> Tenant {
    let client = Tenant::new().await;
    client.instance("acme").await;
    client
}

/// `LIMIT REMAINING RESET RETRY-AFTER`
fn told(answer: &Answer) -> String {
    let names = [
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
        "retry-after",
    ];
    names.map(|name| answer.header(name)).join(" ")
}

#[tokio::test]
async fn every_answer_tells_a_limit() {
    let client = acme().await;
    let id = client.user("anna").await;
    let user = format!("/acme/users/{id}");
    for (method, path, status) in [
        ("GET", "/acme/users", 200),
        ("HEAD", "/acme/users", 200),
        ("GET", &user, 200),
        ("GET", "/acme/users?x=1", 400),
        ("GET", "/acme/users/222", 404),
        ("GET", "/nowhere/users", 404),
        ("GET", "/acme/groups", 404),
        ("POST", "/acme/users", 405),
        ("DELETE", &user, 405),
        ("OPTIONS", "/acme/users", 204),
        ("OPTIONS", &user, 204),
    ] {
        let answer = client.bearer.ask(method, path).send().await.must_be(status);
        let told = told(&answer);
        let numbers: Vec<u32> = told
            .split(' ')
            .take(3)
            .map(|text| text.parse().unwrap())
            .collect();
        assert!(
            numbers[1] < numbers[0] && (1..=60).contains(&numbers[2]),
            "{path} {told}"
        );
    }
    for path in ["/acme/users", &user] {
        let answer = client.world.anonymous().get(path).await.must_be(401);
        assert!(answer.headers.contains_key("x-ratelimit-limit"), "{path}");
        let answer = Verbatim(client.world.clone(), "x".into())
            .get(path)
            .await
            .must_be(401);
        assert!(answer.headers.contains_key("x-ratelimit-limit"), "{path}");
    }
}

#[tokio::test]
async fn the_list_is_600_a_minute_and_one_person_300() {
    let client = acme().await;
    let clock = client.world.clock();
    for (path, limit) in [("/acme/users", 600_u32), ("/acme/users/222", 300)] {
        for left in (0..limit).rev() {
            let answer = client.gateway(path).await;
            assert_ne!(answer.status, 429, "{left}");
            let used_ms = u64::from(limit - left) * 60_000 / u64::from(limit);
            let reset = used_ms.div_ceil(1000);
            assert_eq!(told(&answer), format!("{limit} {left} {reset} -"));
        }
        let refused = client.gateway(path).await.must_be(429);
        assert_eq!(told(&refused), format!("{limit} 0 60 1"));
        // One comes back each 100 or 200 ms.
        let one = Duration::from_millis(60_000 / u64::from(limit));
        clock.advance(one - Duration::from_millis(1));
        client.gateway(path).await.must_be(429);
        clock.advance(Duration::from_millis(1));
        let next = client.gateway(path).await;
        assert_eq!(told(&next), format!("{limit} 0 60 -"));
        clock.advance(Duration::from_secs(30));
        let half = client.gateway(path).await;
        assert_eq!(told(&half), format!("{limit} {} 31 -", limit / 2 - 1));
        // Time of day may jump as it likes.
        clock.set("2020-01-01T00:00:00Z");
        let same = client.gateway(path).await;
        assert_eq!(told(&same), format!("{limit} {} 31 -", limit / 2 - 2));
        clock.advance(Duration::from_secs(60));
        let full = client.gateway(path).await;
        assert_eq!(told(&full), format!("{limit} {} 1 -", limit - 1));
    }
    for _ in 0..600 {
        client.gateway("/acme/users").await;
    }
    assert_snapshot!(client.gateway("/acme/users").await, @r#"429 {"error":{"code":"RATE_LIMIT_EXCEEDED","message":"Rate limit exceeded."}}"#);
}

#[tokio::test]
async fn a_burst_of_20_fits() {
    let client = acme().await;
    for left in (580..600).rev() {
        let answer = client.gateway("/acme/users").await.must_be(200);
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
}

#[tokio::test]
async fn each_token_key_and_address_has_a_bucket_of_its_own() {
    let client = acme().await;
    let world = &client.world;
    let own = ClientSet::One(client.id);
    let slow = world
        .token_with(own, &[Scope::GatewayRead], "gateway-list=2", None)
        .await;
    for left in ["2 1 30 -", "2 0 60 -"] {
        assert_eq!(told(&slow.get("/acme/users").await.must_be(200)), left);
    }
    assert_eq!(
        told(&slow.get("/acme/users").await.must_be(429)),
        "2 0 60 30"
    );
    assert_eq!(told(&slow.get("/acme/users/222").await), "300 299 1 -");
    assert_eq!(told(&client.gateway("/acme/users").await), "600 599 1 -");
    let signer = Signer::es256();
    world.instance_key("acme", "a", &signer.public_pem).await;
    let noon = rollcall::model::environment::Clock::now(world.clock()).seconds();
    let claims = serde_json::json!({"iss": "moveworks", "aud": "a", "iat": noon, "exp": noon + 60});
    for left in ["600 599 1 -", "600 598 1 -"] {
        // Each token of a key counts in the key's bucket.
        let token = world.bearer(&signer.sign(&claims));
        assert_eq!(told(&token.get("/acme/users").await.must_be(200)), left);
    }
    let stranger = async |address: &str| {
        let question = world
            .anonymous()
            .ask("GET", "/acme/users/222")
            .at_address(address);
        question.send().await
    };
    for left in (0..300).rev() {
        let answer = stranger("192.0.2.1").await.must_be(401);
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
    let refused = stranger("192.0.2.1").await.must_be(429);
    assert_eq!(told(&refused), "300 0 60 1");
    stranger("192.0.2.2").await.must_be(401);
    // Who has a token is not shut out by a stranger at the same address.
    let question = client
        .bearer
        .ask("GET", "/acme/users/222")
        .at_address("192.0.2.1");
    question.send().await.must_be(404);
}

#[tokio::test]
async fn reset_may_be_the_moment_instead() {
    let world = World::on(crate::BACKEND, ResetForm::EpochSeconds).await;
    let client = Tenant::within(&world, "Acme").await;
    client.instance("acme").await;
    let noon = rollcall::model::environment::Clock::now(world.clock()).seconds();
    let expected = format!("600 599 {} -", noon + 1);
    assert_eq!(told(&client.gateway("/acme/users").await), expected);
}
