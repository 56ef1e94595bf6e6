//! `POST /oauth2/token`: client credentials (RFC 6749 4.4).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rollcall::model::id::OauthClientId;
use rollcall::model::oauth::NewOauthClient;
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::{housekeeping, nodes, oauth, tokens};

use crate::support::{Answer, Caller, Tenant, World};

const PATH: &str = "/oauth2/token";
const FORM: &str = "application/x-www-form-urlencoded";

/// An OAuth client, as whoever made it knows it.
struct Machine {
    tenant: Tenant,
    id: OauthClientId,
    secret: String,
}

impl Machine {
    async fn new(scopes: &[Scope], limits: &str) -> Self {
        let tenant = Tenant::new().await;
        tenant.instance("acme").await;
        Self::of(tenant, scopes, limits).await
    }

    async fn of(tenant: Tenant, scopes: &[Scope], limits: &str) -> Self {
        let new = NewOauthClient {
            name: Some("machine".into()),
            client: tenant.id,
            scopes: scopes.to_vec(),
            limits: Limits::parse(limits).unwrap(),
        };
        let admin = AdminAccess::of_command_line();
        let (record, secret) = oauth::create(tenant.world.app(), &admin, new).await.unwrap();
        Self {
            id: record.id,
            secret: secret.reveal().to_owned(),
            tenant,
        }
    }

    fn world(&self) -> &World {
        &self.tenant.world
    }

    fn form(&self, rest: &str) -> String {
        let Self { id, secret, .. } = self;
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}{rest}")
    }

    async fn send(&self, form: &str) -> Answer {
        let question = self.world().anonymous().ask("POST", PATH);
        let question = question.header("content-type", FORM);
        question.body(form.to_owned()).send().await
    }

    async fn send_basic(&self, credentials: &str, form: &str) -> Answer {
        let question = self.world().anonymous().ask("POST", PATH);
        let question = question
            .header("content-type", FORM)
            .header("authorization", &basic(credentials));
        question.body(form.to_owned()).send().await
    }

    async fn token(&self) -> String {
        let answer = self.send(&self.form("")).await.must_be(200);
        answer.at("/access_token")
    }

    async fn gateway(&self, token: &str) -> Answer {
        self.world().bearer(token).get("/acme/users").await
    }

    async fn rotate(&self, overlap_ms: i64) -> String {
        let admin = AdminAccess::of_command_line();
        let rotated = oauth::rotate(self.world().app(), &admin, self.id, overlap_ms).await;
        rotated.unwrap().1.reveal().to_owned()
    }
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

#[tokio::test]
async fn a_secret_is_exchanged_for_a_token_of_one_hour() {
    let machine = Machine::new(&[Scope::GatewayRead, Scope::Scim], "").await;
    let answer = machine.send(&machine.form("")).await.must_be(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    let token = answer.at("/access_token");
    let expected = format!(
        r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600,"scope":"gateway:read scim"}}"#
    );
    assert_eq!(answer.text(), expected);
    machine.gateway(&token).await.must_be(200);
    machine.world().clock().advance(Duration::from_secs(3_599));
    machine.gateway(&token).await.must_be(200);
    machine.world().clock().advance(Duration::from_secs(1));
    machine.gateway(&token).await.must_be(401);
    machine.gateway(&machine.token().await).await.must_be(200);
}

#[tokio::test]
async fn the_client_proves_itself_by_basic_or_in_the_form_but_not_by_both() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    let (id, secret) = (machine.id, &machine.secret);
    let own = format!("{id}:{secret}");
    let grant = "grant_type=client_credentials";
    machine.send_basic(&own, grant).await.must_be(200);
    let same = format!("{grant}&client_id={id}");
    machine.send_basic(&own, &same).await.must_be(200);
    // Encoded as in a form first (RFC 6749 2.3.1).
    let encoded = own.replacen('_', "%5F", 1);
    machine.send_basic(&encoded, grant).await.must_be(200);
    let both = machine.send_basic(&own, &machine.form("")).await;
    assert_eq!(both.must_be(400).at("/error"), "invalid_request");
    let other = format!("{grant}&client_id=0190a000-0000-7000-8000-000000000001");
    let other = machine.send_basic(&own, &other).await;
    assert_eq!(other.must_be(400).at("/error"), "invalid_request");
    for wrong in [format!("{id}:rc_x"), format!("x:{secret}"), own.replace(':', "")] {
        let answer = machine.send_basic(&wrong, grant).await.must_be(401);
        assert_eq!(answer.at("/error"), "invalid_client", "{wrong}");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"rollcall\"");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_as_rfc_6749_names_it() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    let (id, secret) = (machine.id, machine.secret.clone());
    let other = Tenant::within(machine.world(), "Other").await;
    let other = Machine::of(other, &[Scope::GatewayRead], "").await;
    let rows = [
        ("", 400, "invalid_request"),
        ("grant_type=", 400, "invalid_request"),
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("grant_type=client_credentials", 401, "invalid_client"),
        (&machine.form("&scope=admin"), 400, "invalid_scope"),
        (&machine.form("&scope=gateway:read+scim"), 400, "invalid_scope"),
        (&machine.form("&scope=%22%5c%C3%A9"), 400, "invalid_scope"),
        (&machine.form("&client_id=x"), 400, "invalid_request"),
        (&machine.form("&scope=a%"), 400, "invalid_request"),
        (
            &format!("grant_type=client_credentials&client_id={id}&client_secret={}", other.secret),
            401,
            "invalid_client",
        ),
        (
            &format!("grant_type=client_credentials&client_id={}&client_secret={secret}", other.id),
            401,
            "invalid_client",
        ),
    ];
    for (form, status, error) in rows {
        let answer = machine.send(form).await.must_be(status);
        assert_eq!(answer.at("/error"), error, "{form}");
        let description = answer.at("/error_description");
        let is_allowed = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        assert!(description.bytes().all(is_allowed), "{description}");
        assert!(!answer.text().contains(&secret));
    }
    // Unknown parameters are passed over, and one without a value is as if it was not there.
    for rest in ["&resource=x", "&scope=", "&scope=gateway:read"] {
        machine.send(&machine.form(rest)).await.must_be(200);
    }
    let json = machine.world().anonymous().ask("POST", PATH);
    let json = json.json(&serde_json::json!({ "grant_type": "client_credentials" }));
    assert_eq!(json.send().await.must_be(400).at("/error"), "invalid_request");
    let path = format!("{PATH}?{}", machine.form(""));
    let in_path = machine.world().anonymous().ask("POST", &path);
    let in_path = in_path.header("content-type", FORM).send().await;
    assert_eq!(in_path.must_be(400).at("/error"), "invalid_request");
    machine.world().anonymous().get(PATH).await.must_be(405);
    let long = machine.send(&"x".repeat(1024 * 1024 + 1)).await;
    assert_eq!(long.must_be(413).at("/error"), "invalid_request");
}

#[tokio::test]
async fn a_token_may_do_no_more_than_was_asked_for() {
    let machine = Machine::new(&[Scope::GatewayRead, Scope::UsersRead], "").await;
    let narrow = machine.send(&machine.form("&scope=users:read")).await.must_be(200);
    assert_eq!(narrow.at("/scope"), "users:read");
    let narrow = narrow.at("/access_token");
    machine.gateway(&narrow).await.must_be(401);
    let users = machine.tenant.path("/users");
    machine.world().bearer(&narrow).get(&users).await.must_be(200);
    let other = Tenant::within(machine.world(), "Other").await;
    let users = other.path("/users");
    machine.world().bearer(&narrow).get(&users).await.must_be(403);
}

#[tokio::test]
async fn a_new_secret_works_beside_the_former_one_for_a_while() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    let before = machine.token().await;
    let mut fresh = Machine {
        tenant: Tenant::of(machine.world(), machine.tenant.id).await,
        id: machine.id,
        secret: machine.rotate(60_000).await,
    };
    let beside = fresh.token().await;
    machine.token().await;
    machine.world().clock().advance(Duration::from_secs(60));
    machine.send(&machine.form("")).await.must_be(401);
    fresh.token().await;
    // What was issued stays.
    machine.gateway(&before).await.must_be(200);
    machine.gateway(&beside).await.must_be(200);
    // At once: the secrets and the tokens end.
    fresh.secret = machine.rotate(0).await;
    machine.gateway(&beside).await.must_be(401);
    machine.gateway(&fresh.token().await).await.must_be(200);
}

#[tokio::test]
async fn who_is_revoked_is_out_at_once_on_every_server() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    let token = machine.token().await;
    let other = machine.world().another_server().await;
    other.bearer(&token).get("/acme/users").await.must_be(200);
    let admin = AdminAccess::of_command_line();
    let revoked = oauth::revoke(machine.world().app(), &admin, machine.id).await;
    assert!(revoked.unwrap().revoked_at.is_some());
    machine.gateway(&token).await.must_be(401);
    machine.send(&machine.form("")).await.must_be(401);
    // The other server still knows the secret until it looks, and issues nothing for it.
    let question = other.anonymous().ask("POST", PATH);
    let question = question.header("content-type", FORM);
    question.body(machine.form("")).send().await.must_be(401);
    assert!(other.poll().await);
    other.bearer(&token).get("/acme/users").await.must_be(401);
}

#[tokio::test]
async fn all_tokens_of_a_machine_have_one_limit_together() {
    let machine = Machine::new(&[Scope::GatewayRead], "gateway-list=2").await;
    let tokens = [machine.token().await, machine.token().await, machine.token().await];
    machine.gateway(&tokens[0]).await.must_be(200);
    machine.gateway(&tokens[1]).await.must_be(200);
    machine.gateway(&tokens[2]).await.must_be(429);
}

#[tokio::test]
async fn who_guesses_is_stopped() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    let wrong = machine.form("").replace(&machine.secret, "rc_wrong");
    for _ in 0..60 {
        machine.send(&wrong).await.must_be(401);
    }
    let stopped = machine.send(&wrong).await.must_be(429);
    assert!(stopped.header("retry-after").parse::<u32>().unwrap() >= 1);
    // Who knows the secret is not.
    machine.token().await;
}

#[tokio::test]
async fn a_machine_that_asks_for_each_request_is_told_to_keep_its_token() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    for _ in 0..1_000 {
        machine.token().await;
    }
    let refused = machine.send(&machine.form("")).await.must_be(429);
    assert_eq!(refused.header("retry-after"), "60");
    machine.world().clock().advance(Duration::from_secs(3_600));
    machine.token().await;
}

#[tokio::test]
async fn tokens_that_are_over_are_forgotten_a_day_later_and_no_others() {
    let machine = Machine::new(&[Scope::GatewayRead], "").await;
    let app = machine.world().app();
    machine.token().await;
    let own = machine.tenant.token(&[Scope::UsersRead]).await;
    let admin = AdminAccess::of_command_line();
    let count = async || tokens::list(app, &admin).await.unwrap().len();
    let before = count().await;
    machine.world().clock().advance(Duration::from_secs(25 * 3_600));
    nodes::beat(app).await.unwrap();
    housekeeping::purge(app).await.unwrap();
    assert_eq!(count().await, before);
    machine.world().clock().advance(Duration::from_secs(1));
    nodes::beat(app).await.unwrap();
    housekeeping::purge(app).await.unwrap();
    assert_eq!(count().await, before - 1);
    let users = machine.tenant.path("/users");
    own.get(&users).await.must_be(200);
    // And the machine goes on as before.
    machine.gateway(&machine.token().await).await.must_be(200);
}

#[tokio::test]
async fn a_machine_is_the_same_caller_with_each_of_its_tokens() {
    let machine = Machine::new(&[Scope::UsersWrite], "").await;
    let users = machine.tenant.path("/users");
    let create = async |token: &str| {
        let question = machine.world().bearer(token).ask("POST", &users);
        let question = question.header("idempotency-key", "k-1");
        let body = serde_json::json!({ "username": "ann", "user_key": "ann" });
        question.json(&body).send().await.must_be(201)
    };
    let first = create(&machine.token().await).await;
    assert_eq!(first.header("idempotency-replayed"), "-");
    // A token of an hour ends between two attempts: the second one is still the same machine's.
    let second = create(&machine.token().await).await;
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(second.text(), first.text());
}
