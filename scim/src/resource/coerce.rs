//! Makes of a value that was sent what its attribute wants, if it can be told what was meant.

use serde_json::Value;

use super::list;
use crate::Map;
use crate::error::ScimError;
use crate::quirk::{Quirk, note};
use crate::schema::{Attribute, Type};

/// A whole attribute: a list, or one value. `name` is the way to it, for the error.
pub(crate) fn attribute(
    attribute: &'static Attribute,
    name: &str,
    value: Value,
    quirks: &mut Vec<Quirk>,
) -> Result<Option<Value>, ScimError> {
    if !attribute.multi_valued {
        let value = match value {
            Value::Array(mut list) if list.len() == 1 => {
                note(quirks, Quirk::ArrayUnwrapped);
                list.pop().unwrap_or(Value::Null)
            }
            Value::Array(list) if list.is_empty() => Value::Null,
            other => other,
        };
        return single(attribute, name, value, quirks);
    }
    let elements = elements(attribute, name, value, quirks)?;
    Ok(if elements.is_empty() {
        None
    } else {
        Some(Value::Array(elements))
    })
}

/// The values of a list, without those that say nothing.
pub(crate) fn elements(
    attribute: &'static Attribute,
    name: &str,
    value: Value,
    quirks: &mut Vec<Quirk>,
) -> Result<Vec<Value>, ScimError> {
    let sent = match value {
        Value::Null => vec![Value::Null],
        Value::Array(list) => list,
        other => {
            note(quirks, Quirk::ValueWrapped);
            vec![other]
        }
    };
    if sent.is_empty() {
        note(quirks, Quirk::NullMeansAbsent);
    }
    let mut elements = Vec::with_capacity(sent.len());
    for value in sent {
        elements.extend(single(attribute, name, value, quirks)?);
    }
    elements.retain(|element| !list::is_hollow(element));
    Ok(elements)
}

/// One value, of a list or by itself.
pub(crate) fn single(
    attribute: &'static Attribute,
    name: &str,
    value: Value,
    quirks: &mut Vec<Quirk>,
) -> Result<Option<Value>, ScimError> {
    match (attribute.kind, value) {
        (_, Value::Null) => {
            note(quirks, Quirk::NullMeansAbsent);
            Ok(None)
        }
        (Type::Complex, Value::Object(object)) => {
            let object = complex(attribute, name, object, quirks)?;
            Ok(object.map(Value::Object))
        }
        (Type::Complex, value @ (Value::String(_) | Value::Bool(_) | Value::Number(_)))
            if attribute.sub_attribute("value").is_some() =>
        {
            note(quirks, Quirk::BareValue);
            let object = Map::from_iter([("value".to_owned(), value)]);
            Ok(complex(attribute, name, object, quirks)?.map(Value::Object))
        }
        (Type::Boolean, Value::Bool(boolean)) => Ok(Some(Value::Bool(boolean))),
        (Type::Boolean, Value::String(text)) => {
            let boolean = boolean(&text).ok_or_else(|| wrong(attribute, name))?;
            note(quirks, Quirk::BooleanText);
            Ok(Some(Value::Bool(boolean)))
        }
        (
            Type::String | Type::Reference | Type::Binary | Type::DateTime,
            text @ Value::String(_),
        ) => Ok(Some(text)),
        _ => Err(wrong(attribute, name)),
    }
}

fn complex(
    attribute: &'static Attribute,
    name: &str,
    object: Map,
    quirks: &mut Vec<Quirk>,
) -> Result<Option<Map>, ScimError> {
    let mut made = Map::new();
    let mut is_cleared = false;
    for (key, value) in object {
        let Some(sub) = attribute.sub_attribute(&key) else {
            if let Some(value) = unknown(value, quirks) {
                made.insert(key, value);
            }
            continue;
        };
        let value = self::attribute(sub, &format!("{name}.{}", sub.name), value, quirks)?;
        is_cleared |= sub.name == "value" && is_empty(value.as_ref(), quirks);
        if let Some(value) = value {
            made.insert(sub.name.to_owned(), value);
        }
    }
    // A manager without an id is no manager, whatever else is said of him.
    let is_gone = made.is_empty() || (is_cleared && !attribute.multi_valued);
    Ok((!is_gone).then_some(made))
}

/// Whether a value that says who or what is meant says nothing.
pub(crate) fn is_empty(value: Option<&Value>, quirks: &mut Vec<Quirk>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) if text.is_empty() => {
            note(quirks, Quirk::EmptyMeansAbsent);
            true
        }
        Some(_) => false,
    }
}

/// What no schema knows stays as it was sent, without its nulls. How deep it may be was checked
/// before, so the recursion ends after a few steps.
pub(crate) fn unknown(value: Value, quirks: &mut Vec<Quirk>) -> Option<Value> {
    match value {
        Value::Null => {
            note(quirks, Quirk::NullMeansAbsent);
            None
        }
        Value::Array(list) => {
            let list: Vec<Value> = list
                .into_iter()
                .filter_map(|value| unknown(value, quirks))
                .collect();
            (!list.is_empty()).then_some(Value::Array(list))
        }
        Value::Object(object) => {
            let object: Map = object
                .into_iter()
                .filter_map(|(key, value)| Some((key, unknown(value, quirks)?)))
                .collect();
            (!object.is_empty()).then_some(Value::Object(object))
        }
        plain => Some(plain),
    }
}

/// True and false as text, in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    [true, false].into_iter().find(|boolean| {
        let word = if *boolean { "true" } else { "false" };
        word.eq_ignore_ascii_case(text)
    })
}

fn wrong(attribute: &Attribute, name: &str) -> ScimError {
    let kind = match attribute.kind {
        Type::String => "a text",
        Type::Boolean => "true or false",
        Type::DateTime => "a time as text",
        Type::Reference => "a URI as text",
        Type::Binary => "base 64 as text",
        Type::Complex => "an object",
    };
    ScimError::value(format!("{name} is to be {kind}"))
}
