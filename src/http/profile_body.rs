//! The gateway's `user` object, which the Clients API shows as a user's profile: state, the fields
//! that are set with their fallbacks, custom attributes. Nothing in it is ever null.

use crate::http::json;
use crate::model::profile::ProfileField;
use crate::model::profile_json::CUSTOM_ATTRIBUTES;
use crate::model::user::UserView;

/// The objects that lie in each other, from the outermost; the fields of each come before the next
/// object, and all of them in the order of [`ProfileField::ALL`].
const NESTED: [&str; 2] = ["employment_info", "employment_location"];

/// Writes a user's profile.
pub fn write(out: &mut Vec<u8>, user: &UserView<'_>) {
    json::raw(out, r#"{"state":""#);
    json::raw(out, user.gateway_state().name());
    out.push(b'"');
    let mut depth = 0;
    let mut divider = ",";
    for (field, value) in ProfileField::ALL.into_iter().zip(user.gateway_fields()) {
        let Some(value) = value else { continue };
        let (own_depth, key) = place(field);
        for object in &NESTED[depth..own_depth] {
            json::raw(out, divider);
            out.push(b'"');
            json::raw(out, object);
            json::raw(out, "\":{");
            divider = "";
        }
        depth = own_depth;
        json::raw(out, divider);
        divider = ",";
        out.push(b'"');
        json::raw(out, key);
        json::raw(out, "\":");
        json::text(out, value);
    }
    json::raw(out, &"}}"[..depth]);
    if let Some(attributes) = user.profile.custom_attributes() {
        json::raw(out, ",\"");
        json::raw(out, CUSTOM_ATTRIBUTES);
        json::raw(out, "\":");
        json::raw(out, attributes);
    }
    out.push(b'}');
}

/// In how many of [`NESTED`] a field lies, and its name there.
fn place(field: ProfileField) -> (usize, &'static str) {
    const PLACES: [(usize, &str); ProfileField::ALL.len()] = {
        let mut places = [(0, ""); ProfileField::ALL.len()];
        let mut index = 0;
        while index < places.len() {
            places[index] = split(ProfileField::ALL[index].path());
            index += 1;
        }
        places
    };
    PLACES[field as usize]
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
