//! What of a SCIM user is a field of the directory's, and back (SCIM, Users map onto the directory).
//!
//! A person is shown as the identity provider sent them, except where a field has another value now:
//! what was sent and no field gives back is kept beside the profile.

use scim::Map;
use scim::filter::IndexAttribute;
use scim::schema::ENTERPRISE_URN;
use serde_json::Value;

use crate::model::profile::{Profile, ProfileDraft, ProfileField};
use crate::model::profile_json::{self, CUSTOM_ATTRIBUTES};
use crate::model::provisioning::Intent;
use crate::model::user::{State, UserView};
use crate::operations::error::Error;

/// Where a field stands in a SCIM user.
enum Place {
    /// An attribute of its own.
    Attribute(&'static str),
    /// A part of an object: of `name`, or of the enterprise extension.
    Part(&'static str, &'static str),
    /// The manager's `value`, where it is an e-mail address.
    Manager,
    /// A member of one of a list's elements.
    Element(&'static str, &'static str),
}

const PLACES: [(ProfileField, Place); 13] = [
    (ProfileField::FullName, Place::Attribute("displayName")),
    (ProfileField::FirstName, Place::Part("name", "givenName")),
    (ProfileField::LastName, Place::Part("name", "familyName")),
    (ProfileField::Role, Place::Attribute("title")),
    (ProfileField::WorkStatus, Place::Attribute("userType")),
    (ProfileField::Timezone, Place::Attribute("timezone")),
    (
        ProfileField::Department,
        Place::Part(ENTERPRISE_URN, "department"),
    ),
    (
        ProfileField::CostCenterName,
        Place::Part(ENTERPRISE_URN, "costCenter"),
    ),
    (ProfileField::ManagerEmail, Place::Manager),
    (ProfileField::EmailAddr, Place::Element("emails", "value")),
    (
        ProfileField::OfficePhoneNumber,
        Place::Element("phoneNumbers", "value"),
    ),
    (
        ProfileField::Location,
        Place::Element("addresses", "locality"),
    ),
    (ProfileField::Region, Place::Element("addresses", "region")),
];
/// Parts of the enterprise extension that are custom attributes of the profile.
const CUSTOM: [(&str, &str); 3] = [
    ("employeeNumber", "employee_number"),
    ("organization", "organization"),
    ("division", "division"),
];

/// What the directory has fields for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapped {
    pub(super) username: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) state: State,
    /// In the order of [`PLACES`].
    values: [Option<String>; PLACES.len()],
    /// In the order of [`CUSTOM`].
    custom: [Option<String>; CUSTOM.len()],
}

impl Mapped {
    /// What a SCIM user says of the fields. A value that a field cannot hold is none of it.
    pub(super) fn of_resource(resource: &Map) -> Self {
        let text = |name| Some(resource.get(name)?.as_str()?.to_owned());
        let is_inactive = resource.get("active").and_then(Value::as_bool) == Some(false);
        let state = if is_inactive {
            State::Inactive
        } else {
            State::Active
        };
        let values = PLACES.each_ref().map(|(field, place)| {
            let text = place.get(resource)?;
            profile_json::checked_value(*field, text).ok()
        });
        let custom = CUSTOM.map(|(part, _)| {
            let text = Place::Part(ENTERPRISE_URN, part).get(resource)?;
            Some(text.to_owned())
        });
        Self {
            username: text("userName"),
            external_id: text("externalId"),
            state,
            values,
            custom,
        }
    }

    /// The e-mail address.
    pub(super) fn email(&self) -> Option<&str> {
        let place = PLACES
            .iter()
            .position(|(field, _)| *field == ProfileField::EmailAddr);
        self.values[place?].as_deref()
    }

    /// What the directory knows of somebody.
    pub(super) fn of_user(user: &UserView<'_>) -> Self {
        let custom = custom_attributes(user.profile);
        let custom = CUSTOM.map(|(_, key)| Some(custom.get(key)?.as_str()?.to_owned()));
        let profile = user.profile;
        Self {
            username: Some(user.username.to_owned()),
            external_id: user.external_id.map(str::to_owned),
            state: told_state(user.state, user.held),
            values: PLACES
                .each_ref()
                .map(|(field, _)| profile.get(*field).map(str::to_owned)),
            custom,
        }
    }

    /// A SCIM user that says this and nothing else.
    fn to_resource(&self) -> Map {
        let mut resource = Map::new();
        self.write_into(&mut resource, None);
        resource
    }

    /// Makes a SCIM user, which said `before`, say this.
    fn write_into(&self, resource: &mut Map, before: Option<&Self>) {
        let mut set = |name: &str, value: Option<Value>| match value {
            Some(value) => {
                resource.insert(name.to_owned(), value);
            }
            None => {
                resource.shift_remove(name);
            }
        };
        set("userName", self.username.clone().map(Value::from));
        set("externalId", self.external_id.clone().map(Value::from));
        set("active", Some((self.state == State::Active).into()));
        for (index, (_, place)) in PLACES.iter().enumerate() {
            let value = &self.values[index];
            if before.is_none_or(|before| before.values[index] != *value) {
                place.set(resource, value.as_deref());
            }
        }
        for (index, (part, _)) in CUSTOM.into_iter().enumerate() {
            let value = &self.custom[index];
            if before.is_none_or(|before| before.custom[index] != *value) {
                Place::Part(ENTERPRISE_URN, part).set(resource, value.as_deref());
            }
        }
    }
}

/// What whoever provisions somebody was told of their state.
pub(super) fn told_state(state: State, held: Option<Intent>) -> State {
    if held == Some(Intent::Deactivate) {
        State::Inactive
    } else {
        state
    }
}

/// Somebody as SCIM shows them, without what is the server's to say (`id`, `meta`, `groups`,
/// `schemas`).
pub(super) fn to_resource(user: &UserView<'_>) -> Map {
    let now = Mapped::of_user(user);
    let mut resource = now.to_resource();
    let sent = sent_beside(user.profile);
    if !sent.is_empty() {
        resource.extend(sent);
        let before = Mapped::of_resource(&resource);
        now.write_into(&mut resource, Some(&before));
    }
    resource
}

/// The profile after a SCIM user that said `before` says `resource`: fields that it says nothing else
/// of stay, whoever set them.
pub(super) fn changed_profile(
    profile: &Profile,
    before: &Mapped,
    resource: &Map,
) -> Result<Profile, Error> {
    let now = Mapped::of_resource(resource);
    let mut draft = ProfileDraft::from(profile);
    for (index, (field, _)) in PLACES.iter().enumerate() {
        if before.values[index] != now.values[index] {
            draft.set(*field, now.values[index].clone());
        }
    }
    if before.custom != now.custom {
        let mut custom = custom_attributes(profile);
        for ((_, key), value) in CUSTOM.into_iter().zip(&now.custom) {
            match value {
                Some(value) => custom.insert(key.to_owned(), value.as_str().into()),
                None => custom.shift_remove(key),
            };
        }
        let patch = Map::from_iter([(CUSTOM_ATTRIBUTES.to_owned(), Value::Object(custom))]);
        // Checked as what anybody else sends.
        let (_, patched) = profile_json::patched(&Profile::default(), &patch)?;
        draft.set_custom_attributes(patched.custom_attributes().map(str::to_owned));
    }
    let mut kept = resource.clone();
    let given_back = now.to_resource();
    kept.retain(|key, value| given_back.get(key) != Some(value));
    // The same in another order is no change.
    if sent_beside(profile) != kept {
        draft.set_provisioned(profile_json::provisioned_text(kept)?);
    }
    Ok(draft.finish())
}

/// Under which key somebody is looked up by the value of an attribute, whatever its case.
pub(super) fn lookup_key(attribute: IndexAttribute, value: &str) -> String {
    format!("{attribute:?} {}", value.to_lowercase())
}

/// The keys by which somebody may be found: those of each e-mail address and of the display name, of
/// the fields and of what was sent beside them.
pub(super) fn lookup_keys(user: &UserView<'_>, each: &mut dyn FnMut(&str)) {
    use IndexAttribute::{DisplayName, EmailValue};
    let mut say = |attribute, value: &str| each(&lookup_key(attribute, value));
    if let Some(address) = user.profile.get(ProfileField::EmailAddr) {
        say(EmailValue, address);
    }
    if let Some(name) = user.profile.get(ProfileField::FullName) {
        say(DisplayName, name);
    }
    let sent = user.profile.provisioned().unwrap_or_default();
    // Most texts have neither, and need not be read.
    if !sent.contains("\"emails\"") && !sent.contains("\"displayName\"") {
        return;
    }
    let sent = sent_beside(user.profile);
    let emails = sent.get("emails").and_then(Value::as_array);
    for email in emails.into_iter().flatten() {
        if let Some(address) = email.get("value").and_then(Value::as_str) {
            say(EmailValue, address);
        }
    }
    if let Some(name) = sent.get("displayName").and_then(Value::as_str) {
        say(DisplayName, name);
    }
}

fn sent_beside(profile: &Profile) -> Map {
    let json = profile.provisioned().map(serde_json::from_str);
    json.and_then(Result::ok).unwrap_or_default()
}

fn custom_attributes(profile: &Profile) -> Map {
    let json = profile.custom_attributes().map(serde_json::from_str);
    json.and_then(Result::ok).unwrap_or_default()
}

impl Place {
    fn get<'r>(&self, resource: &'r Map) -> Option<&'r str> {
        let text = match self {
            Self::Attribute(name) => resource.get(*name)?,
            Self::Part(object, name) => resource.get(*object)?.get(name)?,
            Self::Manager => {
                return manager_address(resource.get(ENTERPRISE_URN)?.as_object()?);
            }
            Self::Element(list, member) => {
                let elements = resource.get(*list)?.as_array()?;
                elements.get(chosen(list, elements)?)?.get(member)?
            }
        };
        text.as_str().filter(|text| !text.is_empty())
    }

    fn set(&self, resource: &mut Map, value: Option<&str>) {
        match self {
            Self::Attribute(name) => put(resource, name, value),
            Self::Part(object, name) => within(resource, object, |part| put(part, name, value)),
            Self::Manager => within(resource, ENTERPRISE_URN, |part| match value {
                // By an id, which says the same.
                Some(_) if is_named_by_id(part) => {}
                Some(value) => {
                    let manager = Map::from_iter([("value".to_owned(), value.into())]);
                    part.insert("manager".to_owned(), manager.into());
                }
                // One who is named otherwise than by an address is not ours to take away.
                None if manager_address(part).is_some() => {
                    part.shift_remove("manager");
                }
                None => {}
            }),
            Self::Element(list, member) => set_element(resource, list, member, value),
        }
    }
}

fn is_named_by_id(extension: &Map) -> bool {
    extension.contains_key("manager") && manager_address(extension).is_none()
}

/// The id by which the manager is named: anything that is no e-mail address.
pub(super) fn manager_id(resource: &Map) -> Option<&str> {
    let extension = resource.get(ENTERPRISE_URN)?.as_object()?;
    let text = extension.get("manager")?.get("value")?.as_str()?;
    Some(text).filter(|text| !text.is_empty() && manager_address(extension).is_none())
}

/// Whether the manager is named by their e-mail address.
pub(super) fn names_manager(resource: &Map) -> bool {
    Place::Manager.get(resource).is_some()
}

/// The manager's e-mail address, where the enterprise extension names them by it.
fn manager_address(extension: &Map) -> Option<&str> {
    let text = extension.get("manager")?.get("value")?.as_str()?;
    text.contains('@').then_some(text)
}

/// Which of a list's elements the directory knows: of e-mail addresses the primary one, else the
/// first for work, else the first; of anything else the first for work.
fn chosen(list: &str, elements: &[Value]) -> Option<usize> {
    let is_work = |element: &Value| {
        let kind = element.get("type").and_then(Value::as_str);
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("work"))
    };
    let is_primary =
        |element: &Value| element.get("primary").and_then(Value::as_bool) == Some(true);
    let work = elements.iter().position(is_work);
    if list != "emails" {
        return work;
    }
    let primary = elements.iter().position(is_primary);
    primary.or(work).or((!elements.is_empty()).then_some(0))
}

fn set_element(resource: &mut Map, list: &str, member: &str, value: Option<&str>) {
    let found = resource.entry(list).or_insert_with(|| Value::Array(vec![]));
    let Some(elements) = found.as_array_mut() else {
        return;
    };
    match (chosen(list, elements), value) {
        (Some(index), _) => {
            if let Some(element) = elements[index].as_object_mut() {
                put(element, member, value);
                // What an element is of says nothing by itself.
                let is_said = |key: &String| !["type", "primary"].contains(&key.as_str());
                if !element.keys().any(is_said) {
                    elements.remove(index);
                }
            }
        }
        (None, Some(value)) => {
            let mut element = Map::from_iter([
                (member.to_owned(), Value::from(value)),
                ("type".to_owned(), "work".into()),
            ]);
            if list == "emails" {
                element.insert("primary".to_owned(), true.into());
            }
            elements.push(element.into());
        }
        (None, None) => {}
    }
    if elements.is_empty() {
        resource.shift_remove(list);
    }
}

fn within(resource: &mut Map, object: &str, change: impl FnOnce(&mut Map)) {
    let found = resource
        .entry(object)
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(found) = found.as_object_mut() {
        change(found);
        if found.is_empty() {
            resource.shift_remove(object);
        }
    }
}

fn put(object: &mut Map, name: &str, value: Option<&str>) {
    match value {
        Some(value) => {
            object.insert(name.to_owned(), value.into());
        }
        None => {
            object.shift_remove(name);
        }
    }
}
