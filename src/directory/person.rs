//! A person in an image: the record, as small as it can be held. The names lie elsewhere.

use std::sync::LazyLock;

use crate::directory::names::{Names, Place};
use crate::model::activity::LastActivity;
use crate::model::department::{Departments, Numbered};
use crate::model::id::UserId;
use crate::model::profile::Profile;
use crate::model::provisioning::Intent;
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, User, UserView};

/// What those have of whom nothing but the core fields is known.
static NO_PROFILE: LazyLock<Profile> = LazyLock::new(Profile::default);

/// A person's record, in the slot that they keep for as long as the image lives.
pub(super) struct Person {
    pub(super) id: UserId,
    pub(super) place: Place,
    pub(super) state: State,
    /// `None`: the names are written as they are folded.
    written: Option<Box<Written>>,
    external_id: Option<Box<str>>,
    /// `None`: nothing of it is set.
    profile: Option<Box<Profile>>,
    departments: Sections,
    pub(super) created_at: Timestamp,
    updated_at: Timestamp,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) held: Option<Intent>,
    revision: i64,
}

/// The names that have capital letters.
struct Written {
    username: Option<Box<str>>,
    user_key: Option<Box<str>>,
}

/// Slots of departments, the primary one first. Most people have one.
pub(super) enum Sections {
    One(u32),
    Many(Box<[u32]>),
}

impl Person {
    /// The record, with the departments by their slots and the folded names where they lie.
    pub(super) fn new(user: User, departments: Sections, place: Place, names: &Names) -> Self {
        let unless_folded =
            |written: Box<str>, folded: &str| (*written != *folded).then_some(written);
        let written = Written {
            username: unless_folded(user.username, names.username(place)),
            user_key: unless_folded(user.user_key, names.user_key(place)),
        };
        let is_folded = written.username.is_none() && written.user_key.is_none();
        Self {
            id: user.id,
            place,
            state: user.state,
            written: (!is_folded).then(|| Box::new(written)),
            external_id: user.external_id,
            profile: (!user.profile.is_empty()).then(|| Box::new(user.profile)),
            departments,
            created_at: user.created_at,
            updated_at: user.updated_at,
            deleted_at: user.deleted_at,
            held: user.held.map(|held| held.intent),
            revision: user.revision,
        }
    }

    /// The record as it is lent, with what is kept elsewhere.
    pub(super) fn view<'a>(
        &'a self,
        names: &'a Names,
        sections: &'a dyn Numbered,
        last_activity: LastActivity,
    ) -> UserView<'a> {
        let written = self.written.as_deref();
        let username = written.and_then(|written| written.username.as_deref());
        let user_key = written.and_then(|written| written.user_key.as_deref());
        UserView {
            id: self.id,
            username: username.unwrap_or_else(|| names.username(self.place)),
            user_key: user_key.unwrap_or_else(|| names.user_key(self.place)),
            external_id: self.external_id(),
            state: self.state,
            profile: self.profile.as_deref().unwrap_or(&NO_PROFILE),
            departments: Departments::Numbered(self.departments(), sections),
            last_activity,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            held: self.held,
            revision: self.revision,
        }
    }

    pub(super) fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    pub(super) fn departments(&self) -> &[u32] {
        match &self.departments {
            Sections::One(section) => std::slice::from_ref(section),
            Sections::Many(sections) => sections,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    pub(super) fn belongs_to(&self, department: u32) -> bool {
        self.departments().contains(&department)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let length = |name: &Option<Box<str>>| name.as_deref().map_or(0, str::len);
        let written = self.written.as_ref().map_or(0, |written| {
            size_of::<Written>() + length(&written.username) + length(&written.user_key)
        });
        let profile = self
            .profile
            .as_ref()
            .map_or(0, |profile| size_of::<Profile>() + profile.heap_bytes());
        let departments = match &self.departments {
            Sections::One(_) => 0,
            Sections::Many(sections) => sections.len() * 4,
        };
        written + length(&self.external_id) + profile + departments
    }
}

impl FromIterator<u32> for Sections {
    fn from_iter<I: IntoIterator<Item = u32>>(sections: I) -> Self {
        let mut sections = sections.into_iter();
        match (sections.next(), sections.next()) {
            (Some(only), None) => Self::One(only),
            (first, second) => {
                let known = first.into_iter().chain(second);
                Self::Many(known.chain(sections).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_small_since_there_are_millions() {
        assert_eq!(size_of::<Person>(), 128);
        assert_eq!(size_of::<LastActivity>(), 16);
    }
}
