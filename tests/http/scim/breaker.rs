//! Too many who leave at once: the rest is held, whoever asked is told that it is done, and a person
//! has the last word.

use std::time::Duration;

use rollcall::model::id::UserId;
use rollcall::model::provisioning::ProvisioningChange;
use rollcall::model::scope::Scope;
use rollcall::operations::provisioning::holds::{self, Whom, Word};
use serde_json::{Value, json};

use super::{Provider, escaped};
use crate::support::Caller;

impl Provider {
    /// Creates so many people, and says their ids.
    async fn people(&self, count: usize) -> Vec<String> {
        let mut ids = Vec::with_capacity(count);
        for number in 0..count {
            let name = format!("user{number}");
            ids.push(self.user(json!({ "userName": name, "externalId": name })).await);
        }
        ids
    }

    async fn decide(&self, word: Word, users: Option<&[String]>) -> usize {
        let parsed = |id: &String| UserId::parse(id).unwrap();
        let named = |users: &[String]| Whom::Named(users.iter().map(parsed).collect());
        let app = self.tenant.world.app();
        holds::decide(app, &self.person(), word, users.map_or(Whom::All, named)).await.unwrap()
    }

    /// Whose intents wait.
    async fn waiting(&self) -> usize {
        let app = self.tenant.world.app();
        holds::page(app, &self.person(), None, 1_000).await.unwrap().len()
    }

    /// How many people the Clients API has.
    async fn present(&self) -> String {
        self.tenant.get("/users").await.must_be(200).at("/total_count")
    }

    async fn active(&self, id: &str, is_active: bool) -> Value {
        let change = json!([{ "op": "replace", "path": "active", "value": is_active }]);
        self.patch(id, change).await.must_be(200).json()["active"].clone()
    }

    async fn state(&self, id: &str) -> String {
        let path = format!("/users/{id}/profile");
        self.tenant.get(&path).await.must_be(200).at("/state")
    }
}

#[tokio::test]
async fn what_is_deleted_too_often_is_gone_for_who_asked_and_stays_until_a_person_agrees() {
    let provider = Provider::new().await;
    let ids = provider.people(30).await;
    for id in &ids {
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    // 19 are fewer than are ever too many.
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("11", 11));
    for id in &ids {
        provider.get(&format!("/Users/{id}")).await.must_be(404);
        provider.active_is_404(id).await;
    }
    assert_eq!(provider.get("/Users").await.at("/totalResults"), "0");
    for filter in [
        r#"userName eq "user29""#,
        r#"externalId eq "user29""#,
        r#"userName sw "user""#,
        "active eq true",
    ] {
        assert!(provider.found(filter).await.is_empty(), "{filter}");
    }
    assert_eq!(provider.state(&ids[29]).await, "ACTIVE");
    assert_eq!(provider.gateway("user29").await["user"]["state"], "ACTIVE");
    assert_eq!(provider.gateway("user0").await["user"]["state"], "INACTIVE");
    let before = provider.tenant.get(&format!("/users/{}", ids[28])).await.at("/updated_at");
    provider.tenant.world.clock().advance(Duration::from_secs(60));
    // One at a time, and then all.
    assert_eq!(provider.decide(Word::Reject, Some(&ids[28..29])).await, 1);
    provider.get(&format!("/Users/{}", ids[28])).await.must_be(200);
    // Nothing that anybody sees of them changed.
    let after = provider.tenant.get(&format!("/users/{}", ids[28])).await.at("/updated_at");
    assert_eq!(after, before);
    assert_eq!(provider.decide(Word::Approve, Some(&ids[29..])).await, 1);
    assert_eq!(provider.gateway("user29").await["user"]["state"], "INACTIVE");
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("10", 9));
    assert_eq!(provider.decide(Word::Approve, None).await, 9);
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("1", 0));
    assert_eq!(provider.decide(Word::Approve, None).await, 0);
}

impl Provider {
    /// Nobody is there to be changed.
    async fn active_is_404(&self, id: &str) {
        let change = json!([{ "op": "replace", "path": "active", "value": true }]);
        self.patch(id, change).await.must_be(404);
        self.send("PUT", &format!("/Users/{id}"), json!({ "userName": "x" })).await.must_be(404);
        self.delete(&format!("/Users/{id}")).await.must_be(404);
    }
}

#[tokio::test]
async fn what_is_deactivated_too_often_is_inactive_for_who_asked_alone() {
    let provider = Provider::new().await;
    let ids = provider.people(21).await;
    for id in &ids {
        assert_eq!(provider.active(id, false).await, false);
    }
    assert_eq!(provider.waiting().await, 2);
    let held = &ids[20];
    assert_eq!(provider.get(&format!("/Users/{held}")).await.at("/active"), "false");
    assert_eq!(provider.found("active eq false").await.len(), 21);
    assert_eq!(provider.state(held).await, "ACTIVE");
    // What else is said of them counts, and says nothing of their leaving.
    let put = json!({ "userName": "user20", "externalId": "user20", "active": false, "title": "Clerk" });
    let put = provider.send("PUT", &format!("/Users/{held}"), put).await.must_be(200);
    assert_eq!((put.at("/active"), put.at("/title")), ("false".into(), "Clerk".into()));
    assert_eq!(provider.state(held).await, "ACTIVE");
    assert_eq!(provider.gateway("user20").await["user"]["employment_info"]["role"], "Clerk");
    assert_eq!(provider.waiting().await, 2);
    // Who is wanted back waits for nothing.
    assert_eq!(provider.active(held, true).await, true);
    assert_eq!(provider.waiting().await, 1);
    assert_eq!(provider.decide(Word::Approve, None).await, 1);
    assert_eq!(provider.state(&ids[19]).await, "INACTIVE");
    // Whose wave was right begins to be counted anew.
    assert_eq!(provider.active(held, false).await, false);
    assert_eq!((provider.state(held).await.as_str(), provider.waiting().await), ("INACTIVE", 0));
}

#[tokio::test]
async fn who_waits_to_be_deleted_comes_back_under_the_same_id() {
    let provider = Provider::new().await;
    let ids = provider.people(20).await;
    for id in &ids {
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    assert_eq!(provider.waiting().await, 1);
    // The Clients API knows that they are there.
    let taken = json!({ "username": "user19", "user_key": "user19" });
    provider.tenant.post("/users", taken).await.must_be(409);
    let again = json!({ "userName": "user19", "externalId": "user19", "title": "Clerk" });
    assert_eq!(provider.user(again.clone()).await, ids[19]);
    assert_eq!(provider.waiting().await, 0);
    let shown = provider.get(&format!("/Users/{}", ids[19])).await.must_be(200);
    assert_eq!((shown.at("/active"), shown.at("/title")), ("true".into(), "Clerk".into()));
    // Nor does anybody leave by coming back.
    provider.delete(&format!("/Users/{}", ids[19])).await.must_be(204);
    let mut inactive = again;
    inactive["active"] = false.into();
    let made = provider.send("POST", "/Users", inactive).await.must_be(201);
    assert_eq!((made.at("/id"), made.at("/active")), (ids[19].clone(), "false".into()));
    assert_eq!(provider.state(&ids[19]).await, "ACTIVE");
    assert_eq!(provider.waiting().await, 1);
}

#[tokio::test]
async fn each_source_has_its_own_count_and_each_hour_another() {
    let provider = Provider::new().await;
    let ids = provider.people(60).await;
    let other = provider.tenant.token(&[Scope::Scim]).await;
    let delete_by_other = async |id: &String| {
        let path = provider.path(&format!("/Users/{id}"));
        other.delete(&path).await.must_be(204);
    };
    for id in &ids[..19] {
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    for id in &ids[19..38] {
        delete_by_other(id).await;
    }
    assert_eq!(provider.waiting().await, 0);
    provider.delete(&format!("/Users/{}", ids[38])).await.must_be(204);
    delete_by_other(&ids[39]).await;
    assert_eq!(provider.waiting().await, 2);
    provider.tenant.world.clock().advance(Duration::from_secs(60 * 60));
    provider.delete(&format!("/Users/{}", ids[40])).await.must_be(204);
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("21", 2));
    // A word on one's wave is none on the other's, nor on what came after it.
    let (app, person) = (provider.tenant.world.app(), provider.person());
    let waves = holds::waves(app, &person).await.unwrap();
    let counts: Vec<_> = waves.iter().map(|it| (it.deactivations, it.deletions)).collect();
    assert_eq!(counts, [(0, 1), (0, 1)]);
    let until = |ms| Whom::OfSource(waves[0].by, waves[0].last_at.plus_milliseconds(ms));
    assert_eq!(holds::decide(app, &person, Word::Reject, until(-1)).await, Ok(0));
    assert_eq!(holds::decide(app, &person, Word::Reject, until(0)).await, Ok(1));
    assert_eq!(holds::waves(app, &person).await.unwrap(), waves[1..]);
}

#[tokio::test]
async fn a_client_sets_how_many_are_too_many_or_that_none_are() {
    let provider = Provider::new().await;
    let ids = provider.people(12).await;
    let few = ProvisioningChange {
        breaker_users_min: Some(2),
        breaker_share_percent: Some(50),
        ..ProvisioningChange::default()
    };
    provider.settings(few).await;
    // 4 of 8 are half of them; 5 of 8 are more.
    for id in &ids[..5] {
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("8", 1));
    let off = ProvisioningChange {
        breaker_is_on: Some(false),
        ..ProvisioningChange::default()
    };
    provider.settings(off).await;
    for id in &ids[5..] {
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("1", 1));
    let metrics = provider.tenant.world.anonymous().get("/metrics").await.must_be(200);
    for line in ["rollcall_scim_held_total 1", "rollcall_scim_holds 1"] {
        assert!(metrics.text().lines().any(|found| found == line), "{line}");
    }
}

#[tokio::test]
async fn one_who_leaves_twice_leaves_once() {
    let provider = Provider::new().await;
    let ids = provider.people(30).await;
    for id in &ids[..19] {
        assert_eq!(provider.active(id, false).await, false);
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    assert_eq!((provider.present().await.as_str(), provider.waiting().await), ("11", 0));
    // Who came back has not left.
    for _ in 0..3 {
        let again = json!({ "userName": "user0", "externalId": "user0" });
        assert_eq!(provider.user(again).await, ids[0]);
        provider.delete(&format!("/Users/{}", ids[0])).await.must_be(204);
    }
    assert_eq!(provider.waiting().await, 0);
}

#[tokio::test]
async fn whose_state_is_pinned_neither_leaves_nor_is_held() {
    let provider = Provider::new().await;
    let ids = provider.people(21).await;
    let pinned = format!("/users/{}/provenance", ids[0]);
    let pin = json!({ "pinned": { "profile.state": true } });
    provider.tenant.patch(&pinned, pin).await.must_be(200);
    assert_eq!(provider.active(&ids[0], false).await, true);
    for id in &ids[1..20] {
        assert_eq!(provider.active(id, false).await, false);
    }
    assert_eq!(provider.waiting().await, 0);
    assert_eq!(provider.active(&ids[0], false).await, true);
    assert_eq!(provider.active(&ids[20], false).await, false);
    assert_eq!(provider.waiting().await, 1);
    provider.decide(Word::Approve, None).await;
    assert_eq!(provider.state(&ids[0]).await, "ACTIVE");
}

#[tokio::test]
async fn a_group_lacks_whoever_waits_to_be_deleted_for_who_asked() {
    let provider = Provider::new().await;
    let ids = provider.people(20).await;
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    let group = json!({ "displayName": "Lab", "members": members });
    let group = provider.send("POST", "/Groups", group).await.must_be(201).at("/id");
    for id in &ids {
        provider.delete(&format!("/Users/{id}")).await.must_be(204);
    }
    let shown = provider.get(&format!("/Groups/{group}")).await.must_be(200);
    assert_eq!(shown.json().get("members"), None);
    let found = format!("/Groups?filter={}", escaped(&format!("members eq \"{}\"", ids[19])));
    assert_eq!(provider.get(&found).await.at("/totalResults"), "0");
    let count = provider.tenant.get(&format!("/departments/{group}")).await.at("/member_count");
    assert_eq!(count, "1");
}

#[tokio::test]
async fn a_client_says_what_user_keys_are_made_of() {
    use rollcall::model::provisioning::KeySource;
    let provider = Provider::new().await;
    let by_email = ProvisioningChange {
        user_key: Some(KeySource::Email),
        ..ProvisioningChange::default()
    };
    provider.settings(by_email).await;
    let email = |address: &str| json!([{ "value": address, "type": "work" }]);
    let ann = json!({ "userName": "ann", "emails": email("Ann@Example.com") });
    let ann = provider.user(ann).await;
    let bob = provider.user(json!({ "userName": "bob" })).await;
    let key = async |id: &str| provider.tenant.get(&format!("/users/{id}")).await.at("/user_key");
    assert_eq!((key(&ann).await, key(&bob).await), ("Ann@Example.com".into(), "bob".into()));
    let change = |address: &str| json!([{ "op": "replace", "value": { "emails": email(address) } }]);
    provider.patch(&ann, change("ann@new.example")).await.must_be(200);
    assert_eq!(key(&ann).await, "ann@new.example");
    let taken = provider.patch(&bob, change("ANN@new.example")).await.must_be(409);
    assert_eq!(taken.at("/scimType"), "uniqueness");
    assert_eq!(key(&bob).await, "bob");
}
