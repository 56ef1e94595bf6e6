//! CSV: what columns mean, what is refused and where, and that a second time changes nothing.

use std::io::{Cursor, Read};

use rollcall::operations::error::Error;
use rollcall::operations::import::Format;

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 1:
    columns_named_like_the_fields_make_people,
    the_same_file_twice_changes_nothing,
    bad_rows_are_named_by_line_column_and_reason_and_stop_no_other,
    lines_are_counted_as_an_editor_does,
    a_header_that_cannot_be_right_is_refused_before_anything_is_written,
    a_byte_order_mark_and_spaces_around_names_and_cells_do_not_count,
    an_empty_cell_leaves_the_field_as_it_is,
    keys_that_point_to_different_users_are_refused,
    the_same_user_twice_is_refused_the_second_time,
    keys_may_be_handed_on_within_a_file,
    activity_never_moves_backwards,
    a_file_is_taken_in_while_it_is_read,
    what_is_not_utf_8_is_one_bad_row,
}

const PEOPLE: &str = "\
username,external_id,departments,state,email_addr,user.employment_info.role,\
employment_info.employment_location.office,custom_attributes.badge,last_activity.web_at
mike,E-1,Engineering; Support,ACTIVE,mike@example.com,Engineer,MTV,17,2026-02-24T21:23:53.082Z
ann,E-2,engineering,INACTIVE,ann@example.com,,,,
";

async fn columns_named_like_the_fields_make_people(on: Backend) {
    let place = Place::new(on).await;
    let told = place.rehearsed(PEOPLE, Format::Csv).await;
    assert_eq!(told.counts(), (2, 0, 0, 0));
    assert_eq!(told.totals.departments_created, 2);
    let mike = place.user("mike").await;
    assert_eq!(mike["external_id"], "E-1");
    assert_eq!(mike["departments"][0]["name"], "Engineering");
    assert_eq!(mike["departments"][1]["name"], "Support");
    assert_eq!(mike["last_activity"]["web_at"], "2026-02-24T21:23:53.082Z");
    assert_eq!(
        mike["profile"],
        serde_json::json!({
            "email_addr": "mike@example.com",
            "employment_info": {
                "role": "Engineer", "employment_location": { "office": "MTV" }
            },
            "custom_attributes": { "badge": "17" }
        })
    );
    let ann = place.user("ann").await;
    assert_eq!(ann["state"], "INACTIVE");
    assert_eq!(ann["departments"][0]["id"], mike["departments"][0]["id"]);
}

async fn the_same_file_twice_changes_nothing(on: Backend) {
    let place = Place::new(on).await;
    place.csv(PEOPLE).await;
    let before = place.export().await;
    let told = place.rehearsed(PEOPLE, Format::Csv).await;
    assert_eq!(told.counts(), (0, 0, 2, 0));
    assert_eq!(told.totals.departments_created, 0);
    assert_eq!(place.export().await, before);
}

async fn bad_rows_are_named_by_line_column_and_reason_and_stop_no_other(on: Backend) {
    let place = Place::new(on).await;
    let text = "username,state,created_at,departments,employment_info.employee_start_date_ts\r\n\
                good,ACTIVE,2026-01-01T00:00:00Z,A,2023-05-14\r\n\
                one,active,,,\r\n\
                two,ACTIVE,yesterday,,\r\n\
                three,ACTIVE\r\n\
                ,ACTIVE,,,\r\n\
                four,ACTIVE,,00000000-0000-0000-0000-000000000000,\r\n\
                five,ACTIVE,,B,\r\n";
    let told = place.rehearsed(text, Format::Csv).await;
    assert_eq!(
        told.complaints(),
        [
            "2 employment_info.employee_start_date_ts: \
             employment_info.employee_start_date_ts must be a time like 2023-05-14T09:30:00Z",
            "3 state: state must be ACTIVE or INACTIVE",
            "4 created_at: created_at must be a time like 2026-02-24T21:23:53.082Z",
            "5 -: The row has 2 cells, and the header names 5",
            "6 -: There is no such user, and the row has no username or user_key for one",
            "7 departments: 00000000-0000-0000-0000-000000000000 is not a department",
        ]
    );
    assert_eq!(told.counts(), (1, 0, 0, 6));
    assert_eq!(
        told.totals.departments_created, 1,
        "a bad row makes no department"
    );
}

async fn lines_are_counted_as_an_editor_does(on: Backend) {
    for end in ["\n", "\r\n"] {
        let text = [
            "username,first_name,state",
            "",
            "a,\"two",
            "lines\",ACTIVE",
            "b,\"x\",bad",
            "",
            "\"c\",\"y\",\"bad\"",
        ]
        .join(end);
        for text in [text.clone(), text + end] {
            let told = Place::new(on).await.csv(&text).await;
            let lines: Vec<u64> = told.bad.iter().map(|bad| bad.line).collect();
            assert_eq!(lines, [3, 5, 7], "{text:?}");
            assert_eq!(told.bad[0].column.as_deref(), Some("first_name"));
        }
    }
}

// About the text alone, and long: one database is enough.
#[tokio::test]
async fn an_unclosed_quote_costs_no_more_than_it_swallows() {
    let row = |number: u32| format!("user{number},Name{number}\n");
    let mut text = "username,first_name\nbad,\"open\n".to_owned();
    text.extend((0..100_000).map(row));
    let told = Place::new(Backend::Sqlite).await.csv(&text).await;
    assert_eq!(told.bad.len(), 1);
    assert_eq!(told.bad[0].line, 2);
    assert!(told.bad[0].reason.contains("is a quote not closed?"));
    assert!(told.totals.created > 20_000, "{:?}", told.totals);
}

async fn a_header_that_cannot_be_right_is_refused_before_anything_is_written(on: Backend) {
    let place = Place::new(on).await;
    for (text, field) in [
        ("username,shoe_size\na,43\n", "shoe_size"),
        ("username;state\na;ACTIVE\n", "username;state"),
        ("username,Username\na,b\n", "Username"),
        ("username,username\na,b\n", "username"),
        ("user_key,state,user.state\na,ACTIVE,ACTIVE\n", "user.state"),
        ("username,custom_attributes.\na,b\n", "custom_attributes."),
        ("first_name,last_name\na,b\n", "header"),
        ("", "header"),
    ] {
        let file = Cursor::new(text);
        match place.take(file, Format::Csv, false).await {
            Err(Error::Invalid(invalid)) => assert_eq!(invalid.field, field, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(place.export().await, "");
}

async fn a_byte_order_mark_and_spaces_around_names_and_cells_do_not_count(on: Backend) {
    let place = Place::new(on).await;
    let told = place
        .csv("\u{feff}username , state\n mike , ACTIVE \n")
        .await;
    assert_eq!(told.counts(), (1, 0, 0, 0));
    place.user("mike").await;
}

async fn an_empty_cell_leaves_the_field_as_it_is(on: Backend) {
    let place = Place::new(on).await;
    place.csv(PEOPLE).await;
    let told = place
        .csv("user_key,state,email_addr,departments\nMIKE,INACTIVE,,\n")
        .await;
    assert_eq!(told.counts(), (0, 1, 0, 0));
    let mike = place.user("MIKE").await;
    assert_eq!(mike["state"], "INACTIVE");
    assert_eq!(mike["profile"]["email_addr"], "mike@example.com");
    assert_eq!(mike["departments"][1]["name"], "Support");
}

async fn keys_that_point_to_different_users_are_refused(on: Backend) {
    let place = Place::new(on).await;
    place.csv(PEOPLE).await;
    let told = place
        .rehearsed("user_key,external_id\nmike,E-2\n", Format::Csv)
        .await;
    assert_eq!(told.bad[0].column.as_deref(), Some("user_key"));
    assert!(told.bad[0].reason.starts_with("external_id is "));
    let text = "id,user_key\n00000000-0000-0000-0000-000000000000,mike\n";
    let told = place.rehearsed(text, Format::Csv).await;
    assert_eq!(told.bad[0].column.as_deref(), Some("id"));
}

async fn the_same_user_twice_is_refused_the_second_time(on: Backend) {
    let place = Place::new(on).await;
    let text = "user_key,external_id,first_name\na,1,x\nA,2,y\nb,1,z\nc,3,w\n";
    let told = place.rehearsed(text, Format::Csv).await;
    assert_eq!(told.counts(), (2, 0, 0, 2));
    assert!(told.bad[0].reason.contains("Line 2 is about the same"));
    let again = place.rehearsed(text, Format::Csv).await;
    assert_eq!(again.counts(), (0, 0, 2, 2));
}

async fn keys_may_be_handed_on_within_a_file(on: Backend) {
    let place = Place::new(on).await;
    place.csv("user_key,external_id\na,1\nb,2\n").await;
    // 1 gives `a` up, and 2 takes it.
    let told = place
        .rehearsed("external_id,user_key\n1,c\n2,a\n", Format::Csv)
        .await;
    assert_eq!(told.counts(), (0, 2, 0, 0));
    assert_eq!(place.user("a").await["external_id"], "2");
}

async fn activity_never_moves_backwards(on: Backend) {
    let place = Place::new(on).await;
    let at = |time: &str| format!("username,last_activity.desktop_at\nmike,{time}\n");
    let rehearsed = async |text: String| place.rehearsed(&text, Format::Csv).await.counts();
    assert_eq!(rehearsed(at("2026-02-02T00:00:00Z")).await, (1, 0, 0, 0));
    assert_eq!(rehearsed(at("2026-02-01T00:00:00Z")).await, (0, 0, 1, 0));
    assert_eq!(rehearsed(at("2026-02-03T00:00:00Z")).await, (0, 1, 0, 0));
    assert_eq!(rehearsed(at("2027-02-03T00:00:00Z")).await, (0, 0, 0, 1));
    let mike = place.user("mike").await;
    assert_eq!(mike["last_activity"]["at"], "2026-02-03T00:00:00.000Z");
    assert_eq!(mike["created_at"], mike["updated_at"]);
}

/// Rows that are made while they are read.
struct Endless {
    rows: u32,
    next: u32,
    left: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left.is_empty() && self.next < self.rows {
            self.left = format!("user{},Team {}\n", self.next, self.next % 7).into_bytes();
            self.next += 1;
        }
        let count = self.left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.left[..count]);
        self.left.drain(..count);
        Ok(count)
    }
}

async fn a_file_is_taken_in_while_it_is_read(on: Backend) {
    let place = Place::new(on).await;
    let file = Endless {
        rows: 20_000,
        next: 0,
        left: b"username,departments\n".to_vec(),
    };
    let told = place.take(file, Format::Csv, false).await.unwrap();
    assert_eq!(told.counts(), (20_000, 0, 0, 0));
    assert_eq!(told.totals.departments_created, 7);
}

async fn what_is_not_utf_8_is_one_bad_row(on: Backend) {
    let place = Place::new(on).await;
    let file = Cursor::new(b"username,first_name\na,\xff\nb,B\n".to_vec());
    let told = place.take(file, Format::Csv, false).await.unwrap();
    assert_eq!(told.complaints(), ["2 first_name: first_name is not UTF-8"]);
    assert_eq!(told.totals.created, 1);
}
