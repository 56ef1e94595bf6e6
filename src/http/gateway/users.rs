//! `/{instance}/users` and `/{instance}/users/{userId}`.

use axum::response::Response;
use hyper::StatusCode;
use serde::Serialize;

use crate::http::answer;
use crate::http::gateway::{Failure, Question};
use crate::http::profile_body::ProfileBody;
use crate::http::query::Query;
use crate::model::filter::Filter;
use crate::model::id::UserId;
use crate::model::invalid::Invalid;
use crate::model::page::{Position, SortKey};
use crate::model::user::UserView;
use crate::operations::gateway;

const PAGE_SIZE_DEFAULT: usize = 1000;
const PAGE_SIZE_MAX: usize = 1000;

#[derive(Serialize)]
struct GatewayUser<'a> {
    user: ProfileBody<'a>,
    system_identity: SystemIdentity<'a>,
    last_updated_at: String,
}

#[derive(Serialize)]
struct SystemIdentity<'a> {
    id: &'a str,
    username: &'a str,
}

impl<'a> From<&'a UserView<'a>> for GatewayUser<'a> {
    fn from(user: &'a UserView<'a>) -> Self {
        Self {
            user: ProfileBody(user),
            system_identity: SystemIdentity {
                id: user.system_id(),
                username: user.username,
            },
            last_updated_at: user.updated_at.with_seconds(),
        }
    }
}

/// The envelope; on the last page `next_page_token` is not there: the consumer stops only then.
#[derive(Serialize)]
struct Results<'a> {
    results: Vec<GatewayUser<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// `GET /{instance}/users/{userId}`
pub async fn get(question: Question<'_>) -> Result<Response, Failure> {
    Query::parse(question.parts.uri.query(), &[])?;
    let id = question
        .segment("userId")
        .ok_or_else(|| Invalid::new("userId", "userId is not valid UTF-8"))?;
    let show = |user: &UserView<'_>| answer::text_of(&GatewayUser::from(user));
    let body = gateway::get(question.app(), &question.access, &id, show).await?;
    Ok(answer::json_text(StatusCode::OK, body))
}

/// `GET /{instance}/users`
pub async fn list(question: Question<'_>) -> Result<Response, Failure> {
    let query = Query::parse(
        question.parts.uri.query(),
        &["pageToken", "pageSize", "filter"],
    )?;
    let size = query.page_size("pageSize", PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
    let filter = query.get("filter").map(Filter::parse).transpose();
    let filter = filter.map_err(|error| Invalid::new("filter", error.to_string()))?;
    let instance = question.segment("instance").unwrap_or_default();
    let purpose = match &filter {
        None => format!("gateway\0{instance}"),
        Some(filter) => format!("gateway\0{instance}\0{filter}"),
    };
    let seal = &question.http.seal;
    let after = query.parsed("pageToken", "a token of this list and filter", |token| {
        seal.open(token, &purpose)
            .map(|position| UserId(position.id))
    })?;
    let show = |users: &[UserView<'_>], next: Option<UserId>| {
        let position = |id: UserId| Position {
            key: SortKey::Id,
            id: id.0,
            since: 0,
        };
        answer::text_of(&Results {
            results: users.iter().map(Into::into).collect(),
            next_page_token: next.map(|id| seal.seal(&position(id), &purpose)),
        })
    };
    let (app, access) = (question.app(), &question.access);
    let body = gateway::list(app, access, filter.as_ref(), after, size, show).await?;
    Ok(answer::json_text(StatusCode::OK, body))
}
