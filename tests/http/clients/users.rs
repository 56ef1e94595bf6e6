//! `/v2/clients/{client_id}/users`: the list, and `/summary`.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::people::{person, seed_people};
use crate::support::{Answer, Caller, Tenant, World};

/// Five people whose order differs by each sort: by id it is e d c b a.
async fn five() -> Tenant {
    let world = World::new().await;
    let client = Tenant::within(&world, "Acme").await;
    let people = [
        ("5", "anna", "2026-02-03T00:00:00Z"),
        ("4", "Bert", "2026-02-01T00:00:00Z"),
        ("3", "ÇAĞLA", "2026-02-03T00:00:00Z"),
        ("2", "dora", "2026-02-02T00:00:00Z"),
        ("1", "Dora", "2026-02-04T00:00:00Z"),
    ];
    let people = people.map(|(number, name, created_at)| {
        let mut user = person(&id(number), name, created_at);
        user.user_key = format!("key-{number}-{name}").into();
        user.external_id = Some(format!("E{number}").into());
        user
    });
    seed_people(&world, client.id, vec![], people.to_vec()).await;
    client
        .seen("key-5-anna", "web", "2026-02-24T10:00:00Z")
        .await;
    client
        .seen("key-4-bert", "desktop", "2026-02-23T10:00:00Z")
        .await;
    client
}

fn id(number: &str) -> String {
    format!("00000000-0000-7000-8000-00000000000{number}")
}

async fn list(client: &Tenant, query: &str) -> Answer {
    client.get(&format!("/users?{query}")).await
}

#[tokio::test]
async fn an_empty_list_has_all_its_members() {
    let client = Tenant::new().await;
    assert_snapshot!(client.get("/users").await, @r#"200 {"data":[],"total_count":0,"next_cursor":null}"#);
}

#[tokio::test]
async fn each_sort_is_in_its_order_with_ties_by_id() {
    let client = five().await;
    for (query, expected) in [
        // Case does not count for names, so both Doras are a tie.
        ("", "anna Bert Dora dora ÇAĞLA"),
        ("sort_by=username", "anna Bert Dora dora ÇAĞLA"),
        (
            "sort_by=username&sort_order=asc",
            "anna Bert Dora dora ÇAĞLA",
        ),
        ("sort_order=desc", "ÇAĞLA dora Dora Bert anna"),
        ("sort_by=created_at", "Bert dora ÇAĞLA anna Dora"),
        (
            "sort_by=created_at&sort_order=desc",
            "Dora anna ÇAĞLA dora Bert",
        ),
        // Who was never seen is the oldest.
        ("sort_by=last_activity", "Dora dora ÇAĞLA Bert anna"),
        (
            "sort_by=last_activity&sort_order=desc",
            "anna Bert ÇAĞLA dora Dora",
        ),
    ] {
        assert_eq!(list(&client, query).await.usernames(), expected, "{query}");
    }
}

#[tokio::test]
async fn each_sort_pages_to_the_same_order() {
    let client = five().await;
    for sort in ["username", "created_at", "last_activity"] {
        for order in ["asc", "desc"] {
            let query = format!("sort_by={sort}&sort_order={order}");
            let whole = list(&client, &query).await;
            assert!(
                whole
                    .text()
                    .ends_with(r#","total_count":5,"next_cursor":null}"#)
            );
            for size in 1..=5 {
                let mut met = Vec::new();
                let mut cursor = String::new();
                for _ in 0..=5 {
                    let page = list(&client, &format!("{query}&page_size={size}{cursor}")).await;
                    let page = page.must_be(200);
                    assert_eq!(page.at("/total_count"), "5");
                    met.extend(page.each("/data", "/id"));
                    match page.json()["next_cursor"].as_str() {
                        None => break,
                        Some(next) => cursor = format!("&cursor={next}"),
                    }
                }
                assert_eq!(met, whole.each("/data", "/id"), "{query} by {size}");
            }
        }
    }
}

#[tokio::test]
async fn q_finds_a_part_of_the_username_or_the_key_in_any_case() {
    let client = five().await;
    for (q, expected) in [
        ("ANN", "anna"),
        ("dORA", "Dora dora"),
        ("KEY-4", "Bert"),
        // Ç and ç, Ğ and ğ.
        ("%C3%A7a%C4%9F", "ÇAĞLA"),
        ("%C3%87A%C4%9E", "ÇAĞLA"),
        ("a", "anna Dora dora ÇAĞLA"),
        ("nobody", ""),
        ("an%25", ""),
        ("an_a", ""),
        ("%1F", ""),
        ("%00", ""),
        ("", "anna Bert Dora dora ÇAĞLA"),
    ] {
        let answer = list(&client, &format!("q={q}")).await;
        assert_eq!(answer.usernames(), expected, "{q}");
        let count = expected.split_whitespace().count();
        assert_eq!(answer.at("/total_count"), count.to_string());
    }
}

#[tokio::test]
async fn exact_keys_ids_and_times_narrow_the_list() {
    let client = five().await;
    for (query, expected) in [
        ("user_key=KEY-5-ANNA", "anna"),
        ("user_key=key-5", ""),
        ("user_key=", ""),
        ("external_id=E4", "Bert"),
        ("external_id=e4", ""),
        ("external_id=E4&user_key=key-5-anna", ""),
        ("active_since=2026-02-24T10:00:00Z", "anna"),
        ("active_since=2026-02-24T12:00:00%2B02:00", "anna"),
        ("active_since=2026-02-24T10:00:00.001Z", ""),
        ("active_since=2026-02-23T10:00:00Z", "anna Bert"),
        ("stale_since=2026-02-24T10:00:00Z", "Bert Dora dora ÇAĞLA"),
        ("stale_since=2026-02-23T10:00:00Z", "Dora dora ÇAĞLA"),
        (
            "stale_since=2026-02-24T00:00:00Z&active_since=2026-02-23T00:00:00Z",
            "Bert",
        ),
        ("q=dora&sort_by=created_at&sort_order=desc", "Dora dora"),
    ] {
        assert_eq!(list(&client, query).await.usernames(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_state_narrows_the_list_and_who_was_deleted_is_listed_only_when_asked_for() {
    let client = Tenant::new().await;
    let mut ids = Vec::new();
    for name in ["anna", "bert", "carl"] {
        ids.push(client.user(name).await);
    }
    let profile = format!("/users/{}/profile", ids[1]);
    let inactive = json!({ "state": "INACTIVE" });
    client.patch(&profile, inactive).await.must_be(200);
    client.delete(&format!("/users/{}", ids[2])).await.must_be(204);
    for (query, expected) in [
        ("", "anna bert"),
        ("state=active", "anna"),
        ("state=inactive", "bert"),
        ("state=deleted", "carl"),
        ("state=deleted&q=an", ""),
        ("state=deleted&q=ar&sort_by=last_activity", "carl"),
    ] {
        assert_eq!(list(&client, query).await.usernames(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_department_narrows_the_list_and_an_unknown_one_matches_nobody() {
    let client = five().await;
    let sales = client.department("Sales").await;
    client.assign(&id("5"), &[&sales]).await;
    client.assign(&id("2"), &[&sales]).await;
    let other = Tenant::within(&client.world, "Other").await;
    let foreign = other.department("Sales").await;
    for (query, expected) in [
        (format!("department_id={sales}"), "anna dora"),
        (
            format!("department_id={}&q=dora", sales.to_uppercase()),
            "dora",
        ),
        (
            format!("department_id={sales}&sort_by=created_at"),
            "dora anna",
        ),
        (format!("department_id={foreign}"), ""),
        (format!("department_id={}", id("0")), ""),
    ] {
        assert_eq!(list(&client, &query).await.usernames(), expected, "{query}");
    }
    client
        .delete(&format!("/departments/{sales}"))
        .await
        .must_be(204);
    let gone = list(&client, &format!("department_id={sales}")).await;
    assert_eq!(gone.usernames(), "");
}

#[tokio::test]
async fn ids_are_answered_in_the_envelope_and_the_missing_ones_named() {
    let client = five().await;
    let other = Tenant::within(&client.world, "Other").await;
    let foreign = other.user("foreign").await;
    let (one, five) = (id("1"), id("5"));
    client
        .delete(&format!("/users/{}", id("3")))
        .await
        .must_be(204);
    let deleted = id("3");
    let asked = format!("ids={one},nonsense,{five},{foreign},{deleted},{five}&fields=username");
    assert_snapshot!(list(&client, &asked).await, @r#"200 {"data":[{"username":"anna"},{"username":"Dora"}],"total_count":2,"next_cursor":null,"missing_ids":["nonsense","019c8f85-3e00-7000-8000-000000000005","00000000-0000-7000-8000-000000000003"]}"#);
    // The same id in another case is the same user.
    let upper = format!("ids=A{},a{}", &one[1..], &one[1..]);
    assert_eq!(list(&client, &upper).await.usernames(), "");
    let abc = "abcdef00-0000-7000-8000-000000000000";
    let new = person(abc, "zoe", "2026-02-01T00:00:00Z");
    seed_people(&client.world, client.id, vec![], vec![new]).await;
    let twice = list(&client, &format!("ids={abc},{}", abc.to_uppercase())).await;
    assert_eq!(
        (twice.usernames().as_str(), &*twice.at("/total_count")),
        ("zoe", "1")
    );
    assert_eq!(twice.at("/missing_ids"), "[]");
    let none = list(&client, &format!("ids={deleted}")).await;
    assert_eq!(
        (none.usernames().as_str(), &*none.at("/total_count")),
        ("", "0")
    );
    let hundred: Vec<String> = (100..200).map(|n| format!("{n}")).collect();
    let hundred = hundred.join(",");
    list(&client, &format!("ids={hundred}")).await.must_be(200);
    let answer = list(&client, &format!("ids={hundred},x")).await;
    assert_eq!(answer.refusal(), "400 invalid_request ids");
}

#[tokio::test]
async fn fields_chooses_top_level_names_in_the_published_order() {
    let client = five().await;
    let query = "fields=updated_at,id,departments&q=anna";
    assert_snapshot!(list(&client, query).await, @r#"200 {"data":[{"id":"00000000-0000-7000-8000-000000000005","departments":[],"updated_at":"2026-02-03T00:00:00.000Z"}],"total_count":1,"next_cursor":null}"#);
    for bad in [
        "",
        "shoe",
        "id,,username",
        "last_activity.at",
        "external_id",
        "ID",
    ] {
        let answer = list(&client, &format!("fields={bad}")).await;
        assert_eq!(answer.refusal(), "400 invalid_request fields", "{bad}");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_refused_by_its_name() {
    let client = five().await;
    for (query, field) in [
        ("page_size=0", "page_size"),
        ("page_size=-1", "page_size"),
        ("page_size=ten", "page_size"),
        ("page_size=1.5", "page_size"),
        ("page_size=", "page_size"),
        ("page_size=NaN", "page_size"),
        ("page_size=+5", "page_size"),
        ("sort_by=name", "sort_by"),
        ("sort_by=", "sort_by"),
        ("sort_by=USERNAME", "sort_by"),
        ("sort_by=updated_at", "sort_by"),
        ("sort_order=up", "sort_order"),
        ("sort_order=ASC", "sort_order"),
        ("department_id=Sales", "department_id"),
        ("department_id=", "department_id"),
        ("active_since=yesterday", "active_since"),
        ("active_since=2026-02-24", "active_since"),
        ("active_since=2026-02-24T10:00:00+02:00", "active_since"),
        ("stale_since=1", "stale_since"),
        ("state=ACTIVE", "state"),
        ("ids=", "ids"),
        ("ids=x,,y", "ids"),
        ("ids=x&q=y", "q"),
        ("ids=x&page_size=5", "page_size"),
        ("limit=5", "limit"),
        ("page=2", "page"),
        ("Q=anna", "Q"),
        ("username=anna", "username"),
        ("filter=x", "filter"),
        ("q=a&q=b", "q"),
        ("q=%ff", "q"),
        ("q=%4", "q"),
    ] {
        let answer = list(&client, query).await;
        assert_eq!(
            answer.refusal(),
            format!("400 invalid_request {field}"),
            "{query}"
        );
        assert!(answer.at("/error/message").contains(field), "{answer}");
    }
    assert_snapshot!(list(&client, "limit=5").await, @r#"400 {"error":{"code":"invalid_request","message":"limit is not a parameter of this resource","details":{"field":"limit","request_id":"request-1"}}}"#);
}

#[tokio::test]
async fn a_cursor_serves_one_client_filter_and_order_only() {
    let client = five().await;
    let other = Tenant::within(&client.world, "Other").await;
    let admin = client.world.admin().await;
    let first = list(&client, "page_size=2&q=a").await;
    let cursor = first.at("/next_cursor");
    // The size of the next page, and what is shown of each item, may be another.
    let next = format!("page_size=1&q=A&fields=username&cursor={cursor}");
    assert_eq!(list(&client, &next).await.usernames(), "dora");
    for query in [
        "",
        "q=b",
        "q=a&sort_order=desc",
        "q=a&sort_by=created_at",
        "q=a&user_key=x",
        "q=a&external_id=x",
        "q=a&active_since=2026-02-24T10:00:00Z",
        "q=a&stale_since=2026-02-24T10:00:00Z",
        "q=a&department_id=00000000-0000-7000-8000-000000000009",
    ] {
        let answer = list(&client, &format!("{query}&cursor={cursor}")).await;
        assert_eq!(answer.refusal(), "400 invalid_cursor cursor", "{query}");
    }
    let altered = format!("{}{}", &cursor[..cursor.len() - 2], "AA");
    let longer = format!("{cursor}A");
    for bad in [
        "",
        "x",
        "%20",
        altered.as_str(),
        &longer,
        &cursor[1..],
        "null",
    ] {
        let answer = list(&client, &format!("q=a&cursor={bad}")).await;
        assert_eq!(answer.refusal(), "400 invalid_cursor cursor", "{bad}");
    }
    let elsewhere = other.path(&format!("/users?q=a&cursor={cursor}"));
    let answer = admin.get(&elsewhere).await;
    assert_eq!(answer.refusal(), "400 invalid_cursor cursor");
    let departments = client
        .get(&format!("/departments?q=a&cursor={cursor}"))
        .await;
    assert_snapshot!(departments, @r#"400 {"error":{"code":"invalid_cursor","message":"The cursor does not belong to this list, client, filter and order","details":{"field":"cursor","request_id":"request-1"}}}"#);
}

#[tokio::test]
async fn pages_are_100_long_and_500_at_most() {
    let world = World::new().await;
    let client = Tenant::within(&world, "Acme").await;
    let made = "2026-02-01T00:00:00Z";
    let people = (0..501).map(|n| {
        let id = format!("00000000-0000-7000-8000-{n:012}");
        person(&id, &format!("user{n:03}"), made)
    });
    seed_people(&world, client.id, vec![], people.collect()).await;
    for (query, expected) in [
        ("", 100),
        ("page_size=1", 1),
        ("page_size=500", 500),
        ("page_size=501", 500),
        ("page_size=99999999999999999999999", 500),
        ("page_size=007", 7),
    ] {
        let answer = list(&client, query).await.must_be(200);
        assert_eq!(answer.each("/data", "/id").len(), expected, "{query}");
        assert_eq!(answer.at("/total_count"), "501");
        assert!(answer.json()["next_cursor"].is_string());
    }
}

#[tokio::test]
async fn the_summary_counts_the_active_and_the_stale() {
    let client = five().await;
    // The clock says 2026-02-24T12:00:00Z: anna was seen 2 hours ago, Bert 26.
    let summary = async |query: &str| client.get(&format!("/users/summary{query}")).await;
    assert_snapshot!(summary("").await, @r#"200 {"active_users":2,"stale_users":3,"stale_threshold":172800}"#);
    for (threshold, active) in [
        (7_200, 1),
        (7_199, 0),
        (93_600, 2),
        (93_599, 1),
        (172_800, 2),
        (i64::MAX, 2),
    ] {
        let answer = summary(&format!("?stale_threshold={threshold}")).await;
        let stale = 5 - active;
        let expected = format!(
            r#"200 {{"active_users":{active},"stale_users":{stale},"stale_threshold":{threshold}}}"#
        );
        assert_eq!(answer.to_string(), expected);
    }
    client
        .delete(&format!("/users/{}", id("5")))
        .await
        .must_be(204);
    assert_snapshot!(summary("?stale_threshold=7200").await, @r#"200 {"active_users":0,"stale_users":4,"stale_threshold":7200}"#);
    for (query, field) in [
        ("?stale_threshold=0", "stale_threshold"),
        ("?stale_threshold=-1", "stale_threshold"),
        ("?stale_threshold=1.5", "stale_threshold"),
        ("?stale_threshold=", "stale_threshold"),
        ("?stale_threshold=2d", "stale_threshold"),
        ("?stale_threshold=9223372036854775808", "stale_threshold"),
        ("?threshold=5", "threshold"),
        ("?q=anna", "q"),
    ] {
        let answer = summary(query).await;
        assert_eq!(
            answer.refusal(),
            format!("400 invalid_request {field}"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_list_after_a_write_shows_it() {
    let client = Tenant::new().await;
    assert_eq!(client.get("/users").await.usernames(), "");
    let id = client.user("anna").await;
    assert_eq!(client.get("/users").await.usernames(), "anna");
    client.user("bert").await;
    client.delete(&format!("/users/{id}")).await.must_be(204);
    assert_eq!(client.get("/users").await.usernames(), "bert");
}
