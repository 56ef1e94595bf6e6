//! Who may ask a gateway: our tokens, the legacy gateways' JSON Web Tokens, keys without `Bearer`.

use insta::assert_snapshot;
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::ClientSet;
use serde_json::{Value, json};

use crate::support::signer::{Signer, unsigned};
use crate::support::{Caller, Tenant, Verbatim};

const AUDIENCE: &str = "http://localhost:5000/acme";

async fn acme() -> Tenant {
    let client = Tenant::new().await;
    client.instance("acme").await;
    client
}

#[tokio::test]
async fn a_token_is_missing_in_the_published_words() {
    let client = acme().await;
    let missing = client.world.anonymous().get("/acme/users").await;
    assert_snapshot!(missing, @r#"401 {"error":{"code":"AUTHENTICATION_FAILED","message":"Bearer token missing."}}"#);
    assert_snapshot!(missing.header("www-authenticate"), @r#"Bearer realm="rollcall""#);
    for value in ["", " ", "Bearer", "bearer ", "Bearer  "] {
        let answer = Verbatim(client.world.clone(), value.to_owned())
            .get("/acme/users")
            .await;
        assert_eq!(answer.to_string(), missing.to_string(), "{value:?}");
    }
    // Who has none is told the same of an instance that does not exist.
    let nowhere = client.world.anonymous().get("/nowhere/users").await;
    assert_eq!(nowhere.to_string(), missing.to_string());
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let client = acme().await;
    let own = ClientSet::One(client.id);
    let end = Timestamp::parse("2026-02-24T12:00:01Z").unwrap();
    let gateway = [Scope::GatewayRead];
    let expired = client.world.token_with(own, &gateway, "", Some(end)).await;
    client
        .world
        .clock()
        .advance(std::time::Duration::from_secs(1));
    let revoked = client.token(&gateway).await;
    client.world.revoke(revoked.id.unwrap()).await;
    let unscoped = client.token(&[Scope::UsersRead, Scope::UsersWrite]).await;
    for (value, message) in [
        ("Bearer x".to_owned(), "The token is malformed."),
        ("x".to_owned(), "The token is malformed."),
        ("Basic eDp5".to_owned(), "The token is malformed."),
        (
            format!("Token {}", client.bearer.secret),
            "The token is malformed.",
        ),
        (
            format!("Bearer {}", expired.secret),
            "The token has expired.",
        ),
        (
            format!("Bearer {}", revoked.secret),
            "The token is unknown or was revoked.",
        ),
        (
            format!("Bearer {}", unscoped.secret),
            "The token may not read through the gateway.",
        ),
    ] {
        for path in ["/acme/users", "/acme/users/222"] {
            let answer = Verbatim(client.world.clone(), value.clone())
                .get(path)
                .await;
            let expected = json!({"error": {"code": "AUTHENTICATION_FAILED", "message": message}});
            assert_eq!((answer.status, answer.json()), (401, expected), "{value}");
        }
    }
}

#[tokio::test]
async fn the_key_may_stand_alone() {
    let client = acme().await;
    let secret = &client.bearer.secret;
    for value in [
        secret.to_string(),
        format!("Bearer {secret}"),
        format!("bearer  {secret} "),
    ] {
        Verbatim(client.world.clone(), value)
            .get("/acme/users")
            .await
            .must_be(200);
    }
    // The Clients API knows no such thing.
    let alone = Verbatim(client.world.clone(), secret.to_string());
    alone.get(&client.path("/users")).await.must_be(401);
}

#[tokio::test]
async fn another_clients_instance_is_not_there() {
    let client = acme().await;
    let other = Tenant::within(&client.world, "Other").await;
    let id = other.user("anna").await;
    other.instance("other").await;
    let foreign = client.gateway("/other/users").await;
    assert_snapshot!(foreign, @r#"404 {"error":{"code":"NOT_FOUND","message":"Instance other does not exist."}}"#);
    for path in [
        format!("/other/users/{id}"),
        "/other/users?pageSize=x".into(),
    ] {
        assert_eq!(client.gateway(&path).await.to_string(), foreign.to_string());
    }
    let unknown = client.gateway("/nowhere/users").await.must_be(404);
    assert_eq!(unknown.text(), foreign.text().replace("other", "nowhere"));
    let everywhere = client
        .world
        .token(ClientSet::All, &[Scope::GatewayRead])
        .await;
    for instance in ["acme", "other"] {
        everywhere
            .get(&format!("/{instance}/users"))
            .await
            .must_be(200);
    }
    // A client may have several instances.
    client.instance("acme-2").await;
    client.gateway("/acme-2/users").await.must_be(200);
}

/// Claims as the vendor publishes them, an hour long, changed by `change`.
fn claims(change: impl FnOnce(&mut Value)) -> Value {
    let noon = Timestamp::parse("2026-02-24T12:00:00Z").unwrap().seconds();
    let mut claims = json!({
        "iss": "moveworks", "aud": AUDIENCE, "iat": noon.to_string(), "exp": (noon + 3600).to_string(),
    });
    change(&mut claims);
    claims
}

/// What a gateway says to a JSON Web Token.
async fn told(client: &Tenant, token: &str) -> String {
    let answer = client.world.bearer(token).get("/acme/users").await;
    if answer.status == 200 {
        return "200".to_owned();
    }
    assert_eq!(answer.at("/error/code"), "AUTHENTICATION_FAILED");
    format!("{} {}", answer.status, answer.at("/error/message"))
}

#[tokio::test]
async fn a_json_web_token_is_good_with_its_times_as_text_or_numbers() {
    let client = acme().await;
    let noon = Timestamp::parse("2026-02-24T12:00:00Z").unwrap().seconds();
    let edges: [fn(&mut Value, i64); 8] = [
        |_, _| (),
        |claims, noon| claims["exp"] = json!(noon + 3600),
        |claims, noon| (claims["iat"], claims["exp"]) = (json!(noon), json!(noon + 7200)),
        |claims, noon| claims["exp"] = json!(noon as f64 + 60.5),
        // The signer's clock may be a minute off.
        |claims, noon| claims["exp"] = json!((noon - 59).to_string()),
        |claims, noon| claims["iat"] = json!((noon + 60).to_string()),
        |claims, noon| claims["nbf"] = json!(noon + 60),
        |claims, _| claims["aud"] = json!(["http://elsewhere", AUDIENCE]),
    ];
    for signer in [Signer::es256(), Signer::rs256()] {
        client
            .world
            .instance_key("acme", AUDIENCE, &signer.public_pem)
            .await;
        for (index, edge) in edges.iter().enumerate() {
            let token = signer.sign(&claims(|claims| edge(claims, noon)));
            assert_eq!(told(&client, &token).await, "200", "{index}");
            // It may stand alone as well.
            let alone = Verbatim(client.world.clone(), token);
            alone.get("/acme/users").await.must_be(200);
        }
    }
}

#[tokio::test]
async fn a_json_web_token_that_claims_too_much_or_too_little_is_refused() {
    const REFUSED: &str = "401 The token is not one that this gateway accepts.";
    let client = acme().await;
    let signer = Signer::es256();
    client
        .world
        .instance_key("acme", AUDIENCE, &signer.public_pem)
        .await;
    let noon = Timestamp::parse("2026-02-24T12:00:00Z").unwrap().seconds();
    type Change = fn(&mut Value, i64);
    let cases: [(Change, &str); 14] = [
        (|claims, _| claims["iss"] = json!("else"), REFUSED),
        (
            |claims, _| drop(claims.as_object_mut().unwrap().remove("iss")),
            REFUSED,
        ),
        (
            |claims, _| claims["aud"] = json!("http://localhost:5000/other"),
            REFUSED,
        ),
        (
            |claims, _| claims["aud"] = json!(format!("{AUDIENCE}/")),
            REFUSED,
        ),
        (|claims, _| claims["aud"] = json!([]), REFUSED),
        (
            |claims, _| drop(claims.as_object_mut().unwrap().remove("aud")),
            REFUSED,
        ),
        (
            |claims, _| drop(claims.as_object_mut().unwrap().remove("iat")),
            REFUSED,
        ),
        (
            |claims, _| drop(claims.as_object_mut().unwrap().remove("exp")),
            REFUSED,
        ),
        (|claims, _| claims["exp"] = json!("soon"), REFUSED),
        (|claims, _| claims["exp"] = json!(-1), REFUSED),
        (
            |claims, noon| claims["exp"] = json!(noon - 60),
            "401 The token has expired.",
        ),
        (
            |claims, noon| claims["iat"] = json!(noon + 61),
            "401 The token is not valid yet.",
        ),
        (
            |claims, noon| claims["nbf"] = json!(noon + 61),
            "401 The token is not valid yet.",
        ),
        (
            |claims, noon| claims["exp"] = json!(noon + 7201),
            "401 The token lives longer than 2 hours.",
        ),
    ];
    for (index, (change, expected)) in cases.into_iter().enumerate() {
        let token = signer.sign(&claims(|claims| change(claims, noon)));
        assert_eq!(told(&client, &token).await, expected, "{index}");
    }
}

#[tokio::test]
async fn only_the_instances_own_keys_sign_for_it() {
    const REFUSED: &str = "401 The token is not one that this gateway accepts.";
    let client = acme().await;
    let other = Tenant::within(&client.world, "Other").await;
    other.instance("other").await;
    let (ec, rsa, foreign) = (Signer::es256(), Signer::rs256(), Signer::es256());
    client
        .world
        .instance_key("acme", AUDIENCE, &ec.public_pem)
        .await;
    client
        .world
        .instance_key("acme", AUDIENCE, &rsa.public_pem)
        .await;
    client
        .world
        .instance_key("other", AUDIENCE, &foreign.public_pem)
        .await;
    let good = claims(|_| ());
    let token = ec.sign(&good);
    assert_eq!(told(&client, &token).await, "200");
    let (head, signature) = token.rsplit_once('.').unwrap();
    let other_body = foreign.sign(&claims(|claims| claims["sub"] = json!("x")));
    let other_body = other_body.split('.').nth(1).unwrap();
    let header = token.split('.').next().unwrap();
    for (name, token) in [
        ("another instance's key", foreign.sign(&good)),
        ("nobody's key", Signer::rs256().sign(&good)),
        ("no signature", unsigned(&good)),
        ("an empty signature", format!("{head}.")),
        ("another body", format!("{header}.{other_body}.{signature}")),
        ("the public key as a secret", ec.confused(&good)),
        ("the other public key as a secret", rsa.confused(&good)),
        ("nothing", "..".to_owned()),
        ("garbage", "a.b.c".to_owned()),
        ("bytes", "e30.e30.e30".to_owned()),
    ] {
        assert_eq!(told(&client, &token).await, REFUSED, "{name}");
    }
    // What is signed for one instance opens no other, and no Clients API.
    let elsewhere = client.world.bearer(&token);
    elsewhere.get("/other/users").await.must_be(401);
    elsewhere.get("/nowhere/users").await.must_be(401);
    elsewhere.get(&client.path("/users")).await.must_be(401);
    let own = client.world.bearer(&foreign.sign(&good));
    own.get("/other/users").await.must_be(200);
}
