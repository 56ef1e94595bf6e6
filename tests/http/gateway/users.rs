//! `/{instance}/users` and `/{instance}/users/{userId}`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::people::{person, seed_people};
use crate::support::walks::gateway_walk;
use crate::support::{Caller, Tenant};

async fn acme() -> Tenant {
    let client = Tenant::new().await;
    client.instance("acme").await;
    client
}

fn keys(people: &[Value]) -> Vec<&str> {
    let username = |item: &'_ Value| item.pointer("/system_identity/username").cloned();
    assert!(people.iter().all(|item| username(item).is_some()));
    people
        .iter()
        .map(|item| item["system_identity"]["username"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_last_page_has_no_token_at_all() {
    let client = acme().await;
    assert_snapshot!(client.gateway("/acme/users").await, @r#"200 {"results":[]}"#);
    for name in ["anna", "bert", "cem"] {
        client.user(name).await;
    }
    for (size, pages) in [(1, 3), (2, 2), (3, 1), (4, 1)] {
        let mut token = String::new();
        for page in 1..=pages {
            let path = format!("/acme/users?pageSize={size}{token}");
            let answer = client.gateway(&path).await.must_be(200);
            let json = answer.json();
            assert_eq!(
                json.get("next_page_token").is_some(),
                page < pages,
                "{size} {page}"
            );
            let next = json["next_page_token"].as_str().unwrap_or_default();
            assert_eq!(page < pages, !next.is_empty());
            token = format!("&pageToken={next}");
        }
    }
    let all = gateway_walk(&client.bearer, "acme", "pageSize=1&").await;
    assert_eq!(keys(&all), ["anna", "bert", "cem"]);
}

#[tokio::test]
async fn a_page_is_1000_people_by_default_and_at_most() {
    let client = acme().await;
    let people = (0..1001).map(|number| {
        // Descending names, so that the order of ids shows.
        let id = format!("00000000-0000-7000-8000-{number:012}");
        person(
            &id,
            &format!("user{:04}", 2000 - number),
            "2026-02-01T00:00:00Z",
        )
    });
    seed_people(&client.world, client.id, vec![], people.collect()).await;
    for query in [
        "",
        "?pageSize=1000",
        "?pageSize=1001",
        "?pageSize=99999999999999999999",
    ] {
        let page = client
            .gateway(&format!("/acme/users{query}"))
            .await
            .must_be(200);
        assert_eq!(
            page.json()["results"].as_array().unwrap().len(),
            1000,
            "{query}"
        );
        assert!(page.json()["next_page_token"].is_string());
    }
    let all = gateway_walk(&client.bearer, "acme", "").await;
    let names = keys(&all);
    assert_eq!(
        (names.len(), names[0], names[1000]),
        (1001, "user2000", "user1000")
    );
}

#[tokio::test]
async fn inactive_and_deleted_people_stay_listed() {
    let client = acme().await;
    let inactive = json!({"username": "a", "user_key": "a", "profile": {"state": "INACTIVE"}});
    client.post("/users", inactive).await.must_be(201);
    let gone = client.user("b").await;
    client.user("c").await;
    client.world.clock().advance(Duration::from_secs(90));
    client.delete(&format!("/users/{gone}")).await.must_be(204);
    assert_snapshot!(client.gateway("/acme/users").await, @r#"200 {"results":[{"user":{"state":"INACTIVE","universal_identifier":"a"},"system_identity":{"id":"019c8f85-3e00-7000-8000-000000000003","username":"a"},"last_updated_at":"2026-02-24T12:00:00Z"},{"user":{"state":"INACTIVE","universal_identifier":"b"},"system_identity":{"id":"019c8f85-3e00-7000-8000-000000000004","username":"b"},"last_updated_at":"2026-02-24T12:01:30Z"},{"user":{"state":"ACTIVE","universal_identifier":"c"},"system_identity":{"id":"019c8f85-3e00-7000-8000-000000000005","username":"c"},"last_updated_at":"2026-02-24T12:00:00Z"}]}"#);
    // That is how an incremental reader learns of it.
    let since = "filter=last_updated_at%20gt%20%222026-02-24T12:01:00Z%22&";
    assert_eq!(
        keys(&gateway_walk(&client.bearer, "acme", since).await),
        ["b"]
    );
}

#[tokio::test]
async fn both_ids_find_a_person_and_the_source_systems_comes_first() {
    let client = acme().await;
    let anna = client.user("anna").await;
    // Somebody whose source system calls them what we call Anna.
    let bert = json!({"username": "bert", "user_key": "bert", "external_id": anna});
    let bert = client.post("/users", bert).await.must_be(201).at("/id");
    let name = async |id: &str| {
        let answer = client.gateway(&format!("/acme/users/{id}")).await;
        answer.must_be(200).at("/system_identity/username")
    };
    assert_eq!(name(&anna).await, "bert");
    assert_eq!(name(&bert).await, "bert");
    assert_eq!(name(&anna.to_uppercase()).await, "anna");
}

#[tokio::test]
async fn nobody_is_not_found_by_the_published_sentence() {
    let client = acme().await;
    assert_snapshot!(client.gateway("/acme/users/222").await, @r#"404 {"error":{"code":"NOT_FOUND","message":"User ID 222 does not exist."}}"#);
    let other = Tenant::within(&client.world, "Other").await;
    let foreign = other.user("foreign").await;
    for id in [
        foreign.as_str(),
        "x%00y",
        "%F0%9F%98%80",
        "..%2F..",
        "nobody%22%7D",
    ] {
        let answer = client
            .gateway(&format!("/acme/users/{id}"))
            .await
            .must_be(404);
        assert_eq!(answer.at("/error/code"), "NOT_FOUND");
    }
    let broken = client.gateway("/acme/users/%ff").await.must_be(400);
    assert_eq!(broken.at("/error/code"), "INPUT_VALIDATION_FAILED");
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let client = acme().await;
    for query in [
        "pageSize=0",
        "pageSize=-1",
        "pageSize=ten",
        "pageSize=",
        "pageSize=1.5",
        "page_size=5",
        "pagesize=5",
        "cursor=x",
        "pageToken=",
        "pageToken=x",
        "limit=5",
        "filter=",
        "filter=x",
        "pageSize=1&pageSize=2",
        "filter=%ff",
        "q=anna",
    ] {
        let answer = client
            .gateway(&format!("/acme/users?{query}"))
            .await
            .must_be(400);
        assert_eq!(
            answer.at("/error/code"),
            "INPUT_VALIDATION_FAILED",
            "{query}"
        );
    }
    assert_snapshot!(client.gateway("/acme/users?pageSize=0").await, @r#"400 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"pageSize must be a whole number from 1"}}"#);
    assert_snapshot!(client.gateway("/acme/users?pageToken=x").await, @r#"400 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"pageToken must be a token of this list and filter"}}"#);
    let get = client.gateway("/acme/users/222?fields=x").await;
    assert_snapshot!(get, @r#"400 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"fields is not a parameter of this resource"}}"#);
}

#[tokio::test]
async fn a_token_serves_one_instance_and_filter_only() {
    let client = acme().await;
    client.instance("second").await;
    for name in ["anna", "bert", "cem"] {
        client.user(name).await;
    }
    let active = "filter=user.state%20eq%20%22ACTIVE%22";
    let token_of = async |query: &str| {
        let page = client
            .gateway(&format!("/acme/users?pageSize=1{query}"))
            .await;
        page.must_be(200).at("/next_page_token")
    };
    let plain = token_of("").await;
    let filtered = token_of(&format!("&{active}")).await;
    let altered = format!(
        "{}{}",
        if plain.starts_with('A') { 'B' } else { 'A' },
        &plain[1..]
    );
    for path in [
        format!("/acme/users?{active}&pageToken={plain}"),
        format!("/acme/users?pageToken={filtered}"),
        format!("/acme/users?filter=user.state%20eq%20%22INACTIVE%22&pageToken={filtered}"),
        format!("/second/users?pageToken={plain}"),
        format!("/acme/users?pageToken={altered}"),
        format!("/acme/users?pageToken={plain}A"),
        format!("/acme/users?pageToken={}", &plain[..plain.len() - 1]),
    ] {
        let answer = client.gateway(&path).await.must_be(400);
        assert_eq!(
            answer.at("/error/code"),
            "INPUT_VALIDATION_FAILED",
            "{path}"
        );
    }
    // The cursor of the other API is none of ours, and the other way round.
    let cursor = client.get("/users?page_size=1").await.at("/next_cursor");
    client
        .gateway(&format!("/acme/users?pageToken={cursor}"))
        .await
        .must_be(400);
    client
        .get(&format!("/users?cursor={plain}"))
        .await
        .must_be(400);
    // The same filter written otherwise, and another size, are the same list.
    let same = "filter=%20USER.STATE%20EQ%20%22ACTIVE%22%20";
    let path = format!("/acme/users?{same}&pageSize=2&pageToken={filtered}");
    let page = client.gateway(&path).await.must_be(200);
    assert_eq!(
        keys(page.json()["results"].as_array().unwrap()),
        ["bert", "cem"]
    );
}

#[tokio::test]
async fn a_walk_meets_who_comes_behind_it_and_stops() {
    let client = acme().await;
    client.user("anna").await;
    client.user("bert").await;
    let first = client.gateway("/acme/users?pageSize=1").await;
    client.user("cem").await;
    let next = first.at("/next_page_token");
    let second = client
        .gateway(&format!("/acme/users?pageToken={next}"))
        .await
        .must_be(200);
    assert_eq!(
        keys(second.json()["results"].as_array().unwrap()),
        ["bert", "cem"]
    );
    assert!(second.json().get("next_page_token").is_none());
}

#[tokio::test]
async fn the_gateway_is_read_with_get_and_head_only() {
    let client = acme().await;
    let id = client.user("anna").await;
    for path in ["/acme/users".to_owned(), format!("/acme/users/{id}")] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "BREW"] {
            let answer = client.bearer.ask(method, &path).send().await.must_be(405);
            assert_eq!(answer.header("allow"), "GET, HEAD, OPTIONS");
            assert_eq!(answer.at("/error/code"), "INPUT_VALIDATION_FAILED");
        }
        let options = client.world.anonymous().ask("OPTIONS", &path).send().await;
        assert_eq!(
            (options.status, options.header("allow")),
            (204, "GET, HEAD, OPTIONS")
        );
        let got = client.gateway(&path).await;
        let head = client.bearer.ask("HEAD", &path).send().await.must_be(200);
        assert_eq!(head.text(), "");
        assert_eq!(head.header("content-length"), got.text().len().to_string());
    }
    assert_snapshot!(client.bearer.ask("POST", "/acme/users").send().await, @r#"405 {"error":{"code":"INPUT_VALIDATION_FAILED","message":"The gateway is read with GET only."}}"#);
    for path in ["/acme/users/", "/acme/users/a/b", "/acme/groups", "/acme/"] {
        let answer = client.gateway(path).await.must_be(404);
        assert_eq!(answer.at("/error/code"), "NOT_FOUND", "{path}");
    }
    assert_snapshot!(client.gateway("/acme/groups").await, @r#"404 {"error":{"code":"NOT_FOUND","message":"The resource does not exist."}}"#);
}
