//! The gateway's `user` object, which the Clients API shows as a user's profile: state, the fields
//! that are set with their fallbacks, custom attributes. Nothing in it is ever null.

use crate::model::json;
use crate::model::profile::ProfileField;
use crate::model::profile_text;
use crate::model::user::UserView;

/// Writes a user's profile.
pub fn write(out: &mut Vec<u8>, user: &UserView<'_>) {
    json::raw(out, r#"{"state":""#);
    json::raw(out, user.gateway_state().name());
    json::raw(out, "\",");
    let fields = user.gateway_fields();
    let with_fallbacks = [ProfileField::UniversalIdentifier, ProfileField::Department];
    let mut fallbacks = with_fallbacks
        .map(|field| fields[field as usize])
        .into_iter();
    let are_plain =
        user.profile.is_plain() && fallbacks.all(|value| value.is_none_or(json::is_plain));
    let custom_attributes = user.profile.custom_attributes();
    profile_text::write_fields(out, &fields, are_plain, custom_attributes);
    json::close(out);
}
