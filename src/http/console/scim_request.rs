//! `…/scim-log/{number}`: all that is kept of one request, and what it would come to now.

use std::sync::Arc;

use ::scim::Quirk;
use askama::Template;
use hyper::StatusCode;
use serde_json::Value;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::changes::ChangeView;
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::scim_log::{Line, path, status, who};
use crate::http::console::shown::{count, counted};
use crate::http::console::{Call, Failure};
use crate::http::query::shown;
use crate::http::scim::replay;
use crate::model::scim_log::BodyFacts;
use crate::model::scope::Scope;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::{changes, scim_log};

/// A body, and what is to be said of it.
struct Body {
    text: Option<String>,
    notes: Vec<String>,
}

/// A liberty that was taken in reading the request.
struct Liberty {
    name: &'static str,
    sentence: &'static str,
}

impl Liberty {
    fn of(quirk: Quirk) -> Self {
        Self {
            name: quirk.name(),
            sentence: quirk.description(),
        }
    }
}

#[derive(Template)]
#[template(path = "scim_request.html")]
struct Page {
    frame: Frame,
    list: String,
    path: String,
    line: Line,
    who: String,
    headers: Vec<(String, String)>,
    is_target_cut: bool,
    liberties: Vec<Liberty>,
    changes: Vec<ChangeView>,
    changes_count: String,
    has_more_changes: bool,
    may_read: bool,
    sent: Body,
    answered: Body,
    /// Why it cannot be rehearsed.
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "scim_rehearsal.html")]
struct Rehearsal {
    frame: Frame,
    path: String,
    line: Line,
    status: (&'static str, String),
    /// How many secrets were taken out of the body, when there were any.
    removed: Option<String>,
    liberties: Vec<Liberty>,
    changes: Vec<ChangeView>,
    changes_count: String,
    has_more_changes: bool,
    may_read: bool,
    answer: Option<String>,
}

/// `GET /console/clients/{client_id}/scim-log/{number}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    Ok(page(&whole(&call, &access, None).await?))
}

async fn whole(call: &Call, access: &Access, problem: Option<String>) -> Result<Page, Failure> {
    let number = number(call)?;
    let logged = scim_log::find(call.app(), access, number).await?;
    let (request, client) = (logged.request, access.client());
    let changes_count = request.summary.changes.count();
    let changes = changes::told(call.app(), access, logged.changes).await?;
    let changes = changes.into_iter().map(|it| ChangeView::of(it, client));
    let changes: Vec<ChangeView> = changes.collect();
    let quirks = Quirk::ALL.into_iter().filter(|quirk| {
        let mut names = request.summary.quirks.split_whitespace();
        names.any(|name| name == quirk.name())
    });
    let headers = request.facts.headers.iter();
    let (title, list) = (format!("SCIM request {number}"), path(access));
    Ok(Page {
        frame: call.client_frame(access, &title, Place::ScimLog).await?,
        path: format!("{list}/{number}"),
        list,
        line: Line::of(number, &request.summary, client),
        who: who(logged.name.as_deref(), &request.summary),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        is_target_cut: request.facts.is_target_cut,
        liberties: quirks.map(Liberty::of).collect(),
        has_more_changes: changes.len() as i64 != changes_count,
        changes_count: changed("It changed", changes_count),
        changes,
        may_read: call.visitor.may(access.client(), Scope::UsersRead),
        sent: body(&request.facts.sent, request.sent.as_deref()),
        answered: body(&request.facts.answered, request.answered.as_deref()),
        problem,
    })
}

/// `POST /console/clients/{client_id}/scim-log/{number}/rehearsal`
///
/// Nothing is changed, so it leads nowhere else: what it came to is the answer.
pub async fn rehearse(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let (number, client) = (number(&call)?, access.client());
    let logged = scim_log::find(call.app(), &access, number).await?;
    let line = Line::of(number, &logged.request.summary, client);
    let removed = logged.request.facts.sent.removed;
    // By the access that the page takes: nothing is rehearsed that its bearer could not ask for.
    let app = Arc::clone(&call.http.app);
    let replayed = match replay(app, access.clone(), logged.request).await {
        Err(Error::Invalid(invalid)) => {
            let page = whole(&call, &access, Some(invalid.reason)).await?;
            return Ok(refused_page(StatusCode::BAD_REQUEST, &page));
        }
        replayed => replayed?,
    };
    let notes = replayed.notes;
    let changes = changes::told(call.app(), &access, notes.rehearsed).await?;
    // What nobody wrote has no number.
    let changes = changes.into_iter().map(|it| ChangeView {
        number: 0,
        ..ChangeView::of(it, client)
    });
    let changes: Vec<ChangeView> = changes.collect();
    let answer = serde_json::from_slice::<Value>(&replayed.answer).ok();
    let title = format!("Rehearsal of SCIM request {number}");
    Ok(page(&Rehearsal {
        frame: call.client_frame(&access, &title, Place::ScimLog).await?,
        path: format!("{}/{number}", path(&access)),
        line,
        status: status(Some(replayed.status.into())),
        removed: (removed > 0).then(|| counted(removed as u64, "secret")),
        liberties: notes.quirks.into_iter().map(Liberty::of).collect(),
        has_more_changes: changes.len() as i64 != notes.rehearsed_count,
        changes_count: changed("It would change", notes.rehearsed_count),
        changes,
        may_read: call.visitor.may(access.client(), Scope::UsersRead),
        answer: answer.map(|answer| format!("{answer:#}")),
    }))
}

fn number(call: &Call) -> Result<i64, Error> {
    let text = call.segment("number");
    let number = text.parse().ok();
    number.ok_or_else(|| Error::not_found(Noun::ScimRequest, shown(&text)))
}

fn changed(verb: &str, number: i64) -> String {
    match u64::try_from(number).unwrap_or_default() {
        0 => format!("{verb} nothing"),
        number => format!("{verb} {}", counted(number, "record")),
    }
}

fn body(facts: &BodyFacts, text: Option<&str>) -> Body {
    let mut notes = Vec::new();
    let bytes = count(facts.bytes as u64);
    match (text, facts.is_cut) {
        (Some(_), true) => notes.push(format!("This is the beginning of {bytes} bytes.")),
        (None, true) => notes.push(format!("{bytes} bytes, which are not kept.")),
        _ => {}
    }
    if facts.removed > 0 {
        let removed = counted(facts.removed as u64, "secret");
        notes.push(format!("Removed before it was kept: {removed}."));
    }
    // What was cut is no JSON any more.
    let text = text.map(|text| match serde_json::from_str::<Value>(text) {
        Ok(value) if !facts.is_cut => format!("{value:#}"),
        _ => format!("{text}…"),
    });
    Body { text, notes }
}
