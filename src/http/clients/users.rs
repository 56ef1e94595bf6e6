//! `…/users`: get, list, summary, create, change, delete, restore, profile.

use crate::http::answer::Response;
use hyper::StatusCode;
use hyper::header::ETAG;
use serde_json::{Value, json};

use crate::http::answer::{self, Repeatable};
use crate::http::body;
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::clients::provenance;
use crate::http::clients::wire::{self, USER_FIELDS, UserPage};
use crate::http::profile_body;
use crate::http::query::{Query, shown};
use crate::http::{etag, once};
use crate::model::id::{DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::page::{SortOrder, StateFilter, UserQuery, UserSort};
use crate::model::profile::Profile;
use crate::model::profile_json;
use crate::model::text::{self, fold};
use crate::model::timestamp::Timestamp;
use crate::model::user::{NewUser, UserDetails, UserView};
use crate::operations::caller::Access;
use crate::operations::users;

const PAGE_SIZE_DEFAULT: usize = 100;
const PAGE_SIZE_MAX: usize = 500;
const IDS_MAX: usize = 100;
const STALE_THRESHOLD_S: i64 = 172_800;
/// Departments that one user can be in.
const DEPARTMENTS_MAX: usize = 1_000;
/// Fields of a user that nobody sets by sending them.
const SYSTEM_MANAGED: [&str; 6] = [
    "id",
    "username",
    "user_key",
    "last_activity",
    "created_at",
    "updated_at",
];
const LIST_PARAMETERS: [&str; 13] = [
    "q",
    "department_id",
    "sort_by",
    "sort_order",
    "page_size",
    "cursor",
    "ids",
    "user_key",
    "external_id",
    "fields",
    "active_since",
    "stale_since",
    "state",
];

/// `GET …/users/{user_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.user_id()?;
    let show = |user: &UserView<'_>| {
        answer::tagged(call.headers(), etag::of_user(user), || {
            wire::user_text(user)
        })
    };
    Ok(users::get(call.app(), &access, id, show).await?)
}

/// `GET …/users`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let moment = users::moment(call.app(), &access).await?;
    let key = call.page_key(&access, moment);
    let page = call.http.pages.page(key, listed(&call, &access)).await?;
    Ok(answer::json_text(StatusCode::OK, page))
}

async fn listed(call: &Call, access: &Access) -> Result<Vec<u8>, Failure> {
    let query = call.query(&LIST_PARAMETERS)?;
    let asked = asked_ids(&query)?;
    let filter = user_query(&query, asked.as_deref())?;
    let fields = chosen_fields(&query)?;
    let size = query.page_size("page_size", PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
    let size = if asked.is_some() { IDS_MAX } else { size };
    let purpose = format!("users\0{}\0{filter:?}", access.client());
    let after = call.cursor(&query, &purpose)?;
    let listed = users::list(call.app(), access, &filter, after.as_ref(), size, |page| {
        let missing = |id: &&str| {
            !UserId::parse(id).is_some_and(|id| page.items.iter().any(|user| user.id == id))
        };
        let missing_ids = asked
            .as_ref()
            .map(|ids| ids.iter().map(String::as_str).filter(missing).collect());
        let next_cursor = page.next.as_ref().map(|next| call.seal(next, &purpose));
        let body = UserPage {
            page: &page,
            fields: fields.as_deref(),
            next_cursor: next_cursor.as_deref(),
            missing_ids,
        };
        body.to_text()
    });
    Ok(listed.await?)
}

/// `GET …/users/summary`
pub async fn summary(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["stale_threshold"])?;
    let threshold = query.parsed(
        "stale_threshold",
        "a positive whole number of seconds",
        |text| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number
                .then(|| text.parse().ok())
                .flatten()
                .filter(|seconds| *seconds > 0)
        },
    )?;
    let threshold = threshold.unwrap_or(STALE_THRESHOLD_S);
    let summary = users::summary(call.app(), &access, threshold).await?;
    let body = json!({
        "active_users": summary.active,
        "stale_users": summary.stale,
        "stale_threshold": threshold,
    });
    Ok(answer::json(StatusCode::OK, &body))
}

/// `POST …/users`
pub async fn create(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let (mut fields, once) = call
        .fields_once(|made| once::remembered(&created(made)))
        .await?;
    let username = text::name("username", &fields.text("username")?)?;
    let user_key = text::name("user_key", &fields.text("user_key")?)?;
    let external_id = fields.text_or_null_if_given("external_id")?.flatten();
    let external_id = external_id
        .map(|id| text::name("external_id", &id))
        .transpose()?;
    let departments = fields
        .texts_if_given("departments", DEPARTMENTS_MAX)?
        .unwrap_or_default();
    let departments = department_ids(&departments)?;
    let (state, profile) = match fields.value_if_given("profile") {
        None | Some(Value::Null) => (None, Profile::default()),
        Some(Value::Object(patch)) => {
            profile_json::patched(&Profile::default(), &patch).map_err(|invalid| {
                Invalid::new(format!("profile.{}", invalid.field), invalid.reason)
            })?
        }
        Some(_) => return Err(Invalid::new("profile", "profile must be an object").into()),
    };
    fields.finish(&SYSTEM_MANAGED)?;
    let state = state.unwrap_or_default();
    let new = NewUser {
        username,
        user_key,
        external_id,
        state,
        departments,
        profile,
    };
    let done = users::create(call.app(), &access, new, once).await?;
    Ok(once::answer(&done, call.path(), created))
}

/// `PATCH …/users/{user_id}`
pub async fn update(call: Call, access: Access) -> Result<Response, Failure> {
    let pin = provenance::pin(&call.query(&["pin"])?)?;
    let id = call.user_id()?;
    let mut fields = call.fields().await?;
    let departments = fields.texts_if_given("departments", DEPARTMENTS_MAX)?;
    fields.finish(&SYSTEM_MANAGED)?;
    let departments =
        departments.ok_or_else(|| Invalid::new("departments", "departments is required"))?;
    let departments = department_ids(&departments)?;
    let precondition = etag::precondition(call.headers());
    let set = users::set_departments(call.app(), &access, id, departments, pin, precondition);
    Ok(shown_user(&set.await?).into_response(call.path()))
}

/// `DELETE …/users/{user_id}`
pub async fn delete(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let precondition = etag::precondition(call.headers());
    users::delete(call.app(), &access, call.user_id()?, precondition).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `POST …/users/{user_id}/restore`
pub async fn restore(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.user_id()?;
    let body = call.body().await?;
    if !body.is_empty() {
        body::object(call.headers(), &body, &["application/json"])?.finish(&[])?;
    }
    let render = |user: &UserDetails| once::remembered(&shown_user(user));
    let once = once::of_request(call.headers(), call.path(), &body, render)?;
    let done = users::restore(call.app(), &access, id, once).await?;
    Ok(once::answer(&done, call.path(), shown_user))
}

/// `GET …/users/{user_id}/profile`
pub async fn profile(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.user_id()?;
    let show = |user: &UserView<'_>| {
        answer::tagged(call.headers(), etag::of_revision(user.revision), || {
            profile_text(user)
        })
    };
    Ok(users::get(call.app(), &access, id, show).await?)
}

/// `PATCH …/users/{user_id}/profile`: a JSON merge patch (RFC 7396).
pub async fn patch_profile(call: Call, access: Access) -> Result<Response, Failure> {
    let pin = provenance::pin(&call.query(&["pin"])?)?;
    let id = call.user_id()?;
    let body = call.body().await?;
    let media_types = ["application/merge-patch+json", "application/json"];
    let patch = body::object(call.headers(), &body, &media_types)?.into_object();
    let precondition = etag::precondition(call.headers());
    let user = users::patch_profile(call.app(), &access, id, patch, pin, precondition).await?;
    let view = user.view();
    let mut response = answer::json_text(StatusCode::OK, profile_text(&view));
    answer::set(&mut response, ETAG, &etag::of_revision(view.revision));
    Ok(response)
}

fn profile_text(user: &UserView<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    profile_body::write(&mut out, user);
    out
}

fn created(user: &UserDetails) -> Repeatable {
    let made = Some(user.user.id.to_string());
    Repeatable {
        status: StatusCode::CREATED.as_u16(),
        made,
        ..shown_user(user)
    }
}

/// A user, as every write answers with one.
pub fn shown_user(user: &UserDetails) -> Repeatable {
    let view = user.view();
    Repeatable {
        status: StatusCode::OK.as_u16(),
        etag: Some(etag::of_user(&view)),
        made: None,
        body: String::from_utf8(wire::user_text(&view)).expect("JSON is text"),
    }
}

fn department_ids(texts: &[String]) -> Result<Vec<DepartmentId>, Invalid> {
    let parse = |text: &String| {
        DepartmentId::parse(text).ok_or_else(|| {
            Invalid::new(
                "departments",
                format!("{} is not a department", shown(text)),
            )
        })
    };
    texts.iter().map(parse).collect()
}

/// What `ids` asks for. It stands alone: with a filter or a page it would say less than it seems to.
fn asked_ids(query: &Query) -> Result<Option<Vec<String>>, Invalid> {
    let Some(ids) = query.get("ids") else {
        return Ok(None);
    };
    let alongside = ["ids", "fields", "sort_by", "sort_order"];
    if let Some(other) = query.names().find(|name| !alongside.contains(name)) {
        return Err(Invalid::new(
            other,
            format!("{other} cannot be combined with ids"),
        ));
    }
    let mut asked: Vec<String> = Vec::new();
    for id in ids.split(',') {
        if !asked.iter().any(|known| known == id) {
            asked.push(id.to_owned());
        }
    }
    if asked.len() > IDS_MAX || asked.iter().any(String::is_empty) {
        return Err(Invalid::new(
            "ids",
            format!("ids must be 1 to {IDS_MAX} ids with commas"),
        ));
    }
    Ok(Some(asked))
}

fn user_query(query: &Query, ids: Option<&[String]>) -> Result<UserQuery, Invalid> {
    let sorts = "username, last_activity or created_at";
    let sort = query.parsed("sort_by", sorts, UserSort::parse)?;
    let moment = |name| query.parsed(name, "a time like 2026-02-24T21:23:53Z", Timestamp::parse);
    Ok(UserQuery {
        q: query
            .get("q")
            .filter(|q| !q.is_empty())
            .map(|q| fold(q).into()),
        department: query.parsed(
            "department_id",
            "the id of a department",
            DepartmentId::parse,
        )?,
        ids: ids.map(|ids| ids.iter().filter_map(|id| UserId::parse(id)).collect()),
        user_key: query.get("user_key").map(Into::into),
        external_id: query.get("external_id").map(Into::into),
        active_since: moment("active_since")?,
        stale_since: moment("stale_since")?,
        state: query.parsed("state", "active, inactive or deleted", StateFilter::parse)?,
        sort: sort.unwrap_or_default(),
        order: sort_order(query)?,
    })
}

/// `sort_order`, as every list takes it.
pub fn sort_order(query: &Query) -> Result<SortOrder, Invalid> {
    let order = query.parsed("sort_order", "asc or desc", SortOrder::parse)?;
    Ok(order.unwrap_or_default())
}

fn chosen_fields(query: &Query) -> Result<Option<Vec<&str>>, Invalid> {
    let Some(fields) = query.get("fields") else {
        return Ok(None);
    };
    let chosen: Vec<&str> = fields.split(',').collect();
    if let Some(unknown) = chosen.iter().find(|field| !USER_FIELDS.contains(field)) {
        let unknown = shown(unknown);
        return Err(Invalid::new(
            "fields",
            format!("{unknown:?} is not a field of a user"),
        ));
    }
    Ok(Some(chosen))
}
