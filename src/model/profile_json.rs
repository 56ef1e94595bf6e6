//! The profile as JSON: the gateway's `user` object but for `state`, which stands beside it.
//!
//! One table of paths ([`ProfileField`]) serves reading, patching, writing and the import's columns.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::model::invalid::Invalid;
use crate::model::profile::{Profile, ProfileDraft, ProfileField};
use crate::model::profile_text::{NESTED, Place};
use crate::model::text::{NAME_LENGTH_MAX, checked};
use crate::model::timestamp::Timestamp;
use crate::model::user::State;

/// The longest text of all custom attributes together, in bytes of compact JSON.
pub const CUSTOM_ATTRIBUTES_BYTES_MAX: usize = 16 * 1024;
/// How deep custom attributes may nest.
pub const CUSTOM_ATTRIBUTES_DEPTH_MAX: usize = 16;
/// The key of the custom attributes.
pub const CUSTOM_ATTRIBUTES: &str = "custom_attributes";

/// The key of what an identity provider sent beside the fields, where profiles are stored and logged.
pub const PROVISIONED: &str = "provisioned";
/// The longest text of that, in bytes of compact JSON: it is in memory with everybody.
pub const PROVISIONED_BYTES_MAX: usize = 64 * 1024;

/// The text of what an identity provider sent beside the fields; `None` when there is nothing.
pub fn provisioned_text(sent: Map<String, Value>) -> Result<Option<String>, Invalid> {
    if sent.is_empty() {
        return Ok(None);
    }
    let json = Value::Object(sent).to_string();
    if json.len() > PROVISIONED_BYTES_MAX {
        let most = PROVISIONED_BYTES_MAX;
        let reason = format!("attributes without a field are longer than {most} bytes of JSON");
        return Err(Invalid::new(PROVISIONED, reason));
    }
    Ok(Some(json))
}

/// Objects that group fields: their paths.
const GROUPS: [&str; 2] = ["employment_info", "employment_info.employment_location"];
/// What `work_status` may be.
pub const WORK_STATUSES: [&str; 4] = ["UNKNOWN_WORK_STATUS", "CONTINGENT", "INTERN", "FULL_TIME"];

/// The fields that are set, in the contract's key order, nested as on the wire; never a null.
pub fn to_object(profile: &Profile) -> Map<String, Value> {
    let mut object = Map::new();
    for field in ProfileField::ALL {
        let Some(value) = profile.get(field) else {
            continue;
        };
        let mut parent = &mut object;
        let (groups, key) = field.path().rsplit_once('.').unwrap_or(("", field.path()));
        for group in groups.split('.').filter(|group| !group.is_empty()) {
            let inner = parent
                .entry(group)
                .or_insert_with(|| Value::Object(Map::new()));
            parent = inner
                .as_object_mut()
                .expect("groups and fields have different names");
        }
        parent.insert(key.to_owned(), value.into());
    }
    if let Some(json) = profile.custom_attributes() {
        let custom = serde_json::from_str(json).expect("a draft is given the text of an object");
        object.insert(CUSTOM_ATTRIBUTES.to_owned(), custom);
    }
    object
}

/// Reads what was stored by [`crate::model::profile_text::to_text`]. It was checked before.
pub fn from_stored(json: &str) -> Result<Profile, Invalid> {
    let mut stored = Stored::default();
    let mut reader = serde_json::Deserializer::from_str(json);
    let object = StoredObject {
        stored: &mut stored,
        depth: 0,
    };
    object
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| Invalid::new("profile", error.to_string()))?;
    let values = stored.values.each_ref().map(Option::as_deref);
    let Stored {
        custom_attributes,
        provisioned,
        ..
    } = stored;
    Ok(Profile::packed(&values, custom_attributes, provisioned))
}

/// A stored profile, as far as it can be lent from its text.
#[derive(Default)]
struct Stored<'j> {
    values: [Option<Cow<'j, str>>; ProfileField::ALL.len()],
    custom_attributes: Option<&'j str>,
    provisioned: Option<&'j str>,
    /// Fields are stored in their order: none before this one is expected.
    next: usize,
}

/// Reads the object that lies in so many of [`NESTED`].
struct StoredObject<'s, 'j> {
    stored: &'s mut Stored<'j>,
    depth: usize,
}

impl<'j> DeserializeSeed<'j> for StoredObject<'_, 'j> {
    type Value = ();

    fn deserialize<D: Deserializer<'j>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'j> Visitor<'j> for StoredObject<'_, 'j> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of the profile")
    }

    fn visit_map<A: MapAccess<'j>>(self, mut map: A) -> Result<(), A::Error> {
        // No key needs an escape, so each can be lent.
        while let Some(key) = map.next_key::<&'j str>()? {
            let depth = self.depth;
            if depth == 0 && key == CUSTOM_ATTRIBUTES {
                self.stored.custom_attributes = Some(map.next_value::<&RawValue>()?.get());
            } else if depth == 0 && key == PROVISIONED {
                self.stored.provisioned = Some(map.next_value::<&RawValue>()?.get());
            } else if NESTED.get(depth) == Some(&key) {
                map.next_value_seed(StoredObject {
                    stored: self.stored,
                    depth: depth + 1,
                })?;
            } else {
                let expected = ProfileField::ALL.into_iter().skip(self.stored.next);
                let mut fields = expected.chain(ProfileField::ALL);
                let is_it = |place: &Place| place.depth == depth && place.key == key;
                let field = fields.find(|field| is_it(Place::of(*field)));
                let field = field.ok_or_else(|| A::Error::custom("no field of the profile"))?;
                self.stored.next = field as usize + 1;
                let value = map.next_value::<Text<'j>>()?;
                self.stored.values[field as usize] = Some(value.0);
            }
        }
        Ok(())
    }
}

/// Text that is lent where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'j>(#[serde(borrow)] Cow<'j, str>);

/// The profile after a JSON merge patch (RFC 7396) of the gateway's `user` object, and the state
/// when the patch sets it. An unknown field, a wrong type or a bad value is refused by its path.
pub fn patched(
    profile: &Profile,
    patch: &Map<String, Value>,
) -> Result<(Option<State>, Profile), Invalid> {
    let mut draft = ProfileDraft::from(profile);
    let mut state = None;
    for (key, value) in patch {
        match key.as_str() {
            "state" => {
                let parsed = value.as_str().and_then(State::parse);
                let reason = "state must be ACTIVE or INACTIVE";
                state = Some(parsed.ok_or_else(|| Invalid::new("state", reason))?);
            }
            CUSTOM_ATTRIBUTES => {
                let custom = patched_custom_attributes(profile.custom_attributes(), value)?;
                draft.set_custom_attributes(custom);
            }
            _ => patch_field(&mut draft, key, value)?,
        }
    }
    Ok((state, draft.finish()))
}

fn patch_field(draft: &mut ProfileDraft, path: &str, value: &Value) -> Result<(), Invalid> {
    if let Some(field) = ProfileField::from_path(path) {
        let text = match value {
            Value::Null => None,
            Value::String(text) => Some(checked_value(field, text)?),
            _ => return Err(Invalid::new(path, format!("{path} must be text or null"))),
        };
        draft.set(field, text);
        return Ok(());
    }
    if !GROUPS.contains(&path) {
        return Err(Invalid::new(
            path,
            format!("{path} is not a field of the profile"),
        ));
    }
    match value {
        Value::Null => {
            for field in ProfileField::ALL {
                if field
                    .path()
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('.'))
                {
                    draft.set(field, None);
                }
            }
            Ok(())
        }
        // The depth is bounded: a path of two groups and a key names a field or nothing.
        Value::Object(object) => object
            .iter()
            .try_for_each(|(key, value)| patch_field(draft, &format!("{path}.{key}"), value)),
        _ => Err(Invalid::new(
            path,
            format!("{path} must be an object or null"),
        )),
    }
}

/// A field's value as it is kept: text of a bounded length; `work_status` one of the published
/// values; a time in whole seconds of UTC.
pub fn checked_value(field: ProfileField, text: &str) -> Result<String, Invalid> {
    let path = field.path();
    let text = checked(path, text, NAME_LENGTH_MAX)?;
    if field == ProfileField::WorkStatus && !WORK_STATUSES.contains(&text) {
        let known = WORK_STATUSES.join(", ");
        return Err(Invalid::new(path, format!("{path} must be one of {known}")));
    }
    if field.is_time() {
        let moment = Timestamp::parse(text).ok_or_else(|| {
            Invalid::new(
                path,
                format!("{path} must be a time like 2023-05-14T09:30:00Z"),
            )
        })?;
        return Ok(moment.with_seconds());
    }
    Ok(text.to_owned())
}

fn patched_custom_attributes(
    current: Option<&str>,
    patch: &Value,
) -> Result<Option<String>, Invalid> {
    let refused = |reason: String| Invalid::new(CUSTOM_ATTRIBUTES, reason);
    let patch = match patch {
        Value::Null => return Ok(None),
        Value::Object(patch) => patch,
        _ => {
            return Err(refused(
                "custom_attributes must be an object or null".to_owned(),
            ));
        }
    };
    let mut object: Map<String, Value> = current.map_or_else(Map::new, |json| {
        serde_json::from_str(json).expect("a draft is given the text of an object")
    });
    merge(&mut object, patch, CUSTOM_ATTRIBUTES_DEPTH_MAX)
        .map_err(|reason| refused(format!("custom_attributes {reason}")))?;
    if object.is_empty() {
        return Ok(None);
    }
    let json = Value::Object(object).to_string();
    if json.len() > CUSTOM_ATTRIBUTES_BYTES_MAX {
        let most = CUSTOM_ATTRIBUTES_BYTES_MAX;
        return Err(refused(format!(
            "custom_attributes are longer than {most} bytes of JSON"
        )));
    }
    Ok(Some(json))
}

/// RFC 7396 section 2, but for nulls inside arrays: the gateway never shows one.
fn merge(
    target: &mut Map<String, Value>,
    patch: &Map<String, Value>,
    depth_left: usize,
) -> Result<(), &'static str> {
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.shift_remove(key);
            }
            Value::Object(patch) => {
                let depth_left = depth_left.checked_sub(1).ok_or("nest too deep")?;
                let inner = target.entry(key).or_insert(Value::Null);
                if !inner.is_object() {
                    *inner = Value::Object(Map::new());
                }
                let inner = inner.as_object_mut().expect("it was made one just above");
                merge(inner, patch, depth_left)?;
            }
            _ => {
                check_plain(value, depth_left)?;
                target.insert(key.clone(), value.clone());
            }
        }
    }
    Ok(())
}

fn check_plain(value: &Value, depth_left: usize) -> Result<(), &'static str> {
    let depth_left = depth_left.checked_sub(1).ok_or("nest too deep")?;
    match value {
        Value::Null => Err("must not hold null inside a list"),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_plain(item, depth_left)),
        Value::Object(object) => object
            .values()
            .try_for_each(|value| check_plain(value, depth_left)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::profile_text::to_text;

    fn patch(profile: &Profile, json: &str) -> Result<(Option<State>, Profile), Invalid> {
        patched(profile, &serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_merge_patch_sets_clears_and_leaves_alone() {
        let (state, first) = patch(
            &Profile::default(),
            r#"{"state":"INACTIVE","first_name":"John","employment_info":{"role":"Engineer",
            "employee_start_date_ts":"2023-05-14T11:30:00.5+02:00",
            "employment_location":{"office":"MTV"}},"custom_attributes":{"a":{"b":1,"c":2}}}"#,
        )
        .unwrap();
        assert_eq!(state, Some(State::Inactive));
        assert_eq!(
            to_text(&first),
            r#"{"first_name":"John","employment_info":{"employee_start_date_ts":"2023-05-14T09:30:00Z","role":"Engineer","employment_location":{"office":"MTV"}},"custom_attributes":{"a":{"b":1,"c":2}}}"#
        );
        let (state, second) = patch(
            &first,
            r#"{"first_name":null,"employment_info":{"employment_location":null},
            "custom_attributes":{"a":{"b":null}}}"#,
        )
        .unwrap();
        assert_eq!(state, None);
        assert_eq!(
            to_text(&second),
            r#"{"employment_info":{"employee_start_date_ts":"2023-05-14T09:30:00Z","role":"Engineer"},"custom_attributes":{"a":{"c":2}}}"#
        );
        assert_eq!(from_stored(&to_text(&second)).unwrap(), second);
    }

    #[test]
    fn what_is_set_is_written_as_serde_writes_it_and_read_again() {
        for step in 1..=ProfileField::ALL.len() {
            let mut draft = ProfileDraft::default();
            for field in ProfileField::ALL.into_iter().step_by(step) {
                draft.set(field, Some(format!("{} \"\\/\u{e9}", field.path())));
            }
            for custom in [None, Some(r#"{"a":{"b":[1.5,"\"x"]}}"#.to_owned())] {
                draft.set_custom_attributes(custom);
                let profile = draft.clone().finish();
                let text = to_text(&profile);
                assert_eq!(text, Value::Object(to_object(&profile)).to_string());
                assert_eq!(from_stored(&text).unwrap(), profile);
            }
        }
        for json in [
            "[]",
            "{}x",
            r#"{"rank":"1"}"#,
            r#"{"employment_info":{"first_name":"x"}}"#,
        ] {
            assert!(from_stored(json).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (json, field) in [
            (r#"{"shoe_size":"43"}"#, "shoe_size"),
            (r#"{"first_name":1}"#, "first_name"),
            (r#"{"first_name":""}"#, "first_name"),
            (r#"{"first_name":"a\u0000b"}"#, "first_name"),
            (r#"{"first_name":"a\u001fb"}"#, "first_name"),
            (r#"{"state":null}"#, "state"),
            (r#"{"state":"active"}"#, "state"),
            (r#"{"work_status":"PART_TIME"}"#, "work_status"),
            (r#"{"employment_info":"x"}"#, "employment_info"),
            (
                r#"{"employment_info":{"rank":"x"}}"#,
                "employment_info.rank",
            ),
            (
                r#"{"employment_info":{"employee_start_date_ts":"soon"}}"#,
                "employment_info.employee_start_date_ts",
            ),
            (r#"{"custom_attributes":[]}"#, "custom_attributes"),
            (r#"{"custom_attributes":{"a":[null]}}"#, "custom_attributes"),
        ] {
            assert_eq!(
                patch(&Profile::default(), json).unwrap_err().field,
                field,
                "{json}"
            );
        }
        let deep = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
        let deep = format!(r#"{{"custom_attributes":{deep}}}"#);
        assert_eq!(
            patch(&Profile::default(), &deep).unwrap_err().field,
            "custom_attributes"
        );
    }
}
