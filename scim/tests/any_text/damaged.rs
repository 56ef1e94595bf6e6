//! The crate's entries, fed with real requests that were damaged and with bytes that are anything:
//! each must answer, and keep what it promises. They are functions of a text, so that a fuzzer can
//! drive them as well as the dice do here.

use proptest::prelude::*;
use scim::filter::{Filter, LENGTH_BYTES_MAX};
use scim::message::{BulkRequest, SearchRequest};
use scim::patch::PatchRequest;
use scim::path::{AttributePath, Path};
use scim::resource::normalise;
use scim::{Kind, Map};
use serde_json::{Value, json};

use crate::FILTERS;

/// A text with pieces left out, doubled, swapped or replaced, as the dice say.
pub(crate) fn damage(text: &str, dice: &[u16]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for roll in dice.chunks(3) {
        let length = characters.len();
        if length == 0 {
            break;
        }
        let at = usize::from(roll[0]) % length;
        let end = (at + 1 + usize::from(roll.get(1).copied().unwrap_or(0)) % 8).min(length);
        let kind = roll.get(2).copied().unwrap_or(0);
        match kind % 5 {
            0 => drop(characters.drain(at..end)),
            1 => {
                let piece: Vec<char> = characters[at..end].to_vec();
                characters.splice(at..at, piece);
            }
            2 => characters.swap(at, end - 1),
            3 => {
                let special: Vec<char> = "()[]\".:\\ $\u{e4}\0{},".chars().collect();
                characters[at] = special[usize::from(kind / 5) % special.len()];
            }
            _ => characters[at..end].reverse(),
        }
    }
    characters.into_iter().collect()
}

fn person() -> Map {
    let person = json!({
        "userName": "bjensen", "title": "Guide", "active": true,
        "name": { "familyName": "Jensen" },
        "emails": [{ "value": "b@example.com", "type": "work", "primary": true }, { "value": "c@example.org" }],
        "urn:acme:2.0:User": { "floor": 7 },
    });
    person.as_object().unwrap().clone()
}

/// A filter that is read prints as one that is equal, and one that is not says where.
fn filter_entry(text: &str) {
    match Filter::parse(text, Kind::User) {
        Ok(filter) => {
            let matches = filter.matches(&person());
            filter.index_term();
            let printed = filter.to_string();
            if printed.len() <= LENGTH_BYTES_MAX {
                let again = Filter::parse(&printed, Kind::User).unwrap();
                assert_eq!(again, filter, "{text} as {printed}");
                assert_eq!(again.matches(&person()), matches);
            }
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.position), "{text}: {error}");
            assert!(error.message.len() < 500, "{error}");
        }
    }
}

fn path_entry(text: &str) {
    for kind in Kind::ALL {
        if let Ok(path) = Path::parse(kind, text) {
            let printed = path.to_string();
            assert_eq!(
                Path::parse(kind, &printed).unwrap(),
                path,
                "{text} as {printed}"
            );
        }
        if let Ok(path) = AttributePath::parse(kind, text) {
            assert_eq!(
                AttributePath::parse(kind, &path.to_string()).unwrap(),
                path,
                "{text}"
            );
        }
    }
}

/// What was put in order stays so.
fn resource_entry(text: &str) {
    let Ok(sent) = serde_json::from_str::<Value>(text) else {
        return;
    };
    for kind in Kind::ALL {
        if let Ok(normalised) = normalise(kind, sent.clone()) {
            let again = normalise(kind, Value::Object(normalised.attributes.clone())).unwrap();
            assert_eq!(again.attributes, normalised.attributes, "{text}");
        }
    }
}

/// A PATCH that fails changes nothing; one that does not leaves a resource in order.
fn patch_entry(text: &str) {
    let Ok(sent) = serde_json::from_str::<Value>(text) else {
        return;
    };
    for kind in Kind::ALL {
        let Ok(patch) = PatchRequest::parse(kind, sent.clone()) else {
            continue;
        };
        let before = match kind {
            Kind::User => person(),
            Kind::Group => {
                json!({ "displayName": "g", "members": [{ "value": "u1" }, { "value": "u2" }] })
                    .as_object()
                    .unwrap()
                    .clone()
            }
        };
        let mut after = before.clone();
        match patch.apply(&mut after) {
            Ok(applied) => {
                assert_eq!(applied.changed, after != before, "{text}");
                let again = normalise(kind, Value::Object(after.clone())).unwrap();
                assert_eq!(again.attributes, after, "{text}");
            }
            Err(_) => assert_eq!(after, before, "{text}"),
        }
        if kind == Kind::Group {
            let _ = patch.into_group_patch();
        }
    }
}

fn message_entry(text: &str) {
    let Ok(sent) = serde_json::from_str::<Value>(text) else {
        return;
    };
    if let Ok(search) = SearchRequest::parse(sent.clone()) {
        search.projection(Kind::User).apply(person());
        if let Ok(Some(sort)) = search.sort(Kind::User) {
            let _ = sort.compare(&sort.key(&person()), &sort.key(&Map::new()));
        }
    }
    if let Ok(bulk) = BulkRequest::parse(sent, 100) {
        assert_eq!(bulk.plan().len(), bulk.operations.len(), "{text}");
    }
}

fn every_entry(text: &str) {
    filter_entry(text);
    path_entry(text);
    resource_entry(text);
    patch_entry(text);
    message_entry(text);
}

/// Each real body of the tables, as text.
fn bodies() -> Vec<String> {
    let tables = [
        include_str!("../data/entra-patch.json"),
        include_str!("../data/okta-patch.json"),
        include_str!("../data/rfc7644-patch.json"),
        include_str!("../data/normalise.json"),
    ];
    let cases = tables
        .into_iter()
        .flat_map(|table| serde_json::from_str::<Vec<Value>>(table).unwrap());
    let bodies = cases.map(|case| match case.get("sent") {
        Some(sent) => sent.to_string(),
        None => json!({ "Operations": case["operations"] }).to_string(),
    });
    bodies
        .chain([include_str!("../data/bulk.json").to_owned()])
        .collect()
}

/// The paths in all those bodies.
fn paths() -> Vec<String> {
    let mut paths = vec![];
    for body in bodies() {
        let body: Value = serde_json::from_str(&body).unwrap();
        for operation in body["Operations"].as_array().into_iter().flatten() {
            paths.extend(operation["path"].as_str().map(str::to_owned));
        }
    }
    paths
}

#[test]
fn the_real_ones_are_understood() {
    FILTERS.iter().for_each(|text| {
        assert!(Filter::parse(text, Kind::User).is_ok(), "{text}");
        filter_entry(text);
    });
    bodies().iter().for_each(|text| every_entry(text));
    paths().iter().for_each(|text| path_entry(text));
}

fn dice() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 1..15)
}

proptest! {
    #![proptest_config(crate::cases(4_000))]

    #[test]
    fn damaged_filters_are_answered(text in prop::sample::select(&FILTERS[..]), dice in dice()) {
        filter_entry(&damage(text, &dice));
    }

    #[test]
    fn damaged_paths_are_answered(text in prop::sample::select(paths()), dice in dice()) {
        path_entry(&damage(&text, &dice));
    }

    #[test]
    fn damaged_bodies_are_answered(text in prop::sample::select(bodies()), dice in dice()) {
        every_entry(&damage(&text, &dice));
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        every_entry(&String::from_utf8_lossy(&bytes));
    }
}
