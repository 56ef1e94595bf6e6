//! `…/users/{user_id}/provenance`: where each field's value comes from, and which are pinned.

use crate::http::answer::Response;
use hyper::StatusCode;
use hyper::header::ETAG;
use serde_json::{Map, Value, json};

use crate::http::body::unknown_field;
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::query::Query;
use crate::http::{answer, etag};
use crate::model::field::Field;
use crate::model::invalid::Invalid;
use crate::operations::caller::Access;
use crate::operations::provenance::{self, PinChange, UserProvenance};

/// `GET …/users/{user_id}/provenance`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let known = provenance::get(call.app(), &access, call.user_id()?).await?;
    let tag = etag::of_revision(known.revision);
    Ok(answer::tagged(call.headers(), tag, || {
        answer::text_of(&body(&known))
    }))
}

/// `PATCH …/users/{user_id}/provenance`
pub async fn update(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.user_id()?;
    let mut fields = call.fields().await?;
    let pinned = fields.value_if_given("pinned");
    fields.finish(&["user_id", "fields"])?;
    let change = pin_change(pinned)?;
    let precondition = etag::precondition(call.headers());
    let known = provenance::pin(call.app(), &access, id, change, precondition).await?;
    let mut response = answer::json(StatusCode::OK, &body(&known));
    answer::set(&mut response, ETAG, &etag::of_revision(known.revision));
    Ok(response)
}

fn pin_change(pinned: Option<Value>) -> Result<PinChange, Invalid> {
    let pinned = match pinned {
        None => return Err(Invalid::new("pinned", "pinned is required")),
        Some(Value::Object(pinned)) => pinned,
        Some(_) => return Err(Invalid::new("pinned", "pinned must be an object")),
    };
    let mut change = PinChange::default();
    for (name, is_pinned) in &pinned {
        let field = Field::parse(name).ok_or_else(|| unknown_field(name))?;
        let is_pinned = is_pinned.as_bool();
        let is_pinned =
            is_pinned.ok_or_else(|| Invalid::new(name, format!("{name} must be true or false")))?;
        change.want(field, is_pinned)?;
    }
    Ok(change)
}

/// Whether the fields that a body names are pinned by it (`true`) or unpinned (`false`); `None` when
/// nothing is said.
pub fn pin(query: &Query) -> Result<Option<bool>, Invalid> {
    query.parsed("pin", "true or false", |text| text.parse().ok())
}

fn body(known: &UserProvenance) -> Value {
    let fields = known.fields.iter().map(|known| {
        let shown = json!({
            "source": known.origin.map(|origin| origin.source.name()),
            "at": known.origin.map(|origin| origin.at),
            "actor": known.actor,
            "pinned": known.is_pinned,
        });
        (known.field.name().into_owned(), shown)
    });
    json!({ "user_id": known.user, "fields": fields.collect::<Map<_, _>>() })
}
