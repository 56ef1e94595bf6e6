//! `/v2/clients/{client_id}/users/{user_id}/profile`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Tenant;

#[tokio::test]
async fn the_profile_is_the_gateways_user_object_with_its_fallbacks() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let id = client.user("anna").await;
    let path = format!("/users/{id}/profile");
    assert_snapshot!(client.get(&path).await, @r#"200 {"state":"ACTIVE","universal_identifier":"anna"}"#);
    let sales = client.department("Sales").await;
    client.assign(&id, &[&sales]).await;
    client
        .patch(&path, json!({"email_addr": "anna@x"}))
        .await
        .must_be(200);
    let profile = client.get(&path).await;
    assert_snapshot!(profile, @r#"200 {"state":"ACTIVE","universal_identifier":"anna@x","email_addr":"anna@x","employment_info":{"department":"Sales"}}"#);
    let gateway = client.gateway(&format!("/acme/users/{id}")).await;
    assert!(
        gateway
            .text()
            .starts_with(&format!(r#"{{"user":{},"#, profile.text()))
    );
    let own = json!({"universal_identifier": "u-1", "employment_info": {"department": "Own"}});
    client.patch(&path, own).await.must_be(200);
    assert_snapshot!(client.get(&path).await, @r#"200 {"state":"ACTIVE","universal_identifier":"u-1","email_addr":"anna@x","employment_info":{"department":"Own"}}"#);
}

#[tokio::test]
async fn a_merge_patch_sets_clears_and_leaves_alone() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let id = client.user("anna").await;
    let path = format!("/users/{id}/profile");
    let first = json!({
        "state": "INACTIVE", "first_name": "Anna", "work_status": "INTERN",
        "employment_info": {
            "role": "Engineer", "employee_start_date_ts": "2023-05-14T11:30:00.5+02:00",
            "employment_location": {"office": "MTV", "region": "South"},
        },
        "custom_attributes": {"badge": {"colour": "red", "number": 7}, "tags": ["a", 1, true, {}]},
    });
    client.world.clock().advance(Duration::from_secs(1));
    let answer = client.patch(&path, first).await;
    assert_snapshot!(answer, @r#"200 {"state":"INACTIVE","universal_identifier":"anna","first_name":"Anna","work_status":"INTERN","employment_info":{"employee_start_date_ts":"2023-05-14T09:30:00Z","role":"Engineer","employment_location":{"office":"MTV","region":"South"}},"custom_attributes":{"badge":{"colour":"red","number":7},"tags":["a",1,true,{}]}}"#);
    assert_eq!(client.get(&path).await.text(), answer.text());
    assert_eq!(
        client.get(&path).await.header("etag"),
        answer.header("etag")
    );
    let user = client.get(&format!("/users/{id}")).await;
    assert_eq!(user.at("/updated_at"), "2026-02-24T12:00:01.000Z");
    let second = json!({
        "first_name": null,
        "employment_info": {"employment_location": {"office": null}, "role": "Lead"},
        "custom_attributes": {"badge": {"colour": null}, "tags": null},
    });
    let patch = client
        .ask("PATCH", &path)
        .header("content-type", "application/merge-patch+json");
    assert_snapshot!(patch.body(second.to_string()).send().await, @r#"200 {"state":"INACTIVE","universal_identifier":"anna","work_status":"INTERN","employment_info":{"employee_start_date_ts":"2023-05-14T09:30:00Z","role":"Lead","employment_location":{"region":"South"}},"custom_attributes":{"badge":{"number":7}}}"#);
    // The gateway shows the custom attributes, and never a null.
    assert_snapshot!(client.gateway(&format!("/acme/users/{id}")).await, @r#"200 {"user":{"state":"INACTIVE","universal_identifier":"anna","work_status":"INTERN","employment_info":{"employee_start_date_ts":"2023-05-14T09:30:00Z","role":"Lead","employment_location":{"region":"South"}},"custom_attributes":{"badge":{"number":7}}},"system_identity":{"id":"019c8f85-3e00-7000-8000-000000000003","username":"anna"},"last_updated_at":"2026-02-24T12:00:01Z"}"#);
    let third = json!({"employment_info": null, "custom_attributes": null, "state": "ACTIVE"});
    assert_snapshot!(client.patch(&path, third).await, @r#"200 {"state":"ACTIVE","universal_identifier":"anna","work_status":"INTERN"}"#);
    let before = client.numbers().await;
    client.patch(&path, json!({})).await.must_be(200);
    client
        .patch(&path, json!({"last_name": null, "work_status": "INTERN"}))
        .await
        .must_be(200);
    assert_eq!(client.numbers().await, before);
}

#[tokio::test]
async fn what_is_wrong_with_a_patch_is_named_by_its_path() {
    let client = Tenant::new().await;
    let path = format!("/users/{}/profile", client.user("anna").await);
    let before = client.numbers().await;
    let deep = (0..20).fold(json!(1), |inner, _| json!({ "a": inner }));
    for (body, field) in [
        (json!({"shoe_size": "43"}), "shoe_size"),
        (json!({"first_name": 1}), "first_name"),
        (json!({"first_name": ""}), "first_name"),
        (json!({"first_name": "a\u{1f}b"}), "first_name"),
        (json!({"first_name": "x".repeat(257)}), "first_name"),
        (json!({"state": null}), "state"),
        (json!({"state": "active"}), "state"),
        (json!({"work_status": "PART_TIME"}), "work_status"),
        (json!({"employment_info": "x"}), "employment_info"),
        (
            json!({"employment_info": {"rank": "x"}}),
            "employment_info.rank",
        ),
        (
            json!({"employment_info": {"employment_location": {"planet": "x"}}}),
            "employment_info.employment_location.planet",
        ),
        (
            json!({"employment_info": {"employee_start_date_ts": "soon"}}),
            "employment_info.employee_start_date_ts",
        ),
        (json!({"custom_attributes": []}), "custom_attributes"),
        (
            json!({"custom_attributes": {"a": [null]}}),
            "custom_attributes",
        ),
        (json!({"custom_attributes": deep}), "custom_attributes"),
        (
            json!({"custom_attributes": {"a": "x".repeat(17_000)}}),
            "custom_attributes",
        ),
        (json!({"last_name": "x", "user_key": "x"}), "user_key"),
    ] {
        let answer = client.patch(&path, body.clone()).await;
        assert_eq!(
            answer.refusal(),
            format!("400 invalid_request {field}"),
            "{body}"
        );
    }
    assert_eq!(client.numbers().await, before);
}

#[tokio::test]
async fn a_stale_tag_fails_a_profiles_patch_and_activity_does_not() {
    let client = Tenant::new().await;
    let path = format!("/users/{}/profile", client.user("anna").await);
    let tag = client.get(&path).await.header("etag").to_owned();
    let known = client
        .ask("GET", &path)
        .header("if-none-match", &tag)
        .send();
    known.await.must_be(304);
    client.seen("anna", "web", "2026-02-24T11:00:00Z").await;
    let patch = async |name: &str| {
        let question = client.ask("PATCH", &path).header("if-match", &tag);
        question.json(&json!({ "first_name": name })).send().await
    };
    patch("Anna").await.must_be(200);
    assert_eq!(patch("Anne").await.refusal(), "412 precondition_failed -");
    let known = client
        .ask("GET", &path)
        .header("if-none-match", &tag)
        .send();
    known.await.must_be(200);
}
