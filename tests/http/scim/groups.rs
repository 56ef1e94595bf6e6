//! Groups, which are departments.

use serde_json::{Value, json};

use super::{Provider, escaped};

/// A group with three people, and their ids.
async fn three() -> (Provider, String, [String; 3]) {
    let provider = Provider::new().await;
    let mut ids = Vec::new();
    for name in ["ann", "bob", "cid"] {
        ids.push(provider.user(json!({ "userName": name, "externalId": name })).await);
    }
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    let body = json!({ "displayName": "Lab", "externalId": "g-1", "members": members });
    let group = provider.send("POST", "/Groups", body).await.must_be(201).at("/id");
    (provider, group, ids.try_into().unwrap())
}

impl Provider {
    async fn members(&self, group: &str) -> Vec<String> {
        let shown = self.get(&format!("/Groups/{group}")).await.must_be(200);
        match shown.json().get("members") {
            None => Vec::new(),
            Some(_) => shown.each("/members", "/display"),
        }
    }

    async fn patch_group(&self, group: &str, operations: Value) {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        let path = format!("/Groups/{group}");
        let answer = self.send("PATCH", &path, body).await.must_be(204);
        assert_eq!(answer.text(), "");
    }
}

#[tokio::test]
async fn a_group_is_a_department_in_every_dialect() {
    let (provider, group, [ann, ..]) = three().await;
    let shown = provider.get(&format!("/Groups/{group}")).await.must_be(200).json();
    let base = format!("http://directory.example.com{}", provider.path(""));
    assert_eq!(shown["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:Group"]));
    assert_eq!((&shown["displayName"], &shown["externalId"]), (&json!("Lab"), &json!("g-1")));
    let first = json!({
        "value": ann, "$ref": format!("{base}/Users/{ann}"), "display": "ann", "type": "User",
    });
    assert_eq!(shown["members"][0], first);
    assert_eq!(shown["meta"]["location"], format!("{base}/Groups/{group}"));
    let user = provider.get(&format!("/Users/{ann}")).await.json();
    let of_user = json!([{
        "value": group, "$ref": format!("{base}/Groups/{group}"), "display": "Lab", "type": "direct",
    }]);
    assert_eq!(user["groups"], of_user);
    let clients = provider.tenant.get(&format!("/departments/{group}")).await.must_be(200);
    assert_eq!((clients.at("/name"), clients.at("/member_count")), ("Lab".into(), "3".into()));
    let clients = provider.tenant.get(&format!("/users/{ann}")).await;
    assert_eq!(clients.at("/departments/0/name"), "Lab");
    let gateway = provider.gateway("ann").await;
    assert_eq!(gateway["user"]["employment_info"]["department"], "Lab");

    let rename = json!([{ "op": "replace", "value": { "id": group, "displayName": "Works" } }]);
    provider.patch_group(&group, rename).await;
    let gateway = provider.gateway("ann").await;
    assert_eq!(gateway["user"]["employment_info"]["department"], "Works");

    provider.delete(&format!("/Groups/{group}")).await.must_be(204);
    provider.get(&format!("/Groups/{group}")).await.must_be(404);
    let user = provider.get(&format!("/Users/{ann}")).await.must_be(200).json();
    assert_eq!(user.get("groups"), None);
    provider.tenant.get(&format!("/departments/{group}")).await.must_be(404);
    // Both names are free again.
    let body = json!({ "displayName": "works", "externalId": "g-1", "members": [] });
    provider.send("POST", "/Groups", body).await.must_be(201);
}

#[tokio::test]
async fn members_come_and_go_as_each_provider_says_it() {
    let (provider, group, [ann, bob, cid]) = three().await;
    // Okta.
    let swap = json!([
        { "op": "remove", "path": format!("members[value eq \"{ann}\"]") },
        { "op": "add", "path": "members", "value": [{ "value": bob, "display": "bob" }] },
    ]);
    provider.patch_group(&group, swap).await;
    assert_eq!(provider.members(&group).await, ["bob", "cid"]);
    let replace = json!([{ "op": "replace", "path": "members", "value": [{ "value": ann }] }]);
    provider.patch_group(&group, replace).await;
    assert_eq!(provider.members(&group).await, ["ann"]);
    let replace = json!([{ "op": "replace", "value": { "members": [{ "value": cid }] } }]);
    provider.patch_group(&group, replace).await;
    assert_eq!(provider.members(&group).await, ["cid"]);
    let put = json!({ "displayName": "Lab", "members": [{ "value": ann, "display": null }, { "value": bob }] });
    provider.send("PUT", &format!("/Groups/{group}"), put).await.must_be(200);
    assert_eq!(provider.members(&group).await, ["ann", "bob"]);
    // Entra ID.
    let add = json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": cid }] }]);
    provider.patch_group(&group, add).await;
    assert_eq!(provider.members(&group).await, ["ann", "bob", "cid"]);
    let some = json!([{ "op": "Remove", "path": "members", "value": [{ "value": ann }, { "value": cid }] }]);
    provider.patch_group(&group, some).await;
    assert_eq!(provider.members(&group).await, ["bob"]);
    let all = json!([{ "op": "Remove", "path": "members" }]);
    provider.patch_group(&group, all).await;
    assert_eq!(provider.members(&group).await, [""; 0]);
}

#[tokio::test]
async fn groups_are_found_and_their_members_spared() {
    let (provider, group, [ann, ..]) = three().await;
    let other = provider.send("POST", "/Groups", json!({ "displayName": "Office" })).await;
    let other = other.must_be(201).at("/id");
    for (filter, found) in [
        (r#"displayName eq "LAB""#.to_owned(), vec![&group]),
        (r#"displayName eq "nothing""#.to_owned(), vec![]),
        (r#"externalId eq "g-1""#.to_owned(), vec![&group]),
        (format!(r#"id eq "{group}" and members eq "{ann}""#), vec![&group]),
        (format!(r#"id eq "{other}" and members eq "{ann}""#), vec![]),
        (format!(r#"members.value eq "{ann}""#), vec![&group]),
        (r#"displayName co "f""#.to_owned(), vec![&other]),
    ] {
        let path = format!("/Groups?excludedAttributes=members&filter={}", escaped(&filter));
        let page = provider.get(&path).await.must_be(200);
        let ids = page.each("/Resources", "/id");
        assert_eq!(ids.iter().collect::<Vec<_>>(), found, "{filter}");
        assert!(!page.text().contains(&format!("Users/{ann}")), "{filter}");
    }
    let page = provider.get("/Groups").await.must_be(200);
    assert_eq!(page.each("/Resources", "/displayName"), ["Lab", "Office"]);
    assert!(page.text().contains(&format!("Users/{ann}")));
    let path = format!("/Groups/{group}?attributes=displayName");
    let keys = provider.get(&path).await.json();
    let keys: Vec<&str> = keys.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["schemas", "id", "displayName"]);
}

#[tokio::test]
async fn what_cannot_be_changes_nothing() {
    let (provider, group, [ann, ..]) = three().await;
    let nobody = "0190a000-0000-7000-8000-00000000dead";
    let gone = provider.user(json!({ "userName": "gone" })).await;
    provider.delete(&format!("/Users/{gone}")).await.must_be(204);
    let office = json!({ "displayName": "Office", "externalId": "g-2" });
    let office = provider.send("POST", "/Groups", office).await.must_be(201).at("/id");
    let before = provider.tenant.numbers().await;
    let path = format!("/Groups/{office}");
    let patch = |operation: Value| json!({ "Operations": [operation] });
    for (method, path, body, status, scim_type) in [
        ("POST", "/Groups", json!({ "displayName": "lab" }), 409, "uniqueness"),
        ("POST", "/Groups", json!({ "displayName": "x", "externalId": "g-1" }), 409, "uniqueness"),
        ("POST", "/Groups", json!({}), 400, "invalidValue"),
        ("POST", "/Groups", json!({ "displayName": "x", "members": [{ "value": nobody }] }), 400, "invalidValue"),
        ("POST", "/Groups", json!({ "displayName": "x", "members": [{ "value": gone }] }), 400, "invalidValue"),
        ("PUT", &path, json!({ "displayName": "Lab" }), 409, "uniqueness"),
        ("PUT", &path, json!({ "displayName": "Office", "externalId": "g-1" }), 409, "uniqueness"),
        ("PATCH", &path, patch(json!({ "op": "replace", "path": "id", "value": "x" })), 400, "mutability"),
        ("PATCH", &path, patch(json!({ "op": "remove", "path": "displayName" })), 400, "mutability"),
    ] {
        let answer = provider.send(method, path, body.clone()).await.must_be(status);
        assert_eq!(answer.at("/scimType"), scim_type, "{method} {path} {body}");
    }
    let half = json!({ "Operations": [
        { "op": "add", "path": "members", "value": [{ "value": ann }] },
        { "op": "replace", "path": "displayName", "value": "LAB" },
    ] });
    provider.send("PATCH", &path, half).await.must_be(409);
    assert_eq!(provider.members(&office).await, [""; 0]);
    assert_eq!(provider.members(&group).await.len(), 3);
    assert_eq!(provider.tenant.numbers().await, before);
}

#[tokio::test]
async fn a_groups_tag_moves_with_its_members() {
    let (provider, group, [ann, ..]) = three().await;
    let path = format!("/Groups/{group}");
    let tag = provider.get(&path).await.header("etag").to_owned();
    let known = crate::support::Caller::ask(&provider.bearer, "GET", &provider.path(&path));
    known.header("if-none-match", &tag).send().await.must_be(304);
    let swap = json!([{ "op": "remove", "path": "members", "value": [{ "value": ann }] }]);
    provider.patch_group(&group, swap).await;
    assert_ne!(provider.get(&path).await.header("etag"), tag);
}

#[tokio::test]
async fn a_group_of_departments_made_elsewhere_keeps_what_scim_has_no_name_for() {
    let provider = Provider::new().await;
    let made = json!({ "name": "Lab", "description": "Tests things" });
    let made = provider.tenant.post("/departments", made).await.must_be(201).at("/id");
    let put = json!({ "displayName": "Works" });
    provider.send("PUT", &format!("/Groups/{made}"), put).await.must_be(200);
    let shown = provider.tenant.get(&format!("/departments/{made}")).await;
    assert_eq!((shown.at("/name"), shown.at("/description")), ("Works".into(), "Tests things".into()));
}
