//! Lines of JSON: each object's shape says which dialect it is written in.

use std::io::Read;

use serde_json::{Map, Value};

use crate::model::invalid::Invalid;
use crate::model::profile::ProfileField;
use crate::model::profile_json::{CUSTOM_ATTRIBUTES, PROVISIONED, provisioned_text};
use crate::model::text::name;
use crate::model::timestamp::Timestamp;
use crate::operations::import::row::{
    DepartmentReference, DepartmentRow, Row, UserRow, department_id, department_text, description,
    seen_at, state, time, user_id,
};
use crate::operations::import::source::{Piece, Source};
use crate::operations::import::{Batches, ROW_BYTES_MAX, Stop};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Reads the file to its end.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    batches: &mut Batches,
    latest_activity: Timestamp,
) -> Result<(), Stop> {
    let mut line = Vec::new();
    for number in 1.. {
        let row = match source.line(&mut line)? {
            Piece::End => break,
            Piece::TooLong => Err(Invalid::new(
                "",
                format!("The line is longer than {ROW_BYTES_MAX} bytes"),
            )),
            Piece::Line => {
                let text = line.strip_prefix(BYTE_ORDER_MARK).filter(|_| number == 1);
                let text = text.unwrap_or(&line).trim_ascii();
                if text.is_empty() {
                    continue;
                }
                read_line(text, latest_activity)
            }
        };
        batches.push(number, row, source.taken())?;
    }
    batches.flush()
}

fn read_line(line: &[u8], latest_activity: Timestamp) -> Result<Row, Invalid> {
    let text = std::str::from_utf8(line).map_err(|_| Invalid::new("", "The line is not UTF-8"))?;
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let text = error.to_string();
        // It is always on line 1 of a line.
        let what = text.split(" at line ").next().unwrap_or_default();
        let column = error.column();
        Invalid::new("", format!("The line is not JSON: {what} at byte {column}"))
    })?;
    let Value::Object(object) = value else {
        return Err(Invalid::new("", "The line is not a JSON object"));
    };
    if object.contains_key("system_identity") {
        return gateway_user(object).map(|user| Row::User(Box::new(user)));
    }
    if object.contains_key("username") || object.contains_key("user_key") {
        return clients_user(object, latest_activity).map(|user| Row::User(Box::new(user)));
    }
    if object.contains_key("name") {
        return department(object).map(Row::Department);
    }
    Err(Invalid::new(
        "",
        "The object is neither a user (it has no username, user_key or system_identity) nor a \
         department (it has no name)",
    ))
}

/// A user of the Clients API, with what our export adds.
fn clients_user(
    object: Map<String, Value>,
    latest_activity: Timestamp,
) -> Result<UserRow, Invalid> {
    let mut row = UserRow::default();
    let mut profile = Map::new();
    for (key, value) in object {
        let key = key.as_str();
        match key {
            "id" => row.id = Some(user_id(key, text(key, &value)?)?),
            "username" => row.username = Some(name(key, text(key, &value)?)?),
            "user_key" => row.user_key = Some(name(key, text(key, &value)?)?),
            "external_id" => {
                let external_id = optional_text(key, &value)?;
                row.external_id = Some(external_id.map(|text| name(key, text)).transpose()?);
            }
            "departments" => row.departments = Some(departments(key, value)?),
            "state" => row.state = Some(state(key, text(key, &value)?)?),
            "created_at" => row.created_at = Some(time(key, text(key, &value)?)?),
            "updated_at" => row.updated_at = Some(time(key, text(key, &value)?)?),
            "deleted_at" => {
                let at = optional_text(key, &value)?;
                row.deleted_at = at.map(|at| time(key, at)).transpose()?;
            }
            "last_activity" => last_activity(&mut row, key, value, latest_activity)?,
            "profile" => profile = object_of(key, value)?,
            PROVISIONED => row.provisioned = Some(provisioned(key, value)?),
            _ => return Err(unknown(key)),
        }
    }
    row.set_patch(profile, "profile.")?;
    Ok(row)
}

/// What an identity provider sent beside the fields.
fn provisioned(key: &str, value: Value) -> Result<String, Invalid> {
    scim::resource::check(&value).map_err(|error| Invalid::new(key, error.detail))?;
    let text = provisioned_text(object_of(key, value)?)?;
    text.ok_or_else(|| Invalid::new(key, format!("{key} must not be empty")))
}

fn last_activity(
    row: &mut UserRow,
    path: &str,
    value: Value,
    latest: Timestamp,
) -> Result<(), Invalid> {
    for (key, value) in object_of(path, value)? {
        let path = format!("{path}.{key}");
        let Some(at) = optional_text(&path, &value)? else {
            continue;
        };
        match key.as_str() {
            // The later of the channels: it follows from them.
            "at" => drop(time(&path, at)?),
            "desktop_at" => row.last_activity.desktop_at = Some(seen_at(&path, at, latest)?),
            "web_at" => row.last_activity.web_at = Some(seen_at(&path, at, latest)?),
            _ => return Err(unknown(&path)),
        }
    }
    Ok(())
}

fn departments(path: &str, value: Value) -> Result<Vec<DepartmentReference>, Invalid> {
    let Value::Array(items) = value else {
        return Err(Invalid::new(path, format!("{path} must be a list")));
    };
    let items = items.into_iter().enumerate();
    items
        .map(|(index, item)| {
            let path = format!("{path}[{index}]");
            match item {
                Value::String(text) => department_text(&path, &text),
                _ => department_reference(&path, object_of(&path, item)?),
            }
        })
        .collect()
}

fn department_reference(
    path: &str,
    object: Map<String, Value>,
) -> Result<DepartmentReference, Invalid> {
    let (mut id, mut its_name, mut its_description) = (None, None, None);
    for (key, value) in object {
        let path = format!("{path}.{key}");
        match key.as_str() {
            "id" => id = Some(department_id(&path, text(&path, &value)?)?),
            "name" => its_name = Some(name(&path, text(&path, &value)?)?),
            "description" => {
                if let Some(text) = optional_text(&path, &value)? {
                    its_description = description(&path, text)?;
                }
            }
            _ => return Err(unknown(&path)),
        }
    }
    let missing = |key: &str| Invalid::new(path, format!("{path} has no {key}"));
    Ok(DepartmentReference::Record {
        id: id.ok_or_else(|| missing("id"))?,
        name: its_name.ok_or_else(|| missing("name"))?,
        description: its_description,
    })
}

/// A user of the Identity Gateway.
fn gateway_user(object: Map<String, Value>) -> Result<UserRow, Invalid> {
    let mut row = UserRow::default();
    let mut user = None;
    for (key, value) in object {
        match key.as_str() {
            "user" => user = Some(object_of("user", value)?),
            "system_identity" => system_identity(&mut row, object_of("system_identity", value)?)?,
            "last_updated_at" => {
                row.updated_at = Some(time(&key, text(&key, &value)?)?);
            }
            _ => return Err(unknown(&key)),
        }
    }
    let user = user.ok_or_else(|| Invalid::new("user", "user is missing"))?;
    row.set_patch(with_extra_attributes(user)?, "user.")?;
    Ok(row)
}

fn system_identity(row: &mut UserRow, object: Map<String, Value>) -> Result<(), Invalid> {
    for (key, value) in object {
        let path = format!("system_identity.{key}");
        let value = name(&path, text(&path, &value)?)?;
        match key.as_str() {
            "id" => row.system_id = Some(value),
            "username" => row.username = Some(value),
            _ => return Err(unknown(&path)),
        }
    }
    if row.system_id.is_none() {
        let path = "system_identity.id";
        return Err(Invalid::new(path, format!("{path} is missing")));
    }
    Ok(())
}

/// What stands under `user` beside the contract's fields belongs to the custom attributes.
fn with_extra_attributes(user: Map<String, Value>) -> Result<Map<String, Value>, Invalid> {
    let (mut patch, mut extra) = (Map::new(), Map::new());
    for (key, value) in user {
        let is_field = key == "state"
            || key == "employment_info"
            || key == CUSTOM_ATTRIBUTES
            || (!key.contains('.') && ProfileField::from_path(&key).is_some());
        let object = if is_field { &mut patch } else { &mut extra };
        object.insert(key, value);
    }
    if extra.is_empty() {
        return Ok(patch);
    }
    let custom = patch
        .entry(CUSTOM_ATTRIBUTES)
        .or_insert_with(|| Value::Object(Map::new()));
    let path = format!("user.{CUSTOM_ATTRIBUTES}");
    let custom = custom
        .as_object_mut()
        .ok_or_else(|| Invalid::new(&path, format!("{path} must be an object")))?;
    for (key, value) in extra {
        if custom.contains_key(&key) {
            let reason = format!("{key} stands under user and under {path}");
            return Err(Invalid::new(format!("user.{key}"), reason));
        }
        custom.insert(key, value);
    }
    Ok(patch)
}

/// A department's own record.
fn department(object: Map<String, Value>) -> Result<DepartmentRow, Invalid> {
    let mut row = DepartmentRow {
        id: None,
        name: Box::default(),
        description: None,
        external_id: None,
        created_at: None,
        updated_at: None,
    };
    for (key, value) in object {
        let key = key.as_str();
        match key {
            "id" => row.id = Some(department_id(key, text(key, &value)?)?),
            "name" => row.name = name(key, text(key, &value)?)?,
            "description" => {
                row.description = Some(match optional_text(key, &value)? {
                    Some(text) => description(key, text)?,
                    None => None,
                });
            }
            "external_id" => {
                let external_id = optional_text(key, &value)?;
                row.external_id = Some(external_id.map(|text| name(key, text)).transpose()?);
            }
            "created_at" => row.created_at = Some(time(key, text(key, &value)?)?),
            "updated_at" => row.updated_at = Some(time(key, text(key, &value)?)?),
            // It follows from the users.
            "member_count" if value.is_u64() => {}
            _ => return Err(unknown(key)),
        }
    }
    Ok(row)
}

fn text<'v>(path: &str, value: &'v Value) -> Result<&'v str, Invalid> {
    let text = value.as_str();
    text.ok_or_else(|| Invalid::new(path, format!("{path} must be text")))
}

fn optional_text<'v>(path: &str, value: &'v Value) -> Result<Option<&'v str>, Invalid> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err(Invalid::new(path, format!("{path} must be text or null"))),
    }
}

fn object_of(path: &str, value: Value) -> Result<Map<String, Value>, Invalid> {
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Invalid::new(path, format!("{path} must be an object"))),
    }
}

fn unknown(path: &str) -> Invalid {
    Invalid::new(path, format!("{path} is not a field to import"))
}
