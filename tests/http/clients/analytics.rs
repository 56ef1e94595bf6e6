//! `/v2/clients/{client_id}/analytics/users/{user_id}/activity`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Tenant;

/// Somebody who was seen on a few days, reported in no order. It is 2026-02-24.
async fn anna() -> (Tenant, String) {
    let client = Tenant::new().await;
    let id = client.user("anna").await;
    for (channel, at) in [
        ("web", "2026-02-24T00:00:00Z"),
        ("desktop", "2026-02-21T23:59:59.999Z"),
        ("web", "2026-02-21T01:00:00Z"),
        ("web", "2026-02-23T00:30:00+01:00"),
        ("desktop", "2026-02-21T08:00:00Z"),
    ] {
        client.seen("anna", channel, at).await;
    }
    (client, id)
}

impl Tenant {
    async fn days(&self, user: &str, query: &str) -> crate::support::Answer {
        let path = format!("/analytics/users/{user}/activity?{query}");
        self.get(&path).await
    }

    /// The days of the period that have a value, and the value.
    async fn seen_on(&self, user: &str, query: &str) -> Vec<(String, u64)> {
        let answer = self.days(user, query).await.must_be(200);
        let json = answer.json();
        let entries = json["data"].as_array().unwrap().iter();
        let entries = entries.map(|entry| {
            let date = entry["date"].as_str().unwrap().to_owned();
            (date, entry["value"].as_u64().unwrap())
        });
        entries.filter(|(_, value)| *value > 0).collect()
    }
}

#[tokio::test]
async fn each_day_of_the_period_says_on_how_many_channels_somebody_was_seen() {
    let (client, id) = anna().await;
    let query = "granularity=day&start_date=2026-02-20&end_date=2026-02-25";
    assert_snapshot!(client.days(&id, query).await, @r#"200 {"metric":"activity","label":"Activity","period":{"start":"2026-02-20","end":"2026-02-25"},"data":[{"date":"2026-02-20","value":0},{"date":"2026-02-21","value":2},{"date":"2026-02-22","value":1},{"date":"2026-02-23","value":0},{"date":"2026-02-24","value":1},{"date":"2026-02-25","value":0}]}"#);
    let query = "start_date=2026-02-21&end_date=2026-02-22&channel=web";
    assert_snapshot!(client.days(&id, query).await, @r#"200 {"metric":"activity","label":"Activity","period":{"start":"2026-02-21","end":"2026-02-22"},"data":[{"date":"2026-02-21","value":1},{"date":"2026-02-22","value":1}]}"#);
    let query = "start_date=2026-02-21&end_date=2026-02-22&channel=desktop";
    assert_snapshot!(client.days(&id, query).await, @r#"200 {"metric":"activity","label":"Activity","period":{"start":"2026-02-21","end":"2026-02-22"},"data":[{"date":"2026-02-21","value":1},{"date":"2026-02-22","value":0}]}"#);
}

#[tokio::test]
async fn without_dates_the_period_is_the_last_thirty_days() {
    let (client, id) = anna().await;
    client.seen("anna", "web", "2026-01-26T12:00:00Z").await;
    client.seen("anna", "web", "2026-01-25T12:00:00Z").await;
    let answer = client.days(&id, "").await.must_be(200);
    assert_eq!(answer.at("/period"), r#"{"start":"2026-01-26","end":"2026-02-24"}"#);
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 30);
    let seen = client.seen_on(&id, "").await;
    let expected = [("2026-01-26", 1), ("2026-02-21", 2), ("2026-02-22", 1), ("2026-02-24", 1)];
    assert_eq!(seen, expected.map(|(date, value)| (date.to_owned(), value)));
    let answer = client.days(&id, "end_date=2026-01-25").await.must_be(200);
    assert_eq!(answer.at("/period/start"), "2025-12-27");
    let answer = client.days(&id, "start_date=2025-01-21").await.must_be(200);
    assert_eq!(answer.json()["data"].as_array().unwrap().len(), 400);
}

#[tokio::test]
async fn days_are_known_for_400_days_and_earlier_ones_are_not() {
    let (client, id) = anna().await;
    client.seen("anna", "web", "2025-01-21T00:00:00Z").await;
    client.seen("anna", "web", "2025-01-20T23:59:59Z").await;
    let query = "start_date=2025-01-01&end_date=2025-02-01";
    assert_eq!(client.seen_on(&id, query).await, [("2025-01-21".to_owned(), 1)]);
    client.world.clock().advance(Duration::from_secs(24 * 3_600));
    assert!(client.seen_on(&id, query).await.is_empty());
}

#[tokio::test]
async fn what_is_asked_for_wrongly_is_refused_by_its_name() {
    let (client, id) = anna().await;
    for (query, field) in [
        ("granularity=week", "granularity"),
        ("granularity=", "granularity"),
        ("granularity=DAY", "granularity"),
        ("start_date=yesterday", "start_date"),
        ("start_date=2026-02-30", "start_date"),
        ("start_date=2026-02-24T00:00:00Z", "start_date"),
        ("end_date=24.02.2026", "end_date"),
        ("end_date=", "end_date"),
        ("start_date=2026-02-25", "start_date"),
        ("start_date=2026-02-02&end_date=2026-02-01", "start_date"),
        ("start_date=2025-01-20", "start_date"),
        ("start_date=0000-01-01&end_date=9999-12-30", "start_date"),
        ("channel=mobile", "channel"),
        ("channel=web&channel=web", "channel"),
        ("user_id=1", "user_id"),
    ] {
        let answer = client.days(&id, query).await.must_be(400);
        assert_eq!(answer.at("/error/code"), "invalid_request", "{query}");
        assert_eq!(answer.at("/error/details/field"), field, "{query}");
    }
}

#[tokio::test]
async fn who_is_unknown_anothers_or_deleted_is_not_found() {
    let (client, id) = anna().await;
    let other = Tenant::within(&client.world, "Other").await;
    for (tenant, user) in [(&other, id.as_str()), (&client, "nobody")] {
        let answer = tenant.days(user, "").await.must_be(404);
        assert_eq!(answer.at("/error/details/user_id"), user);
    }
    client.delete(&format!("/users/{id}")).await.must_be(204);
    client.days(&id, "").await.must_be(404);
    // Who comes back was seen when they were.
    client.post(&format!("/users/{id}/restore"), json!({})).await.must_be(200);
    assert_eq!(client.seen_on(&id, "start_date=2026-02-24").await.len(), 1);
}
