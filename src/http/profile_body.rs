//! The gateway's `user` object, which the Clients API shows as a user's profile: state, the fields
//! that are set with their fallbacks, custom attributes. Nothing in it is ever null.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::model::profile::ProfileField;
use crate::model::profile_json::CUSTOM_ATTRIBUTES;
use crate::model::user::UserView;

const EMPLOYMENT: &str = "employment_info";
const LOCATION: &str = "employment_location";

/// A user's profile on the wire.
pub struct ProfileBody<'a>(pub &'a UserView<'a>);

/// The fields of one nested object, and the object nested in it.
struct Group<'a> {
    user: &'a UserView<'a>,
    prefix: &'static str,
}

impl Serialize for ProfileBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let user = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("state", user.gateway_state().name())?;
        for field in ProfileField::ALL
            .into_iter()
            .filter(|field| !field.path().contains('.'))
        {
            if let Some(value) = user.gateway_field(field) {
                map.serialize_entry(field.path(), value)?;
            }
        }
        let employment = Group {
            user,
            prefix: "employment_info.",
        };
        if !employment.is_empty() {
            map.serialize_entry(EMPLOYMENT, &employment)?;
        }
        if let Some(json) = user.profile.custom_attributes() {
            let raw: &RawValue = serde_json::from_str(json).map_err(serde::ser::Error::custom)?;
            map.serialize_entry(CUSTOM_ATTRIBUTES, raw)?;
        }
        map.end()
    }
}

impl Group<'_> {
    fn is_empty(&self) -> bool {
        let fields = ProfileField::ALL.into_iter();
        let mut own = fields.filter(|field| field.path().starts_with(self.prefix));
        own.all(|field| self.user.gateway_field(field).is_none())
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in ProfileField::ALL {
            let Some(key) = field.path().strip_prefix(self.prefix) else {
                continue;
            };
            if !key.contains('.')
                && let Some(value) = self.user.gateway_field(field)
            {
                map.serialize_entry(key, value)?;
            }
        }
        let location = Group {
            user: self.user,
            prefix: "employment_info.employment_location.",
        };
        if self.prefix != location.prefix && !location.is_empty() {
            map.serialize_entry(LOCATION, &location)?;
        }
        map.end()
    }
}
