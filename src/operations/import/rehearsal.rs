//! What an uploaded file would come to: the import without its writes, told row by row.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::model::change::Source;
use crate::model::id::UploadId;
use crate::model::import::{Totals, Upload};
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
pub use crate::operations::import::effects::{EFFECTS_MAX, Effect, What};
use crate::operations::import::{import, uploads};

/// Rehearsals at once on one node: each remembers whom its file was about, up to 100 MB.
const AT_ONCE_MAX: usize = 2;
/// How long somebody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(20);

/// The turns of those who rehearse.
pub struct Turns(Semaphore);

impl Default for Turns {
    fn default() -> Self {
        Self(Semaphore::new(AT_ONCE_MAX))
    }
}

/// What a file would come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// The file.
    pub upload: Upload,
    /// What would become of its rows.
    pub totals: Totals,
    /// What the first rows that would do something would come to, by line: at most
    /// [`EFFECTS_MAX`].
    pub effects: Vec<Effect>,
}

/// Says what the import of an upload would do, and changes nothing.
pub async fn rehearse(app: &App, access: &Access, upload: UploadId) -> Result<Rehearsal, Error> {
    let upload = uploads::find(app, access, upload).await?;
    let turn = tokio::time::timeout(PATIENCE, app.rehearsals.0.acquire()).await;
    let Ok(Ok(_turn)) = turn else {
        let reason = "too many files are being looked at";
        return Err(Error::Unavailable(reason.to_owned()));
    };
    let access = access.through(Source::Import);
    let file = uploads::reader(app, &access, &upload);
    let mut effects: Vec<Effect> = Vec::new();
    let totals = import(app, &access, file, upload.format, true, |progress| {
        if effects.len() >= EFFECTS_MAX {
            return;
        }
        let bad = progress.bad.into_iter().map(Effect::from);
        let mut of_batch: Vec<Effect> = progress.effects.into_iter().chain(bad).collect();
        of_batch.sort_by_key(|effect| effect.line);
        of_batch.truncate(EFFECTS_MAX - effects.len());
        effects.append(&mut of_batch);
    });
    let totals = totals.await?;
    Ok(Rehearsal {
        upload,
        totals,
        effects,
    })
}
