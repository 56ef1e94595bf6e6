//! Files that were uploaded to be imported, in parts: neither a node's memory nor its disk holds one.

use crate::model::id::{ClientId, TokenId, UploadId};
use crate::model::import::{Format, Upload};
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::tx::{Row, Tx};

/// The columns that [`read`] expects, behind a `SELECT`.
macro_rules! select_uploads {
    ($rest:literal) => {
        concat!(
            "SELECT id, file_name, format, actor, bytes, created_at, completed_at FROM uploads ",
            $rest
        )
    };
}

/// Adds an upload of which nothing has come yet.
pub fn insert(tx: &mut Tx<'_>, client: ClientId, upload: &Upload) -> Result<(), Error> {
    let sql = "INSERT INTO uploads (client_id, id, file_name, format, actor, bytes, parts,
               created_at, completed_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, NULL)";
    tx.execute(
        sql,
        &[
            (&client).into(),
            (&upload.id).into(),
            (&upload.file_name).into(),
            upload.format.name().into(),
            upload.actor.as_ref().into(),
            upload.created_at.into(),
        ],
    )?;
    Ok(())
}

/// Adds the next part, of `bytes` bytes. `false`, and nothing added, when the upload is gone or whole.
pub fn add_part(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: UploadId,
    content: &str,
    bytes: i64,
) -> Result<bool, Error> {
    let sql = "UPDATE uploads SET bytes = bytes + $3, parts = parts + 1
               WHERE client_id = $1 AND id = $2 AND completed_at IS NULL RETURNING parts";
    let values = [(&client).into(), (&id).into(), bytes.into()];
    let Some(number) = tx.one(sql, &values, |row| row.number(0))? else {
        return Ok(false);
    };
    let sql = "INSERT INTO upload_parts (client_id, upload_id, number, content)
               VALUES ($1, $2, $3, $4)";
    let values = [
        (&client).into(),
        (&id).into(),
        number.into(),
        content.into(),
    ];
    tx.execute(sql, &values)?;
    Ok(true)
}

/// Remembers that all of an upload has come. `false` when it is gone.
pub fn complete(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: UploadId,
    at: Timestamp,
) -> Result<bool, Error> {
    let sql = "UPDATE uploads SET completed_at = $3 WHERE client_id = $1 AND id = $2";
    Ok(tx.execute(sql, &[(&client).into(), (&id).into(), at.into()])? == 1)
}

/// The upload of that id.
pub fn find(tx: &mut Tx<'_>, client: ClientId, id: UploadId) -> Result<Option<Upload>, Error> {
    let sql = select_uploads!("WHERE client_id = $1 AND id = $2");
    tx.one(sql, &[(&client).into(), (&id).into()], read)
}

/// The client's uploads, the oldest first.
pub fn all(tx: &mut Tx<'_>, client: ClientId) -> Result<Vec<Upload>, Error> {
    let sql = select_uploads!("WHERE client_id = $1 ORDER BY id");
    tx.all(sql, &[(&client).into()], read)
}

/// The part of that number, from 1; `None` behind the last.
pub fn part(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: UploadId,
    number: i64,
) -> Result<Option<String>, Error> {
    let sql = "SELECT content FROM upload_parts
               WHERE client_id = $1 AND upload_id = $2 AND number = $3";
    let values = [(&client).into(), (&id).into(), number.into()];
    tx.one(sql, &values, |row| row.text(0).map(str::to_owned))
}

/// Removes an upload with its parts. `false` when it is gone already.
pub fn remove(tx: &mut Tx<'_>, client: ClientId, id: UploadId) -> Result<bool, Error> {
    let values = [(&client).into(), (&id).into()];
    let sql = "DELETE FROM upload_parts WHERE client_id = $1 AND upload_id = $2";
    tx.execute(sql, &values)?;
    let sql = "DELETE FROM uploads WHERE client_id = $1 AND id = $2";
    Ok(tx.execute(sql, &values)? == 1)
}

/// Uploads of all clients that began before `before` and that no import reads.
pub fn forgettable(tx: &mut Tx<'_>, before: Timestamp) -> Result<Vec<(ClientId, UploadId)>, Error> {
    let sql = "SELECT client_id, id FROM uploads WHERE created_at < $1 AND NOT EXISTS (
                   SELECT 1 FROM imports WHERE imports.client_id = uploads.client_id
                   AND imports.upload_id = uploads.id AND imports.state = 'running')";
    tx.all(sql, &[before.into()], |row| {
        Ok((
            row.parsed(0, ClientId::parse)?,
            row.parsed(1, UploadId::parse)?,
        ))
    })
}

fn read(row: &Row<'_>) -> Result<Upload, Error> {
    Ok(Upload {
        id: row.parsed(0, UploadId::parse)?,
        file_name: row.text(1)?.into(),
        format: row.parsed(2, Format::parse)?,
        actor: row.optional_parsed(3, TokenId::parse)?,
        bytes: row.number(4)?,
        created_at: row.moment(5)?,
        completed_at: row.optional_moment(6)?,
    })
}
