//! People found by what no key of the record is.

use serde_json::json;

use super::Provider;

#[tokio::test]
async fn an_email_address_finds_whoever_has_it_now() {
    let provider = Provider::new().await;
    let ann = provider
        .user(json!({
            "userName": "ann",
            "emails": [
                { "value": "Ann@Example.com", "type": "work", "primary": true },
                { "value": "ann@home.example", "type": "home" },
            ],
        }))
        .await;
    let work = r#"emails[type eq "work"].value eq "ann@example.com""#;
    let home = r#"emails.value eq "ANN@home.example""#;
    let nobody: [&str; 0] = [];
    assert_eq!(provider.found(work).await, [ann.as_str()]);
    assert_eq!(provider.found(home).await, [ann.as_str()]);
    // From here on the lookup is there, and follows.
    let bob = provider
        .user(json!({ "userName": "bob", "emails": [{ "value": "bob@example.com" }] }))
        .await;
    assert_eq!(provider.found(r#"emails eq "bob@example.com""#).await, [bob.as_str()]);
    let moved = json!([
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "ann@new.example" },
    ]);
    provider.patch(&ann, moved).await.must_be(200);
    assert_eq!(provider.found(work).await, nobody);
    assert_eq!(provider.found(r#"emails eq "ann@NEW.example""#).await, [ann.as_str()]);
    // The Clients API is another door to the same field.
    let body = json!({ "email_addr": "ann@example.com" });
    let profile = format!("/users/{ann}/profile");
    provider.tenant.patch(&profile, body).await.must_be(200);
    assert_eq!(provider.found(work).await, [ann.as_str()]);
    provider.delete(&format!("/Users/{ann}")).await.must_be(204);
    assert_eq!(provider.found(work).await, nobody);
    assert_eq!(provider.found(home).await, nobody);
    let again = json!({ "userName": "ann", "emails": [{ "value": "ann@example.com", "type": "work" }] });
    assert_eq!(provider.user(again).await, ann);
    assert_eq!(provider.found(work).await, [ann.as_str()]);
    assert_eq!(provider.found(home).await, nobody);
}

#[tokio::test]
async fn a_display_name_finds_all_who_have_it() {
    let provider = Provider::new().await;
    let filter = r#"displayName eq "ann bee""#;
    let nobody: [&str; 0] = [];
    assert_eq!(provider.found(filter).await, nobody);
    let named = |user: &str| json!({ "userName": user, "displayName": "Ann Bee" });
    let mut both = [provider.user(named("a")).await, provider.user(named("b")).await];
    let other = provider.user(json!({ "userName": "c", "displayName": "Ann" })).await;
    both.sort_unstable();
    assert_eq!(provider.found(filter).await, both);
    let renamed = json!([{ "op": "replace", "value": { "displayName": "Ann Bee-Cee" } }]);
    provider.patch(&both[0], renamed).await.must_be(200);
    assert_eq!(provider.found(filter).await, both[1..]);
    let renamed = json!([{ "op": "replace", "value": { "displayName": "ANN BEE" } }]);
    provider.patch(&other, renamed).await.must_be(200);
    let mut now = [both[1].clone(), other];
    now.sort_unstable();
    assert_eq!(provider.found(filter).await, now);
}

#[tokio::test]
async fn a_groups_name_finds_it_until_it_has_another() {
    let provider = Provider::new().await;
    let group = |name: &str| json!({ "displayName": name });
    let found = async |name: &str| {
        let filter = super::escaped(&format!("displayName eq \"{name}\""));
        let answer = provider.get(&format!("/Groups?filter={filter}")).await.must_be(200);
        answer.each("/Resources", "/id")
    };
    let lab = provider.send("POST", "/Groups", group("Lab")).await.must_be(201).at("/id");
    let path = format!("/Groups/{lab}");
    assert_eq!(found("LAB").await, [lab.as_str()]);
    provider.send("PUT", &path, group("Workshop")).await.must_be(200);
    let other = provider.send("POST", "/Groups", group("lab")).await.must_be(201).at("/id");
    assert_eq!(found("Lab").await, [other.as_str()]);
    assert_eq!(found("workshop").await, [lab.as_str()]);
    provider.delete(&path).await.must_be(204);
    let nothing: [&str; 0] = [];
    assert_eq!(found("workshop").await, nothing);
}
