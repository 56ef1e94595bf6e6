//! The published examples, exactly; and that the made-up people are well-formed and varied.

use super::*;
use crate::model::id::{DepartmentId, UserId};
use crate::model::profile_json;
use crate::model::text;

fn now() -> Timestamp {
    Timestamp::parse("2026-11-22T12:00:00Z").unwrap()
}

fn everybody() -> Vec<Value> {
    lines(now())
        .map(|line| serde_json::from_str(&line).unwrap())
        .filter(|line: &Value| line.get("username").is_some())
        .collect()
}

fn person(key: &str, value: &str) -> Value {
    let mut found = everybody();
    found.retain(|person| person[key] == value);
    assert_eq!(found.len(), 1, "{key} {value}");
    found.remove(0)
}

/// What the Clients API shows of a line.
fn body(mut person: Value) -> Value {
    let object = person.as_object_mut().unwrap();
    for beyond in ["external_id", "state", "profile", "deleted_at"] {
        object.shift_remove(beyond).unwrap();
    }
    person
}

#[test]
fn mikechang_is_the_published_one() {
    let published = include_str!("../../../../tests/published/mikechang.json");
    let published: Value = serde_json::from_str(published).unwrap();
    assert_eq!(
        body(person("id", MIKE)).to_string(),
        published.to_string(),
        "the order of the keys counts too"
    );
}

#[test]
fn newuser_is_the_published_one() {
    let published = include_str!("../../../../tests/published/newuser.json");
    let published: Value = serde_json::from_str(published).unwrap();
    let line = body(person("username", "newuser"));
    assert_eq!(line.to_string(), published.to_string());
}

#[test]
fn john_doe_is_the_published_one() {
    let published = include_str!("../../../../tests/published/john_doe.json");
    let published: Value = serde_json::from_str(published).unwrap();
    let published = &published["user"];
    let john = person("external_id", JOHN);
    let mut user = serde_json::Map::new();
    user.insert("state".to_owned(), john["state"].clone());
    let profile = john["profile"].as_object().unwrap();
    // Through the model, as the gateway prints it.
    let (_, profile) = profile_json::patched(&Default::default(), profile).unwrap();
    user.extend(profile_json::to_object(&profile));
    assert_eq!(Value::Object(user).to_string(), published.to_string());
    assert_eq!(john["username"], "JohnDoe");
    let updated_at = Timestamp::parse(john["updated_at"].as_str().unwrap()).unwrap();
    assert_eq!(updated_at.with_seconds(), "2023-05-14T09:30:00Z");
}

#[test]
fn the_gateways_printed_request_finds_somebody() {
    assert_eq!(person("external_id", "userId")["username"], "janeroe");
}

#[test]
fn every_line_is_one_that_the_directory_takes() {
    let mut departments = HashSet::new();
    let mut seen = HashSet::new();
    for line in lines(now()) {
        let line: Value = serde_json::from_str(&line).unwrap();
        let time = |value: &Value| value.as_str().map(|text| Timestamp::parse(text).unwrap());
        let (created, updated) = (time(&line["created_at"]), time(&line["updated_at"]));
        assert!(created <= updated && updated < Some(now()), "{line}");
        let id = line["id"].as_str().unwrap();
        let Some(username) = line["username"].as_str() else {
            DepartmentId::parse(id).unwrap();
            departments.insert(id.to_owned());
            continue;
        };
        UserId::parse(id).unwrap();
        text::name("username", username).unwrap();
        let profile = line["profile"].as_object().unwrap();
        profile_json::patched(&Default::default(), profile).unwrap();
        for department in line["departments"].as_array().unwrap() {
            assert!(departments.contains(department["id"].as_str().unwrap()));
        }
        let activity = &line["last_activity"];
        let (desktop, web) = (time(&activity["desktop_at"]), time(&activity["web_at"]));
        assert_eq!(time(&activity["at"]), desktop.max(web), "{line}");
        assert!(desktop.max(web) <= Some(now()), "{line}");
        assert!(
            desktop.min(web).is_none_or(|at| Some(at) >= created),
            "{line}"
        );
        for unique in ["id", "user_key", "external_id"] {
            let value = line[unique].as_str().map(str::to_lowercase);
            assert!(
                value.is_none_or(|value| seen.insert((unique, value))),
                "{line}"
            );
        }
    }
    assert_eq!(departments.len(), 12);
}

#[test]
fn there_is_somebody_of_every_kind() {
    let everybody = everybody();
    assert_eq!(everybody.len(), GENERATED + 4);
    let since = now().plus_milliseconds(-2 * 24 * 60 * 60 * 1000);
    let count = |is: &dyn Fn(&Value) -> bool| everybody.iter().filter(|one| is(one)).count();
    let seen = |one: &Value| {
        let at = one["last_activity"]["at"].as_str();
        at.map(|at| Timestamp::parse(at).unwrap())
    };
    let kinds = [
        count(&|one| seen(one) >= Some(since)),
        count(&|one| seen(one).is_some_and(|at| at < since)),
        count(&|one| seen(one).is_none()),
        count(&|one| one["state"] == "INACTIVE"),
        count(&|one| !one["deleted_at"].is_null()),
        count(&|one| one["departments"].as_array().unwrap().is_empty()),
        count(&|one| one["departments"].as_array().unwrap().len() == 2),
    ];
    assert!(kinds.iter().all(|count| *count >= 20), "{kinds:?}");
    let names: HashSet<_> = everybody
        .iter()
        .map(|one| one["profile"]["full_name"].to_string())
        .collect();
    assert!(names.len() > 700, "{} names", names.len());
}

#[test]
fn the_lines_are_the_same_at_the_same_moment() {
    assert!(lines(now()).eq(lines(now())));
}
