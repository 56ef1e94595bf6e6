//! What a filter may ask about, by its dotted path from the item.

use crate::model::profile_field::ProfileField;

/// An attribute that a filter may compare (Identity Gateway, User). A client's custom attributes
/// are not among them: they have no declared type to compare by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// `user.state`: the text `ACTIVE` or `INACTIVE`.
    State,
    /// Any other attribute under `user`.
    Profile(ProfileField),
    /// `system_identity.id`.
    SystemId,
    /// `system_identity.username`.
    SystemUsername,
    /// `last_updated_at`, a time.
    LastUpdatedAt,
}

/// The attributes outside the profile, and the other name that the vendor's own examples use.
/// The first row of an attribute is the name that it is printed with.
static TABLE: [(Attribute, &str); 5] = [
    (Attribute::State, "user.state"),
    (Attribute::SystemId, "system_identity.id"),
    (Attribute::SystemUsername, "system_identity.username"),
    (Attribute::LastUpdatedAt, "last_updated_at"),
    (Attribute::LastUpdatedAt, "last_modified_at"),
];

impl Attribute {
    /// The dotted path from the item, for example `user.employment_info.role`.
    pub fn path(self) -> &'static str {
        if let Self::Profile(field) = self {
            return field.whole_path();
        }
        let row = TABLE.iter().find(|(attribute, _)| *attribute == self);
        row.expect("every attribute outside the profile has a row")
            .1
    }

    /// The attribute of a path, whatever its case; `last_modified_at` is `last_updated_at`.
    pub fn from_path(path: &str) -> Option<Self> {
        let profile = ProfileField::ALL.iter().map(|&field| {
            let attribute = Self::Profile(field);
            (attribute, field.whole_path())
        });
        let mut rows = TABLE.iter().copied().chain(profile);
        rows.find(|(_, known)| known.eq_ignore_ascii_case(path))
            .map(|(attribute, _)| attribute)
    }

    /// Whether it is compared as a time; everything else is compared as text.
    pub fn is_time(self) -> bool {
        match self {
            Self::Profile(field) => field.is_time(),
            Self::LastUpdatedAt => true,
            Self::State | Self::SystemId | Self::SystemUsername => false,
        }
    }
}
