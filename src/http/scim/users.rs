//! `…/Users`: looked for, read, created, replaced, patched, deleted.

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
use crate::model::user::{UserDetails, UserView};
use crate::operations::provisioning::{self, users};

/// `GET …/Users`
pub async fn list(call: Call) -> Result<Response, Failure> {
    listed(&call, &[Kind::User]).await
}

/// `POST …/Users/.search`
pub async fn search(call: Call) -> Result<Response, Failure> {
    searched(&call, &[Kind::User]).await
}

/// `GET …/Users/{user_id}`
pub async fn get(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let (shown, base) = (projection(&query, Kind::User), call.base());
    let show = |user: &UserView<'_>| {
        answer::tagged(call.headers(), etag::of_revision(user.revision), || {
            let resource = provisioning::resource(user, &base);
            Value::Object(shown.apply(resource)).to_string()
        })
    };
    let id = call.user_id()?;
    let answer = users::get(call.app(), &call.access, id, show).await?;
    Ok(as_scim(answer))
}

/// `POST …/Users`
pub async fn create(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let sent = resource::normalise(Kind::User, call.json().await?)?;
    call.note(&sent.quirks);
    let user = users::create(call.app(), &call.access, sent.attributes).await?;
    let mut response = shown(&call, &query, StatusCode::CREATED, &user);
    let location = format!("{}/Users/{}", call.base(), user.user.id);
    answer::set(&mut response, LOCATION, &location);
    Ok(response)
}

/// `PUT …/Users/{user_id}`
pub async fn replace(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let id = call.user_id()?;
    let sent = resource::normalise(Kind::User, call.json().await?)?;
    call.note(&sent.quirks);
    let precondition = etag::precondition(call.headers());
    let (app, access) = (call.app(), &call.access);
    let user = users::replace(app, access, id, sent.attributes, precondition).await?;
    Ok(shown(&call, &query, StatusCode::OK, &user))
}

/// `PATCH …/Users/{user_id}`
pub async fn patch(call: Call) -> Result<Response, Failure> {
    let query = call.query(&PROJECTION)?;
    let id = call.user_id()?;
    let request = PatchRequest::parse(Kind::User, call.json().await?)?;
    call.note(&request.quirks);
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
    let resource = projection(query, Kind::User).apply(resource);
    let mut response = answered(status, &Value::Object(resource));
    answer::set(&mut response, ETAG, &etag::of_revision(user.user.revision));
    response
}
