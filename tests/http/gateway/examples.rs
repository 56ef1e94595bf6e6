//! The published example, byte for byte, made with the very calls that a client has.

use serde_json::{Value, json};

use crate::support::Tenant;

/// Identity Gateway, Get User By ID: 200 Retrieved.
const RETRIEVED: &str = include_str!("../../published/john_doe.json");

#[tokio::test]
async fn the_published_example_is_served_byte_for_byte() {
    let client = Tenant::new().await;
    client.instance("myinstance1").await;
    client.world.clock().set("2023-05-14T09:30:00.999Z");
    let expected: Value = serde_json::from_str(RETRIEVED).unwrap();
    let new = json!({
        "username": "JohnDoe",
        "user_key": "johndoe",
        "external_id": "1234-5678-9012-3456",
        "profile": expected["user"],
    });
    let id = client.post("/users", new).await.must_be(201).at("/id");
    let expected = serde_json::to_string(&expected).unwrap();
    let path = "/myinstance1/users/1234-5678-9012-3456";
    let answer = client.gateway(path).await.must_be(200);
    assert_eq!(answer.text(), expected);
    assert_eq!(answer.header("content-type"), "application/json");
    // Our own id finds the same person, and the list shows the same item.
    let by_our_id = client.gateway(&format!("/myinstance1/users/{id}")).await;
    assert_eq!(by_our_id.text(), expected);
    let list = client.gateway("/myinstance1/users").await.must_be(200);
    assert_eq!(list.text(), format!(r#"{{"results":[{expected}]}}"#));
}
