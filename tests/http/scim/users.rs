//! One user's whole life, and the same user in every dialect.

use serde_json::{Value, json};

use super::Provider;
use crate::support::Caller;

fn mike() -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:example:params:scim:schemas:badge:1.0:User"
        ],
        "userName": "Mike.Chang",
        "externalId": "00u1",
        "active": true,
        "displayName": "Mike Chang",
        "name": { "givenName": "Mike", "familyName": "Chang", "honorificPrefix": "Mr." },
        "nickName": "Mikey",
        "title": "Engineer",
        "userType": "FULL_TIME",
        "timezone": "Europe/Berlin",
        "emails": [
            { "value": "m@home.example", "type": "home" },
            { "value": "mike@example.com", "type": "work", "primary": true }
        ],
        "phoneNumbers": [{ "value": "+1 555 0100", "type": "work" }],
        "addresses": [{ "type": "work", "locality": "Berlin", "region": "EMEA", "streetAddress": "1 Way" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": "701984",
            "costCenter": "4130",
            "organization": "Universal Studios",
            "division": "Theme Park",
            "department": "Tour Operations",
            "manager": { "value": "boss@example.com" }
        },
        "urn:example:params:scim:schemas:badge:1.0:User": { "color": "green", "gates": [1, 2] }
    })
}

#[tokio::test]
async fn what_was_sent_is_shown_as_it_was_sent() {
    let provider = Provider::new().await;
    let created = provider.send("POST", "/Users", mike()).await.must_be(201);
    assert_eq!(created.header("content-type"), "application/scim+json");
    let id = created.at("/id");
    let location = format!("http://directory.example.com{}", provider.path(&format!("/Users/{id}")));
    assert_eq!(created.header("location"), location);
    let mut expected = mike();
    expected["id"] = id.clone().into();
    expected["meta"] = json!({
        "resourceType": "User",
        "created": "2026-02-24T12:00:00.000Z",
        "lastModified": "2026-02-24T12:00:00.000Z",
        "location": location,
        "version": created.header("etag"),
    });
    assert_eq!(created.json(), expected);
    let read = provider.get(&format!("/Users/{id}")).await.must_be(200);
    assert_eq!(read.json(), expected);
    assert_eq!(read.header("etag"), created.header("etag"));
}

#[tokio::test]
async fn whoever_is_provisioned_is_at_once_in_both_other_apis() {
    let provider = Provider::new().await;
    let id = provider.user(mike()).await;
    let clients = provider.tenant.get(&format!("/users/{id}")).await.must_be(200);
    assert_eq!(clients.at("/username"), "Mike.Chang");
    assert_eq!(clients.at("/user_key"), "Mike.Chang");
    let gateway = provider.gateway("00u1").await;
    let expected = json!({
        "state": "ACTIVE",
        "universal_identifier": "mike@example.com",
        "email_addr": "mike@example.com",
        "first_name": "Mike",
        "last_name": "Chang",
        "full_name": "Mike Chang",
        "work_status": "FULL_TIME",
        "employment_info": {
            "role": "Engineer",
            "manager_email": "boss@example.com",
            "cost_center_name": "4130",
            "department": "Tour Operations",
            "office_phone_number": "+1 555 0100",
            "employment_location": {
                "location": "Berlin",
                "region": "EMEA",
                "timezone": "Europe/Berlin",
            },
        },
        "custom_attributes": {
            "employee_number": "701984",
            "organization": "Universal Studios",
            "division": "Theme Park",
        },
    });
    assert_eq!(gateway["user"], expected);
    assert_eq!(gateway["system_identity"], json!({ "id": "00u1", "username": "Mike.Chang" }));
}

#[tokio::test]
async fn a_users_whole_life_shows_in_every_dialect() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann", "externalId": "7" })).await;
    let path = format!("/Users/{id}");
    let clients = format!("/users/{id}");
    let state = async || provider.gateway("7").await["user"]["state"].clone();
    assert_eq!(state().await, "ACTIVE");

    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    assert_eq!(provider.patch(&id, off).await.must_be(200).at("/active"), "false");
    assert_eq!(state().await, "INACTIVE");
    provider.tenant.get(&clients).await.must_be(200);
    assert_eq!(provider.found("active eq false").await, [id.as_str()]);

    let on = json!([{ "op": "replace", "path": "active", "value": true }]);
    assert_eq!(provider.patch(&id, on).await.must_be(200).at("/active"), "true");
    assert_eq!(state().await, "ACTIVE");

    let renamed = json!({ "userName": "Ann.B", "externalId": "7", "title": "Boss" });
    let renamed = provider.send("PUT", &path, renamed).await.must_be(200);
    assert_eq!(renamed.at("/title"), "Boss");
    let shown = provider.tenant.get(&clients).await.must_be(200);
    assert_eq!((shown.at("/username"), shown.at("/user_key")), ("Ann.B".into(), "Ann.B".into()));
    assert_eq!(provider.gateway("7").await["user"]["employment_info"]["role"], "Boss");

    provider.delete(&path).await.must_be(204);
    provider.get(&path).await.must_be(404);
    provider.delete(&path).await.must_be(404);
    assert_eq!(provider.found(r#"userName eq "ann.b""#).await, [""; 0]);
    assert_eq!(provider.found(r#"externalId eq "7""#).await, [""; 0]);
    provider.tenant.get(&clients).await.must_be(404);
    assert_eq!(state().await, "INACTIVE");

    // Again, and under the same id.
    let again = json!({ "userName": "ANN.B", "externalId": "7" });
    assert_eq!(provider.user(again).await, id);
    assert_eq!(state().await, "ACTIVE");
    assert_eq!(provider.tenant.get(&clients).await.must_be(200).at("/username"), "ANN.B");
}

#[tokio::test]
async fn what_others_change_shows_and_what_they_set_stays() {
    let provider = Provider::new().await;
    let id = provider.user(mike()).await;
    let lab = provider.tenant.department("Lab").await;
    provider.tenant.assign(&id, &[&lab]).await;
    let profile = json!({
        "email_addr": "new@example.com",
        "last_name": null,
        "employment_info": { "role": "Chief", "cost_center_id": "CC-1" },
    });
    let path = format!("/users/{id}/profile");
    provider.tenant.patch(&path, profile).await.must_be(200);
    let shown = provider.get(&format!("/Users/{id}")).await.must_be(200).json();
    assert_eq!(shown["emails"], json!([
        { "value": "m@home.example", "type": "home" },
        { "value": "new@example.com", "type": "work", "primary": true }
    ]));
    assert_eq!(shown["name"], json!({ "givenName": "Mike", "honorificPrefix": "Mr." }));
    assert_eq!(shown["title"], "Chief");
    assert_eq!(shown["nickName"], "Mikey");
    assert_eq!(shown["groups"][0]["value"], lab);
    assert_eq!(shown["groups"][0]["display"], "Lab");
    // What the identity provider has no name for, it does not take away.
    provider.send("PUT", &format!("/Users/{id}"), shown).await.must_be(200);
    let gateway = provider.gateway("00u1").await;
    assert_eq!(gateway["user"]["employment_info"]["cost_center_id"], "CC-1");
    assert_eq!(gateway["user"]["email_addr"], "new@example.com");
}

#[tokio::test]
async fn tags_spare_bodies_and_guard_writes() {
    let provider = Provider::new().await;
    let id = provider.user(json!({ "userName": "ann" })).await;
    let path = provider.path(&format!("/Users/{id}"));
    let tag = provider.get(&format!("/Users/{id}")).await.header("etag").to_owned();
    let again = provider.bearer.ask("GET", &path).header("if-none-match", &tag);
    let again = again.send().await.must_be(304);
    assert_eq!(again.text(), "");
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    provider.patch(&id, off).await.must_be(200);
    let stale = provider.bearer.ask("DELETE", &path).header("if-match", &tag);
    stale.send().await.must_be(412);
    provider.get(&format!("/Users/{id}")).await.must_be(200);
}

#[tokio::test]
async fn a_write_that_changes_nothing_moves_nothing() {
    let provider = Provider::new().await;
    let id = provider.user(mike()).await;
    let before = provider.tenant.numbers().await;
    let shown = provider.get(&format!("/Users/{id}")).await;
    let same = provider.send("PUT", &format!("/Users/{id}"), shown.json()).await;
    assert_eq!(same.must_be(200).json(), shown.json());
    assert_eq!(provider.tenant.numbers().await, before);
}
