//! `…/departments`: get, list, create, change, delete, members.

use crate::http::answer::Response;
use hyper::StatusCode;
use hyper::header::ETAG;
use serde_json::json;

use crate::http::answer::{self, Repeatable};
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::clients::users::sort_order;
use crate::http::clients::wire::{DepartmentBody, ListBody};
use crate::http::{etag, once};
use crate::model::department::{Department, DepartmentChange, DepartmentView, NewDepartment};
use crate::model::id::DepartmentId;
use crate::model::invalid::Invalid;
use crate::model::page::{DepartmentQuery, DepartmentSort};
use crate::model::text::{self, DESCRIPTION_LENGTH_MAX, checked_or_empty, fold};
use crate::operations::caller::Access;
use crate::operations::departments::{self, MembersChanged, Membership};

const PAGE_SIZE_DEFAULT: usize = 100;
const PAGE_SIZE_MAX: usize = 500;
/// Users that join or leave in one request.
const MEMBERS_MAX: usize = 1_000;
const SYSTEM_MANAGED: [&str; 4] = ["id", "member_count", "created_at", "updated_at"];

/// `GET …/departments/{department_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let show = |view: &DepartmentView<'_>| {
        answer::tagged(call.headers(), etag::of_department(view), || {
            answer::text_of(&DepartmentBody::from(view))
        })
    };
    Ok(departments::get(call.app(), &access, call.department_id()?, show).await?)
}

/// `GET …/departments`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["q", "sort_by", "sort_order", "page_size", "cursor"])?;
    let sorts = [
        DepartmentSort::Name,
        DepartmentSort::MemberCount,
        DepartmentSort::CreatedAt,
    ];
    let sort = query.parsed("sort_by", "name, member_count or created_at", |text| {
        sorts.into_iter().find(|sort| sort.name() == text)
    })?;
    let filter = DepartmentQuery {
        q: query
            .get("q")
            .filter(|q| !q.is_empty())
            .map(|q| fold(q).into()),
        sort: sort.unwrap_or_default(),
        order: sort_order(&query)?,
    };
    let size = query.page_size("page_size", PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
    let purpose = format!("departments\0{}\0{filter:?}", access.client());
    let after = call.cursor(&query, &purpose)?;
    let listed = departments::list(call.app(), &access, &filter, after.as_ref(), size, |page| {
        answer::text_of(&ListBody {
            data: page.items.iter().map(DepartmentBody::from).collect(),
            total_count: page.total_count,
            next_cursor: page.next.map(|next| call.seal(&next, &purpose)),
        })
    });
    Ok(answer::json_text(StatusCode::OK, listed.await?))
}

/// `POST …/departments`
pub async fn create(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let (mut fields, once) = call
        .fields_once(|made| once::remembered(&created(made)))
        .await?;
    let name = text::name("name", &fields.text("name")?)?;
    let description = fields.text_or_null_if_given("description")?.flatten();
    let description = description.map(checked_description).transpose()?;
    fields.finish(&SYSTEM_MANAGED)?;
    let new = NewDepartment { name, description };
    let done = departments::create(call.app(), &access, new, once).await?;
    Ok(once::answer(&done, call.path(), created))
}

/// `PATCH …/departments/{department_id}`
pub async fn update(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.department_id()?;
    let mut fields = call.fields().await?;
    let name = fields.text_if_given("name")?;
    let description = fields.text_or_null_if_given("description")?;
    fields.finish(&SYSTEM_MANAGED)?;
    let change = DepartmentChange {
        name: name.map(|name| text::name("name", &name)).transpose()?,
        description: match description {
            None => None,
            Some(None) => Some(None),
            Some(Some(text)) => Some(Some(checked_description(text)?)),
        },
    };
    let precondition = etag::precondition(call.headers());
    departments::update(call.app(), &access, id, change, precondition).await?;
    shown(&call, &access, id).await
}

/// `DELETE …/departments/{department_id}`
pub async fn delete(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let precondition = etag::precondition(call.headers());
    departments::delete(call.app(), &access, call.department_id()?, precondition).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `POST …/departments/{department_id}/members`
pub async fn add_members(call: Call, access: Access) -> Result<Response, Failure> {
    change_members(call, access, Membership::Member).await
}

/// `POST …/departments/{department_id}/members/remove`
pub async fn remove_members(call: Call, access: Access) -> Result<Response, Failure> {
    change_members(call, access, Membership::NoMember).await
}

async fn change_members(
    call: Call,
    access: Access,
    membership: Membership,
) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.department_id()?;
    let render = |changed: &MembersChanged| once::remembered(&members_changed(changed));
    let (mut fields, once) = call.fields_once(render).await?;
    let users = fields.texts_if_given("user_ids", MEMBERS_MAX)?;
    fields.finish(&[])?;
    let users = users.ok_or_else(|| Invalid::new("user_ids", "user_ids is required"))?;
    let done =
        departments::change_members(call.app(), &access, id, users, membership, once).await?;
    Ok(once::answer(&done, call.path(), members_changed))
}

async fn shown(call: &Call, access: &Access, id: DepartmentId) -> Result<Response, Failure> {
    let show = |view: &DepartmentView<'_>| {
        let mut response = answer::json(StatusCode::OK, &DepartmentBody::from(view));
        answer::set(&mut response, ETAG, &etag::of_department(view));
        response
    };
    Ok(departments::get(call.app(), access, id, show).await?)
}

fn created(department: &Department) -> Repeatable {
    let view = DepartmentView {
        department,
        member_count: 0,
    };
    Repeatable {
        status: StatusCode::CREATED.as_u16(),
        etag: Some(etag::of_department(&view)),
        made: Some(department.id.to_string()),
        body: answer::text_of(&DepartmentBody::from(&view)),
    }
}

fn members_changed(changed: &MembersChanged) -> Repeatable {
    let failed = changed
        .failed
        .iter()
        .map(|id| json!({ "id": id, "error": "User not found" }));
    let body = json!({
        "succeeded": changed.succeeded,
        "failed": failed.collect::<Vec<_>>(),
    });
    let status = StatusCode::OK.as_u16();
    Repeatable {
        status,
        etag: None,
        made: None,
        body: body.to_string(),
    }
}

fn checked_description(text: String) -> Result<Box<str>, Invalid> {
    checked_or_empty("description", &text, DESCRIPTION_LENGTH_MAX)?;
    Ok(text.into())
}
