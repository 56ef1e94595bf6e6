//! Who provisioned lately, put together from the log.

use std::time::Duration;

use rollcall::model::scope::Scope;
use rollcall::model::token::{ClientSet, NewToken};
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::scim_log::runs::{Runs, runs};
use rollcall::operations::scim_log::{self, KEPT};
use rollcall::operations::tokens;
use serde_json::json;

use super::Provider;
use crate::support::{Caller, Tenant};

async fn told(provider: &Provider) -> Runs {
    let app = provider.tenant.world.app();
    scim_log::flush(app).await.unwrap();
    let told = runs(app, &provider.person(), |status| status >= 400).await;
    told.unwrap()
}

#[tokio::test]
async fn each_who_asked_is_told_with_what_came_of_it() {
    let mut provider = Provider::new().await;
    provider.user(json!({ "userName": "ann" })).await;
    let again = provider.send("POST", "/Users", json!({ "userName": "Ann" })).await;
    again.must_be(409);
    // Another one, which has a name.
    let app = provider.tenant.world.app();
    let new = NewToken {
        name: Some("Entra ID".into()),
        clients: ClientSet::One(provider.tenant.id),
        scopes: vec![Scope::Scim],
        limits: Default::default(),
        expires_at: None,
    };
    let made = tokens::create(app, &AdminAccess::of_command_line(), new).await;
    let (token, secret) = made.unwrap();
    let named = provider.tenant.world.bearer(secret.reveal());
    named.get(&provider.path("/Users")).await.must_be(200);
    let Runs { since, runs } = told(&provider).await;
    assert_eq!(since.to_string(), "2026-02-23T12:00:00.000Z");
    let facts: Vec<_> = runs
        .iter()
        .map(|run| (run.actor, run.name.as_deref(), run.latest.0))
        .collect();
    let expected = [
        (Some(token.id), Some("Entra ID"), 3),
        (provider.bearer.id, None, 2),
    ];
    assert_eq!(facts, expected);
    let counts = runs.iter().map(|run| (run.requests, run.failed, run.changes));
    assert_eq!(counts.collect::<Vec<_>>(), [(1, 0, 0), (2, 1, 1)]);
    assert_eq!(&*runs[1].latest.1.method, "POST");
    // Another client's are not among them.
    let world = provider.tenant.world.clone();
    provider.tenant = Tenant::within(&world, "Globex").await;
    assert_eq!(told(&provider).await.runs, []);
}

#[tokio::test]
async fn what_is_older_than_a_day_is_left_out() {
    let provider = Provider::new().await;
    provider.get("/Users?count=0").await.must_be(200);
    provider.tenant.world.clock().advance(Duration::from_secs(24 * 60 * 60));
    let requests = |told: &Runs| told.runs.iter().map(|run| run.requests).collect::<Vec<_>>();
    assert_eq!(requests(&told(&provider).await), [1]);
    provider.tenant.world.clock().advance(Duration::from_secs(1));
    assert_eq!(requests(&told(&provider).await), [0_usize; 0]);
}

#[tokio::test]
async fn when_more_was_asked_than_is_kept_it_says_since_when_it_knows() {
    let provider = Provider::new().await;
    provider.get("/Users?count=0").await.must_be(200);
    provider.tenant.world.clock().advance(Duration::from_secs(60));
    for _ in 0..KEPT {
        provider.get("/Users?count=0").await.must_be(200);
    }
    let Runs { since, runs } = told(&provider).await;
    assert_eq!(since.to_string(), "2026-02-24T12:01:00.000Z");
    assert_eq!(runs[0].requests, KEPT);
}
