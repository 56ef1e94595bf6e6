//! What rows of one file do to each other: each is applied to what those before it left, though all
//! are looked up before and written afterwards.

use rollcall::model::id::UserId;
use rollcall::model::page::UserQuery;
use rollcall::operations::import::Format;
use rollcall::operations::users;
use rollcall::store;
use serde_json::{Value, json};

use crate::Place;
use crate::support::databases::Backend;

on_both! {
    threads = 1:
    a_key_that_somebody_gives_up_is_taken_by_somebody_new,
    who_comes_back_under_another_key_frees_the_old_one,
    keys_of_somebody_made_by_an_earlier_row_are_theirs,
    a_department_that_is_described_after_its_members_were_named_marks_them,
    a_department_made_by_a_row_is_there_for_the_next,
    the_log_has_the_changes_in_the_order_of_the_rows,
    who_has_departments_loses_those_that_a_row_leaves_out,
    more_rows_than_one_batch_holds_find_each_other,
    departments_that_a_file_says_nothing_of_are_still_shown,
}

async fn a_key_that_somebody_gives_up_is_taken_by_somebody_new(on: Backend) {
    let place = Place::new(on).await;
    place.csv("user_key,external_id\na,1\nb,2\n").await;
    // 1 gives `a` up to 3, and 2 gives `2` up to 4.
    let text = r#"{"external_id":"1","user_key":"c"}
{"external_id":"3","user_key":"a"}
{"user_key":"b","external_id":"5"}
{"external_id":"2","user_key":"d"}"#;
    let told = place.rehearsed(text, Format::Jsonl).await;
    assert_eq!(told.counts(), (2, 2, 0, 0));
    for (user_key, external_id) in [("a", "3"), ("b", "5"), ("c", "1"), ("d", "2")] {
        assert_eq!(place.user(user_key).await["external_id"], external_id);
    }
}

async fn who_comes_back_under_another_key_frees_the_old_one(on: Backend) {
    let place = Place::new(on).await;
    let gone = r#"{"username":"a","external_id":"1","deleted_at":"2026-02-01T00:00:00Z"}"#;
    place.jsonl(gone).await;
    let id = place.user("a").await["id"].clone();
    let told = place
        .rehearsed("user_key,external_id\nb,1\na,2\n", Format::Csv)
        .await;
    assert_eq!(told.counts(), (1, 1, 0, 0));
    assert_eq!(place.user("b").await["id"], id);
    assert!(place.user("b").await.get("deleted_at").is_none());
    assert_ne!(place.user("a").await["id"], id);
}

async fn keys_of_somebody_made_by_an_earlier_row_are_theirs(on: Backend) {
    let place = Place::new(on).await;
    place.csv("user_key,external_id\nold,9\n").await;
    let text = "user_key,external_id\nnew,1\nNEW,2\nother,1\nnew,9\nold,1\n";
    let told = place.rehearsed(text, Format::Csv).await;
    assert_eq!(told.counts(), (1, 0, 0, 4));
    let export = place.export().await;
    assert_eq!(export.lines().count(), 2, "{export}");
}

async fn a_department_that_is_described_after_its_members_were_named_marks_them(on: Backend) {
    let place = Place::new(on).await;
    place.jsonl(r#"{"name":"Lab"}"#).await;
    let text = r#"{"username":"a","departments":["Lab"]}
{"name":"Lab","description":"where it is found out"}
{"username":"b","departments":["Lab"]}"#;
    let told = place.jsonl(text).await;
    assert_eq!(told.totals.departments_changed, 1);
    let id = |user: Value| UserId::parse(user["id"].as_str().unwrap()).unwrap();
    let (a, b) = (id(place.user("a").await), id(place.user("b").await));
    let client = place.access.client();
    let (a, b, lab) = place
        .store()
        .await
        .read(move |tx| {
            Ok::<_, store::Error>((
                store::users::find(tx, client, a)?.unwrap().revision,
                store::users::find(tx, client, b)?.unwrap().revision,
                store::departments::find_by_name(tx, client, "Lab")?,
            ))
        })
        .await
        .unwrap();
    let lab = lab.unwrap().revision;
    assert_eq!(a, lab, "an image at an earlier number would not read them");
    assert_eq!(b, lab + 1);
}

async fn a_department_made_by_a_row_is_there_for_the_next(on: Backend) {
    let place = Place::new(on).await;
    let text = "username,departments\na,Lab\nb,LAB;Field\nc,field;lab\n";
    let told = place.rehearsed(text, Format::Csv).await;
    assert_eq!(told.totals.departments_created, 2);
    let of = |user: &Value| user["departments"].as_array().unwrap().clone();
    let (b, c) = (place.user("b").await, place.user("c").await);
    assert_eq!(of(&b), of(&c).into_iter().rev().collect::<Vec<_>>());
    let a = place.user("a").await;
    assert_eq!(of(&a), [of(&b)[0].clone()]);
}

async fn the_log_has_the_changes_in_the_order_of_the_rows(on: Backend) {
    let place = Place::new(on).await;
    place.csv("username,external_id\nmike,1\n").await;
    let text = r#"{"username":"ann \"A\"","external_id":"2","departments":["Lab"],"created_at":"2026-01-01T00:00:00Z","profile":{"employment_info":{"role":"R","employment_location":{"office":"O"}},"custom_attributes":{"badge":[1]}}}
{"external_id":"1","username":"Mike","state":"INACTIVE","deleted_at":"2026-02-01T00:00:00Z"}"#;
    place.jsonl(text).await;
    let client = place.access.client();
    let store = place.store().await;
    let log = store.read(move |tx| store::changes::page(tx, client, 1, 10));
    let log = log.await.unwrap();
    let told: Vec<_> = log
        .iter()
        .map(|entry| (entry.number, &*entry.entity, &*entry.action, &*entry.source))
        .collect();
    assert_eq!(
        told,
        [
            (2, "user", "created", "import"),
            (3, "department", "created", "import"),
            (4, "user", "created", "import"),
            (5, "user", "deleted", "import"),
        ]
    );
    let lab = &log[1].entity_id;
    let detail =
        |entry: &store::changes::Entry| -> Value { serde_json::from_str(&entry.detail).unwrap() };
    let profile = json!({
        "employment_info": { "role": "R", "employment_location": { "office": "O" } },
        "custom_attributes": { "badge": [1] }
    });
    assert_eq!(
        detail(&log[2]),
        json!({
            "username": { "from": null, "to": "ann \"A\"" },
            "user_key": { "from": null, "to": "ann \"A\"" },
            "external_id": { "from": null, "to": "2" },
            "state": { "from": null, "to": "ACTIVE" },
            "profile": { "from": null, "to": profile },
            "departments": { "from": null, "to": [lab] },
            "created_at": { "from": null, "to": "2026-01-01T00:00:00.000Z" }
        })
    );
    assert_eq!(
        detail(&log[3]),
        json!({
            "username": { "from": "mike", "to": "Mike" },
            "state": { "from": "ACTIVE", "to": "INACTIVE" },
            "deleted_at": { "from": null, "to": "2026-02-01T00:00:00.000Z" }
        })
    );
}

async fn who_has_departments_loses_those_that_a_row_leaves_out(on: Backend) {
    let place = Place::new(on).await;
    place
        .csv("username,departments\na,Lab;Field;Field\nb,Lab\nc,\n")
        .await;
    // The order counts; a row without any says nothing of them.
    let told = place
        .rehearsed(
            "username,departments\na,Field;Lab\nb,\nc,Field\n",
            Format::Csv,
        )
        .await;
    assert_eq!(told.counts(), (0, 2, 1, 0));
    let names = async |user: &str| {
        let user = place.user(user).await;
        let departments = user["departments"].as_array().unwrap().clone();
        let names = departments
            .iter()
            .map(|one| one["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("a").await, ["Field", "Lab"]);
    assert_eq!(names("b").await, ["Lab"]);
    assert_eq!(names("c").await, ["Field"]);
}

async fn more_rows_than_one_batch_holds_find_each_other(on: Backend) {
    let place = Place::new(on).await;
    let rows = |shift: usize| -> String {
        let rows = (0..2_500).map(|row| format!("k{},e{row}\n", (row + shift) % 2_500));
        std::iter::once("user_key,external_id\n".to_owned())
            .chain(rows)
            .collect()
    };
    let told = place.rehearsed(&rows(0), Format::Csv).await;
    assert_eq!(told.counts(), (2_500, 0, 0, 0));
    let told = place.rehearsed(&rows(0), Format::Csv).await;
    assert_eq!(told.counts(), (0, 0, 2_500, 0));
    // Each would take the key of the next one, who has it still.
    let told = place.rehearsed(&rows(1), Format::Csv).await;
    assert_eq!(told.counts(), (0, 0, 0, 2_500));
}

async fn departments_that_a_file_says_nothing_of_are_still_shown(on: Backend) {
    let place = Place::new(on).await;
    place.csv("user_key,departments\na,Sales;Support\n").await;
    // Read from an image that is loaded by then, as everybody is shown them.
    let shown = async || {
        let everybody = UserQuery::default();
        let names = users::list(&place.app, &place.access, &everybody, None, 10, |page| {
            let departments = page.items[0].departments.iter();
            departments
                .map(|department| department.name.to_string())
                .collect::<Vec<_>>()
        });
        names.await.unwrap()
    };
    assert_eq!(shown().await, ["Sales", "Support"]);
    let told = place.csv("user_key,first_name\na,Anna\n").await;
    assert_eq!(told.counts(), (0, 1, 0, 0));
    assert_eq!(shown().await, ["Sales", "Support"]);
}
