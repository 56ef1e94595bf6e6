//! What clients send, and the resources that come of it.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

mod groups;
mod tables;

use scim::{Kind, Map};
use serde_json::Value;

fn kind(name: &Value) -> Kind {
    match name.as_str() {
        Some("User") => Kind::User,
        Some("Group") => Kind::Group,
        other => panic!("no kind {other:?}"),
    }
}

fn object(value: &Value) -> Map {
    value.as_object().expect("an object").clone()
}
