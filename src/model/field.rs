//! The fields of a person's record, as what is remembered of each is kept: by name for who asks, and
//! many at a time as bits.

use std::borrow::Cow;
use std::ops::BitOr;

use serde_json::{Map, Value};

use crate::model::profile::ProfileField;
use crate::model::profile_json::CUSTOM_ATTRIBUTES;
use crate::model::user::User;

/// A field that remembers where its value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// See [`User::username`].
    Username,
    /// See [`User::user_key`].
    UserKey,
    /// See [`User::external_id`].
    ExternalId,
    /// See [`User::departments`].
    Departments,
    /// See [`User::state`].
    State,
    /// The custom attributes of the profile, all of them together.
    CustomAttributes,
    /// A field of the profile.
    Profile(ProfileField),
}

/// The fields beside those of [`ProfileField`], in the order of their bits.
const OWN: [Field; 6] = [
    Field::Username,
    Field::UserKey,
    Field::ExternalId,
    Field::Departments,
    Field::State,
    Field::CustomAttributes,
];

impl Field {
    /// Every field, in the order of their bits, which are stored: another field goes to the end.
    pub fn all() -> impl Iterator<Item = Self> {
        OWN.into_iter()
            .chain(ProfileField::ALL.into_iter().map(Self::Profile))
    }

    /// Where it stands in the body that creates a user (Clients API, Users beyond the vendor), for
    /// example `profile.employment_info.role`.
    pub fn name(self) -> Cow<'static, str> {
        match (self, self.path()) {
            (_, Some(path)) => format!("profile.{path}").into(),
            (Self::UserKey, None) => "user_key".into(),
            (Self::ExternalId, None) => "external_id".into(),
            (Self::Departments, None) => "departments".into(),
            (_, None) => "username".into(),
        }
    }

    /// Where it stands in the profile that the gateway serves, if it does.
    fn path(self) -> Option<&'static str> {
        match self {
            Self::Username | Self::UserKey | Self::ExternalId | Self::Departments => None,
            Self::State => Some("state"),
            Self::CustomAttributes => Some(CUSTOM_ATTRIBUTES),
            Self::Profile(field) => Some(field.path()),
        }
    }

    /// The field of exactly that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|field| field.name() == name)
    }

    /// Whether it can be pinned. By the others a provisioner finds people again: one that could not
    /// change them would take somebody for another.
    pub fn is_pinnable(self) -> bool {
        !matches!(self, Self::Username | Self::UserKey | Self::ExternalId)
    }

    fn bit(self) -> u32 {
        1 << self.number()
    }

    /// Its place among all.
    pub(super) fn number(self) -> u32 {
        match self {
            Self::Username => 0,
            Self::UserKey => 1,
            Self::ExternalId => 2,
            Self::Departments => 3,
            Self::State => 4,
            Self::CustomAttributes => 5,
            Self::Profile(field) => OWN.len() as u32 + field as u32,
        }
    }
}

/// Some of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fields(pub(super) u32);

/// The bits of all fields.
pub(super) const ALL: u32 = (1 << (OWN.len() + ProfileField::ALL.len())) - 1;

impl Fields {
    /// Whether it is none of them.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the field is one of them.
    pub fn contains(self, field: Field) -> bool {
        self.0 & field.bit() != 0
    }

    /// Those that are not among `others`.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Each of them, in order.
    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::all().filter(move |field| self.contains(*field))
    }

    /// The fields that a merge patch of the profile names, which [`crate::model::profile_json`] found
    /// to be good. `null` in the place of an object names all that is in it.
    pub fn named_by(patch: &Map<String, Value>) -> Self {
        let is_named = |field: &Field| field.path().is_some_and(|path| names(patch, path));
        Field::all().filter(is_named).collect()
    }

    /// What differs between two records of one person; of somebody new, what is set.
    pub fn differing(old: Option<&User>, new: &User) -> Self {
        let mut fields = Self::default();
        let mut note = |field, differs| {
            if differs {
                fields = fields | Self::from(field);
            }
        };
        note(
            Field::Username,
            old.is_none_or(|old| old.username != new.username),
        );
        note(
            Field::UserKey,
            old.is_none_or(|old| old.user_key != new.user_key),
        );
        note(Field::State, old.is_none_or(|old| old.state != new.state));
        let external_id = old.and_then(|old| old.external_id.as_deref());
        note(Field::ExternalId, external_id != new.external_id.as_deref());
        let departments = old.map_or(&[][..], |old| &old.departments);
        note(Field::Departments, departments != new.departments);
        let profile = old.map(|old| &old.profile);
        if profile == Some(&new.profile) {
            return fields;
        }
        let custom = profile.and_then(|profile| profile.custom_attributes());
        note(
            Field::CustomAttributes,
            custom != new.profile.custom_attributes(),
        );
        let before = profile.map_or([None; _], |profile| profile.values());
        let values = before.into_iter().zip(new.profile.values());
        for (field, (before, now)) in ProfileField::ALL.into_iter().zip(values) {
            note(Field::Profile(field), before != now);
        }
        fields
    }
}

fn names(patch: &Map<String, Value>, path: &str) -> bool {
    let mut object = patch;
    for key in path.split('.') {
        match object.get(key) {
            None => return false,
            Some(Value::Object(inner)) => object = inner,
            Some(_) => return true,
        }
    }
    true
}

impl From<Field> for Fields {
    fn from(field: Field) -> Self {
        Self(field.bit())
    }
}

impl FromIterator<Field> for Fields {
    fn from_iter<I: IntoIterator<Item = Field>>(fields: I) -> Self {
        let mut all = Self::default();
        for field in fields {
            all = all | field.into();
        }
        all
    }
}

impl BitOr for Fields {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_a_name_and_a_bit_of_its_own() {
        let all: Fields = Field::all().collect();
        assert_eq!(all, Fields(ALL));
        for (number, field) in Field::all().enumerate() {
            assert_eq!(field.bit(), 1 << number);
            assert_eq!(Field::parse(&field.name()), Some(field));
        }
        assert_eq!(Field::parse("state"), None);
        assert_eq!(Field::parse("profile."), None);
    }
}
