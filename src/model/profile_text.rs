//! The profile written as JSON text: for what is asked for, or stored, most.

use crate::model::json;
use crate::model::profile::{Profile, ProfileField};
#[cfg(doc)]
use crate::model::profile_json::to_object;
use crate::model::profile_json::{CUSTOM_ATTRIBUTES, PROVISIONED};

/// [`to_object`] as compact text, with what an identity provider sent beside it.
pub fn to_text(profile: &Profile) -> String {
    let mut text = Vec::new();
    write(&mut text, profile);
    String::from_utf8(text).expect("it is made of texts")
}

/// Writes [`to_object`] as compact text, and what an identity provider sent beside it.
pub fn write(out: &mut Vec<u8>, profile: &Profile) {
    out.push(b'{');
    let (are_plain, custom_attributes) = (profile.is_plain(), profile.custom_attributes());
    write_fields(out, &profile.values(), are_plain, custom_attributes);
    if let Some(provisioned) = profile.provisioned() {
        write_member(out, PROVISIONED, provisioned);
    }
    json::close(out);
}

/// The objects that lie in each other, from the outermost; the fields of each come before the next
/// object, and all of them in the order of [`ProfileField::ALL`].
pub(super) const NESTED: [&str; 2] = ["employment_info", "employment_location"];

/// Writes what an object holds of the fields that are set, and the custom attributes, each with a
/// comma behind it (see [`json::close`]). Values that `are_plain` are not looked through.
pub fn write_fields(
    out: &mut Vec<u8>,
    values: &[Option<&str>; ProfileField::ALL.len()],
    are_plain: bool,
    custom_attributes: Option<&str>,
) {
    let mut depth = 0;
    for (field, value) in ProfileField::ALL.into_iter().zip(values) {
        let Some(value) = value else { continue };
        let place = Place::of(field);
        for object in &NESTED[depth..place.depth] {
            out.push(b'"');
            json::raw(out, object);
            json::raw(out, "\":{");
        }
        depth = place.depth;
        place.opening.write(out);
        if are_plain {
            json::plain(out, value);
        } else {
            json::text(out, value);
        }
        out.push(b',');
    }
    if depth > 0 {
        for _ in 0..depth {
            json::close(out);
        }
        out.push(b',');
    }
    if let Some(attributes) = custom_attributes {
        write_member(out, CUSTOM_ATTRIBUTES, attributes);
    }
}

/// Writes a member whose value is JSON already, with a comma behind it.
fn write_member(out: &mut Vec<u8>, key: &str, json: &str) {
    out.push(b'"');
    json::raw(out, key);
    json::raw(out, "\":");
    json::raw(out, json);
    out.push(b',');
}

/// A key with its quotes and its colon, as long as all of them so that it is copied in one go.
#[derive(Clone, Copy)]
struct Opening {
    text: [u8; Self::LENGTH_MAX],
    length: usize,
}

impl Opening {
    const LENGTH_MAX: usize = 32;

    const fn new(key: &str) -> Self {
        let key = key.as_bytes();
        let mut text = [b'"'; Self::LENGTH_MAX];
        let mut index = 0;
        while index < key.len() {
            text[index + 1] = key[index];
            index += 1;
        }
        text[key.len() + 2] = b':';
        Self {
            text,
            length: key.len() + 3,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let end = out.len() + self.length;
        out.extend_from_slice(&self.text);
        out.truncate(end);
    }
}

/// Where a field lies in the JSON.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// In how many of [`NESTED`].
    pub(super) depth: usize,
    /// Its name there.
    pub(super) key: &'static str,
    opening: Opening,
}

impl Place {
    const fn new(path: &'static str) -> Self {
        let (depth, key) = split(path);
        Self {
            depth,
            key,
            opening: Opening::new(key),
        }
    }

    pub(super) fn of(field: ProfileField) -> &'static Self {
        static PLACES: [Place; ProfileField::ALL.len()] = {
            let mut places = [Place::new(""); ProfileField::ALL.len()];
            let mut index = 0;
            while index < places.len() {
                places[index] = Place::new(ProfileField::ALL[index].path());
                index += 1;
            }
            places
        };
        &PLACES[field as usize]
    }
}

/// How many dots a path has, and what stands behind the last.
const fn split(path: &str) -> (usize, &str) {
    let bytes = path.as_bytes();
    let (mut depth, mut start, mut index) = (0, 0, 0);
    while index < bytes.len() {
        if bytes[index] == b'.' {
            depth += 1;
            start = index + 1;
        }
        index += 1;
    }
    (depth, path.split_at(start).1)
}
