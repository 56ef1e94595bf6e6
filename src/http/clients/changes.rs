//! `…/changes`: the log of what was changed; `…/users/{user_id}/undo`: taking one change back.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::http::answer::{self, Response};
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::clients::users::shown_user;
use crate::http::once;
use crate::http::query::Query;
use crate::model::change::{ACTIONS, By, ChangeQuery, Entity, Source};
use crate::model::id::Id;
use crate::model::invalid::Invalid;
use crate::model::page::{Position, SortKey};
use crate::model::timestamp::Timestamp;
use crate::operations::caller::Access;
use crate::operations::changes::{self, Change};
use crate::operations::undo;

const PAGE_SIZE_DEFAULT: usize = 50;
/// A change of a profile may be long.
const PAGE_SIZE_MAX: usize = 100;
const PARAMETERS: [&str; 9] = [
    "entity",
    "entity_id",
    "action",
    "source",
    "actor",
    "from",
    "until",
    "page_size",
    "cursor",
];

/// `GET /v2/clients/{client_id}/changes`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&PARAMETERS)?;
    let asked = change_query(&query)?;
    let size = query.page_size("page_size", PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)?;
    let purpose = format!("changes\0{}\0{asked:?}", access.client());
    let before = call
        .cursor(&query, &purpose)?
        .map(|position| position.since);
    let page = changes::list(call.app(), &access, &asked, before, size).await?;
    let next_cursor = page.next.map(|number| {
        let position = Position {
            key: SortKey::Id,
            id: access.client().0,
            since: number,
        };
        call.seal(&position, &purpose)
    });
    let data: Vec<Value> = page.changes.iter().map(Change::to_json).collect();
    let body = json!({ "data": data, "next_cursor": next_cursor });
    Ok(answer::json(StatusCode::OK, &body))
}

/// `POST /v2/clients/{client_id}/users/{user_id}/undo`
pub async fn undo(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.user_id()?;
    let (mut fields, once) = call
        .fields_once(|user| once::remembered(&shown_user(user)))
        .await?;
    let number = fields.value_if_given("change");
    fields.finish(&[])?;
    let number = number
        .as_ref()
        .and_then(whole)
        .filter(|number| *number > 0)
        .ok_or_else(|| Invalid::new("change", "change must be the number of a change"))?;
    let done = undo::undo(call.app(), &access, id, number, once).await?;
    Ok(once::answer(&done, call.path(), shown_user))
}

/// A whole number, which JSON may write as `41.0` too.
fn whole(value: &Value) -> Option<i64> {
    let written = value.as_number()?.to_string();
    written.strip_suffix(".0").unwrap_or(&written).parse().ok()
}

fn change_query(query: &Query) -> Result<ChangeQuery, Invalid> {
    let moment = |name| query.parsed(name, "a time like 2026-02-24T21:23:53Z", Timestamp::parse);
    let action = |text: &str| ACTIONS.into_iter().find(|action| *action == text);
    let doors = "api, activity, import, scim, command_line or console";
    let asked = ChangeQuery {
        entity: query.parsed("entity", "client, user or department", Entity::parse)?,
        entity_id: query.parsed("entity_id", "the id of a record", Id::parse)?,
        action: query.parsed("action", "created, updated, deleted or restored", action)?,
        source: query.parsed("source", doors, Source::parse)?,
        by: query.parsed("actor", "the id of a token, or command_line", By::parse)?,
        from: moment("from")?,
        until: moment("until")?,
    };
    if asked.entity_id.is_some() && asked.entity.is_none() {
        let reason = "entity_id needs the entity that it is the id of";
        return Err(Invalid::new("entity_id", reason));
    }
    Ok(asked)
}
