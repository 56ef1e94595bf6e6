//! Okta's habits.

use serde_json::json;

use super::{Provider, escaped};
use crate::support::{Caller, Verbatim};

#[tokio::test]
async fn it_looks_first_and_then_creates() {
    let provider = Provider::new().await;
    let filter = escaped(r#"userName eq "ann@example.com""#);
    let path = format!("/Users?filter={filter}&startIndex=1&count=100");
    let nobody = provider.get(&path).await.must_be(200);
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    });
    assert_eq!(nobody.json(), expected);
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ann@example.com",
        "name": { "givenName": "Ann", "familyName": "Bee" },
        "emails": [{ "primary": true, "value": "ann@example.com", "type": "work" }],
        "displayName": "Ann Bee",
        "locale": "en-US",
        "externalId": "00ujl29u0le5T6Aj10h7",
        "groups": [],
        "password": "1mz050nq",
        "active": true,
    });
    let created = provider.send("POST", "/Users", body.clone()).await.must_be(201);
    assert!(!created.text().contains("1mz050nq"));
    assert_eq!(created.json()["emails"], body["emails"]);
    assert_eq!(provider.get(&path).await.at("/totalResults"), "1");
    let taken = provider.send("POST", "/Users", body).await.must_be(409);
    assert_eq!(taken.at("/scimType"), "uniqueness");
}

#[tokio::test]
async fn it_puts_back_the_whole_body_that_it_got() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann", "title": "Clerk" })).await;
    let path = format!("/Users/{id}");
    let mut body = provider.get(&path).await.json();
    body["groups"] = json!([]);
    body["active"] = false.into();
    let put = provider.send("PUT", &path, body).await.must_be(200);
    assert_eq!((put.at("/id"), put.at("/active"), put.at("/title")), (id.clone(), "false".into(), "Clerk".into()));
    // Inactive users stay readable and listed.
    provider.get(&path).await.must_be(200);
    assert_eq!(provider.get("/Users").await.each("/Resources", "/id"), [id]);
}

#[tokio::test]
async fn catalogue_apps_patch_without_a_path() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann" })).await;
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(provider.patch(&id, off).await.must_be(200).at("/active"), "false");
    let on = json!([{ "op": "replace", "value": { "id": id, "active": true } }]);
    assert_eq!(provider.patch(&id, on).await.must_be(200).at("/active"), "true");
}

#[tokio::test]
async fn its_header_mode_sends_the_token_alone() {
    let provider = Provider::new().await;
    let world = provider.tenant.world.clone();
    let bare = Verbatim(world, provider.bearer.secret.to_string());
    bare.get(&provider.path("/Users")).await.must_be(200);
}
