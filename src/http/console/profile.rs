//! `…/users/{user_id}`: everything that is known of one person, and why.

use std::collections::HashMap;

use askama::Template;
use serde_json::Value;

use crate::http::answer::Response;
use crate::http::clients::wire;
use crate::http::console::assets;
use crate::http::console::changes::{ChangeView, door, timeline};
use crate::http::console::chart::DayChart;
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::shown::When;
use crate::http::console::{Call, Failure};
use crate::http::gateway;
use crate::model::days::Day;
use crate::model::field::Field;
use crate::model::profile::ProfileField;
use crate::model::provisioning::Intent;
use crate::model::scope::Scope;
use crate::model::user::{State, UserView};
use crate::operations::caller::Access;
use crate::operations::changes::label_of;
use crate::operations::provenance::{self, FieldProvenance};
use crate::operations::{days, provisioning, users};

/// A field of the record: its value, and where that comes from.
pub(super) struct Line {
    label: String,
    value: Option<String>,
    origin: Option<Origin>,
    is_pinned: bool,
}

struct Origin {
    door: &'static str,
    actor: Option<String>,
    at: When,
}

/// The same person in one dialect.
struct Dialect {
    name: &'static str,
    of: &'static str,
    json: String,
}

#[derive(Template)]
#[template(path = "user.html")]
struct Page {
    frame: Frame,
    path: String,
    person: Person,
    lines: Vec<Line>,
    /// Where the client's departments are.
    departments_path: String,
    departments_line: Line,
    dialects: Vec<Dialect>,
    chart: Option<DayChart>,
    changes: Vec<ChangeView>,
    /// Where older changes are, when there are more.
    more_changes: Option<String>,
    may_write: bool,
    notice: Option<&'static str>,
    /// The number of the change that the notice is about, which can be undone.
    undo: Option<i64>,
}

/// What is read of the person in one look at the directory.
struct Person {
    name: String,
    username: String,
    id: String,
    state: (&'static str, &'static str),
    is_deleted: bool,
    is_active: bool,
    held: Option<&'static str>,
    seen: Option<When>,
    desktop: Option<When>,
    web: Option<When>,
    created: When,
    updated: When,
    departments: Vec<(String, String, Option<String>)>,
    values: Vec<(Field, Option<String>)>,
    dialects: [(&'static str, &'static str, Vec<u8>); 3],
}

/// What just happened, by the word in the address.
const NOTICES: [(&str, &str); 7] = [
    ("profile", "The profile was changed."),
    ("departments", "The departments were changed."),
    ("deactivated", "They were deactivated."),
    ("activated", "They were activated."),
    ("deleted", "They were deleted."),
    ("restored", "They were restored."),
    ("undone", "The change was undone."),
];

/// `GET /console/clients/{client_id}/users/{user_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["done", "change"])?;
    let id = call.user_id()?;
    let base = format!("/scim/v2/{}", access.client());
    let person = users::get_or_deleted(call.app(), &access, id, |user| Person::of(user, &base));
    let person = person.await?;
    let known = match person.is_deleted {
        true => Vec::new(),
        false => provenance::get(call.app(), &access, id).await?.fields,
    };
    let (changes, has_more) = timeline(call.app(), &access, id.0).await?;
    // Whose tokens they were is told by the changes that set the values.
    let names: HashMap<i64, String> = changes
        .iter()
        .map(|change| (change.number, change.who.clone()))
        .collect();
    let chart = match person.is_deleted {
        true => None,
        false => {
            let seen = days::of_user(call.app(), &access, id).await?;
            Some(DayChart::of(&seen, Day::of(call.app().now())))
        }
    };
    let mut known: HashMap<String, FieldProvenance> = known
        .into_iter()
        .map(|it| (it.field.name().into_owned(), it))
        .collect();
    let mut line = |(field, value): (Field, Option<String>)| {
        let known = known.remove(&*field.name());
        Line {
            label: label_of(&field.name()).into_owned(),
            value,
            is_pinned: known.as_ref().is_some_and(|known| known.is_pinned),
            origin: known.and_then(|known| origin(known, &names)),
        }
    };
    let notice = NOTICES
        .iter()
        .find(|(word, _)| query.get("done") == Some(word));
    let change = query.parsed("change", "the number of a change", |text| text.parse().ok())?;
    let undo = change.filter(|number| {
        let mut shown = changes.iter();
        shown.any(|change| change.number == *number && change.is_undoable)
    });
    let log = format!("/console/clients/{}/changes", access.client());
    let more = address(&log, &[("entity", "user"), ("entity_id", id.as_str())]);
    let page_of_user = Page {
        chart,
        changes,
        more_changes: has_more.then_some(more),
        undo: undo.filter(|_| call.visitor.may(access.client(), Scope::UsersWrite)),
        frame: call
            .client_frame(&access, &person.name, Place::Users)
            .await?,
        path: format!("/console/clients/{}/users/{id}", access.client()),
        departments_path: format!("/console/clients/{}/departments", access.client()),
        departments_line: line((Field::Departments, None)),
        lines: person.values.iter().cloned().map(&mut line).collect(),
        dialects: person.dialects.iter().map(dialect).collect(),
        may_write: call.visitor.may(access.client(), Scope::UsersWrite),
        notice: notice.map(|(_, sentence)| *sentence),
        person,
    };
    Ok(page(&page_of_user))
}

fn origin(known: FieldProvenance, names: &HashMap<i64, String>) -> Option<Origin> {
    let origin = known.origin?;
    let name = names.get(&origin.number).cloned();
    Some(Origin {
        door: door(origin.source),
        actor: name.filter(|_| known.actor.is_some()).or(known.actor),
        at: When(origin.at),
    })
}

/// A person's state as a class of the style and a word.
pub(super) fn state_of(user: &UserView<'_>) -> (&'static str, &'static str) {
    match (user.deleted_at, user.state) {
        (Some(_), _) => ("deleted", "Deleted"),
        (None, State::Active) => ("active", "Active"),
        (None, State::Inactive) => ("inactive", "Inactive"),
    }
}

fn dialect((name, of, json): &(&'static str, &'static str, Vec<u8>)) -> Dialect {
    let value: Value = serde_json::from_slice(json).unwrap_or(Value::Null);
    let json = serde_json::to_string_pretty(&value).unwrap_or_default();
    Dialect { name, of, json }
}

impl Person {
    fn of(user: &UserView<'_>, base: &str) -> Self {
        let profile = |field| user.profile.get(field).map(str::to_owned);
        let state = state_of(user);
        let own = [
            (Field::Username, Some(user.username.to_owned())),
            (Field::UserKey, Some(user.user_key.to_owned())),
            (Field::ExternalId, user.external_id.map(str::to_owned)),
            (Field::State, Some(state.1.to_owned())),
        ];
        let fields = ProfileField::ALL.into_iter();
        let fields = fields.map(|field| (Field::Profile(field), profile(field)));
        let custom = user.profile.custom_attributes().map(str::to_owned);
        let values = own
            .into_iter()
            .chain(fields)
            .chain([(Field::CustomAttributes, custom)]);
        let scim = Value::Object(provisioning::resource(user, base)).to_string();
        let (mut clients_api, mut of_gateway) = (Vec::new(), Vec::new());
        wire::user(&mut clients_api, user);
        gateway::write_user(&mut of_gateway, user);
        Self {
            name: profile(ProfileField::FullName).unwrap_or_else(|| user.username.to_owned()),
            username: user.username.to_owned(),
            id: user.id.to_string(),
            state,
            is_deleted: user.deleted_at.is_some(),
            is_active: user.state == State::Active,
            held: user.held.map(|held| match held {
                Intent::Deactivate => "deactivated",
                Intent::Delete => "deleted",
            }),
            seen: user.last_activity.at().map(When),
            desktop: user.last_activity.desktop_at.map(When),
            web: user.last_activity.web_at.map(When),
            created: When(user.created_at),
            updated: When(user.updated_at),
            departments: user
                .departments
                .iter()
                .map(|it| {
                    (
                        it.id.to_string(),
                        it.name.to_string(),
                        it.description.as_deref().map(str::to_owned),
                    )
                })
                .collect(),
            values: values.collect(),
            dialects: [
                (
                    "Clients API",
                    "what product front ends and scripts read",
                    clients_api,
                ),
                (
                    "Identity Gateway",
                    "what the assistant's ingestion reads",
                    of_gateway,
                ),
                (
                    "SCIM 2.0",
                    "what the identity provider reads",
                    scim.into_bytes(),
                ),
            ],
        }
    }
}
