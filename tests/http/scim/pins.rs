//! What was corrected by hand and pinned stands against the next cycle of an identity provider.

use std::time::Duration;

use rollcall::model::provisioning::ProvisioningChange;
use serde_json::{Value, json};

use super::Provider;

/// A body as Okta keeps it.
fn body(title: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": "ann@example.com", "externalId": "00u1", "active": true,
        "name": { "givenName": "Ann", "familyName": "Bee", "honorificPrefix": "Dr" },
        "emails": [{ "primary": true, "value": "ann@example.com", "type": "work" }],
        "title": title, "groups": [],
    })
}

impl Provider {
    /// By which door a field was changed last.
    async fn source(&self, user: &str, field: &str) -> String {
        let path = format!("/users/{user}/provenance");
        let known = self.tenant.get(&path).await.must_be(200).json();
        known["fields"][field]["source"].as_str().unwrap_or("-").to_owned()
    }

    async fn pin(&self, user: &str, field: &str, is_pinned: bool) {
        let path = format!("/users/{user}/provenance");
        let pins = json!({ "pinned": { field: is_pinned } });
        self.tenant.patch(&path, pins).await.must_be(200);
    }

    async fn departments(&self, user: &str) -> Vec<String> {
        let shown = self.tenant.get(&format!("/users/{user}")).await.must_be(200);
        shown.each("/departments", "/name")
    }
}

const ROLE: &str = "profile.employment_info.role";

#[tokio::test]
async fn what_scim_sets_remembers_it() {
    let provider = Provider::new().await;
    let id = provider.user(body("Clerk")).await;
    for field in ["username", "external_id", "profile.state", "profile.email_addr", ROLE] {
        assert_eq!(provider.source(&id, field).await, "scim", "{field}");
    }
    assert_eq!(provider.source(&id, "departments").await, "-");
    let path = format!("/users/{id}/profile");
    let patch = json!({ "employment_info": { "role": "Lead" } });
    provider.tenant.patch(&path, patch).await.must_be(200);
    assert_eq!(provider.source(&id, ROLE).await, "api");
    let title = json!([{ "op": "replace", "path": "title", "value": "Clerk" }]);
    provider.patch(&id, title).await.must_be(200);
    assert_eq!(provider.source(&id, ROLE).await, "scim");
    let known = provider.tenant.get(&format!("/users/{id}/provenance")).await;
    let actor = provider.bearer.id.unwrap().to_string();
    assert_eq!(known.json()["fields"][ROLE]["actor"], actor);
}

#[tokio::test]
async fn a_pinned_value_stands_against_a_put_of_the_whole_body_and_an_unpinned_one_does_not() {
    let provider = Provider::new().await;
    let id = provider.user(body("Clerk")).await;
    let (path, profile) = (format!("/Users/{id}"), format!("/users/{id}/profile?pin=true"));
    let lead = json!({ "employment_info": { "role": "Lead" }, "first_name": "Anna" });
    provider.tenant.patch(&profile, lead).await.must_be(200);
    let shown = provider.get(&path).await;
    let mut sent = body("Head clerk");
    sent["name"]["familyName"] = "Cee".into();
    provider.tenant.world.clock().advance(Duration::from_secs(1));
    let put = provider.send("PUT", &path, sent.clone()).await.must_be(200);
    assert_eq!(put.at("/title"), "Lead", "the answer shows what stands");
    assert_eq!(put.at("/name/givenName"), "Anna");
    assert_eq!(put.at("/name/familyName"), "Cee", "other fields change");
    assert_eq!(put.at("/name/honorificPrefix"), "Dr");
    assert_ne!(put.at("/meta/version"), shown.at("/meta/version"));
    assert_eq!(put.text(), provider.get(&path).await.text());
    assert_eq!(provider.gateway("00u1").await["user"]["employment_info"]["role"], "Lead");
    assert_eq!(provider.source(&id, ROLE).await, "api");
    // The same body again changes nothing at all.
    let numbers = provider.tenant.numbers().await;
    provider.send("PUT", &path, sent.clone()).await.must_be(200);
    assert_eq!(provider.tenant.numbers().await, numbers);
    provider.pin(&id, ROLE, false).await;
    let put = provider.send("PUT", &path, sent).await.must_be(200);
    assert_eq!((put.at("/title"), put.at("/name/givenName")), ("Head clerk".into(), "Anna".into()));
    assert_eq!(provider.source(&id, ROLE).await, "scim");
}

#[tokio::test]
async fn a_pinned_value_stands_against_a_patch() {
    let provider = Provider::new().await;
    let id = provider.user(body("Clerk")).await;
    for field in [ROLE, "profile.state", "profile.custom_attributes"] {
        provider.pin(&id, field, true).await;
    }
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let operations = json!([
        { "op": "Replace", "path": "title", "value": "Head" },
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Add", "path": format!("{enterprise}:employeeNumber"), "value": "701" },
        { "op": "Add", "path": format!("{enterprise}:department"), "value": "Lab" },
        { "op": "Replace", "path": "userName", "value": "anna@example.com" },
    ]);
    let shown = provider.patch(&id, operations.clone()).await.must_be(200);
    assert_eq!((shown.at("/title"), shown.at("/active")), ("Clerk".into(), "true".into()));
    assert_eq!(shown.at("/userName"), "anna@example.com");
    assert_eq!(shown.json()[enterprise], json!({ "department": "Lab" }));
    let gone = json!([{ "op": "Remove", "path": "title" }]);
    assert_eq!(provider.patch(&id, gone).await.must_be(200).at("/title"), "Clerk");
    for field in [ROLE, "profile.state", "profile.custom_attributes"] {
        provider.pin(&id, field, false).await;
    }
    let shown = provider.patch(&id, operations).await.must_be(200);
    assert_eq!((shown.at("/title"), shown.at("/active")), ("Head".into(), "false".into()));
    let expected = json!({ "department": "Lab", "employeeNumber": "701" });
    assert_eq!(shown.json()[enterprise], expected);
}

#[tokio::test]
async fn whose_departments_are_pinned_joins_and_leaves_no_group() {
    let provider = Provider::new().await;
    let ann = provider.user(json!({ "userName": "ann" })).await;
    let bob = provider.user(json!({ "userName": "bob" })).await;
    let members = json!([{ "value": ann }, { "value": bob }]);
    let group = async |name: &str, members: Value| {
        let body = json!({ "displayName": name, "members": members });
        provider.send("POST", "/Groups", body).await.must_be(201).at("/id")
    };
    let lab = group("Lab", members.clone()).await;
    let sales = group("Sales", json!([])).await;
    assert_eq!(provider.source(&ann, "departments").await, "scim");
    let pinned = json!({ "departments": [lab] });
    provider.tenant.patch(&format!("/users/{ann}?pin=true"), pinned).await.must_be(200);

    let patch = async |group: &str, operation: Value| {
        let body = json!({ "Operations": [operation] });
        provider.send("PATCH", &format!("/Groups/{group}"), body).await.must_be(204);
    };
    let before = provider.tenant.get(&format!("/users/{ann}")).await;
    patch(&sales, json!({ "op": "add", "path": "members", "value": members })).await;
    patch(&lab, json!({ "op": "remove", "path": "members", "value": members })).await;
    assert_eq!(provider.departments(&ann).await, ["Lab"]);
    assert_eq!(provider.departments(&bob).await, ["Sales"]);
    let put = json!({ "displayName": "Lab", "members": [] });
    provider.send("PUT", &format!("/Groups/{lab}"), put).await.must_be(200);
    group("Works", members.clone()).await;
    assert_eq!(provider.departments(&ann).await, ["Lab"]);
    assert_eq!(provider.tenant.get(&format!("/users/{ann}")).await.header("etag"), before.header("etag"));
    let shown = provider.get(&format!("/Groups/{lab}")).await.must_be(200);
    assert_eq!(shown.each("/members", "/display"), ["ann"], "it shows who belongs to it");

    provider.pin(&ann, "departments", false).await;
    patch(&sales, json!({ "op": "add", "path": "members", "value": [{ "value": ann }] })).await;
    patch(&lab, json!({ "op": "remove", "path": "members", "value": [{ "value": ann }] })).await;
    assert_eq!(provider.departments(&ann).await, ["Sales"]);
    // A group that is deleted is nobody's any more.
    provider.pin(&ann, "departments", true).await;
    provider.delete(&format!("/Groups/{sales}")).await.must_be(204);
    assert_eq!(provider.departments(&ann).await, [""; 0]);
}

#[tokio::test]
async fn who_is_deleted_and_provisioned_again_comes_back_with_what_was_pinned() {
    let provider = Provider::new().await;
    let id = provider.user(body("Clerk")).await;
    let lab = provider.tenant.department("Lab").await;
    let departments = json!({ "departments": [lab] });
    provider.tenant.patch(&format!("/users/{id}?pin=true"), departments).await.must_be(200);
    provider.pin(&id, ROLE, true).await;
    provider.pin(&id, "profile.state", true).await;
    provider.delete(&format!("/Users/{id}")).await.must_be(204);
    provider.get(&format!("/Users/{id}")).await.must_be(404);
    let mut again = body("Head");
    again["active"] = false.into();
    again["name"]["givenName"] = "Anna".into();
    let created = provider.send("POST", "/Users", again).await.must_be(201);
    assert_eq!(created.at("/id"), id);
    assert_eq!((created.at("/title"), created.at("/active")), ("Clerk".into(), "true".into()));
    assert_eq!(created.at("/name/givenName"), "Anna");
    assert_eq!(created.at("/groups/0/display"), "Lab");
    assert_eq!(created.text(), provider.get(&format!("/Users/{id}")).await.text());
}

#[tokio::test]
async fn a_client_may_have_departments_pinned_that_are_set_by_hand() {
    let provider = Provider::new().await;
    let pinning = ProvisioningChange {
        pins_departments: Some(true),
        ..ProvisioningChange::default()
    };
    provider.settings(pinning).await;
    let id = provider.user(body("Clerk")).await;
    let (lab, sales) = (provider.tenant.department("Lab").await, provider.tenant.department("Sales").await);
    provider.tenant.assign(&id, &[&lab]).await.must_be(200);
    let join = json!({ "Operations": [{ "op": "add", "path": "members", "value": [{ "value": id }] }] });
    let join = async || provider.send("PATCH", &format!("/Groups/{sales}"), join.clone()).await;
    join().await.must_be(204);
    assert_eq!(provider.departments(&id).await, ["Lab"]);
    // Who says that it is not to be pinned is heard.
    let body = json!({ "departments": [lab] });
    let unpinned = format!("/users/{id}?pin=false");
    provider.tenant.patch(&unpinned, body).await.must_be(200);
    join().await.must_be(204);
    assert_eq!(provider.departments(&id).await, ["Lab", "Sales"]);
}
