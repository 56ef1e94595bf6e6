//! The published examples, byte for byte.

use serde_json::Value;

use crate::support::people::{department, person, seed_people};
use crate::support::{Tenant, World};

/// Clients API, Get User: Example Response.
const WITH_ACTIVITY: &str = include_str!("../../published/mikechang.json");

/// Clients API, Get User: User with no activity or departments. The id is no UUID, as published.
const WITH_NOTHING: &str = include_str!("../../published/newuser.json");

/// The same data without the spaces, members in the same order.
fn compact(example: &str) -> String {
    let value: Value = serde_json::from_str(example).unwrap();
    serde_json::to_string(&value).unwrap()
}

/// The client of the examples, with their two people.
async fn published() -> Tenant {
    let world = World::new().await;
    world.clock().set("2026-02-24T21:30:00Z");
    let id = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
    let id = world.client_of(Some(id), "Example").await;
    let engineering = department(
        "d1a2b3c4-e5f6-7890-abcd-ef1234567890",
        "Engineering",
        Some("Software development and infrastructure teams"),
    );
    let mut mike = person(
        "a1d97031-04e2-4907-a249-093f7436207b",
        "mikechang",
        "2026-02-05T21:29:34.214Z",
    );
    mike.departments = vec![engineering.id];
    let new = person(
        "c3f19253-26g4-6129-c461-215h9658429d",
        "newuser",
        "2026-02-24T10:00:00Z",
    );
    seed_people(&world, id, vec![engineering], vec![mike, new]).await;
    let tenant = Tenant::of(&world, id).await;
    let seen = [
        ("desktop", "2026-02-24T21:22:46.119Z"),
        ("web", "2026-02-24T21:23:53.082Z"),
    ];
    for (channel, at) in seen {
        tenant.seen("mikechang", channel, at).await;
    }
    tenant
}

#[tokio::test]
async fn both_published_examples_are_served_byte_for_byte() {
    let client = published().await;
    for example in [WITH_ACTIVITY, WITH_NOTHING] {
        let value: Value = serde_json::from_str(example).unwrap();
        let id = value["id"].as_str().unwrap();
        let answer = client.get(&format!("/users/{id}")).await.must_be(200);
        assert_eq!(answer.text(), compact(example));
        assert_eq!(answer.header("content-type"), "application/json");
        // The ids are found in any case, and shown as they are.
        let shouted = format!("/users/{}", id.to_uppercase());
        assert_eq!(client.get(&shouted).await.text(), compact(example));
    }
}

#[tokio::test]
async fn the_examples_are_the_items_of_the_list() {
    let client = published().await;
    let expected = format!(
        r#"{{"data":[{},{}],"total_count":2,"next_cursor":null}}"#,
        compact(WITH_ACTIVITY),
        compact(WITH_NOTHING)
    );
    assert_eq!(client.get("/users").await.text(), expected);
}

#[tokio::test]
async fn the_example_outlives_the_server() {
    let client = published().await;
    let before = client.get("/users").await;
    // Another server on the same database, as after a restart.
    let beside = client.world.another_server().await;
    let after = Tenant {
        bearer: beside.bearer(&client.bearer.secret),
        world: beside,
        id: client.id,
    };
    assert_eq!(after.get("/users").await.text(), before.text());
}
