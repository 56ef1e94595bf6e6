//! `/v2/clients/{client_id}/imports`: files of people, tried or taken in, and how the last ones went.

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, LOCATION};
use serde::Serialize;

use crate::http::answer::{self, Response};
use crate::http::body::{self, BodyError};
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::model::id::{ImportId, TokenId};
use crate::model::import::{BadRow, Format, Import, Totals, Upload};
use crate::model::timestamp::Timestamp;
use crate::operations::caller::Access;
use crate::operations::import::jobs::{self, Listed};
use crate::operations::import::rehearsal::{self, Effect, Rehearsal, What};
use crate::operations::import::uploads;

const PAGE_SIZE_DEFAULT: usize = 20;

/// The media types of files, and how such files are written.
const MEDIA_TYPES: [(&str, Format); 2] = [
    ("text/csv", Format::Csv),
    ("application/x-ndjson", Format::Jsonl),
];

/// `POST …/imports`
pub async fn create(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["dry_run", "file_name"])?;
    let dry_run = query.parsed("dry_run", "true or false", |text| text.parse().ok())?;
    let format = format_of(&call)?;
    let unnamed = format!("import.{}", format.name());
    let file_name = query.get("file_name").unwrap_or(&unnamed);
    let upload = taken_in(&call, &access, file_name, format).await?;
    // Whoever hangs up meanwhile leaves no file behind.
    let discarding = uploads::discard(call.app(), &access, upload.id);
    if dry_run == Some(true) {
        let rehearsal = rehearsal::rehearse(call.app(), &access, upload.id).await;
        discarding.now().await?;
        let rehearsal = rehearsal?;
        return Ok(answer::json(
            StatusCode::OK,
            &RehearsalBody::from(&rehearsal),
        ));
    }
    match jobs::apply(call.shared_app(), &access, upload.id).await {
        Ok((import, _)) => {
            discarding.not_any_more();
            let listed = jobs::find(call.app(), &access, import.id).await?;
            let mut response = answer::json(StatusCode::ACCEPTED, &ImportBody::from(&listed));
            let path = call.path().trim_end_matches('/');
            let location = format!("{path}/{}", import.id);
            answer::set(&mut response, LOCATION, &location);
            Ok(response)
        }
        Err(error) => {
            discarding.now().await?;
            Err(error.into())
        }
    }
}

/// `GET …/imports`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["page_size"])?;
    let size = query.page_size("page_size", PAGE_SIZE_DEFAULT, jobs::KEPT)?;
    let listed = jobs::list(call.app(), &access, size).await?;
    let data: Vec<SummaryBody<'_>> = listed.iter().map(SummaryBody::from).collect();
    Ok(answer::json(StatusCode::OK, &ListBody { data }))
}

/// `GET …/imports/{import_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let listed = jobs::find(call.app(), &access, call.import_id()?).await?;
    Ok(answer::json(StatusCode::OK, &ImportBody::from(&listed)))
}

/// How the body is written, which its media type says.
fn format_of(call: &Call) -> Result<Format, Failure> {
    let headers = call.headers();
    let is_of = |media_type: &str| body::assert_media_type(headers, &[media_type]).is_ok();
    let mut known = MEDIA_TYPES.into_iter();
    let found =
        known.find(|(media_type, _)| headers.contains_key(CONTENT_TYPE) && is_of(media_type));
    let found = found.map(|(_, format)| format);
    found.ok_or_else(|| BodyError::NotAFile.into())
}

/// The body as an upload.
async fn taken_in(
    call: &Call,
    access: &Access,
    file_name: &str,
    format: Format,
) -> Result<Upload, Failure> {
    let mut pieces = call.pieces(uploads::FILE_BYTES_MAX)?;
    let mut uploading = uploads::begin(call.app(), access, file_name, format).await?;
    while let Some(piece) = pieces.next().await? {
        uploading.push(&piece).await?;
    }
    Ok(uploading.finish(call.app()).await?)
}

#[derive(Serialize)]
struct ListBody<T> {
    data: Vec<T>,
}

/// Whose token or OAuth client it was.
#[derive(Serialize)]
struct ActorBody<'a> {
    id: TokenId,
    name: Option<&'a str>,
}

/// `ImportSummary`
#[derive(Serialize)]
struct SummaryBody<'a> {
    id: ImportId,
    file_name: &'a str,
    format: &'static str,
    state: &'static str,
    actor: Option<ActorBody<'a>>,
    started_at: Timestamp,
    updated_at: Timestamp,
    bytes: i64,
    bytes_done: i64,
    totals: Totals,
    failure: Option<&'a str>,
}

impl<'a> From<&'a Listed> for SummaryBody<'a> {
    fn from(listed: &'a Listed) -> Self {
        let Import {
            id,
            file_name,
            format,
            actor,
            state,
            started_at,
            updated_at,
            bytes,
            bytes_done,
            totals,
            failure,
            ..
        } = &listed.import;
        let name = listed.actor_name.as_deref();
        Self {
            id: *id,
            file_name,
            format: format.name(),
            state: state.name(),
            actor: actor.map(|id| ActorBody { id, name }),
            started_at: *started_at,
            updated_at: *updated_at,
            bytes: *bytes,
            bytes_done: *bytes_done,
            totals: *totals,
            failure: failure.as_deref(),
        }
    }
}

/// `Import`
#[derive(Serialize)]
struct ImportBody<'a> {
    #[serde(flatten)]
    summary: SummaryBody<'a>,
    bad_rows: &'a [BadRow],
}

impl<'a> From<&'a Listed> for ImportBody<'a> {
    fn from(listed: &'a Listed) -> Self {
        Self {
            summary: SummaryBody::from(listed),
            bad_rows: &listed.import.bad,
        }
    }
}

/// `ImportRehearsal`
#[derive(Serialize)]
struct RehearsalBody<'a> {
    file_name: &'a str,
    format: &'static str,
    bytes: i64,
    totals: Totals,
    rows: Vec<RowBody<'a>>,
}

impl<'a> From<&'a Rehearsal> for RehearsalBody<'a> {
    fn from(rehearsal: &'a Rehearsal) -> Self {
        Self {
            file_name: &rehearsal.upload.file_name,
            format: rehearsal.upload.format.name(),
            bytes: rehearsal.upload.bytes,
            totals: rehearsal.totals,
            rows: rehearsal.effects.iter().map(RowBody::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct RowBody<'a> {
    line: u64,
    action: &'a str,
    kind: Option<&'static str>,
    name: Option<&'a str>,
    fields: Vec<&'a str>,
    column: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> From<&'a Effect> for RowBody<'a> {
    fn from(effect: &'a Effect) -> Self {
        let line = effect.line;
        match &effect.what {
            What::Written {
                entity,
                name,
                action,
                fields,
            } => Self {
                line,
                action,
                kind: Some(entity.name()),
                name: Some(name),
                fields: fields.iter().map(|it| &*it.field).collect(),
                column: None,
                reason: None,
            },
            What::Refused { column, reason } => Self {
                line,
                action: "refused",
                kind: None,
                name: None,
                fields: Vec::new(),
                column: column.as_deref(),
                reason: Some(reason),
            },
        }
    }
}
