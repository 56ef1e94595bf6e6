//! Export: a client's departments and people as lines of JSON that [`crate::operations::import`]
//! takes back without loss.
//!
//! Departments come first, then users by id, deleted ones too. A user's line is the Clients API's
//! User, followed by what that leaves out: `external_id`, `state`, `deleted_at` and `profile`. A
//! department's is the Clients API's Department without `member_count`, which follows from the
//! users. Deleted departments are nobody's any more and are left out, and so is the log of changes.

use std::collections::HashMap;
use std::io;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use crate::model::activity::LastActivity;
use crate::model::department::Department;
use crate::model::id::{ClientId, DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::profile_json;
use crate::model::timestamp::Timestamp;
use crate::model::user::User;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::import::ROW_BYTES_MAX;
use crate::store::{self, Tx};

/// Users that are read at once.
const PAGE: i64 = 1_000;
/// Bytes of lines that are handed on at once, about.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that are made ahead of the one that is written.
const PIECES_AHEAD: usize = 2;

#[derive(Serialize)]
struct DepartmentLine<'a> {
    id: DepartmentId,
    name: &'a str,
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct UserLine<'a> {
    id: UserId,
    username: &'a str,
    user_key: &'a str,
    last_activity: ActivityPart,
    departments: Vec<DepartmentPart<'a>>,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<&'a str>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    profile: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioned: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct ActivityPart {
    at: Option<Timestamp>,
    desktop_at: Option<Timestamp>,
    web_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct DepartmentPart<'a> {
    id: DepartmentId,
    name: &'a str,
    description: Option<&'a str>,
}

/// Hands the client's directory to `write`, a line at a time without its end: all as of one moment,
/// whatever is written meanwhile. An error of `write` ends it.
pub async fn export(
    app: &App,
    access: &Access,
    mut write: impl FnMut(&str) -> io::Result<()>,
) -> Result<(), Error> {
    let client = access.client();
    let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
    let sender = Mutex::new(Some(sender));
    let reading = app.store.read(move |tx| {
        // Were the reading begun anew, lines would be there twice.
        let sender = sender.lock().take().ok_or_else(|| {
            Error::Unavailable("The reading was disturbed: start the export again".to_owned())
        })?;
        let lines = Lines {
            sender,
            text: String::new(),
        };
        read(tx, client, lines)
    });
    let writing = async move {
        // The receiver ends with this block, and with it the reader.
        let mut pieces = pieces;
        while let Some(piece) = pieces.recv().await {
            let piece: String = piece;
            for line in piece.lines() {
                write(line).map_err(|error| {
                    Error::Invalid(Invalid::new(
                        "file",
                        format!("It cannot be written: {error}"),
                    ))
                })?;
            }
        }
        Ok::<(), Error>(())
    };
    // Both at once: the one fills the channel that the other empties.
    let (read, written) = tokio::join!(reading, writing);
    written.and(read)
}

/// Lines that were made and not handed on yet.
struct Lines {
    sender: mpsc::Sender<String>,
    text: String,
}

impl Lines {
    fn push(&mut self, line: &str) -> Result<(), Error> {
        self.text.push_str(line);
        self.text.push('\n');
        if self.text.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Error> {
        let text = std::mem::take(&mut self.text);
        self.sender
            .blocking_send(text)
            .map_err(|_| Error::Unavailable("Nobody takes the export any more".to_owned()))
    }
}

fn read(tx: &mut Tx<'_>, client: ClientId, mut lines: Lines) -> Result<(), Error> {
    store::clients::change_number(tx, client)?
        .ok_or_else(|| Error::not_found(Noun::Client, client.as_str()))?;
    let mut departments = store::departments::changed_since(tx, client, -1)?;
    departments.retain(|department| department.deleted_at.is_none());
    departments.sort_by_key(|department| department.id);
    for department in &departments {
        lines.push(&text_of(&DepartmentLine {
            id: department.id,
            name: &department.name,
            description: department.description.as_deref(),
            external_id: department.external_id.as_deref(),
            created_at: department.created_at,
            updated_at: department.updated_at,
        }))?;
    }
    let departments: HashMap<DepartmentId, Department> = departments
        .into_iter()
        .map(|department| (department.id, department))
        .collect();
    let folded = store::activity::numbers(tx, client)?.folded;
    let unfolded = store::activity::latest_since(tx, client, folded)?;
    let mut after = None;
    loop {
        let users = store::users::page(tx, client, after, PAGE)?;
        let Some(last) = users.last() else {
            return lines.flush();
        };
        after = Some(last.id);
        let ids = users.iter().map(|user| &user.id);
        // It comes in the order of the users.
        let seen = store::activity::folded_of_users(tx, client, ids)?;
        let mut seen = seen.into_iter().peekable();
        for user in &users {
            let folded = seen.next_if(|(whose, _)| *whose == user.id);
            let mut activity = folded.map(|(_, folded)| folded).unwrap_or_default();
            activity.merge(unfolded.get(&user.id).copied().unwrap_or_default());
            lines.push(&user_line(user, activity, &departments))?;
        }
    }
}

fn user_line(
    user: &User,
    activity: LastActivity,
    departments: &HashMap<DepartmentId, Department>,
) -> String {
    let ids = user.departments.iter();
    let mut line = UserLine {
        id: user.id,
        username: &user.username,
        user_key: &user.user_key,
        last_activity: ActivityPart {
            at: activity.at(),
            desktop_at: activity.desktop_at,
            web_at: activity.web_at,
        },
        departments: ids
            .filter_map(|id| departments.get(id))
            .map(|department| DepartmentPart {
                id: department.id,
                name: &department.name,
                description: department.description.as_deref(),
            })
            .collect(),
        created_at: user.created_at,
        updated_at: user.updated_at,
        external_id: user.external_id.as_deref(),
        state: user.state.name(),
        deleted_at: user.deleted_at,
        profile: profile_json::to_object(&user.profile),
        provisioned: user.profile.provisioned().map(|json| {
            serde_json::from_str(json).expect("a draft is given the text of an object")
        }),
    };
    let text = text_of(&line);
    if text.len() <= ROW_BYTES_MAX {
        return text;
    }
    // The import would refuse it. The descriptions stand in the departments' own lines.
    for department in &mut line.departments {
        department.description = None;
    }
    text_of(&line)
}

fn text_of(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("a line has text for keys and nothing that can fail")
}
