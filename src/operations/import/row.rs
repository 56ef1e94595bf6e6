//! What a row says, whichever dialect it is written in. What it does not say is `None`.

use serde_json::{Map, Value};

use crate::model::activity::LastActivity;
use crate::model::id::{DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::profile::{Profile, ProfileDraft};
use crate::model::profile_json;
use crate::model::text::{DESCRIPTION_LENGTH_MAX, checked_or_empty, name};
use crate::model::timestamp::Timestamp;
use crate::model::user::State;

/// One row.
pub(super) enum Row {
    /// About a user.
    User(Box<UserRow>),
    /// About a department.
    Department(DepartmentRow),
}

/// What a row says of a user.
#[derive(Debug, Default)]
pub(super) struct UserRow {
    pub(super) id: Option<UserId>,
    /// `Some(None)`: there is to be none.
    pub(super) external_id: Option<Option<Box<str>>>,
    /// The gateway's id: the external one, or ours where there is none.
    pub(super) system_id: Option<Box<str>>,
    pub(super) username: Option<Box<str>>,
    pub(super) user_key: Option<Box<str>>,
    /// What a new user without username and user key is called: the e-mail address.
    pub(super) email_addr: Option<Box<str>>,
    pub(super) departments: Option<Vec<DepartmentReference>>,
    pub(super) state: Option<State>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
    pub(super) deleted_at: Option<Timestamp>,
    pub(super) last_activity: LastActivity,
    /// A merge patch of the profile.
    pub(super) patch: Map<String, Value>,
    /// What an identity provider sent beside the profile's fields, the text of a JSON object.
    pub(super) provisioned: Option<String>,
    /// The patch on an empty profile.
    pub(super) patched_empty: Profile,
    /// What stands before the profile's paths in this dialect.
    pub(super) profile_prefix: &'static str,
}

/// How a row names a department that its user belongs to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DepartmentReference {
    /// By its name, or by the id of one that exists.
    Text(Box<str>),
    /// By its id, else by its name. One that is not there yet is made of all three.
    Record {
        id: DepartmentId,
        name: Box<str>,
        description: Option<Box<str>>,
    },
}

/// What a row says of a department.
#[derive(Debug)]
pub(super) struct DepartmentRow {
    pub(super) id: Option<DepartmentId>,
    pub(super) name: Box<str>,
    /// `Some(None)`: there is to be none.
    pub(super) description: Option<Option<Box<str>>>,
    /// `Some(None)`: there is to be none.
    pub(super) external_id: Option<Option<Box<str>>>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) updated_at: Option<Timestamp>,
}

impl UserRow {
    /// Takes the profile's patch in, which is checked by trying it. A state in it is the user's.
    pub(super) fn set_patch(
        &mut self,
        patch: Map<String, Value>,
        prefix: &'static str,
    ) -> Result<(), Invalid> {
        let (state, profile) = profile_json::patched(&Profile::default(), &patch)
            .map_err(|invalid| prefixed(prefix, invalid))?;
        if state.is_some() && self.state.is_some() && state != self.state {
            let reason = "state says something else than the profile's state";
            return Err(Invalid::new("state", reason));
        }
        self.state = self.state.or(state);
        let email_addr = profile.get(crate::model::profile::ProfileField::EmailAddr);
        self.email_addr = email_addr.map(Into::into);
        self.patch = patch;
        self.patch.shift_remove("state");
        self.patched_empty = profile;
        self.profile_prefix = prefix;
        Ok(())
    }

    /// The profile after the row.
    pub(super) fn profile_of(&self, profile: &Profile) -> Result<Profile, Invalid> {
        let patched = if self.patch.is_empty() || *profile == self.patched_empty {
            profile.clone()
        } else {
            let patched = profile_json::patched(profile, &self.patch);
            patched
                .map_err(|invalid| prefixed(self.profile_prefix, invalid))?
                .1
        };
        Ok(self.with_provisioned(patched))
    }

    /// The profile of somebody new.
    pub(super) fn new_profile(&self) -> Profile {
        self.with_provisioned(self.patched_empty.clone())
    }

    fn with_provisioned(&self, profile: Profile) -> Profile {
        if self.provisioned.is_none() || self.provisioned.as_deref() == profile.provisioned() {
            return profile;
        }
        let mut draft = ProfileDraft::from(&profile);
        draft.set_provisioned(self.provisioned.clone());
        draft.finish()
    }

    /// The external id or the gateway's, if the row has one.
    pub(super) fn external_or_system_id(&self) -> Option<&str> {
        let external_id = self.external_id.as_ref().and_then(Option::as_deref);
        external_id.or(self.system_id.as_deref())
    }

    /// The key of a new user; by it the user is looked for when no other key is known.
    pub(super) fn new_user_key(&self) -> Option<&str> {
        let own = self.user_key.as_deref().or(self.username.as_deref());
        own.or(self.email_addr.as_deref())
            .or_else(|| self.external_or_system_id())
    }

    /// What a new user is called.
    pub(super) fn new_username(&self) -> Option<&str> {
        self.username.as_deref().or_else(|| self.new_user_key())
    }
}

fn prefixed(prefix: &str, invalid: Invalid) -> Invalid {
    Invalid {
        field: format!("{prefix}{}", invalid.field),
        ..invalid
    }
}

/// A department named by text.
pub(super) fn department_text(field: &str, text: &str) -> Result<DepartmentReference, Invalid> {
    name(field, text).map(DepartmentReference::Text)
}

/// A department's description; the empty text is none.
pub(super) fn description(field: &str, text: &str) -> Result<Option<Box<str>>, Invalid> {
    let text = checked_or_empty(field, text, DESCRIPTION_LENGTH_MAX)?;
    Ok((!text.is_empty()).then(|| text.into()))
}

/// A user's id.
pub(super) fn user_id(field: &str, text: &str) -> Result<UserId, Invalid> {
    UserId::parse(text).ok_or_else(|| not_an_id(field))
}

/// A department's id.
pub(super) fn department_id(field: &str, text: &str) -> Result<DepartmentId, Invalid> {
    DepartmentId::parse(text).ok_or_else(|| not_an_id(field))
}

fn not_an_id(field: &str) -> Invalid {
    let shape = "a1d97031-04e2-4907-a249-093f7436207b";
    Invalid::new(field, format!("{field} must be an id like {shape}"))
}

/// A moment.
pub(super) fn time(field: &str, text: &str) -> Result<Timestamp, Invalid> {
    Timestamp::parse(text).ok_or_else(|| {
        let reason = format!("{field} must be a time like 2026-02-24T21:23:53.082Z");
        Invalid::new(field, reason)
    })
}

/// A moment of activity: one in the future could never be moved back.
pub(super) fn seen_at(field: &str, text: &str, latest: Timestamp) -> Result<Timestamp, Invalid> {
    let at = time(field, text)?;
    if at > latest {
        let reason = format!("{field} is more than 5 minutes in the future");
        return Err(Invalid::new(field, reason));
    }
    Ok(at)
}

/// A state.
pub(super) fn state(field: &str, text: &str) -> Result<State, Invalid> {
    State::parse(text)
        .ok_or_else(|| Invalid::new(field, format!("{field} must be ACTIVE or INACTIVE")))
}
