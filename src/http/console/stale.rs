//! `…/stale`: deactivating people whom nobody has seen for long, and taking that back.

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::overview::{CoverageView, Problem};
use crate::http::console::shown::{Choice, When, choices, count, counted};
use crate::http::console::{Call, Failure, see_other};
use crate::model::invalid::Invalid;
use crate::model::profile::ProfileField;
use crate::model::user::UserView;
use crate::operations::caller::Access;
use crate::operations::stale::{self, DEACTIVATED_MAX, Preview, Span, Threshold};

const THRESHOLDS: [(&str, &str); 5] = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("60", "60 days"),
    ("90", "90 days"),
    ("180", "180 days"),
];
const USUAL: &str = "90";
/// People whom the page of what was done lists.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "stale.html")]
struct Page {
    frame: Frame,
    path: String,
    overview: String,
    days: String,
    thresholds: Vec<Choice>,
    coverage: CoverageView,
    count: String,
    is_one: bool,
    rows: Vec<Row>,
    is_cut: bool,
    has_more_than_at_once: bool,
    at_once: String,
    notice: Option<&'static str>,
}

struct Row {
    name: String,
    username: String,
    address: String,
    seen: Option<When>,
    created: When,
}

#[derive(Template)]
#[template(path = "stale_done.html")]
struct DonePage {
    frame: Frame,
    path: String,
    overview: String,
    days: String,
    first: i64,
    last: i64,
    count: String,
    /// How many of them still are inactive.
    inactive: usize,
    again: String,
    rows: Vec<DoneRow>,
    is_cut: bool,
    remaining: Option<String>,
    notice: Option<String>,
}

struct DoneRow {
    username: String,
    address: String,
    is_inactive: bool,
}

/// `GET …/stale`
pub async fn preview(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["days", "done"])?;
    let (days, threshold) = chosen(&query)?.map_or_else(usual, Ok)?;
    let overview = overview_of(&access);
    let show = |preview: Preview<'_>| {
        let rows: Vec<Row> = preview.first.iter().map(|it| row(&overview, it)).collect();
        (preview.count, rows, CoverageView::of(&preview.coverage))
    };
    let (found, rows, coverage) = stale::preview(call.app(), &access, threshold, show).await?;
    let nobody = "Nobody was deactivated: whoever was stale has been seen or changed since.";
    Ok(page(&Page {
        frame: call
            .client_frame(&access, "Deactivate stale people", Place::Overview)
            .await?,
        path: format!("{overview}/stale"),
        thresholds: choices(&THRESHOLDS, &days),
        coverage,
        count: counted(found as u64, "user"),
        is_one: found == 1,
        is_cut: found > rows.len(),
        rows,
        has_more_than_at_once: found > DEACTIVATED_MAX,
        at_once: count(DEACTIVATED_MAX as u64),
        notice: query.get("done").map(|_| nobody),
        overview,
        days,
    }))
}

/// `POST …/stale`
pub async fn deactivate(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "days"])?;
    let (days, threshold) = given(&call.form)?;
    let done = stale::deactivate(call.app(), &access, threshold).await?;
    let path = format!("{}/stale", overview_of(&access));
    Ok(see_other(&match done.changes {
        Some(span) => done_page(&path, &days, span, &[]),
        None => address(&path, &[("days", &days), ("done", "nobody")]),
    }))
}

/// `GET …/stale/done`
pub async fn done(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["days", "first", "last", "activated"])?;
    let ((days, threshold), span) = (given(&query)?, span(&query)?);
    let found = stale::done(call.app(), &access, span).await?;
    let left = stale::preview(call.app(), &access, threshold, |left| left.count).await?;
    let overview = overview_of(&access);
    let inactive = found.iter().filter(|done| done.is_inactive).count();
    let activated = query.parsed("activated", "a number", |text| text.parse::<u64>().ok())?;
    let remaining = match left {
        0 => None,
        1 => Some("1 user is still".to_owned()),
        _ => Some(format!("{} users are still", count(left as u64))),
    };
    Ok(page(&DonePage {
        frame: call
            .client_frame(&access, "Stale people", Place::Overview)
            .await?,
        path: format!("{overview}/stale"),
        first: span.first(),
        last: span.last(),
        count: counted(found.len() as u64, "user"),
        inactive,
        again: counted(inactive as u64, "user"),
        is_cut: found.len() > SHOWN,
        rows: found
            .into_iter()
            .take(SHOWN)
            .map(|done| DoneRow {
                address: format!("{overview}/users/{}", done.user),
                username: done.username.into(),
                is_inactive: done.is_inactive,
            })
            .collect(),
        remaining,
        notice: activated.map(|number| format!("Activated again: {}.", counted(number, "user"))),
        overview,
        days,
    }))
}

/// `POST …/stale/done`
pub async fn reactivate(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "days", "first", "last"])?;
    let ((days, _), span) = (given(&call.form)?, span(&call.form)?);
    let count = stale::reactivate(call.app(), &access, span).await?;
    let path = format!("{}/stale", overview_of(&access));
    let count = count.to_string();
    Ok(see_other(&done_page(
        &path,
        &days,
        span,
        &[("activated", &count)],
    )))
}

fn overview_of(access: &Access) -> String {
    format!("/console/clients/{}", access.client())
}

fn done_page(path: &str, days: &str, span: Span, more: &[(&str, &str)]) -> String {
    let (first, last) = (span.first().to_string(), span.last().to_string());
    let fields = [("days", days), ("first", &*first), ("last", &*last)];
    address(&format!("{path}/done"), &[&fields[..], more].concat())
}

/// The threshold that is offered to who has not chosen one.
fn usual() -> Result<(String, Threshold), Invalid> {
    of_days(USUAL)
}

/// The threshold that a form must choose.
fn given(form: &Form) -> Result<(String, Threshold), Invalid> {
    chosen(form)?.ok_or_else(|| Invalid::new("days", "days is missing"))
}

/// The threshold that a form chooses, if it does.
fn chosen(form: &Form) -> Result<Option<(String, Threshold)>, Invalid> {
    let known = |text: &str| {
        let mut known = THRESHOLDS.into_iter();
        known.find(|(days, _)| *days == text)
    };
    let chosen = form.parsed("days", "one of the choices", known)?;
    chosen.map(|(days, _)| of_days(days)).transpose()
}

fn of_days(days: &str) -> Result<(String, Threshold), Invalid> {
    let number = days.parse().expect("the choices are numbers of days");
    Ok((days.to_owned(), Threshold::of_days(number)?))
}

fn span(form: &Form) -> Result<Span, Invalid> {
    let number = |name| {
        let number = form.parsed(name, "the number of a change", |text| text.parse().ok())?;
        number.ok_or_else(|| Invalid::new(name, format!("{name} is missing")))
    };
    Span::of(number("first")?, number("last")?)
}

fn row(overview: &str, user: &UserView<'_>) -> Row {
    let full_name = user.profile.get(ProfileField::FullName);
    Row {
        name: full_name.unwrap_or(user.username).to_owned(),
        username: user.username.to_owned(),
        address: format!("{overview}/users/{}", user.id),
        seen: user.last_activity.at().map(When),
        created: When(user.created_at),
    }
}
