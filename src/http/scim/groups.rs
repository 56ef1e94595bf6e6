//! `…/Groups`: looked for, read, created, replaced, patched, deleted.

use hyper::StatusCode;
use hyper::header::{ETAG, LOCATION};
use scim::patch::PatchRequest;
use scim::{Kind, resource};
use serde_json::Value;

use crate::http::answer::{self, Response};
use crate::http::etag;
use crate::http::query::Query;
use crate::http::scim::search::{PROJECTION, listed, projection, searched};
use crate::http::scim::{Call, Failure, answered, as_scim};
use crate::model::id::DepartmentId;
use crate::operations::provisioning::groups;

/// `GET …/Groups`
pub async fn list(call: Call) -> Result<Response, Failure> {
    listed(&call, &[Kind::Group]).await
}

/// `POST …/Groups/.search`
pub async fn search(call: Call) -> Result<Response, Failure> {
    searched(&call, &[Kind::Group]).await
}

/// `GET …/Groups/{department_id}`
pub async fn get(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let (shown, base, id) = (
        projection(&query, Kind::Group),
        call.base(),
        call.group_id()?,
    );
    let show = |tag: String, group: &dyn Fn(bool, &str) -> scim::Map| {
        answer::tagged(call.headers(), tag, || {
            let group = group(shown.shows("members"), &base);
            Value::Object(shown.apply(group)).to_string()
        })
    };
    let answer = groups::get(call.app(), &call.access, id, show).await?;
    Ok(as_scim(answer))
}

/// `POST …/Groups`
pub async fn create(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let sent = resource::normalise(Kind::Group, call.json().await?)?;
    call.note(&sent.quirks);
    let id = groups::create(call.app(), &call.access, sent.attributes).await?;
    let mut response = written(&call, &query, StatusCode::CREATED, id).await?;
    answer::set(
        &mut response,
        LOCATION,
        &format!("{}/Groups/{id}", call.base()),
    );
    Ok(response)
}

/// `PUT …/Groups/{department_id}`
pub async fn replace(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let id = call.group_id()?;
    let sent = resource::normalise(Kind::Group, call.json().await?)?;
    call.note(&sent.quirks);
    let precondition = etag::precondition(call.headers());
    groups::replace(call.app(), &call.access, id, sent.attributes, precondition).await?;
    written(&call, &query, StatusCode::OK, id).await
}

/// `PATCH …/Groups/{department_id}`: 204, or 200 for who says which attributes they want to see.
pub async fn patch(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let id = call.group_id()?;
    let request = PatchRequest::parse(Kind::Group, call.json().await?)?;
    call.note(&request.quirks);
    let precondition = etag::precondition(call.headers());
    groups::patch(call.app(), &call.access, id, request, precondition).await??;
    if query.get("attributes").is_some() {
        return written(&call, &query, StatusCode::OK, id).await;
    }
    let tagged = |tag: String, _: &dyn Fn(bool, &str) -> scim::Map| {
        let mut response = answer::empty(StatusCode::NO_CONTENT);
        answer::set(&mut response, ETAG, &tag);
        response
    };
    Ok(groups::get(call.app(), &call.access, id, tagged).await?)
}

/// `DELETE …/Groups/{department_id}`
pub async fn delete(call: Call) -> Result<Response, Failure> {
    let id = call.group_id()?;
    let precondition = etag::precondition(call.headers());
    groups::delete(call.app(), &call.access, id, precondition).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// The group as it is now. A rehearsal's is nowhere to be read: its answer has no body.
async fn written(
    call: &Call,
    query: &Query,
    status: StatusCode,
    id: DepartmentId,
) -> Result<Response, Failure> {
    if call.is_rehearsal() {
        return Ok(answer::empty(status));
    }
    let (shown, base) = (projection(query, Kind::Group), call.base());
    let show = |tag: String, group: &dyn Fn(bool, &str) -> scim::Map| {
        let group = shown.apply(group(shown.shows("members"), &base));
        let mut response = answered(status, &Value::Object(group));
        answer::set(&mut response, ETAG, &tag);
        response
    };
    Ok(groups::get(call.app(), &call.access, id, show).await?)
}
