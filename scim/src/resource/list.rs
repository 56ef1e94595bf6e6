//! The values of a list: adding without doubles, removing by value, one primary at the most.
//!
//! Values are told apart by a key in a hash set, so that a thousand members come to, or leave, a
//! hundred thousand without comparing each with each.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::filter::folded;
use crate::path::lookup;
use crate::schema::{Attribute, Mutability};

/// What makes two values of a list the same one.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    /// The `value`, and the `type` unless the list is one of ids.
    Value(String, Option<String>),
    /// All of it, where there is no `value`.
    Whole(String),
}

/// Whether the values of a list are known by their `value` alone, as members are.
pub(super) fn is_of_ids(attribute: Option<&Attribute>) -> bool {
    let value = attribute.and_then(|attribute| attribute.sub_attribute("value"));
    value.is_some_and(|value| value.mutability == Mutability::Immutable)
}

/// Adds what is not there yet; of what is there, sub-attributes that differ are changed
/// (RFC 7644 3.5.2.1). A new primary value ends the old one's being so.
pub(super) fn add(attribute: Option<&Attribute>, list: &mut Vec<Value>, new: Vec<Value>) {
    let mut places: HashMap<Identity, usize> = HashMap::with_capacity(list.len() + new.len());
    for (place, element) in list.iter().enumerate() {
        places.entry(identity(attribute, element)).or_insert(place);
    }
    let mut primary = None;
    for element in new {
        let is_primary = is_primary(&element);
        let place = *places
            .entry(identity(attribute, &element))
            .or_insert(list.len());
        match (list.get_mut(place), element) {
            (Some(Value::Object(there)), Value::Object(element)) => there.extend(element),
            (Some(there), element) => *there = element,
            (None, element) => list.push(element),
        }
        if is_primary && primary.is_none() {
            primary = Some(place);
        }
    }
    if let Some(primary) = primary {
        keep_primary(list, primary);
    }
}

/// Removes the values that are named, by `value` and, if it is said, `type`.
pub(super) fn remove(attribute: Option<&Attribute>, list: &mut Vec<Value>, gone: &[Value]) {
    let mut whole = HashSet::new();
    let mut values = HashSet::new();
    for element in gone {
        match identity(attribute, element) {
            Identity::Value(value, None) => {
                values.insert(value);
            }
            other => {
                whole.insert(other);
            }
        }
    }
    list.retain(|element| {
        let key = identity(attribute, element);
        let by_value = matches!(&key, Identity::Value(value, _) if values.contains(value));
        !by_value && !whole.contains(&key)
    });
}

fn identity(attribute: Option<&Attribute>, element: &Value) -> Identity {
    let known = |name| attribute.and_then(|attribute| attribute.sub_attribute(name));
    let case_exact = known("value")
        .or(attribute)
        .is_some_and(|value| value.case_exact);
    let text = |text: &str| {
        if case_exact {
            text.to_owned()
        } else {
            folded(text).into_owned()
        }
    };
    match element {
        Value::String(plain) => Identity::Value(text(plain), None),
        Value::Object(object) => match lookup(object, "value") {
            Some(Value::String(value)) => {
                let kind = lookup(object, "type").and_then(Value::as_str);
                let kind = kind.filter(|_| !is_of_ids(attribute));
                Identity::Value(text(value), kind.map(|kind| folded(kind).into_owned()))
            }
            _ => {
                let mut entries: Vec<_> = object
                    .iter()
                    .map(|(key, value)| (key, value.to_string()))
                    .collect();
                entries.sort();
                Identity::Whole(format!("{entries:?}"))
            }
        },
        other => Identity::Whole(other.to_string()),
    }
}

/// Whether a value says only what it is for, and not what it is.
pub(crate) fn is_hollow(element: &Value) -> bool {
    let Value::Object(object) = element else {
        return false;
    };
    object
        .keys()
        .all(|key| matches!(key.as_str(), "type" | "primary"))
}

pub(super) fn is_primary(element: &Value) -> bool {
    element.get("primary") == Some(&Value::Bool(true))
}

/// Leaves only the value at `place` primary (RFC 7644 3.5.2). Returns whether there was another.
pub(super) fn keep_primary(list: &mut [Value], place: usize) -> bool {
    let mut was_more = false;
    for (index, element) in list.iter_mut().enumerate() {
        if index != place && is_primary(element) {
            element["primary"] = Value::Bool(false);
            was_more = true;
        }
    }
    was_more
}

/// Leaves only the first primary value so. Returns whether there was another.
pub(super) fn keep_first_primary(list: &mut [Value]) -> bool {
    let first = list.iter().position(is_primary);
    first.is_some_and(|first| keep_primary(list, first))
}
