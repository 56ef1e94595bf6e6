//! While the database is away, memory answers; but not for ever.

use std::time::Duration;

use insta::assert_snapshot;
use rollcall::model::environment::Clock;
use rollcall::operations::freshness::STALE_MAX;
use serde_json::json;

use crate::support::signer::Signer;
use crate::support::{Answer, Caller, Tenant, Verbatim};

const AUDIENCE: &str = "http://localhost:5000/acme";

struct Doors {
    tenant: Tenant,
    signer: Verbatim,
}

impl Doors {
    async fn new() -> Self {
        let tenant = Tenant::new().await;
        tenant.instance("acme").await;
        let signer = Signer::es256();
        let pem = &signer.public_pem;
        tenant.world.instance_key("acme", AUDIENCE, pem).await;
        let now = tenant.world.clock().now().milliseconds() / 1_000;
        let claims = json!({ "iss": "moveworks", "aud": AUDIENCE, "iat": now, "exp": now + 3_600 });
        let token = signer.sign(&claims);
        let signer = Verbatim(tenant.world.clone(), format!("Bearer {token}"));
        Self { tenant, signer }
    }

    /// What each kind of caller is answered: our token in both dialects, and a key's bearer.
    async fn ask(&self) -> [Answer; 3] {
        let users = format!("/v2/clients/{}/users", self.tenant.id);
        [
            self.tenant.bearer.get(&users).await,
            self.tenant.bearer.get("/acme/users").await,
            self.signer.get("/acme/users").await,
        ]
    }

    async fn statuses(&self) -> [u16; 3] {
        self.ask().await.map(|answer| answer.status)
    }
}

#[tokio::test]
async fn who_was_let_in_is_so_for_a_minute_without_the_database() {
    let doors = Doors::new().await;
    let world = &doors.tenant.world;
    assert_eq!(doors.statuses().await, [200; 3]);
    world.hide_database(true).await;
    // Time alone says nothing: only a look that fails begins the minute.
    world.clock().advance(Duration::from_secs(600));
    assert_eq!(doors.statuses().await, [200; 3]);
    assert!(!world.poll().await);
    world.clock().advance(STALE_MAX - Duration::from_millis(1));
    assert!(!world.poll().await);
    assert_eq!(doors.statuses().await, [200; 3]);
    world.clock().advance(Duration::from_millis(1));
    let answers = doors.ask().await;
    for answer in &answers {
        assert_eq!(answer.status, 503);
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_snapshot!(answers[0], @r#"503 {"error":{"code":"unavailable","message":"The directory is busy","details":{"request_id":"request-1"}}}"#);
    assert_snapshot!(answers[2], @r#"503 {"error":{"code":"INTERNAL_SERVER_ERROR","message":"The directory is busy."}}"#);
    world.hide_database(false).await;
    assert_eq!(doors.statuses().await, [503; 3], "nobody has looked yet");
    assert!(world.poll().await);
    assert_eq!(doors.statuses().await, [200; 3]);
}

#[tokio::test]
async fn a_look_that_succeeds_begins_the_minute_anew() {
    let doors = Doors::new().await;
    let world = &doors.tenant.world;
    assert_eq!(doors.statuses().await, [200; 3]);
    for _ in 0..3 {
        world.hide_database(true).await;
        assert!(!world.poll().await);
        world.clock().advance(STALE_MAX - Duration::from_millis(1));
        assert_eq!(doors.statuses().await, [200; 3]);
        world.hide_database(false).await;
        assert!(world.poll().await);
    }
}
