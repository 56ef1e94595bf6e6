//! `/console/clients/{client_id}/import`: a file of people is chosen, tried and looked at, applied, and
//! watched while it is.

use askama::Template;
use hyper::StatusCode;
use hyper::header::LOCATION;

use crate::http::answer::{self, Response};
use crate::http::console::assets;
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::shown::{When, count};
use crate::http::console::{Call, Failure, see_other};
use crate::model::change::Entity;
use crate::model::id::{ImportId, UploadId};
use crate::model::import::{BadRow, Format, Import, ImportState, Totals, Upload};
use crate::model::invalid::Invalid;
use crate::model::scope::Scope;
use crate::operations::caller::Access;
use crate::operations::changes::{Difference, Shown};
use crate::operations::error::{Error, Noun};
use crate::operations::import::jobs::{self, Listed};
use crate::operations::import::rehearsal::{self, EFFECTS_MAX, Effect, Rehearsal, What};
use crate::operations::import::uploads;

/// Earlier imports that the first page lists.
const RUNS_MAX: usize = 30;

#[derive(Template)]
#[template(path = "import.html")]
struct Page {
    frame: Frame,
    path: String,
    notice: Option<&'static str>,
    bytes_max: usize,
    may_write_departments: bool,
    waiting: Vec<Waiting>,
    runs: Vec<Run>,
}

/// A file that was sent and not applied.
struct Waiting {
    file_name: String,
    address: String,
    sent: When,
    until: When,
}

/// An import that was begun.
struct Run {
    file_name: String,
    address: String,
    started: When,
    who: String,
    state: &'static str,
    is_running: bool,
    is_failed: bool,
    figures: Vec<(&'static str, String)>,
    bytes: i64,
    bytes_done: i64,
    percent: i64,
    updated: When,
    failure: Option<String>,
    refused: Vec<Refused>,
    refused_count: u64,
}

struct Refused {
    line: u64,
    column: Option<String>,
    reason: String,
}

#[derive(Template)]
#[template(path = "import_rehearsal.html")]
struct Tried {
    frame: Frame,
    path: String,
    own: String,
    file_name: String,
    /// Why the file as a whole cannot be imported.
    problem: Option<String>,
    figures: Vec<(&'static str, String)>,
    does_something: bool,
    refused: Vec<Refused>,
    refused_count: u64,
    rows: Vec<Row>,
    rows_max: Option<usize>,
    may_write_departments: bool,
}

/// What a row would come to.
struct Row {
    line: u64,
    what: &'static str,
    name: String,
    is_department: bool,
    /// What differs: the field, what it is, what it would be.
    fields: Vec<(String, Option<String>, Option<String>)>,
}

#[derive(Template)]
#[template(path = "import_run.html")]
struct Watched {
    frame: Frame,
    path: String,
    own: String,
    run: Run,
    users: String,
    may_read: bool,
}

/// `GET …/import`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&["done"])?;
    let notice = match asked.text("done") {
        "discarded" => Some("The file was discarded. Nothing was changed."),
        "gone" => Some(
            "That file is not waiting any more: it was applied, discarded, or an hour has passed.",
        ),
        _ => None,
    };
    let path = path_of(&access);
    let waiting = uploads::list(call.app(), &access).await?;
    let runs = jobs::list(call.app(), &access, RUNS_MAX).await?;
    Ok(page(&Page {
        frame: frame(&call, &access, "Import").await?,
        notice,
        bytes_max: uploads::FILE_BYTES_MAX,
        may_write_departments: call.visitor.may(access.client(), Scope::DepartmentsWrite),
        waiting: waiting.iter().map(|it| Waiting::of(it, &path)).collect(),
        runs: runs.into_iter().map(|it| Run::of(it, &path)).collect(),
        path,
    }))
}

/// `POST …/import`: the file itself, which the page's script sends. The answer says where it is tried.
pub async fn upload(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&["file_name"])?;
    let file_name = asked.text("file_name");
    let ending = file_name.rsplit_once('.').map(|(_, ending)| ending);
    let format = ending.and_then(Format::parse).ok_or_else(|| {
        let reason = "the file's name must end in .csv or .jsonl, which says how it is written";
        Invalid::new("file_name", reason)
    })?;
    let mut pieces = call.pieces(uploads::FILE_BYTES_MAX)?;
    let mut uploading = uploads::begin(call.app(), &access, file_name, format).await?;
    while let Some(piece) = pieces.next().await? {
        uploading.push(&piece).await?;
    }
    let upload = uploading.finish(call.app()).await?;
    let mut response = answer::empty(StatusCode::CREATED);
    let location = upload_path(&access, upload.id);
    answer::set(&mut response, LOCATION, &location);
    Ok(response)
}

/// `GET …/import/uploads/{upload_id}`
pub async fn rehearse(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.id(Noun::Upload, UploadId::parse)?;
    let mut shown = Tried {
        frame: frame(&call, &access, "Try the import").await?,
        path: path_of(&access),
        own: upload_path(&access, id),
        file_name: String::new(),
        problem: None,
        figures: Vec::new(),
        does_something: false,
        refused: Vec::new(),
        refused_count: 0,
        rows: Vec::new(),
        rows_max: None,
        may_write_departments: call.visitor.may(access.client(), Scope::DepartmentsWrite),
    };
    match rehearsal::rehearse(call.app(), &access, id).await {
        Ok(rehearsal) => {
            shown.fill(rehearsal);
            Ok(page(&shown))
        }
        Err(Error::Invalid(invalid)) => {
            let upload = uploads::find(call.app(), &access, id).await?;
            shown.file_name = upload.file_name.into();
            shown.problem = Some(invalid.reason);
            Ok(refused_page(StatusCode::BAD_REQUEST, &shown))
        }
        Err(error) => gone(error, &access),
    }
}

/// `POST …/import/uploads/{upload_id}/apply`
pub async fn apply(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.id(Noun::Upload, UploadId::parse)?;
    match jobs::apply(&call.http.app, &access, id).await {
        Ok((import, _)) => Ok(see_other(&run_path(&path_of(&access), import.id))),
        Err(error) => gone(error, &access),
    }
}

/// `POST …/import/uploads/{upload_id}/discard`
pub async fn discard(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.id(Noun::Upload, UploadId::parse)?;
    match uploads::cancel(call.app(), &access, id).await {
        Ok(()) => Ok(see_other(&address(
            &path_of(&access),
            &[("done", "discarded")],
        ))),
        Err(error) => gone(error, &access),
    }
}

/// `GET …/import/{import_id}`
pub async fn watch(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.id(Noun::Import, ImportId::parse)?;
    let listed = jobs::find(call.app(), &access, id).await?;
    let path = path_of(&access);
    let title = format!("Import of {}", listed.import.file_name);
    Ok(page(&Watched {
        frame: frame(&call, &access, &title).await?,
        own: run_path(&path, id),
        run: Run::of(listed, &path),
        users: format!("/console/clients/{}/users", access.client()),
        may_read: call.visitor.may(access.client(), Scope::UsersRead),
        path,
    }))
}

/// Leads from a file that is there no more to where another one is chosen.
fn gone(error: Error, access: &Access) -> Result<Response, Failure> {
    match error {
        Error::NotFound(Noun::Upload, _) => {
            Ok(see_other(&address(&path_of(access), &[("done", "gone")])))
        }
        error => Err(error.into()),
    }
}

fn path_of(access: &Access) -> String {
    format!("/console/clients/{}/import", access.client())
}

fn upload_path(access: &Access, id: UploadId) -> String {
    format!("{}/uploads/{id}", path_of(access))
}

fn run_path(path: &str, id: ImportId) -> String {
    format!("{path}/{id}")
}

async fn frame(call: &Call, access: &Access, title: &str) -> Result<Frame, Failure> {
    call.client_frame(access, title, Place::Import).await
}

impl Waiting {
    fn of(upload: &Upload, path: &str) -> Self {
        Self {
            file_name: upload.file_name.to_string(),
            address: format!("{path}/uploads/{}", upload.id),
            sent: When(upload.created_at),
            until: When(upload.created_at.plus_milliseconds(uploads::WAITING_MS)),
        }
    }
}

impl Run {
    fn of(listed: Listed, path: &str) -> Self {
        let Listed { import, actor_name } = listed;
        let who = match (&import.actor, actor_name) {
            (None, _) => "the command line".to_owned(),
            (Some(id), None) => id.to_string(),
            (Some(_), Some(name)) => name.into(),
        };
        let percent = 100 * import.bytes_done / import.bytes.max(1);
        Self {
            address: run_path(path, import.id),
            file_name: import.file_name.to_string(),
            started: When(import.started_at),
            who,
            state: state_of(&import),
            is_running: import.state == ImportState::Running,
            is_failed: import.state == ImportState::Failed,
            figures: figures(&import.totals),
            bytes: import.bytes.max(1),
            bytes_done: import.bytes_done,
            percent: percent.clamp(0, 100),
            updated: When(import.updated_at),
            failure: import.failure.map(Into::into),
            refused: import.bad.into_iter().map(Refused::from).collect(),
            refused_count: import.totals.bad,
        }
    }
}

fn state_of(import: &Import) -> &'static str {
    match import.state {
        ImportState::Running => "Running",
        ImportState::Done if import.totals.bad > 0 => "Done, with refused rows",
        ImportState::Done => "Done",
        ImportState::Failed => "Failed",
    }
}

impl From<BadRow> for Refused {
    fn from(bad: BadRow) -> Self {
        Self {
            line: bad.line,
            column: bad.column,
            reason: bad.reason,
        }
    }
}

impl Tried {
    fn fill(&mut self, rehearsal: Rehearsal) {
        let totals = rehearsal.totals;
        let of_users = totals.created + totals.changed;
        self.does_something =
            of_users + totals.departments_created + totals.departments_changed > 0;
        self.file_name = rehearsal.upload.file_name.into();
        self.figures = figures(&totals);
        self.refused_count = totals.bad;
        self.rows_max = (rehearsal.effects.len() >= EFFECTS_MAX).then_some(EFFECTS_MAX);
        for effect in rehearsal.effects {
            match told(effect) {
                Ok(row) => self.rows.push(row),
                Err(refused) => self.refused.push(refused),
            }
        }
    }
}

/// What becomes of a row, or why it is refused.
fn told(effect: Effect) -> Result<Row, Refused> {
    let line = effect.line;
    match effect.what {
        What::Refused { column, reason } => Err(Refused {
            line,
            column,
            reason,
        }),
        What::Written {
            entity,
            name,
            action,
            fields,
        } => Ok(Row {
            line,
            is_department: entity == Entity::Department,
            what: action,
            name: name.into(),
            fields: fields.iter().map(differing).collect(),
        }),
    }
}

fn differing(difference: &Difference) -> (String, Option<String>, Option<String>) {
    let text = |value: &Option<Shown>| value.as_ref().map(ToString::to_string);
    let label = difference.label().into_owned();
    (label, text(&difference.from), text(&difference.to))
}

/// The counts that say something; those of users always do.
fn figures(totals: &Totals) -> Vec<(&'static str, String)> {
    let all = [
        ("New users", totals.created, true),
        ("Changed users", totals.changed, true),
        ("Unchanged users", totals.unchanged, true),
        ("New departments", totals.departments_created, false),
        ("Changed departments", totals.departments_changed, false),
        ("Refused rows", totals.bad, true),
    ];
    let shown = all
        .into_iter()
        .filter(|(_, number, always)| *always || *number > 0);
    shown
        .map(|(label, number, _)| (label, count(number)))
        .collect()
}
