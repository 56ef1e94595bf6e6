//! Export, and that the import takes it back without loss.

use rollcall::operations::import::Format;

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 1:
    an_export_into_an_empty_directory_is_the_same_directory,
    an_export_brings_a_directory_back_that_was_changed_since,
    what_cannot_be_written_ends_the_export,
}

/// Everything that a directory can hold, in lines that are neither sorted nor alike.
const DIRECTORY: &str = r#"{"name":"Nobody's","description":"No members","created_at":"2025-01-01T00:00:00Z","updated_at":"2025-06-01T00:00:00Z"}
{"id":"c3f19253-26g4-6129-c461-215h9658429d","username":"newuser","user_key":"NewKey","departments":[],"created_at":"2026-02-24T10:00:00.000Z","updated_at":"2026-02-25T10:00:00.000Z"}
{"username":"deleted one","user_key":"deleted","external_id":"X 1","state":"INACTIVE","deleted_at":"2026-02-26T10:00:00.001Z","departments":["Nobody's"],"last_activity":{"desktop_at":"2026-02-24T21:22:46.119Z"}}
{"username":"full","departments":[{"id":"f1a2b3c4-e5f6-7890-abcd-ef1234567890","name":"Z; last","description":"a \"quoted\" one\\"},{"id":"01a2b3c4-e5f6-7890-abcd-ef1234567890","name":"A first"}],"profile":{"state":"INACTIVE","first_name":"Zoë","employment_info":{"role":"Engineer","employee_start_date_ts":"2023-05-14T09:30:00Z"},"custom_attributes":{"z":1.5,"a":{"b":[1,"x",true]}}},"last_activity":{"web_at":"2026-02-24T21:22:46.119Z","desktop_at":"2026-02-24T21:22:46.120Z"}}
"#;

async fn an_export_into_an_empty_directory_is_the_same_directory(on: Backend) {
    let first = Place::new(on).await;
    assert_eq!(first.jsonl(DIRECTORY).await.counts(), (3, 0, 0, 0));
    first.csv("user_key,last_name\nfull,Changed\n").await;
    let exported = first.export().await;
    let second = Place::new(on).await;
    let told = second.rehearsed(&exported, Format::Jsonl).await;
    assert_eq!(told.counts(), (3, 0, 0, 0));
    assert_eq!(second.export().await, exported);
    let again = second.rehearsed(&exported, Format::Jsonl).await;
    assert_eq!(again.counts(), (0, 0, 3, 0));
    assert_eq!(again.totals.departments_changed, 0);
    assert_eq!(second.export().await, exported);
}

async fn an_export_brings_a_directory_back_that_was_changed_since(on: Backend) {
    let place = Place::new(on).await;
    place.jsonl(DIRECTORY).await;
    let exported = place.export().await;
    place
        .csv("user_key,departments,state,first_name\nfull,Other,ACTIVE,Zoe\n")
        .await;
    let told = place.rehearsed(&exported, Format::Jsonl).await;
    assert_eq!(told.counts(), (0, 1, 2, 0));
    let full = place.user("full").await;
    assert_eq!(full["departments"][0]["name"], "Z; last");
    assert_eq!(full["profile"]["first_name"], "Zoë");
    // What is told again was said already, though `updated_at` is another.
    let again = place.rehearsed(&exported, Format::Jsonl).await;
    assert_eq!(again.counts(), (0, 0, 3, 0));
}

async fn what_cannot_be_written_ends_the_export(on: Backend) {
    let place = Place::new(on).await;
    place.jsonl(DIRECTORY).await;
    let full = |_: &str| Err(std::io::Error::other("no space"));
    let ended = rollcall::operations::export::export(&place.app, &place.access, full).await;
    assert!(ended.unwrap_err().to_string().contains("no space"));
}
