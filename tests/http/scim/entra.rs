//! Entra ID's habits.

use serde_json::{Value, json};

use super::Provider;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

#[tokio::test]
async fn its_test_of_the_connection_finds_nobody() {
    let provider = Provider::new().await;
    let filter = r#"userName eq "non-existent-6f3d""#;
    assert_eq!(provider.found(filter).await, [""; 0]);
}

#[tokio::test]
async fn nulls_and_empty_lists_are_what_is_not_there() {
    let provider = Provider::new().await;
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "0a21f0f2", "userName": "Test_User", "active": true,
        "displayName": null, "emails": [], "title": null, "roles": [],
        "name": { "formatted": null, "familyName": "familyName", "givenName": "givenName" },
        "meta": { "resourceType": "User" },
    });
    let created = provider.send("POST", "/Users", body).await.must_be(201).json();
    for absent in ["displayName", "emails", "title", "roles"] {
        assert_eq!(created.get(absent), None, "{absent}");
    }
    assert_eq!(created["name"], json!({ "givenName": "givenName", "familyName": "familyName" }));
    assert!(!created.to_string().contains("null"));
}

#[tokio::test]
async fn its_patches_mean_what_they_say() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann", "externalId": "7" })).await;
    let rows: [(Value, &str, Value); 9] = [
        (json!({ "op": "Replace", "path": "active", "value": "False" }), "/active", json!(false)),
        (json!({ "op": "Replace", "path": "active", "value": "True" }), "/active", json!(true)),
        (
            json!({ "op": "Add", "path": "emails[type eq \"work\"].value", "value": "ann@example.com" }),
            "/emails/0/value",
            json!("ann@example.com"),
        ),
        (json!({ "op": "Add", "path": "name.givenName", "value": "Ann" }), "/name/givenName", json!("Ann")),
        (
            json!({ "op": "Replace", "value": { "name.familyName": "Bee", "title": "Clerk" } }),
            "/name/familyName",
            json!("Bee"),
        ),
        (
            json!({ "op": "Add", "path": format!("{ENTERPRISE}:employeeNumber"), "value": "701" }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/employeeNumber",
            json!("701"),
        ),
        (
            json!({ "op": "Add", "path": format!("{ENTERPRISE}:manager"), "value": "boss@example.com" }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/manager/value",
            json!("boss@example.com"),
        ),
        (
            json!({ "op": "Replace", "value": { (format!("{ENTERPRISE}:department")): "Sales" } }),
            "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department",
            json!("Sales"),
        ),
        (json!({ "op": "Replace", "path": "displayName", "value": ["Ann Bee"] }), "/displayName", json!("Ann Bee")),
    ];
    for (operation, pointer, expected) in rows {
        let answer = provider.patch(&id, json!([operation])).await.must_be(200).json();
        assert_eq!(answer.pointer(pointer), Some(&expected), "{operation}");
    }
    let gateway = provider.gateway("7").await;
    let user = &gateway["user"];
    assert_eq!(user["email_addr"], "ann@example.com");
    assert_eq!(user["full_name"], "Ann Bee");
    assert_eq!(user["employment_info"]["department"], "Sales");
    assert_eq!(user["employment_info"]["manager_email"], "boss@example.com");
    assert_eq!(user["custom_attributes"]["employee_number"], "701");
    let cleared = json!([
        { "op": "Remove", "path": "title" },
        { "op": "Replace", "path": format!("{ENTERPRISE}:manager"), "value": "" },
        { "op": "Remove", "path": "emails[type eq \"work\"]" },
    ]);
    provider.patch(&id, cleared).await.must_be(200);
    let gateway = provider.gateway("7").await;
    assert_eq!(gateway["user"].get("email_addr"), None);
    assert_eq!(gateway["user"]["employment_info"], json!({ "department": "Sales" }));
}

#[tokio::test]
async fn its_filters_find_whom_they_name() {
    let provider = Provider::new().await;
    let ann = provider
        .user(json!({
            "userName": "Ann@Example.com", "externalId": "A-7", "displayName": "Ann Bee",
            "emails": [{ "value": "ann@work.example", "type": "work" }, { "value": "a@home.example", "type": "home" }],
        }))
        .await;
    provider.user(json!({ "userName": "bob", "externalId": "a-7" })).await;
    for filter in [
        r#"userName eq "ann@example.COM""#,
        r#"USERNAME EQ "ann@example.com""#,
        r#"externalId eq "A-7""#,
        r#"displayName eq "ann bee""#,
        r#"emails.value eq "A@HOME.example""#,
        r#"displayName eq "Ann Bee" and emails[type eq "home"]"#,
        r#"emails[type eq "work"].value eq "ann@work.example""#,
        r#"emails.value eq "a@home.example""#,
        r#"externalId eq "A-7" and active eq true"#,
        r#"not (userName eq "bob")"#,
        r#"userName sw "ann" and emails pr"#,
    ] {
        assert_eq!(provider.found(filter).await, [ann.as_str()], "{filter}");
    }
    let wrong = r#"emails[type eq "home"].value eq "ann@work.example""#;
    assert_eq!(provider.found(wrong).await, [""; 0]);
}

#[tokio::test]
async fn a_patch_is_made_whole_or_not_at_all() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann" })).await;
    let before = provider.tenant.numbers().await;
    let half = json!([
        { "op": "Replace", "path": "title", "value": "Boss" },
        { "op": "Replace", "path": "groups", "value": [] },
    ]);
    let refused = provider.patch(&id, half).await.must_be(400);
    assert_eq!(refused.at("/scimType"), "mutability");
    assert_eq!(provider.get(&format!("/Users/{id}")).await.json().get("title"), None);
    assert_eq!(provider.tenant.numbers().await, before);
}

#[tokio::test]
async fn whoever_has_an_odd_value_is_found_by_it_too() {
    let provider = Provider::new().await;
    let long = format!("Ann {}", "Bee".repeat(100));
    let odd = provider
        .user(json!({
            "userName": "odd", "displayName": long,
            "emails": [{ "value": "a\"b\\c@É.example", "type": "other" }, { "value": "o@x.example" }],
        }))
        .await;
    provider.user(json!({ "userName": "other", "displayName": "Ann" })).await;
    for filter in [
        format!("displayName eq \"{long}\""),
        r#"emails.value eq "A\"B\\C@é.example""#.to_owned(),
        r#"emails.value eq "O@X.EXAMPLE""#.to_owned(),
    ] {
        assert_eq!(provider.found(&filter).await, [odd.as_str()], "{filter}");
    }
}

#[tokio::test]
async fn a_manager_is_named_by_the_id_of_a_user() {
    let provider = Provider::new().await;
    let boss = json!({ "userName": "boss", "emails": [{ "value": "boss@example.com", "type": "work" }] });
    let boss = provider.user(boss).await;
    let ann = provider.user(json!({ "userName": "ann", "externalId": "ann" })).await;
    let manager = |value: Value| {
        let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
        json!([{ "op": "Add", "path": path, "value": value }])
    };
    let address = async || {
        let user = provider.gateway("ann").await["user"].clone();
        user["employment_info"]["manager_email"].clone()
    };
    let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let named = provider.patch(&ann, manager(boss.as_str().into())).await.must_be(200).json();
    assert_eq!(named[urn]["manager"]["value"], boss.as_str());
    assert_eq!(address().await, "boss@example.com");
    // An address says it itself.
    let other = manager(json!({ "value": "other@example.com" }));
    provider.patch(&ann, other).await.must_be(200);
    assert_eq!(address().await, "other@example.com");
    // Whom nobody knows has no address, and takes none away that was not theirs.
    let put = json!({ "userName": "ann", "externalId": "ann", urn: { "manager": { "value": boss } } });
    let path = format!("/Users/{ann}");
    provider.send("PUT", &path, put).await.must_be(200);
    assert_eq!(address().await, "boss@example.com");
    let put = json!({ "userName": "ann", "externalId": "ann" });
    provider.send("PUT", &path, put).await.must_be(200);
    assert_eq!(address().await, Value::Null);
}
