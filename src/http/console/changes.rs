//! Changes, as a person's timeline and as the whole log: who did what, when, and what it was before.

use askama::Template;
use hyper::StatusCode;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE};

use crate::http::answer::{self, Response};
use crate::http::console::assets;
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::shown::{Choice, When, choices};
use crate::http::console::{Call, Failure, see_other};
use crate::model::change::{ACTIONS, By, ChangeQuery, Entity, Source};
use crate::model::days::Day;
use crate::model::id::{ClientId, Id};
use crate::model::invalid::Invalid;
use crate::model::page::{Position, SortKey};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::changes::{self, Change, Export, Format};
use crate::operations::error::Error;
use crate::operations::undo;
use crate::operations::write::Done;

const PAGE_SIZE: usize = 50;
const FIELDS: [&str; 7] = [
    "entity",
    "entity_id",
    "action",
    "source",
    "actor",
    "from",
    "until",
];

/// A change as the pages show it.
pub(super) struct ChangeView {
    pub(super) number: i64,
    pub(super) at: When,
    pub(super) what: String,
    /// What it was about, and where that is found.
    pub(super) record: String,
    pub(super) address: Option<String>,
    /// Where the changes of the same record are.
    pub(super) history: String,
    pub(super) who: String,
    pub(super) door: &'static str,
    pub(super) differences: Vec<(String, Option<String>, Option<String>)>,
    pub(super) undoes: Option<i64>,
    pub(super) is_undoable: bool,
}

impl ChangeView {
    /// As it is shown in that client's console.
    pub(super) fn of(change: Change, client: ClientId) -> Self {
        let source = Source::parse(&change.source);
        let own = format!("/console/clients/{client}");
        let address = match &*change.entity {
            "user" => Some(format!("{own}/users/{}", change.entity_id)),
            "department" => Some(format!("{own}/departments/{}", change.entity_id)),
            _ => None,
        };
        let record = [
            ("entity", &*change.entity),
            ("entity_id", &*change.entity_id),
        ];
        let history = self::address(&format!("{own}/changes"), &record);
        let who = change.actor.map_or_else(
            || "the command line".to_owned(),
            |who| {
                who.name
                    .map_or_else(|| who.id.to_string(), |name| name.to_string())
            },
        );
        let text = |value: &Option<changes::Shown>| value.as_ref().map(ToString::to_string);
        let differences = change.differences.iter();
        let differences =
            differences.map(|it| (it.label().into_owned(), text(&it.from), text(&it.to)));
        Self {
            number: change.number,
            at: When(change.at),
            what: change.action.to_string(),
            record: change.name.unwrap_or(change.entity_id).to_string(),
            address,
            history,
            who,
            door: source.map_or("elsewhere", door),
            differences: differences.collect(),
            undoes: change.undoes,
            is_undoable: change.is_undoable,
        }
    }
}

/// A door's name for people.
pub(super) fn door(source: Source) -> &'static str {
    match source {
        Source::Api => "Clients API",
        Source::Activity => "report of activity",
        Source::Import => "import",
        Source::Scim => "identity provider (SCIM)",
        Source::CommandLine => "command line",
        Source::Console => "console",
    }
}

#[derive(Template)]
#[template(path = "changes.html")]
struct Page {
    frame: Frame,
    path: String,
    entities: Vec<Choice>,
    actions: Vec<Choice>,
    sources: Vec<Choice>,
    actor: String,
    from: String,
    until: String,
    entity_id: String,
    changes: Vec<ChangeView>,
    is_filtered: bool,
    is_first: bool,
    first: String,
    next: Option<String>,
    csv: String,
    jsonl: String,
}

/// `GET /console/clients/{client_id}/changes`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&[&FIELDS[..], &["after"]].concat())?;
    let query = change_query(&asked)?;
    let client = access.client();
    let path = format!("/console/clients/{client}/changes");
    let purpose = format!("console changes\0{client}\0{query:?}");
    let before = call
        .position(&asked, &purpose)?
        .map(|position| position.since);
    let found = changes::list(call.app(), &access, &query, before, PAGE_SIZE).await?;
    let next = found.next.map(|number| {
        let position = Position {
            key: SortKey::Id,
            id: client.0,
            since: number,
        };
        call.seal(&position, &purpose)
    });
    let here = |path: &str, more: &[(&str, &str)]| {
        let fields = FIELDS.iter().map(|field| (*field, asked.text(field)));
        address(
            path,
            &fields.chain(more.iter().copied()).collect::<Vec<_>>(),
        )
    };
    let entities = [
        ("", "Anything"),
        ("user", "Users"),
        ("department", "Departments"),
        ("client", "The client"),
    ];
    let mut actions = vec![("", "Any change")];
    actions.extend(ACTIONS.map(|action| (action, action)));
    let mut sources = vec![("", "Any way")];
    sources.extend(Source::ALL.map(|source| (source.name(), door(source))));
    let export = format!("{path}/export");
    Ok(page(&Page {
        frame: call
            .client_frame(&access, "Changes", Place::Changes)
            .await?,
        entities: choices(&entities, asked.text("entity")),
        actions: choices(&actions, asked.text("action")),
        sources: choices(&sources, asked.text("source")),
        actor: asked.text("actor").to_owned(),
        from: asked.text("from").to_owned(),
        until: asked.text("until").to_owned(),
        entity_id: asked.text("entity_id").to_owned(),
        changes: found
            .changes
            .into_iter()
            .map(|it| ChangeView::of(it, client))
            .collect(),
        is_filtered: FIELDS.iter().any(|field| asked.get(field).is_some()),
        is_first: before.is_none(),
        first: here(&path, &[]),
        next: next.map(|next| here(&path, &[("after", &next)])),
        csv: here(&export, &[("format", "csv")]),
        jsonl: here(&export, &[("format", "jsonl")]),
        path,
    }))
}

/// `GET /console/clients/{client_id}/changes/export`
pub async fn export(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&[&FIELDS[..], &["format"]].concat())?;
    let query = change_query(&asked)?;
    let (format, content_type) = match asked.text("format") {
        "csv" => (Format::Csv, "text/csv; charset=utf-8"),
        "jsonl" => (Format::Jsonl, "application/x-ndjson"),
        _ => return Err(Invalid::new("format", "format must be csv or jsonl").into()),
    };
    let mut export = Export::new(query, format);
    let mut file = String::new();
    while let Some(piece) = export.piece(call.app(), &access).await? {
        file.push_str(&piece);
        // An answer is whole before its first byte is sent, so it has a bound.
        if file.len() > EXPORT_BYTES_MAX {
            let reason = "these are too many changes for one file: choose a shorter time";
            return Err(Invalid::new("from", reason).into());
        }
    }
    let mut response = Response::new(file.into());
    *response.status_mut() = StatusCode::OK;
    answer::set(&mut response, CONTENT_TYPE, content_type);
    let name = format!("attachment; filename=\"changes.{}\"", asked.text("format"));
    answer::set(&mut response, CONTENT_DISPOSITION, &name);
    Ok(response)
}

/// The longest file of changes, in bytes.
const EXPORT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// `POST /console/clients/{client_id}/users/{user_id}/undo`
pub async fn undo(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "change"])?;
    let number = call
        .form
        .parsed("change", "the number of a change", |text| text.parse().ok())?;
    let number = number.ok_or_else(|| Invalid::new("change", "change is missing"))?;
    let id = call.user_id()?;
    let done = undo::undo(call.app(), &access, id, number, None).await?;
    let Done::Now(details) = done else {
        return Err(Error::Internal("an answer was remembered without a key".to_owned()).into());
    };
    let path = format!("/console/clients/{}/users/{id}", access.client());
    let change = details.user.revision.to_string();
    Ok(see_other(&address(
        &path,
        &[("done", "undone"), ("change", &change)],
    )))
}

/// One user's latest changes.
pub(super) async fn timeline(
    app: &App,
    access: &Access,
    user: Id,
) -> Result<(Vec<ChangeView>, bool), Failure> {
    let query = ChangeQuery {
        entity: Some(Entity::User),
        entity_id: Some(user),
        ..ChangeQuery::default()
    };
    let found = changes::list(app, access, &query, None, TIMELINE).await?;
    let client = access.client();
    let views = found
        .changes
        .into_iter()
        .map(|it| ChangeView::of(it, client))
        .collect();
    Ok((views, found.next.is_some()))
}

/// Changes that a profile page shows.
const TIMELINE: usize = 20;

fn change_query(asked: &Form) -> Result<ChangeQuery, Invalid> {
    let day = |name| asked.parsed(name, "a date like 2026-02-24", Day::parse);
    let action = |text: &str| ACTIONS.into_iter().find(|action| *action == text);
    Ok(ChangeQuery {
        entity: asked.parsed("entity", "client, user or department", Entity::parse)?,
        entity_id: asked.parsed("entity_id", "the id of a record", Id::parse)?,
        action: asked.parsed("action", "one of the choices", action)?,
        source: asked.parsed("source", "one of the choices", Source::parse)?,
        by: asked.parsed("actor", "the id of a token, or command_line", By::parse)?,
        from: day("from")?.map(Day::begin),
        // The last day is meant whole.
        until: day("until")?.map(|day| day.plus(1).begin()),
    })
}
