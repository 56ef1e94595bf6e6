//! How large and how deep JSON may be. Checked without recursion, before anything else looks at it.

use serde_json::Value;

use crate::Map;
use crate::error::{ScimError, ScimType, shown};

/// The most values inside each other: a resource is 1, its `name` 2, its `name.givenName` 3.
pub const DEPTH_MAX: usize = 16;

/// The most names in one object.
pub const NAMES_MAX: usize = 1_000;

/// The most values in all, a group's 100,000 members with all their sub-attributes among them.
pub const VALUES_MAX: usize = 1_000_000;

/// The most values in a list of a person's, so that many changes of a long list end in time. A
/// group's members are meant to be kept elsewhere ([`crate::patch::GroupPatch`]).
pub const LIST_MAX: usize = 10_000;

/// The most bytes of all texts and names together.
pub const TEXT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Looks whether a value is within all the limits.
///
/// # Errors
/// `invalidValue` that says which limit; for the size in all, 413.
pub fn check(value: &Value) -> Result<(), ScimError> {
    check_all(vec![(value, 1)])
}

pub(crate) fn check_resource(resource: &Map) -> Result<(), ScimError> {
    check_names(resource)?;
    check_all(resource.values().map(|value| (value, 2)).collect())
}

fn check_all(mut open: Vec<(&Value, usize)>) -> Result<(), ScimError> {
    let (mut values, mut bytes) = (0, 0);
    while let Some((value, depth)) = open.pop() {
        values += 1;
        if depth > DEPTH_MAX {
            return Err(ScimError::value(format!(
                "the JSON is deeper than {DEPTH_MAX}"
            )));
        }
        match value {
            Value::String(text) => bytes += text.len(),
            Value::Array(list) => open.extend(list.iter().map(|value| (value, depth + 1))),
            Value::Object(object) => {
                check_names(object)?;
                bytes += object.keys().map(String::len).sum::<usize>();
                open.extend(object.values().map(|value| (value, depth + 1)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if values + open.len() > VALUES_MAX || bytes > TEXT_BYTES_MAX {
            let detail = format!(
                "the JSON has more than {VALUES_MAX} values, or more than {TEXT_BYTES_MAX} bytes"
            );
            return Err(ScimError {
                status: 413,
                scim_type: None,
                detail,
            });
        }
    }
    Ok(())
}

fn check_names(object: &Map) -> Result<(), ScimError> {
    if object.len() <= NAMES_MAX {
        return Ok(());
    }
    let first = object.keys().next().map_or("", String::as_str);
    let detail = format!(
        "an object has more than {NAMES_MAX} names; its first is {}",
        shown(first)
    );
    Err(ScimError::new(ScimType::InvalidValue, detail))
}

/// The value itself if it is within the limits; otherwise it is taken apart, since letting go of
/// what is too deep would recurse.
pub(crate) fn within(value: Value) -> Result<Value, ScimError> {
    match check(&value) {
        Ok(()) => Ok(value),
        Err(error) => {
            dismantle(value);
            Err(error)
        }
    }
}

/// Lets go of a value however deep it is. serde_json reads nothing deeper than 128, but what others
/// have built may be.
pub fn dismantle(value: Value) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(list) => open.extend(list),
            Value::Object(object) => open.extend(object.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}
