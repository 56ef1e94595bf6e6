//! The gateway's filter language: the contract's examples, every refusal with its place, and
//! properties against an evaluator written the naive way.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

mod examples;
mod properties;
mod refusals;

use std::collections::HashMap;

use rollcall::model::filter::{Attribute, Filter, Subject};
use rollcall::model::profile_field::ProfileField;

/// A user as a plain map; a time stands in it in milliseconds.
#[derive(Debug, Clone, Default)]
struct Person {
    texts: HashMap<Attribute, String>,
    times: HashMap<Attribute, i64>,
}

impl Subject for Person {
    fn text(&self, attribute: Attribute) -> Option<&str> {
        assert!(!attribute.is_time(), "{attribute:?} was asked for as text");
        self.texts.get(&attribute).map(String::as_str)
    }

    fn time(&self, attribute: Attribute) -> Option<i64> {
        assert!(attribute.is_time(), "{attribute:?} was asked for as a time");
        self.times.get(&attribute).copied()
    }
}

/// Active, `e-7`, without a user name; Sales in Zürich since 1 March 2020; changed at
/// 2023-05-14T09:30:00Z.
fn anna() -> Person {
    let profile = |field| Attribute::Profile(field);
    let texts = [
        (Attribute::State, "ACTIVE"),
        (Attribute::SystemId, "e-7"),
        (profile(ProfileField::FirstName), "Anna"),
        (profile(ProfileField::WorkStatus), "FULL_TIME"),
        (profile(ProfileField::Department), "Sales"),
        (profile(ProfileField::Role), "Head of \"Far\\Near\""),
        (profile(ProfileField::Location), "Zürich"),
        (profile(ProfileField::Office), "“Turm”"),
    ];
    Person {
        texts: texts
            .into_iter()
            .map(|(key, text)| (key, text.to_owned()))
            .collect(),
        times: HashMap::from([
            (Attribute::LastUpdatedAt, 1_684_056_600_000),
            (
                profile(ProfileField::EmployeeStartDateTs),
                1_583_020_800_000,
            ),
        ]),
    }
}

/// One example: whether Anna passes, or the byte and the sentence of the refusal.
#[track_caller]
fn check(input: &str, expected: Result<bool, (usize, &str)>) {
    let filter = Filter::parse(input);
    let found = match &filter {
        Ok(filter) => Ok(filter.matches(&anna())),
        Err(error) => Err((error.position, error.to_string())),
    };
    let expected = expected.map_err(|(position, sentence)| (position, sentence.to_owned()));
    assert_eq!(found, expected, "{input}");
    if let Ok(filter) = filter {
        assert_eq!(Filter::parse(&filter.to_string()), Ok(filter), "{input}");
    }
}

fn all_attributes() -> Vec<Attribute> {
    let outside = [
        Attribute::State,
        Attribute::SystemId,
        Attribute::SystemUsername,
        Attribute::LastUpdatedAt,
    ];
    outside
        .into_iter()
        .chain(ProfileField::ALL.map(Attribute::Profile))
        .collect()
}
