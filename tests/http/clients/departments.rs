//! `/v2/clients/{client_id}/departments`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Caller, Tenant};

#[tokio::test]
async fn a_new_department_is_shown_whole_with_its_place_and_tag() {
    let client = Tenant::new().await;
    let body = json!({"name": "Sales", "description": "They sell."});
    let made = client.post("/departments", body).await;
    assert_snapshot!(made, @r#"201 {"id":"019c8f85-3e00-7000-8000-000000000003","name":"Sales","description":"They sell.","member_count":0,"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:00.000Z"}"#);
    let got = client
        .bearer
        .get(made.header("location"))
        .await
        .must_be(200);
    assert_eq!(got.text(), made.text());
    assert_eq!(got.header("etag"), made.header("etag"));
    let known = client.bearer.ask("GET", made.header("location"));
    let known = known
        .header("if-none-match", made.header("etag"))
        .send()
        .await;
    assert_eq!(known.must_be(304).text(), "");
    for body in [
        json!({"name": "A"}),
        json!({"name": "B", "description": null}),
    ] {
        let made = client.post("/departments", body).await.must_be(201);
        assert_eq!(made.json()["description"], Value::Null);
    }
}

#[tokio::test]
async fn a_department_without_a_good_name_is_refused() {
    let client = Tenant::new().await;
    let before = client.numbers().await;
    for (body, field) in [
        (json!({}), "name"),
        (json!({"name": ""}), "name"),
        (json!({"name": "  "}), "name"),
        (json!({"name": null}), "name"),
        (json!({"name": 7}), "name"),
        (json!({"name": "x".repeat(257)}), "name"),
        (json!({"name": "a\nb"}), "name"),
        (json!({"name": "A", "description": 7}), "description"),
        (
            json!({"name": "A", "description": "x".repeat(2001)}),
            "description",
        ),
        (json!({"name": "A", "id": "x"}), "id"),
        (json!({"name": "A", "member_count": 7}), "member_count"),
        (json!({"name": "A", "colour": "red"}), "colour"),
    ] {
        let answer = client.post("/departments", body.clone()).await;
        assert_eq!(
            answer.refusal(),
            format!("400 invalid_request {field}"),
            "{body}"
        );
    }
    assert_eq!(client.numbers().await, before);
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case_until_the_department_is_deleted() {
    let client = Tenant::new().await;
    let id = client.department("Überblick").await;
    let taken = client
        .post("/departments", json!({"name": "üBERBLICK"}))
        .await;
    assert_snapshot!(taken, @r#"409 {"error":{"code":"conflict","message":"A department of that name exists","details":{"field":"name","request_id":"request-1"}}}"#);
    let sales = client.department("Sales").await;
    let rename = json!({"name": "ÜBERBLICK"});
    let path = format!("/departments/{sales}");
    let taken = client.patch(&path, rename.clone()).await;
    assert_eq!(taken.refusal(), "409 conflict name");
    // Its own name in another case is not taken.
    client
        .patch(&format!("/departments/{id}"), rename.clone())
        .await
        .must_be(200);
    client
        .delete(&format!("/departments/{id}"))
        .await
        .must_be(204);
    client.patch(&path, rename).await.must_be(200);
    let other = Tenant::within(&client.world, "Other").await;
    other.department("Überblick").await;
}

#[tokio::test]
async fn renaming_shows_in_the_members_bodies_and_moves_their_updated_at() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let (anna, bert) = (client.user("anna").await, client.user("bert").await);
    let sales = client.department("Sales").await;
    client.assign(&anna, &[&sales]).await;
    let path = format!("/departments/{sales}");
    let change = async |second: u64, body: Value| {
        client.world.clock().advance(Duration::from_secs(second));
        client.patch(&path, body).await.must_be(200)
    };
    let renamed = change(1, json!({"name": "Verkauf"})).await;
    assert_snapshot!(renamed, @r#"200 {"id":"019c8f85-3e00-7000-8000-000000000005","name":"Verkauf","description":null,"member_count":1,"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:01.000Z"}"#);
    assert_snapshot!(client.get(&format!("/users/{anna}")).await, @r#"200 {"id":"019c8f85-3e00-7000-8000-000000000003","username":"anna","user_key":"anna","last_activity":{"at":null,"desktop_at":null,"web_at":null},"departments":[{"id":"019c8f85-3e00-7000-8000-000000000005","name":"Verkauf","description":null}],"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:01.000Z"}"#);
    let seen = client.gateway(&format!("/acme/users/{anna}")).await;
    assert_eq!(seen.at("/user/employment_info/department"), "Verkauf");
    assert_eq!(seen.at("/last_updated_at"), "2026-02-24T12:00:01Z");
    let updated_at = async |id: &str| client.get(&format!("/users/{id}")).await.at("/updated_at");
    change(1, json!({"description": "They sell."})).await;
    assert_eq!(updated_at(&anna).await, "2026-02-24T12:00:02.000Z");
    change(1, json!({"description": null})).await;
    assert_eq!(updated_at(&anna).await, "2026-02-24T12:00:03.000Z");
    // What changes nothing moves nothing.
    let before = client.numbers().await;
    for body in [
        json!({}),
        json!({"name": "Verkauf"}),
        json!({"description": null}),
    ] {
        let answer = change(1, body).await;
        assert_eq!(answer.at("/updated_at"), "2026-02-24T12:00:03.000Z");
    }
    assert_eq!(client.numbers().await, before);
    assert_eq!(updated_at(&anna).await, "2026-02-24T12:00:03.000Z");
    assert_eq!(updated_at(&bert).await, "2026-02-24T12:00:00.000Z");
}

#[tokio::test]
async fn changing_refuses_bad_values_and_stale_tags() {
    let client = Tenant::new().await;
    let path = format!("/departments/{}", client.department("Sales").await);
    let before = client.numbers().await;
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
        (json!({"description": []}), "description"),
        (json!({"member_count": 1}), "member_count"),
        (json!({"created_at": "x"}), "created_at"),
        (json!({"colour": "red"}), "colour"),
    ] {
        let answer = client.patch(&path, body.clone()).await;
        assert_eq!(
            answer.refusal(),
            format!("400 invalid_request {field}"),
            "{body}"
        );
    }
    assert_eq!(client.numbers().await, before);
    let first = client.get(&path).await.header("etag").to_owned();
    // Somebody who joins is another body, but no other record.
    let anna = client.user("anna").await;
    let members = json!({"user_ids": [anna]});
    client
        .post(&format!("{path}/members"), members)
        .await
        .must_be(200);
    assert_ne!(client.get(&path).await.header("etag"), first);
    let with = async |method: &str, tag: &str| {
        let question = client.ask(method, &path).header("if-match", tag);
        question.json(&json!({"name": "Verkauf"})).send().await
    };
    with("PATCH", &first).await.must_be(200);
    assert_snapshot!(with("PATCH", &first).await, @r#"412 {"error":{"code":"precondition_failed","message":"The department was changed meanwhile","details":{"request_id":"request-1"}}}"#);
    with("DELETE", &first).await.must_be(412);
    with("DELETE", "*").await.must_be(204);
    with("DELETE", "*").await.must_be(404);
}

#[tokio::test]
async fn deleting_takes_the_department_from_lists_and_users() {
    let client = Tenant::new().await;
    let anna = client.user("anna").await;
    let (sales, support) = (
        client.department("Sales").await,
        client.department("Support").await,
    );
    client.assign(&anna, &[&sales, &support]).await;
    client.world.clock().advance(Duration::from_secs(1));
    let path = format!("/departments/{sales}");
    assert_eq!(client.delete(&path).await.must_be(204).text(), "");
    assert_snapshot!(client.get(&path).await, @r#"404 {"error":{"code":"not_found","message":"Department not found","details":{"department_id":"019c8f85-3e00-7000-8000-000000000004","request_id":"request-1"}}}"#);
    assert_snapshot!(client.get(&format!("/users/{anna}")).await, @r#"200 {"id":"019c8f85-3e00-7000-8000-000000000003","username":"anna","user_key":"anna","last_activity":{"at":null,"desktop_at":null,"web_at":null},"departments":[{"id":"019c8f85-3e00-7000-8000-000000000005","name":"Support","description":null}],"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:01.000Z"}"#);
    let listed = client.get("/departments").await;
    assert_eq!(listed.each("/data", "/name"), ["Support"]);
    for (method, rest) in [
        ("DELETE", ""),
        ("PATCH", ""),
        ("POST", "/members"),
        ("POST", "/members/remove"),
    ] {
        let body = json!({"user_ids": [anna]});
        let body = if method == "PATCH" {
            json!({"name": "x"})
        } else {
            body
        };
        let answer = client
            .ask(method, &format!("{path}{rest}"))
            .json(&body)
            .send()
            .await;
        assert_eq!(answer.refusal(), "404 not_found -", "{method} {rest}");
    }
    // A department of the same name is a new one, without the old one's members.
    let again = client.department("sales").await;
    assert_ne!(again, sales);
    let shown = client.get(&format!("/departments/{again}")).await;
    assert_eq!(shown.at("/member_count"), "0");
}

#[tokio::test]
async fn who_was_deleted_loses_a_deleted_department_too() {
    let client = Tenant::new().await;
    let anna = client.user("anna").await;
    let (sales, support) = (
        client.department("Sales").await,
        client.department("Support").await,
    );
    client.assign(&anna, &[&sales, &support]).await;
    let path = format!("/users/{anna}");
    client.delete(&path).await.must_be(204);
    client
        .delete(&format!("/departments/{sales}"))
        .await
        .must_be(204);
    let back = client.ask("POST", &format!("{path}/restore")).send().await;
    assert_eq!(back.must_be(200).each("/departments", "/name"), ["Support"]);
    assert_eq!(
        client.get(&path).await.text(),
        back_text(&client, &path).await
    );
    let support = client.get(&format!("/departments/{support}")).await;
    assert_eq!(support.at("/member_count"), "1");
}

async fn back_text(client: &Tenant, path: &str) -> String {
    let again = client.ask("POST", &format!("{path}/restore")).send().await;
    again.text().to_owned()
}

/// Four departments whose order differs by each sort.
async fn four() -> Tenant {
    let client = Tenant::new().await;
    let mut people = Vec::new();
    for name in ["anna", "bert", "cem"] {
        people.push(client.user(name).await);
    }
    for (name, members) in [
        ("sales", 2),
        ("Öffentlichkeit", 0),
        ("Board", 2),
        ("admin", 3),
    ] {
        let id = client.department(name).await;
        let body = json!({"user_ids": people[..members]});
        let path = format!("/departments/{id}/members");
        client.post(&path, body).await.must_be(200);
        client.world.clock().advance(Duration::from_secs(1));
    }
    client
}

#[tokio::test]
async fn the_list_is_sorted_searched_and_paged() {
    let client = four().await;
    for (query, expected) in [
        ("", "admin Board sales Öffentlichkeit"),
        (
            "sort_by=name&sort_order=desc",
            "Öffentlichkeit sales Board admin",
        ),
        ("sort_by=member_count", "Öffentlichkeit sales Board admin"),
        (
            "sort_by=member_count&sort_order=desc",
            "admin Board sales Öffentlichkeit",
        ),
        ("sort_by=created_at", "sales Öffentlichkeit Board admin"),
        (
            "sort_by=created_at&sort_order=desc",
            "admin Board Öffentlichkeit sales",
        ),
        ("q=A", "admin Board sales"),
        ("q=%C3%B6FF", "Öffentlichkeit"),
        ("q=nothing", ""),
        ("q=", "admin Board sales Öffentlichkeit"),
    ] {
        let answer = client
            .get(&format!("/departments?{query}"))
            .await
            .must_be(200);
        assert_eq!(answer.each("/data", "/name").join(" "), expected, "{query}");
        let count = expected.split_whitespace().count();
        assert_eq!(answer.at("/total_count"), count.to_string());
        assert!(
            answer.text().ends_with(r#""next_cursor":null}"#),
            "{answer}"
        );
        let mut met = Vec::new();
        let mut cursor = String::new();
        for _ in 0..=4 {
            let path = format!("/departments?{query}&page_size=1{cursor}");
            let page = client.get(&path).await.must_be(200);
            met.extend(page.each("/data", "/name"));
            match page.json()["next_cursor"].as_str() {
                None => break,
                Some(next) => cursor = format!("&cursor={next}"),
            }
        }
        assert_eq!(met.join(" "), expected, "{query}");
    }
    assert_snapshot!(client.get("/departments?q=board").await, @r#"200 {"data":[{"id":"019c8f85-45d0-7000-8000-000000000008","name":"Board","description":null,"member_count":2,"created_at":"2026-02-24T12:00:02.000Z","updated_at":"2026-02-24T12:00:02.000Z"}],"total_count":1,"next_cursor":null}"#);
}

#[tokio::test]
async fn the_list_refuses_what_it_does_not_understand() {
    let client = four().await;
    let cursor = client
        .get("/departments?page_size=1")
        .await
        .at("/next_cursor");
    for (query, expected) in [
        ("sort_by=id", "400 invalid_request sort_by"),
        ("sort_order=x", "400 invalid_request sort_order"),
        ("page_size=0", "400 invalid_request page_size"),
        ("page_size=x", "400 invalid_request page_size"),
        ("name=Sales", "400 invalid_request name"),
        ("ids=x", "400 invalid_request ids"),
        ("cursor=x", "400 invalid_cursor cursor"),
        (&format!("q=a&cursor={cursor}"), "400 invalid_cursor cursor"),
        (
            &format!("sort_by=created_at&cursor={cursor}"),
            "400 invalid_cursor cursor",
        ),
        (
            &format!("sort_order=desc&cursor={cursor}"),
            "400 invalid_cursor cursor",
        ),
    ] {
        let answer = client.get(&format!("/departments?{query}")).await;
        assert_eq!(answer.refusal(), expected, "{query}");
    }
    let other = Tenant::within(&client.world, "Other").await;
    let answer = other.get(&format!("/departments?cursor={cursor}")).await;
    assert_eq!(answer.refusal(), "400 invalid_cursor cursor");
}
