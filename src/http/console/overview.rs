//! `/console/clients/{client_id}`: what a client's directory looks like at one glance, and what wants
//! to be seen to.

use std::sync::Arc;

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::chart::{Bar, TrendChart};
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::shown::{When, count, counted};
use crate::http::console::{Call, Failure};
use crate::http::scim;
use crate::model::activity::Channel;
use crate::model::department::DepartmentView;
use crate::model::import::ImportState;
use crate::model::page::{DepartmentQuery, DepartmentSort, Page as Listed, SortOrder};
use crate::model::scope::Scope;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::import::jobs;
use crate::operations::overview::{self, ChannelCoverage, Coverage};
use crate::operations::provisioning::holds;
use crate::operations::scim_log::runs::{self, Run};
use crate::operations::{departments, users};

/// Who was seen within so many days is active. The API says 48 hours when nothing is said.
const ACTIVE_DAYS: i32 = 2;
const ACTIVE_S: i64 = 2 * 24 * 60 * 60;
const DEPARTMENTS_SHOWN: usize = 10;
const IMPORTS_SHOWN: usize = 5;

#[derive(Template)]
#[template(path = "overview.html")]
struct Page {
    frame: Frame,
    path: String,
    people: Figure,
    active: Figure,
    stale: Figure,
    coverage: CoverageView,
    trend: Trend,
    departments: Vec<Department>,
    department_count: String,
    imports: Vec<Import>,
    runs: Vec<RunView>,
    runs_since: When,
    scim: String,
    held: Option<String>,
    may_write: bool,
    may_group: bool,
}

struct Figure {
    count: String,
    address: String,
}

/// Whether "stale" can be believed, for the pages that tell who is.
pub(super) struct CoverageView {
    pub(super) channels: Vec<ChannelView>,
    /// Why it cannot be believed, when it cannot.
    pub(super) problem: Option<Problem>,
}

pub(super) struct ChannelView {
    pub(super) name: &'static str,
    pub(super) last: Option<When>,
    pub(super) is_silent: bool,
}

pub(super) enum Problem {
    /// These agents used to report, and do not any more.
    Silent(&'static str, When),
    /// No agent ever did.
    NobodyReported,
}

/// The chart, if it is at hand or somebody waits for it.
enum Trend {
    Drawn(Box<TrendChart>),
    Later,
    /// There is nobody to be counted.
    OfNobody,
}

struct Department {
    name: String,
    address: String,
    people: String,
    bar: Bar,
}

struct Import {
    file_name: String,
    address: String,
    state: (&'static str, &'static str),
    started: When,
    who: String,
    came_to: String,
}

struct RunView {
    who: String,
    requests: String,
    failed: Option<String>,
    changes: String,
    latest: When,
}

/// `GET /console/clients/{client_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["chart"])?;
    let app = call.app();
    let path = format!("/console/clients/{}", access.client());
    let (summary, coverage, trend, largest, imports, runs, held, frame) = tokio::try_join!(
        async { Ok(users::summary(app, &access, ACTIVE_S).await?) },
        async { Ok(overview::coverage(app, &access).await?) },
        async { Ok(trend(app, &access, query.get("chart").is_some()).await?) },
        async { Ok(largest(app, &access, &path).await?) },
        async { Ok(jobs::list(app, &access, IMPORTS_SHOWN).await?) },
        async { Ok(runs::runs(app, &access, |status| status >= 400).await?) },
        async { Ok(holds::count(app, &access).await?) },
        call.client_frame(&access, "Overview", Place::Overview),
    )?;
    let of_users = |number: u64, seen: &str| Figure {
        count: count(number),
        address: address(&format!("{path}/users"), &[("seen", seen)]),
    };
    let imports = imports.into_iter().map(|listed| import(&path, listed));
    let everybody = summary.active + summary.stale;
    Ok(page(&Page {
        people: of_users(everybody, ""),
        active: of_users(summary.active, "within-2"),
        stale: of_users(summary.stale, "not-2"),
        coverage: CoverageView::of(&coverage),
        trend: match everybody {
            0 => Trend::OfNobody,
            _ => trend,
        },
        departments: largest.0,
        department_count: counted(largest.1, "department"),
        imports: imports.collect(),
        runs_since: When(runs.since),
        runs: runs.runs.into_iter().map(RunView::of).collect(),
        scim: scim::base_of(&call.asked, access.client()),
        held: (held > 0).then(|| people(held)),
        may_write: call.visitor.may(access.client(), Scope::UsersWrite),
        may_group: call.visitor.may(access.client(), Scope::DepartmentsWrite),
        frame,
        path,
    }))
}

/// A number of people, as the subject of a sentence.
pub(super) fn people(number: usize) -> String {
    match number {
        1 => "1 person".to_owned(),
        _ => format!("{} people", count(number as u64)),
    }
}

/// A look at every day of everybody takes a moment: who does not wait for it gets the page without.
async fn trend(app: &App, access: &Access, waits: bool) -> Result<Trend, Error> {
    let trend: Option<Arc<_>> = match overview::trend_at_hand(app, access, ACTIVE_DAYS) {
        None if waits => Some(overview::trend(app, access, ACTIVE_DAYS).await?),
        known => known,
    };
    let chart = trend.and_then(|trend| TrendChart::of(&trend));
    Ok(chart.map_or(Trend::Later, |chart| Trend::Drawn(Box::new(chart))))
}

/// The departments with the most members, and how many departments there are.
async fn largest(app: &App, access: &Access, path: &str) -> Result<(Vec<Department>, u64), Error> {
    let query = DepartmentQuery {
        sort: DepartmentSort::MemberCount,
        order: SortOrder::Descending,
        ..DepartmentQuery::default()
    };
    let show = |listed: Listed<DepartmentView<'_>>| {
        let most = listed.items.first().map_or(0, |view| view.member_count);
        let shown = listed.items.iter().map(|view| Department {
            name: view.department.name.to_string(),
            address: address(
                &format!("{path}/users"),
                &[("department_id", view.department.id.as_str())],
            ),
            people: counted(view.member_count, "user"),
            bar: Bar::of(view.member_count, most),
        });
        (shown.collect(), listed.total_count)
    };
    departments::list(app, access, &query, None, DEPARTMENTS_SHOWN, show).await
}

fn import(path: &str, listed: jobs::Listed) -> Import {
    let import = listed.import;
    let totals = import.totals;
    let state = match import.state {
        ImportState::Running => ("inactive", "Running"),
        ImportState::Done => ("active", "Done"),
        ImportState::Failed => ("deleted", "Failed"),
    };
    let mut came_to = format!(
        "{} created, {} changed",
        count(totals.created),
        count(totals.changed)
    );
    if totals.bad > 0 {
        came_to += &format!(", {} refused", counted(totals.bad, "row"));
    }
    let who = match (listed.actor_name, import.actor) {
        (Some(name), _) => name.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => "the command line".to_owned(),
    };
    Import {
        file_name: import.file_name.to_string(),
        address: format!("{path}/import/{}", import.id),
        state,
        started: When(import.started_at),
        who,
        came_to,
    }
}

impl RunView {
    fn of(run: Run) -> Self {
        let who = match (run.name, run.actor) {
            (Some(name), _) => name.to_string(),
            (None, Some(id)) => id.to_string(),
            (None, None) => "the command line".to_owned(),
        };
        Self {
            who,
            requests: counted(run.requests as u64, "request"),
            failed: (run.failed > 0).then(|| format!("{} failed", count(run.failed as u64))),
            changes: counted(run.changes.unsigned_abs(), "change"),
            latest: When(run.latest.1.at),
        }
    }
}

impl CoverageView {
    pub(super) fn of(coverage: &Coverage) -> Self {
        let channels = coverage.channels.iter();
        let silent = channels.clone().filter(|channel| channel.is_silent);
        let problem = coverage.is_degraded.then(|| {
            let mut silent = silent.filter_map(|it| Some((name(it.channel), it.last_report_at?)));
            match silent.next() {
                Some((name, at)) => Problem::Silent(name, When(at)),
                None => Problem::NobodyReported,
            }
        });
        let view = |channel: &ChannelCoverage| ChannelView {
            name: name(channel.channel),
            last: channel.last_report_at.map(When),
            is_silent: channel.is_silent,
        };
        Self {
            channels: channels.map(view).collect(),
            problem,
        }
    }
}

fn name(channel: Channel) -> &'static str {
    match channel {
        Channel::Desktop => "Desktop agents",
        Channel::Web => "Browser agents",
    }
}
