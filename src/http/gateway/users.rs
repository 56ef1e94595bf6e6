//! `/{instance}/users` and `/{instance}/users/{userId}`.

use crate::http::answer::Response;
use hyper::StatusCode;

use crate::http::answer;
use crate::http::gateway::{Failure, Question};
use crate::http::pages::Key;
use crate::http::profile_body;
use crate::http::query::Query;
use crate::model::filter::Filter;
use crate::model::id::UserId;
use crate::model::invalid::Invalid;
use crate::model::json;
use crate::model::page::{Moment, Position, SortKey};
use crate::model::user::UserView;
use crate::operations::{gateway, users};

const PAGE_SIZE_DEFAULT: usize = 1000;
const PAGE_SIZE_MAX: usize = 1000;

/// Room for one user, so that a text seldom has to be moved while it is written.
const USER_BYTES: usize = 512;

/// Writes one user (Identity Gateway, User).
pub fn write(out: &mut Vec<u8>, user: &UserView<'_>) {
    json::raw(out, r#"{"user":"#);
    profile_body::write(out, user);
    json::raw(out, r#","system_identity":{"id":"#);
    json::text(out, user.system_id());
    json::raw(out, r#","username":"#);
    json::text(out, user.username);
    json::raw(out, r#"},"last_updated_at":""#);
    out.extend_from_slice(&user.updated_at.digits_with_seconds());
    json::raw(out, "\"}");
}

/// The envelope; on the last page `next_page_token` is not there: the consumer stops only then.
fn page(users: &[UserView<'_>], next_page_token: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    json::raw(&mut out, r#"{"results":"#);
    json::long_list(&mut out, users.iter(), write);
    if let Some(token) = next_page_token {
        json::raw(&mut out, r#","next_page_token":"#);
        json::text(&mut out, token);
    }
    out.push(b'}');
    out
}

/// `GET /{instance}/users/{userId}`
pub async fn get(question: Question<'_>) -> Result<Response, Failure> {
    Query::parse(question.asked.head.uri.query(), &[])?;
    let id = question
        .segment("userId")
        .ok_or_else(|| Invalid::new("userId", "userId is not valid UTF-8"))?;
    let show = |user: &UserView<'_>| {
        let mut out = Vec::with_capacity(USER_BYTES);
        write(&mut out, user);
        out
    };
    let body = gateway::get(question.app(), &question.access, &id, show).await?;
    Ok(answer::json_text(StatusCode::OK, body))
}

/// `GET /{instance}/users`
pub async fn list(question: Question<'_>) -> Result<Response, Failure> {
    let (app, access) = (question.app(), &question.access);
    // Nobody's activity is shown here.
    let moment = Moment {
        activity: 0,
        ..users::moment(app, access).await?
    };
    let key = Key::new(access.client(), moment, &question.asked.head.uri);
    let page = question.http.pages.page(key, listed(&question)).await?;
    Ok(answer::json_text(StatusCode::OK, page))
}

async fn listed(question: &Question<'_>) -> Result<Vec<u8>, Failure> {
    let query = Query::parse(
        question.asked.head.uri.query(),
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
        let token = next.map(|id| seal.seal(&position(id), &purpose));
        page(users, token.as_deref())
    };
    let (app, access) = (question.app(), &question.access);
    Ok(gateway::list(app, access, filter.as_ref(), after, size, show).await?)
}
