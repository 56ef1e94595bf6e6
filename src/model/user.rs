//! People: the record that everything else is about.

use crate::model::activity::LastActivity;
use crate::model::department::{Department, Departments};
use crate::model::filter::{Attribute, Subject};
use crate::model::id::{DepartmentId, UserId};
use crate::model::profile::{Profile, ProfileField};
use crate::model::provisioning::{Held, Intent};
use crate::model::timestamp::Timestamp;

/// Whether a person is with the organisation (Identity Gateway, User: `user.state`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum State {
    /// They are.
    #[default]
    Active,
    /// They are not, or not at present.
    Inactive,
}

impl State {
    /// `ACTIVE` or `INACTIVE`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }

    /// The state of that name, exactly.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Active, Self::Inactive]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Whether somebody was not seen since that moment. Who was never seen is measured from when their record
/// was made: there may have been no time to see them.
pub fn is_stale(last_activity: LastActivity, created_at: Timestamp, since: Timestamp) -> bool {
    last_activity.at().unwrap_or(created_at) < since
}

/// A person's whole record but for their activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Ours, and for ever.
    pub id: UserId,
    /// What people call them by; not necessarily unique.
    pub username: Box<str>,
    /// Unique within the client, whatever the case.
    pub user_key: Box<str>,
    /// The id that the source system gave; unique within the client, case and all.
    pub external_id: Option<Box<str>>,
    /// With the organisation or not.
    pub state: State,
    /// The identity profile that the gateway serves.
    pub profile: Profile,
    /// The departments, the primary one first.
    pub departments: Vec<DepartmentId>,
    /// When the record was made.
    pub created_at: Timestamp,
    /// When the record was last changed. Activity never moves it.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
    /// What their identity provider asked for and is held back.
    pub held: Option<Held>,
    /// The number of the change that last touched the record.
    pub revision: i64,
}

/// A person as one moment shows them, lent by the directory.
#[derive(Debug, Clone)]
pub struct UserView<'a> {
    /// See [`User::id`].
    pub id: UserId,
    /// See [`User::username`].
    pub username: &'a str,
    /// See [`User::user_key`].
    pub user_key: &'a str,
    /// See [`User::external_id`].
    pub external_id: Option<&'a str>,
    /// See [`User::state`].
    pub state: State,
    /// See [`User::profile`].
    pub profile: &'a Profile,
    /// The departments, the primary one first.
    pub departments: Departments<'a>,
    /// When they were last seen.
    pub last_activity: LastActivity,
    /// See [`User::created_at`].
    pub created_at: Timestamp,
    /// See [`User::updated_at`].
    pub updated_at: Timestamp,
    /// See [`User::deleted_at`].
    pub deleted_at: Option<Timestamp>,
    /// See [`User::held`].
    pub held: Option<Intent>,
    /// See [`User::revision`].
    pub revision: i64,
}

impl<'a> UserView<'a> {
    /// What the gateway says of them: who is deleted is inactive.
    pub fn gateway_state(&self) -> State {
        if self.deleted_at.is_some() {
            State::Inactive
        } else {
            self.state
        }
    }

    /// The primary key in the source system: the id it gave, else ours.
    pub fn system_id(&'a self) -> &'a str {
        self.external_id.unwrap_or_else(|| self.id.as_str())
    }

    /// What identifies the person across systems: their own, else the e-mail address, else the key.
    pub fn universal_identifier(&self) -> &'a str {
        self.profile
            .get(ProfileField::UniversalIdentifier)
            .or_else(|| self.profile.get(ProfileField::EmailAddr))
            .unwrap_or(self.user_key)
    }

    /// All profile fields as the gateway shows them, in the order of [`ProfileField::ALL`].
    pub fn gateway_fields(&self) -> [Option<&'a str>; ProfileField::ALL.len()] {
        let mut values = self.profile.values();
        for field in [ProfileField::UniversalIdentifier, ProfileField::Department] {
            let value = &mut values[field as usize];
            *value = value.or_else(|| self.gateway_field(field));
        }
        values
    }

    /// A profile field as the gateway shows it, with its fallbacks.
    pub fn gateway_field(&self, field: ProfileField) -> Option<&'a str> {
        match field {
            ProfileField::UniversalIdentifier => Some(self.universal_identifier()),
            ProfileField::Department => self
                .profile
                .get(field)
                .or_else(|| Some(&*self.departments.iter().next()?.name)),
            _ => self.profile.get(field),
        }
    }
}

impl Subject for UserView<'_> {
    fn text(&self, attribute: Attribute) -> Option<&str> {
        match attribute {
            Attribute::State => Some(self.gateway_state().name()),
            Attribute::Profile(field) => self.gateway_field(field),
            Attribute::SystemId => Some(self.system_id()),
            Attribute::SystemUsername => Some(self.username),
            Attribute::LastUpdatedAt => None,
        }
    }

    fn time(&self, attribute: Attribute) -> Option<i64> {
        let moment = match attribute {
            Attribute::LastUpdatedAt => self.updated_at.whole_seconds(),
            Attribute::Profile(field) if field.is_time() => {
                Timestamp::parse(self.profile.get(field)?)?
            }
            _ => return None,
        };
        Some(moment.milliseconds())
    }
}

/// A person's record with all that a view of it embeds: what a write leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserDetails {
    /// The record.
    pub user: User,
    /// Its departments' records, the primary one first.
    pub departments: Vec<Department>,
    /// When they were last seen.
    pub last_activity: LastActivity,
}

impl UserDetails {
    /// The same as the directory would lend it.
    pub fn view(&self) -> UserView<'_> {
        let user = &self.user;
        UserView {
            id: user.id,
            username: &user.username,
            user_key: &user.user_key,
            external_id: user.external_id.as_deref(),
            state: user.state,
            profile: &user.profile,
            departments: Departments::Listed(&self.departments),
            last_activity: self.last_activity,
            created_at: user.created_at,
            updated_at: user.updated_at,
            deleted_at: user.deleted_at,
            held: user.held.map(|held| held.intent),
            revision: user.revision,
        }
    }
}

/// What a new user is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// What people call them by.
    pub username: Box<str>,
    /// Unique within the client, whatever the case.
    pub user_key: Box<str>,
    /// The id that the source system gave.
    pub external_id: Option<Box<str>>,
    /// With the organisation or not.
    pub state: State,
    /// The departments, the primary one first.
    pub departments: Vec<DepartmentId>,
    /// The identity profile that the gateway serves.
    pub profile: Profile,
}

/// How many of a client's users were seen lately (Clients API, summary).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Seen within the threshold.
    pub active: u64,
    /// Seen before it, or never.
    pub stale: u64,
}
