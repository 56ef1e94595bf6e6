//! Runs of imports: how they stand, and how they ended.

use crate::model::id::{ClientId, ImportId, TokenId, UploadId};
use crate::model::import::{BadRow, Format, Import, ImportState, Totals};
use crate::store::error::Error;
use crate::store::tx::{Row, Tx};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_imports {
    ($rest:literal) => {
        concat!(
            "SELECT id, file_name, format, actor, upload_id, state, started_at, updated_at, bytes,
             bytes_done, totals, bad, failure FROM imports ",
            $rest
        )
    };
}

/// Adds an import that begins, and forgets those that are not among the newest `kept` of the client.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, import: &Import, kept: i64) -> Result<(), Error> {
    let sql = "INSERT INTO imports (client_id, id, file_name, format, actor, upload_id, state,
               started_at, updated_at, bytes, bytes_done, totals, bad, failure)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let (totals, bad) = texts(import);
    tx.execute(
        sql,
        &[
            (&client).into(),
            (&import.id).into(),
            (&import.file_name).into(),
            import.format.name().into(),
            import.actor.as_ref().into(),
            import.upload.as_ref().into(),
            import.state.name().into(),
            import.started_at.into(),
            import.updated_at.into(),
            import.bytes.into(),
            import.bytes_done.into(),
            (&totals).into(),
            (&bad).into(),
            import.failure.as_ref().into(),
        ],
    )?;
    let sql = "DELETE FROM imports WHERE client_id = $1 AND state <> 'running' AND id <= (
                   SELECT id FROM imports WHERE client_id = $1
                   ORDER BY id DESC LIMIT 1 OFFSET $2)";
    tx.execute(sql, &[(&client).into(), kept.into()])?;
    Ok(())
}

/// Writes down how an import stands that was running until now. `false`, and nothing written, when it
/// was not: others took it for dead.
pub fn save(tx: &mut Tx<'_>, client: ClientId, import: &Import) -> Result<bool, Error> {
    let sql = "UPDATE imports SET state = $3, updated_at = $4, bytes_done = $5, totals = $6,
               bad = $7, failure = $8
               WHERE client_id = $1 AND id = $2 AND state = 'running'";
    let (totals, bad) = texts(import);
    let count = tx.execute(
        sql,
        &[
            (&client).into(),
            (&import.id).into(),
            import.state.name().into(),
            import.updated_at.into(),
            import.bytes_done.into(),
            (&totals).into(),
            (&bad).into(),
            import.failure.as_ref().into(),
        ],
    )?;
    Ok(count == 1)
}

/// The import of that id.
pub fn find(tx: &mut Tx<'_>, client: ClientId, id: ImportId) -> Result<Option<Import>, Error> {
    let sql = select_imports!("WHERE client_id = $1 AND id = $2");
    tx.one(sql, &[(&client).into(), (&id).into()], read)
}

/// The client's newest imports, at most `count` of them, the newest first.
pub fn latest(tx: &mut Tx<'_>, client: ClientId, count: i64) -> Result<Vec<Import>, Error> {
    let sql = select_imports!("WHERE client_id = $1 ORDER BY id DESC LIMIT $2");
    tx.all(sql, &[(&client).into(), count.into()], read)
}

/// The client's imports that were not said to have ended.
pub fn running(tx: &mut Tx<'_>, client: ClientId) -> Result<Vec<Import>, Error> {
    let sql = select_imports!("WHERE client_id = $1 AND state = 'running' ORDER BY id");
    tx.all(sql, &[(&client).into()], read)
}

fn texts(import: &Import) -> (String, String) {
    let text = "there are texts and numbers in it, and no maps";
    (
        serde_json::to_string(&import.totals).expect(text),
        serde_json::to_string(&import.bad).expect(text),
    )
}

fn read(row: &Row<'_>) -> Result<Import, Error> {
    let totals = |text: &str| serde_json::from_str::<Totals>(text).ok();
    let bad = |text: &str| serde_json::from_str::<Vec<BadRow>>(text).ok();
    Ok(Import {
        id: row.parsed(0, ImportId::parse)?,
        file_name: row.text(1)?.into(),
        format: row.parsed(2, Format::parse)?,
        actor: row.optional_parsed(3, TokenId::parse)?,
        upload: row.optional_parsed(4, UploadId::parse)?,
        state: row.parsed(5, ImportState::parse)?,
        started_at: row.moment(6)?,
        updated_at: row.moment(7)?,
        bytes: row.number(8)?,
        bytes_done: row.number(9)?,
        totals: row.parsed(10, totals)?,
        bad: row.parsed(11, bad)?,
        failure: row.optional_text(12)?.map(Into::into),
    })
}
