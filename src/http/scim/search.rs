//! What a list is asked for, in a query (RFC 7644 3.4.2) or in the body of `/.search` (RFC 7644
//! 3.4.3), and its answer, by number or by cursor (RFC 9865).

use hyper::StatusCode;
use scim::filter::Filter;
use scim::message::{ListResponse, Page, SearchRequest};
use scim::projection::Projection;
use scim::sort::SortKey;
use scim::{Kind, ScimError, ScimType};
use serde_json::{Value, json};

use crate::http::answer::{self, Response};
use crate::http::query::Query;
use crate::http::scim::{Call, Failure, as_scim};
use crate::model::page;
use crate::operations::provisioning::{self, Listing, Place, Search, Start};

/// Resources in one page, when nobody says how many.
pub const COUNT_DEFAULT: u64 = 100;
/// Resources in one page at most.
pub const COUNT_MAX: u64 = 1_000;
/// What says which attributes are shown.
pub const PROJECTION: [&str; 2] = ["attributes", "excludedAttributes"];

const PARAMETERS: [&str; 8] = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "cursor",
    PROJECTION[0],
    PROJECTION[1],
];

/// `POST …/.search`: users and groups, in one list.
pub async fn everything(call: Call) -> Result<Response, Failure> {
    searched(&call, &Kind::ALL).await
}

/// Answers a list whose question is the body.
pub async fn searched(call: &Call, kinds: &[Kind]) -> Result<Response, Failure> {
    let asked = SearchRequest::parse(call.json().await?)?;
    answered(call, kinds, &asked).await
}

/// Answers a list whose question is the query.
pub async fn listed(call: &Call, kinds: &[Kind]) -> Result<Response, Failure> {
    let query = call.query(&PARAMETERS)?;
    let text = |name| query.get(name).map(str::to_owned);
    let names = |name| {
        let names = query
            .get(name)
            .into_iter()
            .flat_map(|names| names.split(','));
        names.map(str::to_owned).collect()
    };
    let [start_index, count, cursor] =
        ["startIndex", "count", "cursor"].map(|name| query.get(name));
    let asked = SearchRequest {
        attributes: names(PROJECTION[0]),
        excluded_attributes: names(PROJECTION[1]),
        filter: text("filter"),
        sort_by: text("sortBy"),
        sort_order: text("sortOrder"),
        page: Page::parse(start_index, count, cursor)?,
        quirks: Vec::new(),
    };
    answered(call, kinds, &asked).await
}

/// Answers a list of resources of these kinds.
async fn answered(call: &Call, kinds: &[Kind], asked: &SearchRequest) -> Result<Response, Failure> {
    call.note(&asked.quirks);
    let [users, groups] = wanted(&call.base(), kinds, asked)?;
    for search in [&users, &groups].into_iter().flatten() {
        call.note(&search.filter.as_ref().map_or_else(Vec::new, Filter::quirks));
    }
    let purpose = purpose(call, kinds, asked);
    let start_index = asked.page.start_index.unwrap_or(1);
    let start = match asked.page.cursor.as_deref() {
        None => Start::Index(usize::try_from(start_index).unwrap_or(usize::MAX)),
        Some("") => Start::Behind(None),
        Some(cursor) => Start::Behind(Some(opened(call, cursor, &purpose)?)),
    };
    let count = asked.page.limit(COUNT_DEFAULT, COUNT_MAX);
    let listing = Listing {
        users,
        groups,
        start,
        count: usize::try_from(count).expect("the most resources in a page are a thousand"),
        has_members: asked.projection(Kind::Group).shows("members"),
    };
    let found = provisioning::search(call.app(), &call.access, listing).await?;
    let [of_user, of_group] = Kind::ALL.map(|kind| asked.projection(kind));
    let resources = found.resources.into_iter().map(|(kind, resource)| {
        let shown = match kind {
            Kind::User => of_user.apply(resource),
            Kind::Group => of_group.apply(resource),
        };
        Value::Object(shown)
    });
    let (total, resources) = (found.total as u64, resources.collect::<Vec<Value>>());
    let body = if asked.page.cursor.is_none() {
        answer::json(
            StatusCode::OK,
            &ListResponse::by_index(total, start_index, &resources),
        )
    } else {
        let next = found.last.map(|place| sealed(call, &place, &purpose));
        let page = ListResponse::by_cursor(total, next.as_deref(), None, &resources);
        answer::json(StatusCode::OK, &page)
    };
    Ok(as_scim(body))
}

/// What is looked for among users and among groups. What has no meaning for one kind but has for the
/// other finds none of the one; what has none for any of them is refused.
fn wanted(
    base: &str,
    kinds: &[Kind],
    asked: &SearchRequest,
) -> Result<[Option<Search>; 2], ScimError> {
    let of_kind = |kind: Kind| -> Result<Search, ScimError> {
        let filter = asked.filter.as_deref();
        let filter = filter.map(|text| Filter::parse(text, kind)).transpose()?;
        let sort = asked.sort(kind)?;
        let base = base.to_owned();
        Ok(Search { filter, sort, base })
    };
    let mut refused = None;
    let searches = Kind::ALL.map(|kind| {
        let search = kinds.contains(&kind).then(|| of_kind(kind))?;
        search.map_err(|error| refused.get_or_insert(error)).ok()
    });
    match refused {
        Some(error) if searches.iter().all(Option::is_none) => Err(error),
        _ => Ok(searches),
    }
}

/// What a cursor is good for: this client's list of these kinds, filtered and ordered like this.
fn purpose(call: &Call, kinds: &[Kind], asked: &SearchRequest) -> String {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let client = call.access.client();
    let (filter, by, order) = (&asked.filter, &asked.sort_by, &asked.sort_order);
    json!(["scim", client.as_str(), kinds, filter, by, order]).to_string()
}

fn sealed(call: &Call, place: &Place, purpose: &str) -> String {
    let key = format!("{} {}", place.kind.name(), place.key);
    let position = page::Position {
        key: page::SortKey::Text(key.into()),
        id: place.id,
        // Nothing of a walk depends on when it began.
        since: 0,
    };
    call.http.seal.seal(&position, purpose)
}

fn opened(call: &Call, cursor: &str, purpose: &str) -> Result<Place, ScimError> {
    let read = || {
        let position = call.http.seal.open(cursor, purpose)?;
        let page::SortKey::Text(text) = position.key else {
            return None;
        };
        let (kind, key) = text.split_once(' ')?;
        Some(Place {
            kind: Kind::ALL.into_iter().find(|known| known.name() == kind)?,
            key: SortKey::parse(key)?,
            id: position.id,
        })
    };
    read().ok_or_else(|| {
        let detail = "the cursor is none of this list with this filter and order";
        ScimError::new(ScimType::InvalidCursor, detail)
    })
}

/// Which attributes are shown.
pub fn projection(query: &Query, kind: Kind) -> Projection {
    let [attributes, excluded] = PROJECTION.map(|name| query.get(name));
    Projection::parse(kind, attributes, excluded)
}
