//! What is known of tokens: when they were last used, and what one could reach before it is made.

use std::time::Duration;

use rollcall::model::oauth::{NewOauthClient, OauthClient};
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::model::token::{ClientSet, NewToken, Token};
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::error::Error;
use rollcall::operations::{oauth, tokens};

use crate::support::{Bearer, Caller, Tenant, World};

/// The tokens as they are listed, once what was noted of them is written.
async fn listed(world: &World) -> Vec<Token> {
    tokens::write_uses(world.app()).await.unwrap();
    let access = AdminAccess::of_command_line();
    tokens::list(world.app(), &access).await.unwrap()
}

async fn last_use(world: &World, bearer: &Bearer) -> Option<String> {
    let listed = listed(world).await;
    let token = listed.iter().find(|token| Some(token.id) == bearer.id);
    token.unwrap().last_used_at.map(|at| at.to_string())
}

/// Asks for the client's users, half a second or so after the server looked at the time.
async fn used(tenant: &Tenant, bearer: &Bearer) {
    assert!(tenant.world.poll().await);
    bearer.get(&tenant.path("/users")).await.must_be(200);
}

#[tokio::test]
async fn a_token_is_listed_with_its_last_use_to_the_minute() {
    let tenant = Tenant::new().await;
    let (world, bearer) = (&tenant.world, &tenant.bearer);
    let unused = tenant.token(&[Scope::UsersRead]).await;
    assert_eq!(last_use(world, bearer).await, None);
    used(&tenant, bearer).await;
    let noon = Some("2026-02-24T12:00:00.000Z".to_owned());
    assert_eq!(last_use(world, bearer).await, noon);
    // Within the same minute nothing is written.
    world.clock().advance(Duration::from_secs(59));
    used(&tenant, bearer).await;
    assert_eq!(last_use(world, bearer).await, noon);
    world.clock().advance(Duration::from_secs(1));
    used(&tenant, bearer).await;
    let later = Some("2026-02-24T12:01:00.000Z".to_owned());
    assert_eq!(last_use(world, bearer).await, later);
    assert_eq!(last_use(world, &unused).await, None);
}

#[tokio::test]
async fn of_several_servers_the_latest_use_counts() {
    let tenant = Tenant::new().await;
    let other = tenant.world.another_server().await;
    let there = Tenant {
        world: other.clone(),
        id: tenant.id,
        bearer: Bearer {
            world: other.clone(),
            ..tenant.bearer.clone()
        },
    };
    used(&there, &there.bearer).await;
    tenant.world.clock().advance(Duration::from_secs(120));
    used(&tenant, &tenant.bearer).await;
    let latest = Some("2026-02-24T12:02:00.000Z".to_owned());
    assert_eq!(last_use(&tenant.world, &tenant.bearer).await, latest);
    // The other server writes its own, which is older, after that.
    assert_eq!(last_use(&other, &tenant.bearer).await, latest);
}

#[tokio::test]
async fn what_could_not_be_written_is_written_later() {
    let tenant = Tenant::new().await;
    used(&tenant, &tenant.bearer).await;
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    let (away, back) = (rename("tokens", "hidden"), rename("hidden", "tokens"));
    tenant.world.write_beside(move |tx| tx.script(&away)).await;
    tokens::write_uses(tenant.world.app()).await.unwrap_err();
    tenant.world.write_beside(move |tx| tx.script(&back)).await;
    let noon = Some("2026-02-24T12:00:00.000Z".to_owned());
    assert_eq!(last_use(&tenant.world, &tenant.bearer).await, noon);
}

#[tokio::test]
async fn an_oauth_client_is_used_when_a_token_of_its_is() {
    let tenant = Tenant::new().await;
    let app = tenant.world.app();
    let access = AdminAccess::of_command_line();
    let new = NewOauthClient {
        name: Some("Okta".into()),
        client: tenant.id,
        scopes: vec![Scope::UsersRead],
        limits: Limits::default(),
    };
    let (made, secret) = oauth::create(app, &access, new).await.unwrap();
    let (_, issued) = oauth::exchange(app, made.id.as_str(), secret.reveal(), None)
        .await
        .unwrap();
    used(&tenant, &tenant.world.bearer(issued.reveal())).await;
    tokens::write_uses(app).await.unwrap();
    let all = oauth::list(app, &access).await.unwrap();
    let [(OauthClient { last_used_at, .. }, _)] = &all[..] else {
        panic!("there is one: {all:?}");
    };
    let noon = last_used_at.map(|at| at.to_string());
    assert_eq!(noon.as_deref(), Some("2026-02-24T12:00:00.000Z"));
}

fn new(clients: ClientSet, scopes: &[Scope]) -> NewToken {
    NewToken {
        name: None,
        clients,
        scopes: scopes.to_vec(),
        limits: Limits::default(),
        expires_at: None,
    }
}

#[tokio::test]
async fn what_a_token_could_reach_is_told_before_it_is_made() {
    let tenant = Tenant::new().await;
    for name in ["ann", "ben", "cem"] {
        tenant.user(name).await;
    }
    let gone = tenant.user("dora").await;
    tenant.delete(&format!("/users/{gone}")).await.must_be(204);
    let (app, access) = (tenant.world.app(), AdminAccess::of_command_line());
    let one = new(
        ClientSet::One(tenant.id),
        &[Scope::Console, Scope::UsersRead],
    );
    let reach = tokens::preview(app, &access, &one).await.unwrap();
    assert_eq!((reach.client_count, reach.people), (1, 3));
    assert_eq!(reach.clients, [(tenant.id, "Acme".into())]);
    let scopes: Vec<Scope> = reach.allowed.iter().map(|(scope, _)| *scope).collect();
    assert_eq!(scopes, [Scope::UsersRead, Scope::Console]);
    for (scope, meaning) in reach.allowed {
        assert!(meaning.ends_with('.') && meaning.len() > 20, "{scope}");
    }
    for number in 1..=10 {
        let other = Tenant::within(&tenant.world, &format!("Client {number}")).await;
        other.user("eve").await;
    }
    let all = new(ClientSet::All, &[Scope::Admin]);
    let reach = tokens::preview(app, &access, &all).await.unwrap();
    assert_eq!((reach.client_count, reach.people), (11, 13));
    assert_eq!(reach.clients.len(), 10);
    let before = listed(&tenant.world).await.len();
    tokens::preview(app, &access, &all).await.unwrap();
    assert_eq!(listed(&tenant.world).await.len(), before, "none was made");
}

#[tokio::test]
async fn what_could_not_be_made_has_no_preview() {
    let tenant = Tenant::new().await;
    let (app, access) = (tenant.world.app(), AdminAccess::of_command_line());
    let nobody = rollcall::model::id::ClientId(tenant.world.app().new_id());
    for (wrong, part) in [
        (new(ClientSet::All, &[]), "at least one scope"),
        (new(ClientSet::One(tenant.id), &[Scope::Admin]), "all clients"),
        (new(ClientSet::One(nobody), &[Scope::Console]), "not found"),
    ] {
        let error = tokens::preview(app, &access, &wrong).await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
        let made = tokens::create(app, &access, wrong).await;
        assert_eq!(made.map(drop), Err::<(), Error>(error));
    }
}

#[tokio::test]
async fn a_token_for_the_console_alone_is_made_and_reads_nobody() {
    let tenant = Tenant::new().await;
    let bearer = tenant.token(&[Scope::Console]).await;
    bearer.get(&tenant.path("/users")).await.must_be(403);
}
