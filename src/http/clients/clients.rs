//! `/v2/clients`: get, list, create, change.

use crate::http::answer::Response;
use hyper::StatusCode;
use hyper::header::ETAG;
use serde_json::Value;

use crate::http::answer::{self, Repeatable};
use crate::http::body::Fields;
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::clients::wire::{ClientBody, ListBody};
use crate::http::{etag, once};
use crate::model::client::{Client, ClientChange, NewClient, Partner};
use crate::model::id::ClientId;
use crate::model::invalid::Invalid;
use crate::model::text;
use crate::operations::caller::{Access, AdminAccess};
use crate::operations::clients;

const PAGE_SIZE_DEFAULT: usize = 100;
const PAGE_SIZE_MAX: usize = 500;
const SYSTEM_MANAGED: [&str; 3] = ["status", "created_at", "updated_at"];

/// `GET /v2/clients/{client_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let show = |client: &Client| {
        answer::tagged(call.headers(), etag::of_revision(client.revision), || {
            answer::text_of(&ClientBody::from(client))
        })
    };
    Ok(clients::get(call.app(), &access, show).await?)
}

/// `GET /v2/clients`
pub async fn list(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    let query = call.query(&["page_size", "cursor"])?;
    let size = query.page_size("page_size", PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
    let purpose = "clients";
    let after = call
        .cursor(&query, purpose)?
        .map(|position| ClientId(position.id));
    let page = clients::list(call.app(), &access, after, size).await?;
    let body = ListBody {
        data: page.items.iter().map(ClientBody::from).collect(),
        total_count: page.total_count,
        next_cursor: page.next.map(|next| call.seal(&next, purpose)),
    };
    Ok(answer::json(StatusCode::OK, &body))
}

/// `POST /v2/clients`
pub async fn create(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let (mut fields, once) = call
        .fields_once(|made| once::remembered(&created(made)))
        .await?;
    let id = fields.text_if_given("id")?;
    let id =
        id.map(|id| ClientId::parse(&id).ok_or_else(|| Invalid::new("id", "id must be a UUID")));
    let name = text::name("name", &fields.text("name")?)?;
    let partner = partner_if_given(&mut fields)?.flatten();
    let enrollment_token = enrollment_token_if_given(&mut fields)?.flatten();
    fields.finish(&SYSTEM_MANAGED)?;
    let new = NewClient {
        id: id.transpose()?,
        name,
        partner,
        enrollment_token,
    };
    let done = clients::create(call.app(), &access, new, once).await?;
    Ok(once::answer(&done, call.path(), created))
}

/// `PATCH /v2/clients/{client_id}`
pub async fn update(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let mut fields = call.fields().await?;
    let name = fields.text_if_given("name")?;
    let change = ClientChange {
        name: name.map(|name| text::name("name", &name)).transpose()?,
        partner: partner_if_given(&mut fields)?,
        enrollment_token: enrollment_token_if_given(&mut fields)?,
        ..ClientChange::default()
    };
    fields.finish(&["id", "status", "created_at", "updated_at"])?;
    let precondition = etag::precondition(call.headers());
    let client = clients::update(call.app(), &access, change, precondition).await?;
    let mut response = answer::json(StatusCode::OK, &ClientBody::from(&client));
    answer::set(&mut response, ETAG, &etag::of_revision(client.revision));
    Ok(response)
}

fn created(client: &Client) -> Repeatable {
    Repeatable {
        status: StatusCode::CREATED.as_u16(),
        etag: Some(etag::of_revision(client.revision)),
        made: Some(client.id.to_string()),
        body: answer::text_of(&ClientBody::from(client)),
    }
}

fn partner_if_given(fields: &mut Fields) -> Result<Option<Option<Partner>>, Invalid> {
    let partner = match fields.value_if_given("partner") {
        None => return Ok(None),
        Some(Value::Null) => return Ok(Some(None)),
        Some(Value::Object(partner)) => partner,
        Some(_) => return Err(Invalid::new("partner", "partner must be an object or null")),
    };
    let part = |name: &str| {
        let path = format!("partner.{name}");
        let value = partner.get(name).and_then(Value::as_str);
        let value = value.ok_or_else(|| Invalid::new(&path, format!("{path} must be text")))?;
        text::name(&path, value)
    };
    if let Some(unknown) = partner
        .keys()
        .find(|key| !["id", "name"].contains(&key.as_str()))
    {
        let path = format!("partner.{}", crate::http::query::shown(unknown));
        return Err(Invalid::new(
            &path,
            format!("{path} is not a field of this resource"),
        ));
    }
    Ok(Some(Some(Partner {
        id: part("id")?,
        name: part("name")?,
    })))
}

fn enrollment_token_if_given(fields: &mut Fields) -> Result<Option<Option<Box<str>>>, Invalid> {
    match fields.text_or_null_if_given("enrollment_token")? {
        None => Ok(None),
        Some(None) => Ok(Some(None)),
        Some(Some(token)) => Ok(Some(Some(text::name("enrollment_token", &token)?))),
    }
}
