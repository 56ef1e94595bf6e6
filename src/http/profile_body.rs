//! The gateway's `user` object, which the Clients API shows as a user's profile: state, the fields
//! that are set with their fallbacks, custom attributes. Nothing in it is ever null.

use crate::model::json;
use crate::model::profile_json;
use crate::model::user::UserView;

/// Writes a user's profile.
pub fn write(out: &mut Vec<u8>, user: &UserView<'_>) {
    json::raw(out, r#"{"state":""#);
    json::raw(out, user.gateway_state().name());
    out.push(b'"');
    let custom_attributes = user.profile.custom_attributes();
    profile_json::write_fields(out, ",", &user.gateway_fields(), custom_attributes);
    out.push(b'}');
}
