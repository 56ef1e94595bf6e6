//! What of a resource is shown, and in which order resources come.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

use scim::projection::Projection;
use scim::sort::{Sort, SortKey};
use scim::{Kind, Map, resource};
use serde_json::{Value, json};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn object(value: &Value) -> Map {
    value.as_object().unwrap().clone()
}

fn anna() -> Map {
    object(&json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "1",
        "userName": "anna",
        "password": "never",
        "name": { "givenName": "Anna", "familyName": "B" },
        "emails": [{ "value": "a@x", "type": "work" }, { "type": "home" }],
        "shoeSize": 42,
        "meta": { "created": "2011-05-13T04:42:34Z", "version": "W/1" },
        ENTERPRISE: { "department": "D", "manager": { "value": "m", "displayName": "M" } },
        "urn:acme:2.0:User": { "floor": 7 },
    }))
}

/// The names that are shown, and how many bytes their values take.
#[track_caller]
fn check(attributes: Option<&str>, excluded: Option<&str>, expect: &Value) {
    let projection = Projection::parse(Kind::User, attributes, excluded);
    let mut shown = projection.apply(anna());
    assert_eq!(shown.shift_remove("id"), Some(json!("1")));
    assert!(shown.shift_remove("schemas").is_some());
    assert_eq!(&Value::Object(shown), expect);
}

#[test]
fn only_what_is_asked_for_is_shown() {
    check(Some("userName"), None, &json!({ "userName": "anna" }));
    check(
        Some(" USERNAME , nothing"),
        None,
        &json!({ "userName": "anna" }),
    );
    check(
        Some("name.familyName,emails.value"),
        None,
        &json!({ "name": { "familyName": "B" }, "emails": [{ "value": "a@x" }] }),
    );
    check(
        Some("name.familyName,name"),
        None,
        &json!({ "name": { "givenName": "Anna", "familyName": "B" } }),
    );
    let path = format!("{}:MANAGER.value", ENTERPRISE.to_uppercase());
    check(
        Some(&path),
        None,
        &json!({ ENTERPRISE: { "manager": { "value": "m" } } }),
    );
    check(
        Some("urn:acme:2.0:User"),
        None,
        &json!({ "urn:acme:2.0:User": { "floor": 7 } }),
    );
    check(
        Some("urn:acme:2.0:user:FLOOR,shoesize"),
        None,
        &json!({ "shoeSize": 42, "urn:acme:2.0:User": { "floor": 7 } }),
    );
    check(
        Some("urn:ietf:params:scim:schemas:core:2.0:User:userName"),
        None,
        &json!({ "userName": "anna" }),
    );
    check(Some("password"), None, &json!({}));
    check(Some("department"), None, &json!({}));
    check(
        Some("meta.version"),
        Some("meta"),
        &json!({ "meta": { "version": "W/1" } }),
    );
}

#[test]
fn what_is_excluded_is_not_shown() {
    let mut all = anna();
    for name in ["id", "schemas", "password"] {
        all.shift_remove(name);
    }
    check(None, None, &Value::Object(all.clone()));
    check(Some(""), Some(" "), &Value::Object(all.clone()));
    check(None, Some("id,schemas"), &Value::Object(all.clone()));
    for name in ["emails", "meta", ENTERPRISE] {
        all.shift_remove(name);
    }
    all["name"] = json!({ "givenName": "Anna" });
    check(
        None,
        Some(&format!(
            "EMAILS,name.familyName,meta,{ENTERPRISE}:department,{ENTERPRISE}:manager"
        )),
        &Value::Object(all),
    );
}

#[test]
fn what_is_not_shown_need_not_be_fetched() {
    let without = Projection::parse(Kind::Group, None, Some("Members"));
    assert!(!without.shows("members") && without.shows("displayName") && without.shows("id"));
    assert!(Projection::parse(Kind::Group, None, Some("members.display")).shows("members"));
    assert!(Projection::parse(Kind::Group, Some("members.value"), None).shows("members"));
    assert!(!Projection::parse(Kind::Group, Some("displayName"), None).shows("members"));
    assert!(Projection::all(Kind::Group).shows("members"));
    let core = "urn:ietf:params:scim:schemas:core:2.0:Group";
    assert!(Projection::parse(Kind::Group, Some(core), None).shows("members"));
}

#[track_caller]
fn check_order(sort_by: &str, order: Option<&str>, expect: &str) {
    let mut people: Vec<Map> = [
        json!({ "id": "a", "userName": "Zoe", "externalId": "b", "active": true,
            "emails": [{ "value": "z@x" }, { "value": "a@x", "primary": true }],
            "meta": { "created": "2011-05-13T04:00:00Z" } }),
        json!({ "id": "b", "userName": "anna", "externalId": "B", "name": { "familyName": "Y" },
            "meta": { "created": "2011-05-13T05:00:00+02:00" } }),
        json!({ "id": "c", "userName": "Bob", "active": false, "emails": [{ "value": "M@x" }],
            "name": { "familyName": "x" }, "shoeSize": 7 }),
    ]
    .iter()
    .map(object)
    .collect();
    let sort = Sort::parse(Kind::User, sort_by, order).unwrap();
    people.sort_by(|left, right| sort.compare(&sort.key(left), &sort.key(right)));
    let ids: String = people
        .iter()
        .map(|person| person["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expect, "{sort_by} {order:?}");
    for person in &people {
        let key = sort.key(person);
        assert_eq!(SortKey::parse(&key.to_string()), Some(key));
    }
}

#[test]
fn of_a_long_text_the_beginning_counts() {
    let sort = Sort::parse(Kind::User, "title", None).unwrap();
    let key = |title: String| sort.key(&object(&json!({ "title": title })));
    let long = key("ä".repeat(10_000));
    assert_eq!(long, key("Ä".repeat(256)));
    assert_ne!(long, key("ä".repeat(255)));
    for garbage in ["", "-x", "x", "byes", "n", "m1.5", "ü"] {
        assert_eq!(SortKey::parse(garbage), None, "{garbage}");
    }
}

#[test]
fn resources_are_sorted_by_type_and_case() {
    check_order("userName", None, "bca");
    check_order("USERNAME", Some("Descending"), "acb");
    check_order("externalId", Some("ascending"), "bac");
    check_order("externalId", Some("descending"), "cab");
    check_order("emails", None, "acb");
    check_order("emails.value", Some("descending"), "bca");
    check_order("name.familyName", None, "cba");
    check_order("meta.created", None, "bac");
    check_order("active", None, "cab");
    check_order("shoeSize", None, "cab");
    check_order("nothing", None, "abc");
    check_order("nothing", Some("descending"), "abc");
    assert!(Sort::parse(Kind::User, "a.b.c", None).is_err());
    assert!(Sort::parse(Kind::User, "userName", Some("up")).is_err());
}

#[test]
fn a_resource_has_the_schemas_of_its_extensions() {
    let user = "urn:ietf:params:scim:schemas:core:2.0:User";
    assert_eq!(
        resource::schemas(Kind::User, &anna()),
        [user, ENTERPRISE, "urn:acme:2.0:User"]
    );
}
