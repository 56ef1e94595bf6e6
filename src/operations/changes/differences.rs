//! What a change was, field by field, as people read it.

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Value};

use super::Names;
use crate::model::change::Entity;
use crate::model::field::{Field, Fields};
use crate::model::id::DepartmentId;
use crate::model::provisioning::{Held, Provisioning};
use crate::model::timestamp::Timestamp;
use crate::model::user_difference::{Changed, UserDifference, departments_in};
use crate::store::changes::Entry;

/// One field's difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field's name in the APIs, for example `profile.employment_info.role`.
    pub field: Cow<'static, str>,
    /// What it was; `None` when it was not set, or is not told.
    pub from: Option<Shown>,
    /// What it is; `None` when it is not set, or is not told.
    pub to: Option<Shown>,
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// One.
    Text(Box<str>),
    /// Several, in order.
    List(Vec<Box<str>>),
}

/// Several are written with commas between them.
impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => formatter.write_str(text),
            Self::List(texts) => formatter.write_str(&texts.join(", ")),
        }
    }
}

impl Difference {
    /// What people call the field.
    pub fn label(&self) -> Cow<'static, str> {
        label_of(&self.field)
    }
}

/// What people call the field that has this name in the APIs.
pub fn label_of(field: &str) -> Cow<'static, str> {
    match field.rsplit('.').next().unwrap_or_default() {
        "email_addr" => "E-mail address".into(),
        "employee_start_date_ts" => "Start date".into(),
        "external_id" => "External id".into(),
        "manager_email" => "Manager's e-mail address".into(),
        "provisioned" => "Other attributes of the identity provider".into(),
        "pinned" => "Pinned fields".into(),
        "held" => "Held back".into(),
        name => {
            let mut words = name.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            words.into()
        }
    }
}

/// What an entry of the log says, read.
pub(super) enum Detail {
    /// Of a user's record.
    User {
        difference: Box<UserDifference>,
        is_undoable: bool,
    },
    /// Of another, of which nothing has to be looked up.
    Other(Vec<Difference>),
}

impl Detail {
    /// Reads an entry's detail. What cannot be read shows no difference.
    pub(super) fn parse(entry: &Entry) -> Self {
        let object = || serde_json::from_str::<Map<String, Value>>(&entry.detail).ok();
        match Entity::parse(&entry.entity) {
            Some(Entity::User) => {
                let difference = UserDifference::parse(&entry.detail);
                let is_undoable = difference.as_ref().is_some_and(UserDifference::is_undoable);
                Self::User {
                    difference: Box::new(difference.unwrap_or_default()),
                    is_undoable,
                }
            }
            Some(Entity::Department) => {
                Self::Other(of_department(&entry.action, &object().unwrap_or_default()))
            }
            Some(Entity::Client) => {
                Self::Other(of_client(&entry.action, &object().unwrap_or_default()))
            }
            None => Self::Other(Vec::new()),
        }
    }

    pub(super) fn undoes(&self) -> Option<i64> {
        match self {
            Self::User { difference, .. } => difference.undoes,
            Self::Other(_) => None,
        }
    }

    pub(super) fn is_undoable(&self) -> bool {
        matches!(
            self,
            Self::User {
                is_undoable: true,
                ..
            }
        )
    }

    /// The departments whose names will be asked for.
    pub(super) fn departments(&self) -> impl Iterator<Item = DepartmentId> {
        let fields = match self {
            Self::User { difference, .. } => &*difference.fields,
            Self::Other(_) => &[],
        };
        let values = fields
            .iter()
            .filter(|(field, _)| *field == Field::Departments)
            .flat_map(|(_, changed)| [&changed.from, &changed.to]);
        values.flat_map(|value| departments_in(value.as_deref()).unwrap_or_default())
    }

    /// The differences, with the names that departments have now.
    pub(super) fn into_differences(self, names: &Names) -> Vec<Difference> {
        match self {
            Self::User { difference, .. } => of_user(*difference, names),
            Self::Other(differences) => differences,
        }
    }
}

fn text(text: impl Into<Box<str>>) -> Shown {
    Shown::Text(text.into())
}

fn of_user(difference: UserDifference, names: &Names) -> Vec<Difference> {
    let mut all = Vec::new();
    for (field, Changed { from, to }) in difference.fields {
        let shown = |value: Option<Box<str>>| match field {
            Field::Departments => {
                let ids = departments_in(value.as_deref()).unwrap_or_default();
                let ids = ids.into_iter().map(|id| names.of_department(id));
                value.is_some().then(|| Shown::List(ids.collect()))
            }
            _ => value.map(Shown::Text),
        };
        all.push(Difference {
            field: field.name(),
            from: shown(from),
            to: shown(to),
        });
    }
    // What only SCIM shows is not shown here either.
    if difference.provisioned.is_some() {
        all.push(Difference {
            field: "profile.provisioned".into(),
            from: None,
            to: None,
        });
    }
    let mut note = |field, from, to| all.push(Difference { field, from, to });
    let moment = |moment: Timestamp| text(moment.with_milliseconds());
    let intent = |held: Held| text(held.intent.name());
    let pins = |fields: Fields| {
        let names = fields.iter().map(|field| field.name().into());
        (!fields.is_empty()).then(|| Shown::List(names.collect()))
    };
    if let Some(held) = difference.held {
        note("held".into(), held.from.map(intent), held.to.map(intent));
    }
    // That a record is made when it is made goes without saying.
    if let Some(Changed {
        from: Some(from),
        to,
    }) = difference.created_at
    {
        note("created_at".into(), Some(moment(from)), to.map(moment));
    }
    if let Some(Changed { from, to }) = difference.deleted_at {
        note("deleted_at".into(), from.map(moment), to.map(moment));
    }
    if let Some(pinned) = difference.pinned {
        note("pinned".into(), pins(pinned.from), pins(pinned.to));
    }
    all
}

fn value_of(value: Option<&Value>) -> Option<Shown> {
    value.and_then(Value::as_str).map(text)
}

/// Two values under a name; nothing when they are the same.
fn differing(field: &'static str, from: Option<Shown>, to: Option<Shown>) -> Option<Difference> {
    (from != to).then_some(Difference {
        field: field.into(),
        from,
        to,
    })
}

/// A member `{"from":…,"to":…}` of an entry, or of what was made or deleted the value alone.
fn member(field: &'static str, action: &str, object: &Map<String, Value>) -> Option<Difference> {
    let value = object.get(field)?;
    let part = |name| value_of(value.get(name));
    let (from, to) = match action {
        "created" => (None, value_of(Some(value))),
        "deleted" => (value_of(Some(value)), None),
        _ => (part("from"), part("to")),
    };
    differing(field, from, to)
}

fn of_department(action: &str, object: &Map<String, Value>) -> Vec<Difference> {
    let fields = ["name", "description", "external_id"];
    let members = fields.map(|field| member(field, action, object));
    members.into_iter().flatten().collect()
}

fn of_client(action: &str, object: &Map<String, Value>) -> Vec<Difference> {
    let members = ["name", "partner"].map(|field| member(field, action, object));
    let mut all: Vec<Difference> = members.into_iter().flatten().collect();
    if let Some(provisioning) = object.get("provisioning") {
        let settings = |name: &str| {
            let stored = provisioning.get(name).and_then(Value::as_str);
            settings(stored.and_then(Provisioning::from_text).unwrap_or_default())
        };
        let pairs = settings("from").into_iter().zip(settings("to"));
        all.extend(pairs.filter_map(|((field, from), (_, to))| {
            differing(field, Some(text(from)), Some(text(to)))
        }));
    }
    // It is a secret: the log says only that it changed.
    if object.get("enrollment_token_changed") == Some(&Value::Bool(true)) {
        all.push(Difference {
            field: "enrollment_token".into(),
            from: None,
            to: None,
        });
    }
    all
}

fn settings(provisioning: Provisioning) -> [(&'static str, String); 5] {
    let switch = |is_on| if is_on { "on" } else { "off" }.to_owned();
    let breaker = provisioning.breaker;
    [
        ("provisioning.breaker", switch(breaker.is_on)),
        (
            "provisioning.breaker_share_percent",
            breaker.share_percent.to_string(),
        ),
        (
            "provisioning.breaker_users_min",
            breaker.users_min.to_string(),
        ),
        (
            "provisioning.user_key",
            provisioning.user_key.name().to_owned(),
        ),
        (
            "provisioning.pin_departments",
            switch(provisioning.pins_departments),
        ),
    ]
}
