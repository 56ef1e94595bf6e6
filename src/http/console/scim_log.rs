//! `…/scim-log`: what the identity provider asked and what came of it. Bodies are shown as they were
//! sent, with all that only SCIM shows of people: so it takes the scope `scim`, and not `users:read`.

use askama::Template;
use hyper::header::HeaderName;

use crate::http::answer::{self, Response};
use crate::http::console::assets;
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::shown::{Choice, When, choices, count as number, counted};
use crate::http::console::{Call, Failure};
use crate::http::query::decoded;
use crate::http::scim;
use crate::model::id::ClientId;
use crate::model::page::{Position, SortKey};
use crate::model::scim_log::Summary;
use crate::operations::caller::Access;
use crate::operations::scim_log::{self, Found};

const PAGE_SIZE: usize = 50;
const FIELDS: [&str; 3] = ["q", "method", "result"];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
const RESULTS: [(&str, &str); 3] = [
    ("", "Any result"),
    ("failed", "Failed only"),
    ("changed", "Changed something"),
];

/// A request as the pages show it.
pub(super) struct Line {
    pub(super) number: i64,
    pub(super) at: When,
    pub(super) method: String,
    /// The path and the query, from behind the client's root on.
    pub(super) target: String,
    /// A class of the style, and the status.
    pub(super) status: (&'static str, String),
    pub(super) took: String,
    pub(super) quirks: Vec<String>,
    pub(super) changes: Option<String>,
}

impl Line {
    /// A request of that client's.
    pub(super) fn of(number: i64, summary: &Summary, client: ClientId) -> Self {
        let changed = summary.changes.count();
        let changed = u64::try_from(changed).unwrap_or_default();
        let quirks = summary.quirks.split_whitespace();
        Self {
            number,
            at: When(summary.at),
            method: summary.method.to_string(),
            target: readable(&summary.target, client),
            status: status(summary.status),
            took: took(summary.duration_us),
            quirks: quirks.map(str::to_owned).collect(),
            changes: (changed > 0).then(|| counted(changed, "change")),
        }
    }
}

struct Row {
    line: Line,
    address: String,
    who: String,
}

#[derive(Template)]
#[template(path = "scim_log.html")]
struct Page {
    frame: Frame,
    path: String,
    base: String,
    q: String,
    methods: Vec<Choice>,
    results: Vec<Choice>,
    rows: Vec<Row>,
    count: String,
    is_empty: bool,
    kept_max: String,
    is_first: bool,
    first: String,
    next: Option<String>,
}

/// `GET /console/clients/{client_id}/scim-log`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&[&FIELDS[..], &["after"]].concat())?;
    let client = access.client();
    let wanted = wanted(&asked, client)?;
    let path = path(&access);
    let words: Vec<&str> = FIELDS.iter().map(|field| asked.text(field)).collect();
    let purpose = format!("console scim log\0{client}\0{words:?}");
    let before = call
        .position(&asked, &purpose)?
        .map(|position| position.since);
    let log = scim_log::search(call.app(), &access, wanted, before, PAGE_SIZE).await?;
    let next = log.next.map(|number| {
        let position = Position {
            key: SortKey::Id,
            id: client.0,
            since: number,
        };
        call.seal(&position, &purpose)
    });
    let here = |more: &[(&str, &str)]| {
        let same = FIELDS.into_iter().map(|field| (field, asked.text(field)));
        address(&path, &same.chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let mut methods = vec![("", "Any method")];
    methods.extend(METHODS.map(|method| (method, method)));
    let page_of_log = Page {
        frame: call
            .client_frame(&access, "SCIM log", Place::ScimLog)
            .await?,
        base: scim::base_of(&call.asked, client),
        q: asked.text("q").to_owned(),
        methods: choices(&methods, asked.text("method")),
        results: choices(&RESULTS, asked.text("result")),
        rows: log.found.iter().map(|it| row(&path, it, client)).collect(),
        count: counted(log.matching as u64, "request"),
        is_empty: log.kept == 0,
        kept_max: number(scim_log::KEPT as u64),
        is_first: before.is_none(),
        first: here(&[]),
        next: next.map(|next| here(&[("after", &next)])),
        path: path.clone(),
    };
    let mut response = page(&page_of_log);
    // A search as one types shows the address that it would have had as a link.
    if call.asked.head.headers.contains_key("hx-request") {
        let name = HeaderName::from_static("hx-replace-url");
        answer::set(
            &mut response,
            name,
            &here(&[("after", asked.text("after"))]),
        );
    }
    Ok(response)
}

/// Which requests the filters ask for.
fn wanted(
    asked: &Form,
    client: ClientId,
) -> Result<impl Fn(&Summary) -> bool + Send + Sync + use<>, Failure> {
    let known = |text: &str| METHODS.into_iter().find(|method| *method == text);
    let method = asked.parsed("method", "one of the choices", known)?;
    let known = |text: &str| RESULTS.into_iter().find(|(value, _)| *value == text);
    let result = asked.parsed("result", "one of the choices", known)?;
    let result = result.map(|(value, _)| value);
    let text = asked.text("q").trim().to_lowercase();
    Ok(move |summary: &Summary| {
        let is_as_asked = match result {
            Some("failed") => is_failure(summary.status),
            Some("changed") => summary.changes.count() > 0,
            _ => true,
        };
        let target = || readable(&summary.target, client).to_lowercase();
        is_as_asked
            && method.is_none_or(|method| method == &*summary.method)
            && (text.is_empty() || target().contains(&text))
    })
}

fn row(path: &str, found: &Found, client: ClientId) -> Row {
    Row {
        line: Line::of(found.number, &found.summary, client),
        address: format!("{path}/{}", found.number),
        who: who(found.name.as_deref(), &found.summary),
    }
}

/// What the token is called that was used.
pub(super) fn who(name: Option<&str>, summary: &Summary) -> String {
    let unnamed = || {
        let actor = summary.actor?;
        Some(format!("token {}", &actor.as_str()[..8]))
    };
    let name = name.map(str::to_owned).or_else(unnamed);
    name.unwrap_or_else(|| "the command line".to_owned())
}

/// Where the log is.
pub(super) fn path(access: &Access) -> String {
    format!("/console/clients/{}/scim-log", access.client())
}

/// A path with its query as one reads it: without what all of the client's have at their beginning.
fn readable(target: &str, client: ClientId) -> String {
    let root = format!("{}{client}", scim::ROOT);
    let rest = target.strip_prefix(&root).unwrap_or(target);
    let spaced = rest.replace('+', " ");
    let text = decoded(&spaced).map(|text| text.into_owned());
    text.unwrap_or_else(|| rest.to_owned())
}

/// Whether a request failed: it was refused, or nobody waited for the answer.
fn is_failure(status: Option<i64>) -> bool {
    status.is_none_or(|status| status >= 400)
}

pub(super) fn status(status: Option<i64>) -> (&'static str, String) {
    let class = if is_failure(status) {
        "deleted"
    } else {
        "active"
    };
    let text = status.map(|status| status.to_string());
    (class, text.unwrap_or_else(|| "nobody waited".to_owned()))
}

/// Microseconds, in milliseconds with their tenths.
fn took(duration_us: i64) -> String {
    let tenths = duration_us.max(0) / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_one_reads_it() {
        let client = ClientId::parse("01234567-89ab-cdef-0123-456789abcdef").unwrap();
        let root = format!("/scim/v2/{client}");
        for (target, shown) in [
            (format!("{root}/Users"), "/Users"),
            (
                format!("{root}/Users?filter=userName%20eq%20%22a%2Bb%22"),
                "/Users?filter=userName eq \"a+b\"",
            ),
            (format!("{root}/Users?filter=a+eq"), "/Users?filter=a eq"),
            (format!("{root}/Users?a=%f"), "/Users?a=%f"),
            ("/scim/v2/elsewhere".to_owned(), "/scim/v2/elsewhere"),
        ] {
            assert_eq!(readable(&target, client), shown);
        }
        assert_eq!(took(12_345), "12.3 ms");
        assert_eq!(status(None), ("deleted", "nobody waited".to_owned()));
        assert_eq!(status(Some(201)), ("active", "201".to_owned()));
    }
}
