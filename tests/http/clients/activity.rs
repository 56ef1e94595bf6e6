//! `/v2/clients/{client_id}/activity`

use insta::assert_snapshot;
use rollcall::model::scope::Scope;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Tenant};

async fn report(client: &Tenant, reports: Value) -> Answer {
    client
        .post("/activity", json!({ "reports": reports }))
        .await
}

async fn last_activity(client: &Tenant, id: &str) -> String {
    client
        .get(&format!("/users/{id}"))
        .await
        .at("/last_activity")
}

#[tokio::test]
async fn a_time_never_moves_backwards_whatever_order_reports_come_in() {
    let client = Tenant::new().await;
    let id = client.user("anna").await;
    for (channel, at, expected) in [
        (
            "desktop",
            "2026-02-24T10:00:00.123Z",
            r#"{"at":"2026-02-24T10:00:00.123Z","desktop_at":"2026-02-24T10:00:00.123Z","web_at":null}"#,
        ),
        (
            "web",
            "2026-02-20T10:00:00Z",
            r#"{"at":"2026-02-24T10:00:00.123Z","desktop_at":"2026-02-24T10:00:00.123Z","web_at":"2026-02-20T10:00:00.000Z"}"#,
        ),
        (
            "desktop",
            "2026-02-23T10:00:00Z",
            r#"{"at":"2026-02-24T10:00:00.123Z","desktop_at":"2026-02-24T10:00:00.123Z","web_at":"2026-02-20T10:00:00.000Z"}"#,
        ),
        (
            "web",
            "2026-02-24T12:30:00+02:00",
            r#"{"at":"2026-02-24T10:30:00.000Z","desktop_at":"2026-02-24T10:00:00.123Z","web_at":"2026-02-24T10:30:00.000Z"}"#,
        ),
    ] {
        client.seen("anna", channel, at).await;
        assert_eq!(last_activity(&client, &id).await, expected);
    }
    let within = [
        json!({"user_id": id, "channel": "web", "at": "2026-02-24T11:00:00Z"}),
        json!({"user_key": "ANNA", "channel": "web", "at": "2026-02-24T10:45:00Z"}),
    ];
    let answer = report(&client, json!(within)).await;
    assert_eq!(answer.to_string(), r#"202 {"accepted":2,"rejected":[]}"#);
    assert!(
        last_activity(&client, &id)
            .await
            .contains(r#""web_at":"2026-02-24T11:00:00.000Z""#)
    );
}

#[tokio::test]
async fn activity_never_touches_the_record() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let id = client.user("anna").await;
    let before = client.numbers().await.0;
    let gateway = client.gateway(&format!("/acme/users/{id}")).await;
    client
        .world
        .clock()
        .advance(std::time::Duration::from_secs(60));
    client.seen("anna", "web", "2026-02-24T12:00:30Z").await;
    let user = client.get(&format!("/users/{id}")).await;
    assert_eq!(user.at("/updated_at"), "2026-02-24T12:00:00.000Z");
    assert_eq!(client.numbers().await.0, before);
    let after = client.gateway(&format!("/acme/users/{id}")).await;
    assert_eq!(after.text(), gateway.text());
}

#[tokio::test]
async fn each_bad_report_is_rejected_by_its_place_and_the_others_are_taken_in() {
    let client = Tenant::new().await;
    let other = Tenant::within(&client.world, "Other").await;
    let id = client.user("anna").await;
    let gone = client.user("gone").await;
    client.delete(&format!("/users/{gone}")).await.must_be(204);
    let foreign = other.user("foreign").await;
    let at = "2026-02-24T11:00:00Z";
    let reports = json!([
        {"user_key": "anna", "channel": "web", "at": "2026-02-24T12:05:00.001Z"},
        {"user_key": "anna", "channel": "web", "at": "2026-02-24T12:05:00Z"},
        {"user_id": foreign, "channel": "web", "at": at},
        {"user_id": "nonsense", "channel": "web", "at": at},
        {"user_id": gone, "channel": "web", "at": at},
        {"user_key": "gone", "channel": "web", "at": at},
        {"user_key": "anna", "user_id": id, "channel": "web", "at": at},
        {"channel": "web", "at": at},
        {"user_key": "anna", "channel": "phone", "at": at},
        {"user_key": "anna", "at": at},
        {"user_key": "anna", "channel": "web", "at": "yesterday"},
        {"user_key": "anna", "channel": "web"},
        {"user_key": 7, "channel": "web", "at": at},
        {"user_key": "", "channel": "web", "at": at},
        {"user_key": "anna", "channel": "web", "at": at, "mood": "good"},
        "anna",
        {"user_id": id, "channel": "desktop", "at": at},
    ]);
    let answer = report(&client, reports).await;
    let pretty = serde_json::to_string_pretty(&answer.json()).unwrap();
    assert_eq!(answer.status, 202);
    assert_snapshot!(pretty, @r#"
{
  "accepted": 2,
  "rejected": [
    {
      "index": 0,
      "code": "clock_skew",
      "message": "at is more than 5 minutes in the future"
    },
    {
      "index": 2,
      "code": "not_found",
      "message": "User not found"
    },
    {
      "index": 3,
      "code": "not_found",
      "message": "User not found"
    },
    {
      "index": 4,
      "code": "not_found",
      "message": "The user was deleted"
    },
    {
      "index": 5,
      "code": "not_found",
      "message": "The user was deleted"
    },
    {
      "index": 6,
      "code": "invalid_request",
      "message": "a report names either user_key or user_id"
    },
    {
      "index": 7,
      "code": "invalid_request",
      "message": "a report names either user_key or user_id"
    },
    {
      "index": 8,
      "code": "invalid_request",
      "message": "channel must be desktop or web"
    },
    {
      "index": 9,
      "code": "invalid_request",
      "message": "channel must be desktop or web"
    },
    {
      "index": 10,
      "code": "invalid_request",
      "message": "at must be a time like 2026-02-24T21:23:53Z"
    },
    {
      "index": 11,
      "code": "invalid_request",
      "message": "at must be a time like 2026-02-24T21:23:53Z"
    },
    {
      "index": 12,
      "code": "invalid_request",
      "message": "user_key must be text"
    },
    {
      "index": 13,
      "code": "invalid_request",
      "message": "user_key must not be empty"
    },
    {
      "index": 14,
      "code": "invalid_request",
      "message": "mood is not a field of a report"
    },
    {
      "index": 15,
      "code": "invalid_request",
      "message": "a report must be an object"
    }
  ]
}
"#);
    assert_eq!(
        last_activity(&client, &id).await,
        r#"{"at":"2026-02-24T12:05:00.000Z","desktop_at":"2026-02-24T11:00:00.000Z","web_at":"2026-02-24T12:05:00.000Z"}"#
    );
}

#[tokio::test]
async fn an_unknown_key_is_enrolled_only_by_who_may() {
    let client = Tenant::new().await;
    let agent = client.token(&[Scope::ActivityWrite]).await;
    let reports = json!({"reports": [
        {"user_key": "New.User", "channel": "desktop", "at": "2026-02-24T11:00:00Z"},
        {"user_key": "new.user", "channel": "web", "at": "2026-02-24T11:30:00Z"},
    ]});
    let path = client.path("/activity");
    assert_snapshot!(agent.post(&path, reports.clone()).await, @r#"202 {"accepted":0,"rejected":[{"index":0,"code":"not_found","message":"User not found"},{"index":1,"code":"not_found","message":"User not found"}]}"#);
    assert_eq!(client.get("/users").await.at("/total_count"), "0");
    let enroller = client
        .token(&[Scope::ActivityWrite, Scope::UsersEnroll])
        .await;
    let answer = enroller.post(&path, reports).await;
    assert_eq!(answer.to_string(), r#"202 {"accepted":2,"rejected":[]}"#);
    assert_snapshot!(client.get("/users").await, @r#"200 {"data":[{"id":"019c8f85-3e00-7000-8000-000000000005","username":"New.User","user_key":"New.User","last_activity":{"at":"2026-02-24T11:30:00.000Z","desktop_at":"2026-02-24T11:00:00.000Z","web_at":"2026-02-24T11:30:00.000Z"},"departments":[],"created_at":"2026-02-24T12:00:00.000Z","updated_at":"2026-02-24T12:00:00.000Z"}],"total_count":1,"next_cursor":null}"#);
}

#[tokio::test]
async fn a_body_that_is_no_list_of_at_most_1000_reports_is_refused() {
    let client = Tenant::new().await;
    client.user("anna").await;
    let report = json!({"user_key": "anna", "channel": "web", "at": "2026-02-24T11:00:00Z"});
    for (body, field) in [
        (json!({}), "reports"),
        (json!({"reports": null}), "reports"),
        (json!({"reports": report}), "reports"),
        (json!({"reports": vec![report.clone(); 1001]}), "reports"),
        (json!({"reports": [], "x": 1}), "x"),
    ] {
        let answer = client.post("/activity", body).await;
        assert_eq!(answer.refusal(), format!("400 invalid_request {field}"));
    }
    assert_eq!(client.numbers().await.1, 0);
    let thousand = client
        .post("/activity", json!({"reports": vec![report; 1000]}))
        .await;
    assert_eq!(
        thousand.to_string(),
        r#"202 {"accepted":1000,"rejected":[]}"#
    );
    let none = client.post("/activity", json!({"reports": []})).await;
    assert_eq!(none.to_string(), r#"202 {"accepted":0,"rejected":[]}"#);
}

#[tokio::test]
async fn a_body_is_read_as_json_means_it() {
    let client = Tenant::new().await;
    let id = client.user("anna").await;
    let escaped: String = id.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let report = |fields: &str| format!(r#"{{"reports":[{{{fields}}}]}}"#);
    let at = r#""at":"2026-02-24T11:00:00Z""#;
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for (body, expected) in [
        (
            report(&format!(r#""user_id":"{escaped}","ch\u0061nnel":"w\u0065b",{at}"#)),
            r#"202 {"accepted":1,"rejected":[]}"#,
        ),
        // Of a field that comes twice the last one counts.
        (
            report(&format!(r#""user_key":7,"channel":"x","user_key":"anna","channel":"web",{at}"#)),
            r#"202 {"accepted":1,"rejected":[]}"#,
        ),
        (
            r#"{"reports":7,"reports":[]}"#.to_owned(),
            r#"202 {"accepted":0,"rejected":[]}"#,
        ),
        (
            report(&format!(r#""b":[1,{{"c":null}}],"a":-0.5,"user_key":"anna","channel":"web",{at}"#)),
            r#"202 {"accepted":0,"rejected":[{"index":0,"code":"invalid_request","message":"b is not a field of a report"}]}"#,
        ),
        (
            r#"{"reports":[null,true,1,1e3,"x",[{}],{}]}"#.to_owned(),
            r#"202 {"accepted":0,"rejected":[{"index":0,"code":"invalid_request","message":"a report must be an object"},{"index":1,"code":"invalid_request","message":"a report must be an object"},{"index":2,"code":"invalid_request","message":"a report must be an object"},{"index":3,"code":"invalid_request","message":"a report must be an object"},{"index":4,"code":"invalid_request","message":"a report must be an object"},{"index":5,"code":"invalid_request","message":"a report must be an object"},{"index":6,"code":"invalid_request","message":"a report names either user_key or user_id"}]}"#,
        ),
        ("[]".to_owned(), "400 invalid_request body"),
        (report(r#""at":1e999"#), "400 invalid_request body"),
        (report(&format!(r#""at":{deep}"#)), "400 invalid_request body"),
        (report(r#""at":"x" "#) + "x", "400 invalid_request body"),
        (r#"{"reports":[{"at":"x"]}"#.to_owned(), "400 invalid_request body"),
    ] {
        let question = client.bearer.ask("POST", &client.path("/activity"));
        let question = question.header("content-type", "application/json");
        let answer = question.body(body.clone()).send().await;
        let said = if answer.status == 202 {
            answer.to_string()
        } else {
            answer.refusal()
        };
        assert_eq!(said, expected, "{body}");
    }
}

#[tokio::test]
async fn many_agents_at_once_are_all_heard() {
    let client = Tenant::new().await;
    let mut asking = Vec::new();
    for number in 0..20 {
        let client = client.clone();
        let name = format!("user{number:02}");
        client.user(&name).await;
        asking.push(tokio::spawn(async move {
            client.seen(&name, "web", "2026-02-24T11:00:00Z").await;
        }));
    }
    for task in asking {
        task.await.unwrap();
    }
    let seen = client.get("/users?active_since=2026-02-24T11:00:00Z").await;
    assert_eq!(seen.at("/total_count"), "20");
    // What is shown outlives the server, folded or not.
    let beside = client.world.another_server().await;
    let seen = beside
        .bearer(&client.bearer.secret)
        .get(&client.path("/users"))
        .await;
    assert_eq!(seen.text(), client.get("/users").await.text());
}
