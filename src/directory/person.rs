//! A person in an image: the record, as small as it can be held.

use crate::model::activity::LastActivity;
use crate::model::department::{Departments, Numbered};
use crate::model::id::UserId;
use crate::model::profile::Profile;
use crate::model::text::fold;
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, User, UserView};

/// A person's record, in the slot that they keep for as long as the image lives.
pub(super) struct Person {
    pub(super) id: UserId,
    username: Box<str>,
    /// `None`: the same as the username.
    user_key: Option<Box<str>>,
    external_id: Option<Box<str>>,
    /// The folded username; `None`: the username is folded already.
    folded: Option<Box<str>>,
    profile: Profile,
    /// Slots of departments, the primary one first.
    departments: Box<[u32]>,
    pub(super) created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
    revision: i64,
    state: State,
}

impl Person {
    /// The record, with the departments by their slots.
    pub(super) fn new(user: User, departments: Box<[u32]>) -> Self {
        let folded = fold(&user.username);
        Self {
            id: user.id,
            user_key: (user.user_key != user.username).then_some(user.user_key),
            external_id: user.external_id,
            folded: (*folded != *user.username).then(|| folded.into()),
            username: user.username,
            profile: user.profile,
            departments,
            created_at: user.created_at,
            updated_at: user.updated_at,
            deleted_at: user.deleted_at,
            revision: user.revision,
            state: user.state,
        }
    }

    /// The record as it is lent, with what is kept elsewhere.
    pub(super) fn view<'a>(
        &'a self,
        sections: &'a dyn Numbered,
        last_activity: LastActivity,
    ) -> UserView<'a> {
        UserView {
            id: self.id,
            username: &self.username,
            user_key: self.user_key(),
            external_id: self.external_id(),
            state: self.state,
            profile: &self.profile,
            departments: Departments::Numbered(&self.departments, sections),
            last_activity,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            revision: self.revision,
        }
    }

    pub(super) fn external_id(&self) -> Option<&str> {
        self.external_id.as_deref()
    }

    pub(super) fn departments(&self) -> &[u32] {
        &self.departments
    }

    pub(super) fn folded_username(&self) -> &str {
        self.folded.as_deref().unwrap_or(&self.username)
    }

    pub(super) fn user_key(&self) -> &str {
        self.user_key.as_deref().unwrap_or(&self.username)
    }

    pub(super) fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    pub(super) fn belongs_to(&self, department: u32) -> bool {
        self.departments.contains(&department)
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let texts = [&self.user_key, &self.external_id, &self.folded];
        self.username.len()
            + texts
                .into_iter()
                .flatten()
                .map(|text| text.len())
                .sum::<usize>()
            + self.profile.heap_bytes()
            + self.departments.len() * 4
    }
}
