//! What the client's log says of requests, and what it does not.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rollcall::http::scim::replay;
use rollcall::model::change::Source;
use rollcall::model::id::ClientId;
use rollcall::model::scope::Scope;
use rollcall::operations::caller::Access;
use rollcall::operations::error::Error;
use rollcall::operations::scim_log::{self, KEPT, Logged};
use rollcall::store::{self, copy};
use serde_json::{Value, json};

use super::{Provider, escaped};
use crate::support::{Caller, Tenant, World};

fn access(client: ClientId) -> Access {
    Access::of_command_line(client, Source::CommandLine)
}

/// All that is logged of a client: what waits is written first.
async fn logged(world: &World, client: ClientId) -> Vec<(i64, Logged)> {
    scim_log::flush(world.app()).await.unwrap();
    let access = access(client);
    let mut all = Vec::new();
    for (number, _) in scim_log::list(world.app(), &access, KEPT).await.unwrap() {
        let found = scim_log::find(world.app(), &access, number).await;
        all.push((number, found.unwrap()));
    }
    all
}

impl Provider {
    async fn logged(&self) -> Vec<(i64, Logged)> {
        logged(&self.tenant.world, self.tenant.id).await
    }

    /// The latest request.
    async fn last(&self) -> (i64, Logged) {
        self.logged().await.pop().unwrap()
    }

    async fn replay(&self, number: i64) -> Result<(u16, Value, rollcall::operations::trail::Notes), Error> {
        let (app, access) = (self.tenant.world.shared_app(), access(self.tenant.id));
        let found = scim_log::find(&app, &access, number).await?;
        let replayed = replay(app, access, found.request).await?;
        let answer = serde_json::from_slice(&replayed.answer).unwrap_or_default();
        Ok((replayed.status, answer, replayed.notes))
    }
}

fn parsed(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn a_request_is_logged_with_what_it_changed_and_what_was_answered() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann", "externalId": "7" })).await;
    let path = provider.path(&format!("/Users/{id}?attributes=active"));
    let body = json!({ "Operations": [{ "op": "Replace", "path": "active", "value": "False" }] });
    let question = provider.bearer.ask("PATCH", &path);
    let question = question.header("user-agent", "Okta SCIM Client").header("if-match", "*");
    let question = question.header("content-type", "application/scim+json");
    let answer = question.body(body.to_string()).send().await.must_be(200);
    let all = provider.logged().await;
    let numbers: Vec<i64> = all.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 2]);
    let (_, Logged {
            request, changes, ..
        }) = &all[1];
    let summary = &request.summary;
    assert_eq!(summary.at.to_string(), "2026-02-24T12:00:00.000Z");
    assert_eq!(summary.actor, provider.bearer.id);
    assert_eq!((&*summary.method, &*summary.target), ("PATCH", &*path));
    assert_eq!(summary.status, Some(200));
    assert_eq!(&*summary.quirks, "schema-missing operation-case boolean-text");
    let headers: Vec<(&str, &str)> =
        request.facts.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(headers, [
        ("user-agent", "Okta SCIM Client"),
        ("content-type", "application/scim+json"),
        ("if-match", "*"),
        ("x-request-id", "request-1"),
    ]);
    assert_eq!(parsed(request.sent.as_deref()), body);
    assert_eq!(parsed(request.answered.as_deref()), answer.json());
    assert_eq!(summary.changes.count(), 1);
    let detail: Value = serde_json::from_str(&changes[0].detail).unwrap();
    assert_eq!(detail, json!({ "state": { "from": "ACTIVE", "to": "INACTIVE" } }));
    assert_eq!((&*changes[0].entity_id, &*changes[0].action), (&*id, "updated"));
}

#[tokio::test]
async fn refused_requests_are_logged_and_strangers_are_not() {
    let provider = Provider::new().await;
    let world = &provider.tenant.world;
    let bad = provider.bearer.ask("POST", &provider.path("/Users"));
    let bad = bad.header("content-type", "application/scim+json");
    bad.body("password: hunter2").send().await.must_be(400);
    provider.send("POST", "/Users", json!({})).await.must_be(400);
    provider.get("/Users/x").await.must_be(404);
    provider.get("/v2/Users").await.must_be(404);
    provider.send("POST", "/ServiceProviderConfig", json!({})).await.must_be(405);
    let users = provider.path("/Users");
    world.anonymous().get(&users).await.must_be(401);
    world.anonymous().get(&provider.path("/Nothing")).await.must_be(404);
    world.bearer("rc_x").get(&users).await.must_be(401);
    let reader = provider.tenant.token(&[Scope::UsersRead]).await;
    reader.get(&users).await.must_be(403);
    reader.get(&provider.path("/Nothing")).await.must_be(404);
    let other = Tenant::within(world, "Other").await;
    let others = other.token(&[Scope::Scim]).await;
    others.get(&users).await.must_be(403);
    others.get(&provider.path("/Nothing")).await.must_be(404);
    let lines: Vec<String> = provider
        .logged()
        .await
        .iter()
        .map(|(_, logged)| {
            let summary = &logged.request.summary;
            let path = summary.target.strip_prefix(&provider.path("")).unwrap();
            format!("{} {path} {}", summary.method, summary.status.unwrap())
        })
        .collect();
    assert_eq!(lines, [
        "POST /Users 400",
        "POST /Users 400",
        "GET /Users/x 404",
        "GET /v2/Users 404",
        "POST /ServiceProviderConfig 405",
    ]);
    // Of what is no JSON nobody can say what is secret in it.
    let (_, first) = &provider.logged().await[0];
    assert_eq!(first.request.sent, None);
    assert_eq!(first.request.facts.sent.bytes, "password: hunter2".len());
    assert_eq!(logged(world, other.id).await.len(), 0);
}

#[tokio::test]
async fn each_client_has_a_log_and_numbers_of_its_own() {
    let provider = Provider::new().await;
    let world = &provider.tenant.world;
    let other = Tenant::within(world, "Other").await;
    let others = other.token(&[Scope::Scim]).await;
    provider.user(json!({ "userName": "ann" })).await;
    others.get(&format!("/scim/v2/{}/Users?count=0", other.id)).await.must_be(200);
    let (own, its) = (provider.logged().await, logged(world, other.id).await);
    assert_eq!((own.len(), its.len()), (1, 1));
    assert_eq!((own[0].0, its[0].0), (1, 1));
    assert!(own[0].1.request.summary.target.contains(provider.tenant.id.as_str()));
    assert!(its[0].1.request.summary.target.contains(other.id.as_str()));
}

#[tokio::test]
async fn no_secret_reaches_the_database() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann", "password": "hunter2" })).await;
    let patch = json!({ "Operations": [
        { "op": "replace", "path": "Password", "value": "hunter2" },
        { "op": "replace", "value": { "urn:ietf:params:scim:schemas:core:2.0:User:password": "hunter2" } },
    ]});
    provider.send("PATCH", &format!("/Users/{ann}"), patch).await.must_be(200);
    let filter = escaped("password eq hunter2");
    provider.get(&format!("/Users?filter={filter}")).await.must_be(400);
    let bulk = json!({ "Operations": [{ "method": "POST", "data": { "password": "hunter2" } }] });
    provider.send("POST", "/Users", bulk).await.must_be(400);
    let typed = provider.bearer.ask("POST", &provider.path("/Users"));
    typed.body(r#"{"password":"hunter2"}"#).send().await.must_be(415);
    let secret = &provider.bearer.secret;
    provider.get(&format!("/Users?token={secret}")).await.must_be(200);
    provider.get(&format!("/Users/{secret}")).await.must_be(404);
    let agent = provider.bearer.ask("GET", &provider.path("/Users"));
    agent.header("user-agent", secret).send().await.must_be(200);
    let all = provider.logged().await;
    assert_eq!(all.len(), 8);
    let quirks: Vec<&str> = all.iter().map(|(_, one)| &*one.request.summary.quirks).collect();
    assert_eq!(quirks[0], "password-dropped");
    assert_eq!(parsed(all[0].1.request.sent.as_deref())["password"], "***");
    assert_eq!(all[1].1.request.facts.sent.removed, 2);
    // Its answer says what is wrong with the filter, in the filter's own words.
    assert!(all[2].1.request.summary.target.ends_with("filter=***"));
    assert_eq!(all[2].1.request.answered, None);
    let secret = secret.to_string();
    let cells = provider.tenant.world.write_beside(move |tx| {
        let mut texts = Vec::new();
        for table in copy::TABLES {
            copy::read(tx, table, |page| {
                texts.push(format!("{page:?}"));
                Ok::<(), store::Error>(())
            })?;
        }
        Ok(texts)
    });
    let cells = cells.await;
    assert!(cells.iter().any(|text| text.contains("password-dropped")));
    for text in cells {
        assert!(!text.contains("hunter2") && !text.contains(&secret), "{text}");
    }
}

#[tokio::test]
async fn the_last_thousand_are_kept_and_numbers_go_on() {
    let provider = Provider::new().await;
    provider.get("/Users?count=0&first").await.must_be(200);
    provider.logged().await;
    for number in 2..=KEPT + 1 {
        provider.get(&format!("/Users?count=0&n={number}")).await.must_be(200);
        // Some at once, so that they are written in several turns.
        if number % 400 == 0 {
            scim_log::flush(provider.tenant.world.app()).await.unwrap();
        }
    }
    let all = provider.logged().await;
    assert_eq!(all.len(), KEPT);
    assert_eq!((all[0].0, all[KEPT - 1].0), (2, 1_001));
    assert!(all[0].1.request.summary.target.ends_with("&n=2"));
    // Of more than that at once only the newest are written, and the others are counted.
    for number in 0..KEPT + 10 {
        provider.get(&format!("/Users?count=0&m={number}")).await.must_be(200);
    }
    let all = provider.logged().await;
    assert_eq!((all[0].0, all[KEPT - 1].0), (1_012, 2_011));
    assert!(all[0].1.request.summary.target.ends_with("&m=10"));
    assert_eq!(scim_log::dropped(provider.tenant.world.app()), 0);
}

#[tokio::test]
async fn what_does_not_fit_into_memory_is_counted_and_leaves_a_gap() {
    let provider = Provider::new().await;
    let long = "x".repeat(1_000_000);
    for _ in 0..36 {
        let question = provider.bearer.ask("POST", &provider.path("/Users"));
        let question = question.header("content-type", "application/scim+json");
        question.body(long.clone()).send().await.must_be(400);
    }
    assert_eq!(scim_log::dropped(provider.tenant.world.app()), 3);
    assert_eq!(provider.logged().await.len(), 33);
    provider.get("/Users").await.must_be(200);
    assert_eq!(provider.last().await.0, 37);
    let figures = provider.tenant.world.anonymous().get("/metrics").await;
    let line = "\nrollcall_scim_log_dropped_total 3\n";
    assert!(figures.text().contains(line), "{figures}");
}

#[tokio::test]
async fn what_filters_and_groups_are_forgiven_is_told() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann" })).await;
    let group = json!({ "displayName": "Lab", "id": "g1" });
    let group = provider.send("POST", "/Groups", group).await.must_be(201).at("/id");
    let leave = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "remove", "path": "members", "value": [{ "value": ann }] }],
    });
    provider.send("PATCH", &format!("/Groups/{group}"), leave).await.must_be(204);
    let filter = escaped(r#"emails[type eq "work"].value eq "a@example.com""#);
    provider.get(&format!("/Users?filter={filter}")).await.must_be(200);
    let all = provider.logged().await;
    let quirks: Vec<&str> = all.iter().map(|(_, one)| &*one.request.summary.quirks).collect();
    assert_eq!(quirks, ["", "read-only-ignored", "remove-by-value", "test-behind-brackets"]);
}

#[tokio::test]
async fn two_servers_write_one_log() {
    let provider = Provider::new().await;
    let (one, other) = (&provider.tenant.world, provider.tenant.world.another_server().await);
    let path = provider.path("/Users?count=0");
    for _ in 0..30 {
        let elsewhere = other.bearer(&provider.bearer.secret);
        elsewhere.get(&path).await.must_be(200);
        provider.bearer.get(&path).await.must_be(200);
        let (left, right) = tokio::join!(scim_log::flush(one.app()), scim_log::flush(other.app()));
        left.and(right).unwrap();
    }
    let numbers: Vec<i64> = provider.logged().await.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=60).collect::<Vec<i64>>());
}

#[tokio::test]
async fn long_bodies_are_cut_and_cannot_be_rehearsed() {
    let provider = Provider::new().await;
    let long = json!({ "userName": "ann", "nickName": "x".repeat(20_000) });
    provider.send("POST", "/Users", long.clone()).await.must_be(201);
    let (number, Logged { request, .. }) = provider.last().await;
    assert!(!request.facts.sent.is_cut && request.facts.answered.is_cut);
    assert_eq!(request.answered.unwrap().len(), 16 * 1024);
    assert_eq!(provider.replay(number).await.unwrap().0, 409);
    let longer = json!({ "userName": "bob", "nickName": "x".repeat(100_000) });
    provider.send("POST", "/Users", longer.clone()).await.must_be(400);
    let (number, Logged { request, .. }) = provider.last().await;
    assert_eq!(request.facts.sent.bytes, longer.to_string().len());
    assert!(request.facts.sent.is_cut && !request.facts.answered.is_cut);
    assert_eq!(request.sent.unwrap().len(), 64 * 1024);
    let refused = provider.replay(number).await.unwrap_err();
    assert!(refused.to_string().contains("whole body"), "{refused}");
}

#[tokio::test]
async fn whoever_does_not_wait_for_the_answer_is_logged_without_one() {
    let provider = Provider::new().await;
    let mut asking = Box::pin(provider.send("POST", "/Users", json!({ "userName": "ann" })));
    // Until it waits for the database, and no further.
    let first = pin!(&mut asking).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(first, Poll::Pending));
    drop(asking);
    let (_, Logged { request, .. }) = provider.last().await;
    assert_eq!((&*request.summary.method, request.summary.status), ("POST", None));
    assert_eq!(request.answered, None);
}

#[tokio::test]
async fn a_rehearsal_says_what_would_happen_and_changes_nothing() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann" })).await;
    let group = provider.send("POST", "/Groups", json!({ "displayName": "Lab" })).await;
    let group = group.must_be(201).at("/id");
    let rename = json!({ "Operations": [{ "op": "Add", "path": "title", "value": "Boss" }] });
    provider.send("PATCH", &format!("/Users/{ann}"), rename).await.must_be(200);
    let join = json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": ann }] }] });
    provider.send("PATCH", &format!("/Groups/{group}"), join).await.must_be(204);
    provider.get("/Users?filter=userName%20eq%20%22ann%22").await.must_be(200);
    provider.get("/Nowhere").await.must_be(404);
    provider.delete(&format!("/Users/{ann}")).await.must_be(204);
    provider.logged().await;
    let before = provider.tenant.numbers().await;

    // Who was deleted is brought back by the POST, and the PATCH finds nobody.
    let (status, answer, notes) = provider.replay(1).await.unwrap();
    assert_eq!((status, &*answer["id"].to_string()), (201, &*format!("\"{ann}\"")));
    assert_eq!((notes.rehearsed_count, &*notes.rehearsed[0].action), (1, "restored"));
    let (status, _, notes) = provider.replay(2).await.unwrap();
    assert_eq!((status, notes.rehearsed_count), (409, 0));
    assert_eq!(provider.replay(3).await.unwrap().0, 404);
    let (status, _, notes) = provider.replay(4).await.unwrap();
    assert_eq!((status, notes.rehearsed_count), (400, 0));
    let (status, answer, _) = provider.replay(5).await.unwrap();
    assert_eq!((status, &answer["totalResults"]), (200, &json!(0)));
    assert_eq!(provider.replay(6).await.unwrap().0, 404);

    provider.user(json!({ "userName": "ann", "title": "Clerk" })).await;
    let before_again = provider.tenant.numbers().await;
    assert_eq!(before_again.0, before.0 + 1);
    let (status, answer, notes) = provider.replay(3).await.unwrap();
    assert_eq!((status, &answer["title"]), (200, &json!("Boss")));
    assert_eq!(notes.quirks.iter().map(|quirk| quirk.name()).collect::<Vec<_>>(), [
        "schema-missing",
        "operation-case"
    ]);
    assert_eq!(notes.rehearsed_count, 1);
    let (status, _, notes) = provider.replay(4).await.unwrap();
    assert_eq!((status, notes.rehearsed_count), (204, 1));
    let detail: Value = serde_json::from_str(&notes.rehearsed[0].detail).unwrap();
    assert_eq!(detail, json!({ "departments": { "from": [], "to": [group] } }));

    assert_eq!(provider.tenant.numbers().await, before_again);
    let shown = provider.get(&format!("/Users/{ann}")).await.must_be(200).json();
    assert!(shown["title"] == "Clerk" && shown.get("groups").is_none(), "{shown}");
    // Rehearsals are not logged: the last is the GET above.
    assert!(provider.last().await.1.request.summary.target.ends_with(&ann));
}

#[tokio::test]
async fn a_new_group_is_rehearsed_without_an_answer() {
    let provider = Provider::new().await;
    let body = json!({ "displayName": "Lab" });
    let made = provider.send("POST", "/Groups", body).await.must_be(201);
    let (number, _) = provider.last().await;
    provider.delete(&format!("/Groups/{}", made.at("/id"))).await.must_be(204);
    let (status, answer, notes) = provider.replay(number).await.unwrap();
    assert_eq!((status, answer, notes.rehearsed_count), (201, Value::Null, 1));
    assert_eq!(provider.get("/Groups").await.json()["totalResults"], 0);
}

#[tokio::test]
async fn what_is_not_there_is_not_shown() {
    let provider = Provider::new().await;
    let world = &provider.tenant.world;
    let nobodys = ClientId::parse("bb7cf840-9ca9-46a3-9778-9015d6580d50").unwrap();
    // Who may use all clients may name one that does not exist: nothing is kept of it.
    let admin = world.admin().await;
    admin.get(&format!("/scim/v2/{nobodys}/Users")).await.must_be(404);
    scim_log::flush(world.app()).await.unwrap();
    let missing = scim_log::list(world.app(), &access(nobodys), 9).await;
    assert!(matches!(missing, Err(Error::NotFound(..))));
    let rows = world.write_beside(|tx| {
        let sql = "SELECT COUNT(*) FROM scim_log";
        tx.one(sql, &[], |row| row.number(0))
    });
    assert_eq!(rows.await, Some(0));
    let missing = scim_log::find(world.app(), &access(provider.tenant.id), 1).await;
    assert!(matches!(missing, Err(Error::NotFound(..))));
}
