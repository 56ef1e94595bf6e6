//! What the server offers: `ServiceProviderConfig`, `ResourceTypes`, `Schemas` (RFC 7644 4).

use hyper::StatusCode;
use scim::message::ListResponse;
use scim::schema::{self, AuthenticationScheme, BulkLimits, Kind, ServiceProvider};
use serde_json::Value;

use crate::http::answer::{self, Response};
use crate::http::body::BODY_BYTES_MAX;
use crate::http::call::segment;
use crate::http::scim::bulk::OPERATIONS_MAX;
use crate::http::scim::search::{COUNT_DEFAULT, COUNT_MAX};
use crate::http::scim::{Call, Failure, answered, as_scim};

/// `GET …/ServiceProviderConfig`
pub async fn configuration(call: Call) -> Result<Response, Failure> {
    let offer = ServiceProvider {
        documentation: None,
        bulk: Some(BulkLimits {
            operations_max: OPERATIONS_MAX as u64,
            payload_bytes_max: BODY_BYTES_MAX as u64,
        }),
        has_cursors: true,
        results_max: COUNT_MAX,
        results_default: COUNT_DEFAULT,
        // They have no end.
        cursor_timeout_seconds: None,
        authentication: &[
            AuthenticationScheme::BearerToken,
            AuthenticationScheme::ClientCredentials,
        ],
    };
    let body = schema::service_provider_config(&offer, &call.base());
    Ok(answered(StatusCode::OK, &body))
}

/// `GET …/ResourceTypes`
pub async fn resource_types(call: Call) -> Result<Response, Failure> {
    let base = call.base();
    let all = Kind::ALL.map(|kind| schema::resource_type(kind, &base));
    Ok(listed(&all))
}

/// `GET …/ResourceTypes/{name}`
pub async fn resource_type(call: Call) -> Result<Response, Failure> {
    let name = segment(call.template, call.asked.path(), "name").unwrap_or_default();
    let known = Kind::ALL
        .into_iter()
        .find(|kind| kind.name().eq_ignore_ascii_case(&name));
    let kind = known.ok_or(Failure::NoSuchPath)?;
    let body = schema::resource_type(kind, &call.base());
    Ok(answered(StatusCode::OK, &body))
}

/// `GET …/Schemas`
pub async fn schemas(call: Call) -> Result<Response, Failure> {
    let base = call.base();
    let all: Vec<Value> = urns()
        .filter_map(|urn| schema::schema(urn, &base))
        .collect();
    Ok(listed(&all))
}

/// `GET …/Schemas/{urn}`
pub async fn schema(call: Call) -> Result<Response, Failure> {
    let asked = segment(call.template, call.asked.path(), "urn").unwrap_or_default();
    let known = urns().find(|urn| urn.eq_ignore_ascii_case(&asked));
    let found = known.and_then(|urn| schema::schema(urn, &call.base()));
    Ok(answered(StatusCode::OK, &found.ok_or(Failure::NoSuchPath)?))
}

fn urns() -> impl Iterator<Item = &'static str> {
    let of_kind = |kind: Kind| {
        let extensions = kind.extensions().iter().map(|schema| schema.urn);
        std::iter::once(kind.core().urn).chain(extensions)
    };
    Kind::ALL.into_iter().flat_map(of_kind)
}

fn listed(all: &[Value]) -> Response {
    let body = ListResponse::by_index(all.len() as u64, 1, all);
    as_scim(answer::json(StatusCode::OK, &body))
}
