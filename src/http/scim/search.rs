//! What a list is asked for (RFC 7644 3.4.2), and its answer.

use hyper::StatusCode;
use scim::Kind;
use scim::filter::Filter;
use scim::message::ListResponse;
use scim::projection::Projection;
use scim::sort::Sort;
use serde_json::Value;

use crate::http::answer::{self, Response};
use crate::http::query::Query;
use crate::http::scim::{Call, Failure, as_scim};
use crate::operations::error::Error;
use crate::operations::provisioning::{Found, Search};

/// Resources in one page, when nobody says how many.
pub const COUNT_DEFAULT: usize = 100;
/// Resources in one page at most.
pub const COUNT_MAX: usize = 1_000;
/// What says which attributes are shown.
pub const PROJECTION: [&str; 2] = ["attributes", "excludedAttributes"];

const PARAMETERS: [&str; 7] = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    PROJECTION[0],
    PROJECTION[1],
];

/// Answers a list with the page that `look` finds.
pub async fn listed(
    call: &Call,
    kind: Kind,
    look: impl AsyncFnOnce(Search) -> Result<Found, Error>,
) -> Result<Response, Failure> {
    let query = call.query(&PARAMETERS)?;
    let filter = query.get("filter");
    let filter = filter.map(|text| Filter::parse(text, kind)).transpose()?;
    let sort = query.get("sortBy");
    let sort = sort.map(|by| Sort::parse(kind, by, query.get("sortOrder")));
    let start_index = number(&query, "startIndex")?.unwrap_or(1).max(1);
    let count = number(&query, "count")?.unwrap_or(COUNT_DEFAULT);
    let shown = projection(&query, kind);
    let found = look(Search {
        filter,
        sort: sort.transpose()?,
        start_index,
        count: count.min(COUNT_MAX),
        has_members: shown.shows("members"),
        base: call.base(),
    })
    .await?;
    let resources = found.resources.into_iter();
    let resources: Vec<Value> = resources
        .map(|one| Value::Object(shown.apply(one)))
        .collect();
    let body = ListResponse::by_index(found.total as u64, start_index as u64, &resources);
    Ok(as_scim(answer::json(StatusCode::OK, &body)))
}

/// Which attributes are shown.
pub fn projection(query: &Query, kind: Kind) -> Projection {
    let [attributes, excluded] = PROJECTION.map(|name| query.get(name));
    Projection::parse(kind, attributes, excluded)
}

/// A number; one below zero counts as zero (RFC 7644 3.4.2.4).
fn number(query: &Query, name: &str) -> Result<Option<usize>, Failure> {
    let number = query.parsed(name, "a whole number", |text| {
        text.trim().parse::<i64>().ok()
    })?;
    Ok(number.map(|number| usize::try_from(number).unwrap_or(0)))
}
