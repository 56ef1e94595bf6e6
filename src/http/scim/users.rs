//! `…/Users`: looked for, read, created, replaced, patched, deleted.

use hyper::StatusCode;
use hyper::header::{ETAG, LOCATION};
use scim::filter::Filter;
use scim::message::ListResponse;
use scim::patch::PatchRequest;
use scim::projection::Projection;
use scim::sort::Sort;
use scim::{Kind, resource};
use serde_json::Value;

use crate::http::answer::{self, Response};
use crate::http::etag;
use crate::http::query::Query;
use crate::http::scim::{Call, Failure, answered, as_scim};
use crate::model::user::{UserDetails, UserView};
use crate::operations::provisioning::users::{self, Search};
use crate::operations::provisioning::{self, Found};

/// Users in one page, when nobody says how many.
pub const COUNT_DEFAULT: usize = 100;
/// Users in one page at most.
pub const COUNT_MAX: usize = 1_000;

pub(super) const LIST_PARAMETERS: [&str; 7] = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
];

/// `GET …/Users`
pub async fn list(call: Call) -> Result<Response, Failure> {
    let query = call.query(&LIST_PARAMETERS)?;
    let filter = query
        .get("filter")
        .map(|text| Filter::parse(text, Kind::User))
        .transpose()?;
    let sort = query
        .get("sortBy")
        .map(|by| Sort::parse(Kind::User, by, query.get("sortOrder")))
        .transpose()?;
    let start_index = number(&query, "startIndex")?.unwrap_or(1).max(1);
    let count = number(&query, "count")?.unwrap_or(COUNT_DEFAULT);
    let search = Search {
        filter,
        sort,
        start_index,
        count: count.min(COUNT_MAX),
        base: call.base(),
    };
    let found = users::search(call.app(), &call.access, search).await?;
    let shown = projection(&query);
    Ok(page(found, start_index, &shown))
}

/// A page of what was found.
pub(super) fn page(found: Found, start_index: usize, shown: &Projection) -> Response {
    let resources = found.resources.into_iter();
    let resources: Vec<Value> = resources
        .map(|one| Value::Object(shown.apply(one)))
        .collect();
    let body = ListResponse::by_index(found.total as u64, start_index as u64, &resources);
    as_scim(answer::json(StatusCode::OK, &body))
}

/// `GET …/Users/{user_id}`
pub async fn get(call: Call) -> Result<Response, Failure> {
    let query = call.query(&["attributes", "excludedAttributes"])?;
    let (shown, base) = (projection(&query), call.base());
    let show = |user: &UserView<'_>| {
        answer::tagged(call.headers(), etag::of_revision(user.revision), || {
            let resource = provisioning::resource(user, &base);
            Value::Object(shown.apply(resource)).to_string()
        })
    };
    let id = call.user_id()?;
    let answer = crate::operations::users::get(call.app(), &call.access, id, show).await?;
    Ok(as_scim(answer))
}

/// `POST …/Users`
pub async fn create(call: Call) -> Result<Response, Failure> {
    let query = call.query(&["attributes", "excludedAttributes"])?;
    let sent = resource::normalise(Kind::User, call.json().await?)?;
    let user = users::create(call.app(), &call.access, sent.attributes).await?;
    let mut response = shown(&call, &query, StatusCode::CREATED, &user);
    let location = format!("{}/Users/{}", call.base(), user.user.id);
    answer::set(&mut response, LOCATION, &location);
    Ok(response)
}

/// `PUT …/Users/{user_id}`
pub async fn replace(call: Call) -> Result<Response, Failure> {
    let query = call.query(&["attributes", "excludedAttributes"])?;
    let id = call.user_id()?;
    let sent = resource::normalise(Kind::User, call.json().await?)?;
    let precondition = etag::precondition(call.headers());
    let (app, access) = (call.app(), &call.access);
    let user = users::replace(app, access, id, sent.attributes, precondition).await?;
    Ok(shown(&call, &query, StatusCode::OK, &user))
}

/// `PATCH …/Users/{user_id}`
pub async fn patch(call: Call) -> Result<Response, Failure> {
    let query = call.query(&["attributes", "excludedAttributes"])?;
    let id = call.user_id()?;
    let request = PatchRequest::parse(Kind::User, call.json().await?)?;
    let precondition = etag::precondition(call.headers());
    let user = users::patch(call.app(), &call.access, id, request, precondition).await??;
    Ok(shown(&call, &query, StatusCode::OK, &user))
}

/// `DELETE …/Users/{user_id}`
pub async fn delete(call: Call) -> Result<Response, Failure> {
    let id = call.user_id()?;
    let precondition = etag::precondition(call.headers());
    users::delete(call.app(), &call.access, id, precondition).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

fn shown(call: &Call, query: &Query, status: StatusCode, user: &UserDetails) -> Response {
    let resource = provisioning::resource(&user.view(), &call.base());
    let resource = projection(query).apply(resource);
    let mut response = answered(status, &Value::Object(resource));
    answer::set(&mut response, ETAG, &etag::of_revision(user.user.revision));
    response
}

fn projection(query: &Query) -> Projection {
    Projection::parse(
        Kind::User,
        query.get("attributes"),
        query.get("excludedAttributes"),
    )
}

/// A number; one below zero counts as zero (RFC 7644 3.4.2.4).
pub(super) fn number(query: &Query, name: &str) -> Result<Option<usize>, Failure> {
    let number = query.parsed(name, "a whole number", |text| {
        text.trim().parse::<i64>().ok()
    })?;
    Ok(number.map(|number| usize::try_from(number).unwrap_or(0)))
}
