//! JSONL: the dialects by their shapes, and what becomes of lines that are none.

use std::io::Cursor;

use rollcall::operations::import::Format;

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 1:
    the_clients_apis_own_user_is_taken_as_it_is,
    the_gateways_user_is_taken_with_its_extra_attributes,
    the_gateways_id_may_be_ours,
    a_line_that_is_none_is_bad_and_stops_no_other,
    a_deleted_user_comes_back_under_the_old_id_unless_the_row_is_deleted_too,
    departments_are_made_renamed_and_described_by_their_own_lines,
}

const SEED: &str = r#"{"id":"a1d97031-04e2-4907-a249-093f7436207b","username":"mikechang","user_key":"mikechang","last_activity":{"at":"2026-02-24T21:23:53.082Z","desktop_at":"2026-02-24T21:22:46.119Z","web_at":"2026-02-24T21:23:53.082Z"},"departments":[{"id":"d1a2b3c4-e5f6-7890-abcd-ef1234567890","name":"Engineering","description":"Software development and infrastructure teams"}],"created_at":"2026-02-05T21:29:34.214Z","updated_at":"2026-02-05T21:29:34.214Z"}"#;
const GATEWAY_SEED: &str = r#"{"user":{"state":"ACTIVE","universal_identifier":"john@example.com","email_addr":"john@example.com","first_name":"John","work_status":"FULL_TIME","employment_info":{"employee_start_date_ts":"2023-05-14T09:30:00Z","department":"Engineering","employment_location":{"office":"MTV"}},"shoe_size":43,"custom_attributes":{"badge":"x"}},"system_identity":{"id":"1234-5678-9012-3456","username":"JohnDoe"},"last_updated_at":"2023-05-14T09:30:00Z"}"#;

async fn the_clients_apis_own_user_is_taken_as_it_is(on: Backend) {
    let place = Place::new(on).await;
    let told = place.rehearsed(SEED, Format::Jsonl).await;
    assert_eq!(told.counts(), (1, 0, 0, 0));
    assert_eq!(told.totals.departments_created, 1);
    let text = place.export().await;
    let user = text.lines().nth(1).unwrap();
    assert_eq!(
        user,
        SEED.replace("214Z\"}", "214Z\",\"state\":\"ACTIVE\"}")
    );
    let again = place.rehearsed(SEED, Format::Jsonl).await;
    assert_eq!(again.counts(), (0, 0, 1, 0));
}

async fn the_gateways_user_is_taken_with_its_extra_attributes(on: Backend) {
    let place = Place::new(on).await;
    let told = place.rehearsed(GATEWAY_SEED, Format::Jsonl).await;
    assert_eq!(told.counts(), (1, 0, 0, 0));
    let john = place.user("JohnDoe").await;
    assert_eq!(john["external_id"], "1234-5678-9012-3456");
    assert_eq!(john["updated_at"], "2023-05-14T09:30:00.000Z");
    assert_eq!(john["departments"], serde_json::json!([]));
    assert_eq!(
        john["profile"]["employment_info"]["department"],
        "Engineering"
    );
    let custom = serde_json::json!({ "badge": "x", "shoe_size": 43 });
    assert_eq!(john["profile"]["custom_attributes"], custom);
    let again = place.rehearsed(GATEWAY_SEED, Format::Jsonl).await;
    assert_eq!(again.counts(), (0, 0, 1, 0));
}

async fn the_gateways_id_may_be_ours(on: Backend) {
    let place = Place::new(on).await;
    place.jsonl(SEED).await;
    let line = r#"{"user":{"state":"INACTIVE"},"system_identity":{"id":"a1d97031-04e2-4907-a249-093f7436207b"}}"#;
    let told = place.rehearsed(line, Format::Jsonl).await;
    assert_eq!(told.counts(), (0, 1, 0, 0));
    let mike = place.user("mikechang").await;
    assert_eq!(mike["state"], "INACTIVE");
    assert!(mike.get("external_id").is_none());
}

async fn a_line_that_is_none_is_bad_and_stops_no_other(on: Backend) {
    let long = format!(
        r#"{{"username":"long","profile":{{"first_name":"{}"}}}}"#,
        "x".repeat(1 << 20)
    );
    let mut text = Vec::new();
    for line in [
        r#"{"username":"a"}"#,
        "",
        "{oops",
        r#"["a"]"#,
        r#"{"id":"a1d97031-04e2-4907-a249-093f7436207b"}"#,
        r#"{"username":"b","shoe_size":43}"#,
        r#"{"username":"b","profile":{"employment_info":{"rank":"x"}}}"#,
        r#"{"username":"b","departments":[{"id":"d1a2b3c4-e5f6-7890-abcd-ef1234567890"}]}"#,
        r#"{"user":{"first_name":1},"system_identity":{"id":"x"}}"#,
        r#"{"username":"b","last_activity":{"web_at":7}}"#,
        &long,
    ] {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"{\"username\":\"\xff\"}\n{\"username\":\"z\"}");
    let place = Place::new(on).await;
    let told = place
        .take(Cursor::new(text), Format::Jsonl, false)
        .await
        .unwrap();
    assert_eq!(
        told.complaints(),
        [
            "3 -: The line is not JSON: key must be a string at byte 2",
            "4 -: The line is not a JSON object",
            "5 -: The object is neither a user (it has no username, user_key or system_identity) \
             nor a department (it has no name)",
            "6 shoe_size: shoe_size is not a field to import",
            "7 profile.employment_info.rank: employment_info.rank is not a field of the profile",
            "8 departments[0]: departments[0] has no name",
            "9 user.first_name: first_name must be text or null",
            "10 last_activity.web_at: last_activity.web_at must be text or null",
            "11 -: The line is longer than 1048576 bytes",
            "12 -: The line is not UTF-8",
        ]
    );
    assert_eq!(told.totals.created, 2);
}

async fn a_deleted_user_comes_back_under_the_old_id_unless_the_row_is_deleted_too(on: Backend) {
    let place = Place::new(on).await;
    let gone = r#"{"username":"a","external_id":"1","deleted_at":"2026-02-01T00:00:00Z"}"#;
    place.jsonl(r#"{"username":"a","external_id":"1"}"#).await;
    let id = place.user("a").await["id"].clone();
    assert_eq!(
        place.rehearsed(gone, Format::Jsonl).await.counts(),
        (0, 1, 0, 0)
    );
    assert_eq!(
        place.rehearsed(gone, Format::Jsonl).await.counts(),
        (0, 0, 1, 0)
    );
    let back = place.rehearsed("external_id\n1\n", Format::Csv).await;
    assert_eq!(back.counts(), (0, 1, 0, 0));
    let user = place.user("a").await;
    assert_eq!(user["id"], id);
    assert!(user.get("deleted_at").is_none());
}

async fn departments_are_made_renamed_and_described_by_their_own_lines(on: Backend) {
    let place = Place::new(on).await;
    let id = "d1a2b3c4-e5f6-7890-abcd-ef1234567890";
    let first =
        format!(r#"{{"id":"{id}","name":"Engineering","description":"x","member_count":3}}"#);
    let told = place.rehearsed(&first, Format::Jsonl).await;
    assert_eq!(told.totals.departments_created, 1);
    let second = format!(
        "{{\"id\":\"{id}\",\"name\":\"Research\",\"description\":null}}\n\
         {{\"username\":\"a\",\"departments\":[\"research\"]}}\n\
         {{\"name\":\"RESEARCH\"}}\n{{\"name\":\"Engineering\"}}"
    );
    let told = place.rehearsed(&second, Format::Jsonl).await;
    assert_eq!(told.counts(), (1, 0, 0, 1));
    assert_eq!(told.totals.departments_changed, 1);
    assert_eq!(told.totals.departments_created, 1);
    assert_eq!(place.user("a").await["departments"][0]["id"], id);
}
