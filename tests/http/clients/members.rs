//! `/v2/clients/{client_id}/departments/{department_id}/members` and `…/remove`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Tenant;

#[tokio::test]
async fn whom_the_client_does_not_have_is_named_and_the_others_join() {
    let client = Tenant::new().await;
    let other = Tenant::within(&client.world, "Other").await;
    let (anna, bert) = (client.user("anna").await, client.user("bert").await);
    let foreign = other.user("foreign").await;
    let gone = client.user("gone").await;
    client.delete(&format!("/users/{gone}")).await.must_be(204);
    let path = format!("/departments/{}", client.department("Sales").await);
    let everybody = json!({"user_ids": [anna, foreign, "nonsense", bert, gone, anna, ""]});
    client.world.clock().advance(Duration::from_secs(1));
    let joined = client
        .post(&format!("{path}/members"), everybody.clone())
        .await;
    assert_snapshot!(joined, @r#"200 {"succeeded":["019c8f85-3e00-7000-8000-000000000005","019c8f85-3e00-7000-8000-000000000006","019c8f85-3e00-7000-8000-000000000005"],"failed":[{"id":"019c8f85-3e00-7000-8000-000000000007","error":"User not found"},{"id":"nonsense","error":"User not found"},{"id":"019c8f85-3e00-7000-8000-000000000008","error":"User not found"},{"id":"","error":"User not found"}]}"#);
    assert_eq!(client.get(&path).await.at("/member_count"), "2");
    let user = client.get(&format!("/users/{anna}")).await;
    assert_eq!(user.each("/departments", "/name"), ["Sales"]);
    assert_eq!(user.at("/updated_at"), "2026-02-24T12:00:01.000Z");
    let left = client
        .post(&format!("{path}/members/remove"), everybody)
        .await;
    assert_eq!(left.to_string(), joined.to_string());
    assert_eq!(client.get(&path).await.at("/member_count"), "0");
    let user = client.get(&format!("/users/{anna}")).await;
    assert_eq!(user.at("/departments"), "[]");
}

#[tokio::test]
async fn who_is_as_asked_already_succeeds_and_nothing_moves() {
    let client = Tenant::new().await;
    let (anna, bert) = (client.user("anna").await, client.user("bert").await);
    let path = format!("/departments/{}", client.department("Sales").await);
    let (add, remove) = (format!("{path}/members"), format!("{path}/members/remove"));
    client
        .post(&add, json!({"user_ids": [anna]}))
        .await
        .must_be(200);
    let before = client.numbers().await;
    client.world.clock().advance(Duration::from_secs(1));
    for (path, id) in [(&add, &anna), (&remove, &bert)] {
        let answer = client.post(path, json!({"user_ids": [id]})).await;
        let expected = format!(r#"200 {{"succeeded":["{id}"],"failed":[]}}"#);
        assert_eq!(answer.to_string(), expected);
    }
    let nobody = client.post(&add, json!({"user_ids": []})).await;
    assert_eq!(nobody.to_string(), r#"200 {"succeeded":[],"failed":[]}"#);
    assert_eq!(client.numbers().await, before);
}

#[tokio::test]
async fn who_joins_keeps_the_other_departments() {
    let client = Tenant::new().await;
    let anna = client.user("anna").await;
    let (sales, support) = (
        client.department("Sales").await,
        client.department("Support").await,
    );
    client.assign(&anna, &[&sales]).await;
    let body = json!({"user_ids": [anna]});
    client
        .post(&format!("/departments/{support}/members"), body.clone())
        .await
        .must_be(200);
    let names = async || {
        client
            .get(&format!("/users/{anna}"))
            .await
            .each("/departments", "/name")
    };
    assert_eq!(names().await, ["Sales", "Support"]);
    client
        .post(&format!("/departments/{sales}/members/remove"), body)
        .await
        .must_be(200);
    assert_eq!(names().await, ["Support"]);
}

#[tokio::test]
async fn a_body_that_is_no_list_of_ids_is_refused() {
    let client = Tenant::new().await;
    let department = client.department("Sales").await;
    let many: Vec<String> = (0..=1000).map(|n| n.to_string()).collect();
    for rest in ["members", "members/remove"] {
        let path = format!("/departments/{department}/{rest}");
        for (body, field) in [
            (json!({}), "user_ids"),
            (json!({"user_ids": null}), "user_ids"),
            (json!({"user_ids": "x"}), "user_ids"),
            (json!({"user_ids": [7]}), "user_ids"),
            (json!({"user_ids": many}), "user_ids"),
            (json!({"user_ids": [], "x": 1}), "x"),
        ] {
            let answer = client.post(&path, body).await;
            assert_eq!(answer.refusal(), format!("400 invalid_request {field}"));
        }
        let unknown = "/departments/00000000-0000-7000-8000-000000000000";
        let answer = client
            .post(&format!("{unknown}/{rest}"), json!({"user_ids": []}))
            .await;
        assert_eq!(answer.refusal(), "404 not_found -");
    }
}
