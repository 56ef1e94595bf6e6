//! What a change of a user's record was, as the log keeps it: `{"field":{"from":…,"to":…}}`. Written
//! with each change, and read by who looks at one, or takes it back.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::field::{Field, Fields};
use crate::model::id::DepartmentId;
use crate::model::json;
use crate::model::profile::{Profile, ProfileDraft, ProfileField};
use crate::model::profile_json;
use crate::model::profile_text;
use crate::model::provenance::TracedUser;
use crate::model::provisioning::Held;
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, User};

/// The member that names the change which this one takes back.
const UNDOES: &str = "undoes";

/// Something that was one thing before a change, and is another after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

/// What a change made of a user's record.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserDifference {
    /// The fields that differ, each with its value as text (see [`value_of`]).
    pub fields: Vec<(Field, Changed<Option<Box<str>>>)>,
    /// Which fields are pinned, if that differs.
    pub pinned: Option<Changed<Fields>>,
    /// What an identity provider sent beside the fields, if that differs: the text of a JSON object.
    pub provisioned: Option<Changed<Option<Box<str>>>>,
    /// What is held back, if that differs.
    pub held: Option<Changed<Option<Held>>>,
    /// When the record was made, if that differs.
    pub created_at: Option<Changed<Option<Timestamp>>>,
    /// When it was deleted, if that differs.
    pub deleted_at: Option<Changed<Option<Timestamp>>>,
    /// The number of the change that this one takes back.
    pub undoes: Option<i64>,
}

/// The value of a field as text; `None` when it is not set. Departments are their ids, the primary one
/// first, with a space between two; custom attributes are JSON.
pub fn value_of(user: &User, field: Field) -> Option<Box<str>> {
    match field {
        Field::Username => Some(user.username.clone()),
        Field::UserKey => Some(user.user_key.clone()),
        Field::ExternalId => user.external_id.clone(),
        Field::State => Some(user.state.name().into()),
        Field::Departments => (!user.departments.is_empty()).then(|| joined(&user.departments)),
        Field::CustomAttributes => user.profile.custom_attributes().map(Into::into),
        Field::Profile(field) => user.profile.get(field).map(Into::into),
    }
}

fn joined(departments: &[DepartmentId]) -> Box<str> {
    let ids: Vec<&str> = departments.iter().map(DepartmentId::as_str).collect();
    ids.join(" ").into()
}

/// The departments in the value of that field; `None` when it is none of [`value_of`]'s.
pub fn departments_in(value: Option<&str>) -> Option<Vec<DepartmentId>> {
    let ids = value.unwrap_or_default().split_whitespace();
    ids.map(DepartmentId::parse).collect()
}

/// Gives fields the values that [`value_of`] says of them. `None`, and the user is of no use any more,
/// when a value is none.
pub fn set<'v>(
    user: &mut User,
    values: impl IntoIterator<Item = (Field, Option<&'v str>)>,
) -> Option<()> {
    let mut profile = ProfileDraft::from(&user.profile);
    for (field, value) in values {
        match field {
            Field::Username => user.username = value?.into(),
            Field::UserKey => user.user_key = value?.into(),
            Field::ExternalId => user.external_id = value.map(Into::into),
            Field::State => user.state = State::parse(value?)?,
            Field::Departments => user.departments = departments_in(value)?,
            Field::CustomAttributes => profile.set_custom_attributes(value.map(str::to_owned)),
            Field::Profile(field) => profile.set(field, value.map(str::to_owned)),
        }
    }
    user.profile = profile.finish();
    Some(())
}

/// What differs, as the log keeps it.
pub fn write(old: Option<&TracedUser>, new: &TracedUser, undoes: Option<i64>) -> String {
    let mut difference = Writing {
        out: vec![b'{'],
        old,
        new,
    };
    let text = |out: &mut Vec<u8>, text: &str| json::text(out, text);
    difference.field("username", |user| Some(&*user.username), text);
    difference.field("user_key", |user| Some(&*user.user_key), text);
    difference.field("external_id", |user| user.external_id.as_deref(), text);
    difference.field("state", |user| Some(user.state.name()), text);
    difference.field("profile", |user| Some(&user.profile), profile_text::write);
    difference.field("departments", |user| Some(&*user.departments), ids);
    difference.field("created_at", |user| Some(user.created_at), moment);
    let held = |user: &TracedUser| user.held.map(Held::to_text);
    difference.field("held", held, |out, held: String| json::text(out, &held));
    difference.field("deleted_at", |user| user.deleted_at, moment);
    let pinned = |user: &TracedUser| {
        let pinned = user.provenance().pinned();
        (!pinned.is_empty()).then_some(pinned)
    };
    difference.field("pinned", pinned, names);
    let mut out = difference.out;
    if let Some(number) = undoes {
        if out.len() > 1 {
            out.push(b',');
        }
        json::raw(&mut out, &format!("\"{UNDOES}\":{number}"));
    }
    out.push(b'}');
    String::from_utf8(out).expect("it is made of texts")
}

/// A text that is being written of what differs.
struct Writing<'u> {
    out: Vec<u8>,
    old: Option<&'u TracedUser>,
    new: &'u TracedUser,
}

impl<'u> Writing<'u> {
    /// Writes a field, if it differs, as `write` writes its value.
    fn field<T: PartialEq>(
        &mut self,
        name: &str,
        of: impl Fn(&'u TracedUser) -> Option<T>,
        write: impl Fn(&mut Vec<u8>, T),
    ) {
        let (from, to) = (self.old.and_then(&of), of(self.new));
        if from == to {
            return;
        }
        let out = &mut self.out;
        if out.len() > 1 {
            out.push(b',');
        }
        json::text(out, name);
        let value = |out: &mut Vec<u8>, value: Option<T>| match value {
            Some(value) => write(out, value),
            None => json::raw(out, "null"),
        };
        json::raw(out, ":{\"from\":");
        value(out, from);
        json::raw(out, ",\"to\":");
        value(out, to);
        out.push(b'}');
    }
}

fn ids(out: &mut Vec<u8>, ids: &[DepartmentId]) {
    json::list(out, ids, |out, id| json::id(out, id.0));
}

fn names(out: &mut Vec<u8>, fields: Fields) {
    json::list(out, fields.iter(), |out, field| {
        json::text(out, &field.name());
    });
}

fn moment(out: &mut Vec<u8>, moment: Timestamp) {
    json::moment(out, moment);
}

/// A field's two values as they stand in the log, lent from it.
#[derive(Deserialize)]
struct Raw<'d> {
    #[serde(borrow)]
    from: Option<&'d RawValue>,
    #[serde(borrow)]
    to: Option<&'d RawValue>,
}

impl Raw<'_> {
    /// What `read` makes of both; `None` when it cannot read one that is there.
    fn read<T>(&self, read: impl Fn(&str) -> Option<T>) -> Option<Changed<Option<T>>> {
        let value = |raw: Option<&RawValue>| match raw {
            None => Some(None),
            Some(raw) => read(raw.get()).map(Some),
        };
        Some(Changed {
            from: value(self.from)?,
            to: value(self.to)?,
        })
    }
}

impl UserDifference {
    /// Reads what [`write()`] wrote; `None` when it did not.
    pub fn parse(detail: &str) -> Option<Self> {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(detail).ok()?;
        let mut found = Self::default();
        for (name, value) in &members {
            if name == UNDOES {
                found.undoes = Some(value.get().parse().ok()?);
            } else {
                found.take(name, &serde_json::from_str(value.get()).ok()?)?;
            }
        }
        // In the order in which every other list of them is.
        found.fields.sort_by_key(|(field, _)| field.number());
        Some(found)
    }

    /// Whether there is something in it that can be taken back. What is held back cannot: it is
    /// approved or rejected.
    pub fn is_undoable(&self) -> bool {
        let moments = [&self.created_at, &self.deleted_at];
        !self.fields.is_empty() || self.pinned.is_some() || moments.iter().any(|it| it.is_some())
    }

    fn take(&mut self, name: &str, raw: &Raw<'_>) -> Option<()> {
        let text = |json: &str| serde_json::from_str::<Box<str>>(json).ok();
        let time = |json: &str| Timestamp::parse(&text(json)?);
        match name {
            "profile" => self.take_profile(raw)?,
            "departments" => {
                let departments = raw.read(|json| {
                    let ids: Vec<Box<str>> = serde_json::from_str(json).ok()?;
                    ids.iter().map(|id| DepartmentId::parse(id)).collect()
                })?;
                let value = |ids: Option<Vec<DepartmentId>>| {
                    ids.filter(|ids| !ids.is_empty()).map(|ids| joined(&ids))
                };
                let (from, to) = (value(departments.from), value(departments.to));
                self.note(Field::Departments, from, to);
            }
            "created_at" => self.created_at = Some(raw.read(time)?),
            "deleted_at" => self.deleted_at = Some(raw.read(time)?),
            "held" => self.held = Some(raw.read(|json| Held::from_text(&text(json)?))?),
            "pinned" => {
                let pinned = raw.read(|json| {
                    let names: Vec<Box<str>> = serde_json::from_str(json).ok()?;
                    names.iter().map(|name| Field::parse(name)).collect()
                })?;
                self.pinned = Some(Changed {
                    from: pinned.from.unwrap_or_default(),
                    to: pinned.to.unwrap_or_default(),
                });
            }
            name => {
                let field = match name {
                    "state" => Field::State,
                    name => Field::parse(name)?,
                };
                let Changed { from, to } = raw.read(text)?;
                self.note(field, from, to);
            }
        }
        Some(())
    }

    /// Takes a profile apart, field by field.
    fn take_profile(&mut self, raw: &Raw<'_>) -> Option<()> {
        let profiles = raw.read(|json| profile_json::from_stored(json).ok())?;
        let from = profiles.from.unwrap_or_default();
        let to = profiles.to.unwrap_or_default();
        let custom = Profile::custom_attributes;
        let boxed = |text: Option<&str>| text.map(Into::into);
        self.note(
            Field::CustomAttributes,
            boxed(custom(&from)),
            boxed(custom(&to)),
        );
        for field in ProfileField::ALL {
            let (from, to) = (from.get(field), to.get(field));
            self.note(Field::Profile(field), boxed(from), boxed(to));
        }
        let (from, to) = (from.provisioned(), to.provisioned());
        if from != to {
            let (from, to) = (boxed(from), boxed(to));
            self.provisioned = Some(Changed { from, to });
        }
        Some(())
    }

    fn note(&mut self, field: Field, from: Option<Box<str>>, to: Option<Box<str>>) {
        if from != to {
            self.fields.push((field, Changed { from, to }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::change::Source;
    use crate::model::id::{TokenId, UserId};
    use crate::model::provenance::Origin;
    use crate::model::provisioning::Intent;

    const A: &str = "aa7cf840-9ca9-46a3-9778-9015d6580d50";
    const B: &str = "c3f19253-26g4-6129-c461-215h9658429d";

    fn user() -> User {
        let at = Timestamp::from_milliseconds(0);
        User {
            id: UserId::parse(A).unwrap(),
            username: "anna \"A\"".into(),
            user_key: "anna".into(),
            external_id: None,
            state: State::Active,
            profile: Profile::default(),
            departments: Vec::new(),
            created_at: at,
            updated_at: at,
            deleted_at: None,
            held: None,
            revision: 1,
        }
    }

    fn origin(number: i64) -> Origin {
        Origin {
            source: Source::Api,
            at: Timestamp::from_milliseconds(number),
            number,
        }
    }

    #[test]
    fn what_is_written_is_read_and_leads_from_one_record_to_the_other() {
        let old = TracedUser::created(user(), origin(1));
        let mut new = user();
        new.external_id = Some("E-1".into());
        new.state = State::Inactive;
        new.departments = vec![
            DepartmentId::parse(B).unwrap(),
            DepartmentId::parse(A).unwrap(),
        ];
        let mut profile = ProfileDraft::default();
        for field in ProfileField::ALL {
            profile.set(field, Some(format!("{} \u{e9}\"", field.path())));
        }
        profile.set_custom_attributes(Some(r#"{"a":[1.50,null]}"#.to_owned()));
        profile.set_provisioned(Some(r#"{"x":1}"#.to_owned()));
        new.profile = profile.finish();
        new.deleted_at = Some(Timestamp::from_milliseconds(1_764_300_000_001));
        let by = TokenId::parse(A).unwrap();
        new.held = Some(Held {
            intent: Intent::Delete,
            at: Timestamp::from_milliseconds(5),
            by,
        });
        let pinned = Fields::from(Field::State) | Field::Departments.into();
        let new = old.changed(new, pinned, origin(2));
        let found = UserDifference::parse(&write(Some(&old), &new, Some(41))).unwrap();
        assert_eq!(found.undoes, Some(41));
        // All but the two names that stay.
        assert_eq!(found.fields.len(), Field::all().count() - 2);
        let values = |is_to: bool| {
            let side = move |changed: &Changed<Option<Box<str>>>| match is_to {
                true => changed.to.clone(),
                false => changed.from.clone(),
            };
            let fields = found.fields.iter();
            let values = fields.map(move |(field, changed)| (*field, side(changed)));
            values.collect::<Vec<_>>()
        };
        let give = |values: &[(Field, Option<Box<str>>)], user: &mut User| {
            let values = values.iter();
            set(
                user,
                values.map(|(field, value)| (*field, value.as_deref())),
            )
            .unwrap();
        };
        let mut made = old.to_user();
        give(&values(true), &mut made);
        for (field, value) in values(true) {
            assert_eq!(value_of(&made, field), value);
            assert_eq!(value_of(&new, field), value);
        }
        give(&values(false), &mut made);
        assert_eq!(made, *old);
        let pins = found.pinned.unwrap();
        assert_eq!((pins.from, pins.to), (Fields::default(), pinned));
        let deleted = found.deleted_at.unwrap();
        assert_eq!((deleted.from, deleted.to), (None, new.deleted_at));
        assert_eq!(found.held.unwrap().to, new.held);
        let sent = found.provisioned.unwrap();
        assert_eq!(sent.to.as_deref(), new.profile.provisioned());
        assert_eq!(found.created_at, None);
    }

    #[test]
    fn who_is_new_differs_in_what_they_have() {
        let new = TracedUser::created(user(), origin(1));
        let found = UserDifference::parse(&write(None, &new, None)).unwrap();
        let fields: Vec<Field> = found.fields.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, [Field::Username, Field::UserKey, Field::State]);
        assert!(
            found
                .fields
                .iter()
                .all(|(_, changed)| changed.from.is_none())
        );
        assert_eq!(found.created_at.unwrap().to, Some(new.created_at));
    }

    #[test]
    fn what_was_not_written_by_us_is_not_read() {
        for detail in [
            "",
            "[]",
            r#"{"shoe_size":{"from":null,"to":"43"}}"#,
            r#"{"username":"anna"}"#,
            r#"{"username":{"from":1,"to":"anna"}}"#,
            r#"{"departments":{"from":null,"to":["x"]}}"#,
            r#"{"deleted_at":{"from":null,"to":"soon"}}"#,
            r#"{"pinned":{"from":null,"to":["x"]}}"#,
            r#"{"profile":{"from":null,"to":{"rank":"1"}}}"#,
            r#"{"undoes":"41"}"#,
        ] {
            assert_eq!(UserDifference::parse(detail), None, "{detail}");
        }
    }
}
