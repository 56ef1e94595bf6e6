//! Files that people upload to be imported. They lie in the database, in parts: the node that takes
//! one in need not be the one that imports it. Nobody keeps one for longer than an hour.

use std::io::{self, Read};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::runtime::Handle;

use crate::model::id::{ClientId, UploadId};
use crate::model::import::{Format, Upload};
use crate::model::invalid::Invalid;
use crate::model::text::{NAME_LENGTH_MAX, checked};
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::{Error, Noun};
use crate::operations::nodes::fenced;
use crate::store::{self, Store, Tx};

/// The longest file, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Files of one client that wait at once.
pub const UPLOADS_MAX: usize = 4;
/// How long a file waits to be imported.
pub const WAITING_MS: i64 = 60 * 60 * 1000;
/// How long a file may take to arrive. What has not arrived by then is in nobody's way any more.
const ARRIVING_MS: i64 = 15 * 60 * 1000;
/// How long after [`WAITING_MS`] a file is removed: an import that began just in time says so first.
const GRACE_MS: i64 = 10 * 60 * 1000;
/// Bytes of a file in one row.
const PART_BYTES: usize = 1024 * 1024;

/// A file that is arriving. One that is dropped before [`Self::finish`] is forgotten.
pub struct Uploading {
    store: Arc<Store>,
    client: ClientId,
    id: UploadId,
    /// What waits to become a part.
    rest: Vec<u8>,
    bytes: usize,
    is_finished: bool,
}

/// Begins to take a file in.
pub async fn begin(
    app: &App,
    access: &Access,
    file_name: &str,
    format: Format,
) -> Result<Uploading, Error> {
    let client = access.client();
    let upload = Upload {
        id: UploadId(app.new_id()),
        file_name: checked("file_name", file_name, NAME_LENGTH_MAX)?.into(),
        format,
        actor: access.actor().token,
        bytes: 0,
        created_at: app.now(),
        completed_at: None,
    };
    let id = upload.id;
    let (now, mine) = (app.now(), upload);
    let insert = move |tx: &mut Tx<'_>| {
        lock(tx, client)?;
        let mut waiting = 0;
        for other in store::uploads::all(tx, client)? {
            if is_in_time(&other, now) {
                waiting += 1;
            } else if other.completed_at.is_none() {
                store::uploads::remove(tx, client, other.id)?;
            }
        }
        if waiting >= UPLOADS_MAX {
            let reason = format!(
                "{UPLOADS_MAX} files of this client wait to be imported already: import or cancel \
                 one of them, or come again in an hour"
            );
            return Err(Error::conflict("file", reason));
        }
        Ok(store::uploads::insert(tx, client, &mine)?)
    };
    app.store.write_for(client, insert).await?;
    Ok(Uploading {
        store: Arc::clone(&app.store),
        client,
        id,
        rest: Vec::new(),
        bytes: 0,
        is_finished: false,
    })
}

impl Uploading {
    /// Takes in what has arrived since.
    pub async fn push(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len();
        if self.bytes > FILE_BYTES_MAX {
            let reason = format!("the file is longer than {} MiB", FILE_BYTES_MAX >> 20);
            return Err(Invalid::new("file", reason).into());
        }
        while !bytes.is_empty() {
            let room = PART_BYTES - self.rest.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == PART_BYTES {
                self.write_part().await?;
            }
        }
        Ok(())
    }

    /// All of the file has arrived.
    pub async fn finish(mut self, app: &App) -> Result<Upload, Error> {
        if !self.rest.is_empty() {
            self.write_part().await?;
        }
        let (client, id, now) = (self.client, self.id, app.now());
        let complete = move |tx: &mut Tx<'_>| {
            store::uploads::complete(tx, client, id, now)?;
            store::uploads::find(tx, client, id)?.ok_or_else(|| unknown(id))
        };
        let upload = self.store.write(complete).await?;
        self.is_finished = true;
        Ok(upload)
    }

    async fn write_part(&mut self) -> Result<(), Error> {
        let (client, id) = (self.client, self.id);
        let bytes = i64::try_from(self.rest.len()).expect("a part is short");
        let content = STANDARD_NO_PAD.encode(&self.rest);
        self.rest.clear();
        let add = move |tx: &mut Tx<'_>| {
            let added = store::uploads::add_part(tx, client, id, &content, bytes)?;
            added.then_some(()).ok_or_else(|| unknown(id))
        };
        self.store.write(add).await
    }
}

impl Drop for Uploading {
    fn drop(&mut self) {
        // Whoever hangs up, or sends too much, is not to be in the way of the next file for an hour.
        if !self.is_finished {
            remove_beside(&self.store, self.client, self.id);
        }
    }
}

/// An upload that goes when this does: also when whoever holds it is dropped.
pub struct Discarding {
    store: Arc<Store>,
    client: ClientId,
    id: UploadId,
    is_over: bool,
}

/// Has an upload go when its question is answered, or nobody waits for the answer any more.
pub fn discard(app: &App, access: &Access, id: UploadId) -> Discarding {
    Discarding {
        store: Arc::clone(&app.store),
        client: access.client(),
        id,
        is_over: false,
    }
}

impl Discarding {
    /// Lets it go now.
    pub async fn now(mut self) -> Result<(), Error> {
        let (client, id) = (self.client, self.id);
        let remove = move |tx: &mut Tx<'_>| store::uploads::remove(tx, client, id).map(drop);
        self.store.write(remove).await?;
        self.is_over = true;
        Ok(())
    }

    /// Somebody else has it now.
    pub fn not_any_more(mut self) {
        self.is_over = true;
    }
}

impl Drop for Discarding {
    fn drop(&mut self) {
        if !self.is_over {
            remove_beside(&self.store, self.client, self.id);
        }
    }
}

/// Removes an upload beside whatever else is done. If that fails the next file's turn, or the purge,
/// does it.
fn remove_beside(store: &Arc<Store>, client: ClientId, id: UploadId) {
    if let Ok(runtime) = Handle::try_current() {
        let store = Arc::clone(store);
        runtime.spawn(async move {
            let remove = move |tx: &mut Tx<'_>| store::uploads::remove(tx, client, id);
            drop(store.write(remove).await);
        });
    }
}

/// The upload of that id, whole and in time.
pub async fn find(app: &App, access: &Access, id: UploadId) -> Result<Upload, Error> {
    let (client, now) = (access.client(), app.now());
    app.store
        .read(move |tx| find_whole(tx, client, id, now))
        .await
}

/// As [`find`], within a transaction.
pub(super) fn find_whole(
    tx: &mut Tx<'_>,
    client: ClientId,
    id: UploadId,
    now: Timestamp,
) -> Result<Upload, Error> {
    let upload = store::uploads::find(tx, client, id)?;
    upload
        .filter(|upload| upload.completed_at.is_some() && is_in_time(upload, now))
        .ok_or_else(|| unknown(id))
}

/// The client's files that wait to be imported, the oldest first.
pub async fn list(app: &App, access: &Access) -> Result<Vec<Upload>, Error> {
    let (client, now) = (access.client(), app.now());
    let uploads = app
        .store
        .read(move |tx| store::uploads::all(tx, client).map_err(Error::from))
        .await?;
    let is_listed = |upload: &Upload| upload.completed_at.is_some() && is_in_time(upload, now);
    Ok(uploads.into_iter().filter(is_listed).collect())
}

/// Forgets a file, unless it is being imported.
pub async fn cancel(app: &App, access: &Access, id: UploadId) -> Result<(), Error> {
    let client = access.client();
    let remove = move |tx: &mut Tx<'_>| {
        lock(tx, client)?;
        let running = store::imports::running(tx, client)?;
        if running.iter().any(|import| import.upload == Some(id)) {
            return Err(Error::conflict("upload_id", "The file is being imported"));
        }
        let removed = store::uploads::remove(tx, client, id)?;
        removed.then_some(()).ok_or_else(|| unknown(id))
    };
    app.store.write_for(client, remove).await
}

/// Forgets the files whose time is over, if this node keeps house.
pub(in crate::operations) async fn purge(app: &App) -> Result<(), Error> {
    let before = app.now().plus_milliseconds(-WAITING_MS - GRACE_MS);
    let over = move |tx: &mut Tx<'_>| store::uploads::forgettable(tx, before);
    for (client, id) in app.store.read(over).await? {
        let remove = move |tx: &mut Tx<'_>| store::uploads::remove(tx, client, id).map(drop);
        if fenced(app, remove).await?.is_none() {
            break;
        }
    }
    Ok(())
}

/// The bytes of an upload, for who reads on a thread that may wait.
pub(super) fn reader(app: &App, access: &Access, upload: &Upload) -> impl Read + Send + 'static {
    Parts {
        store: Arc::clone(&app.store),
        runtime: Handle::current(),
        client: access.client(),
        id: upload.id,
        next: 1,
        left: upload.bytes,
        part: io::Cursor::default(),
    }
}

/// The parts of an upload, one after the other.
struct Parts {
    store: Arc<Store>,
    runtime: Handle,
    client: ClientId,
    id: UploadId,
    next: i64,
    /// Bytes of the file that are in no part so far.
    left: i64,
    part: io::Cursor<Vec<u8>>,
}

impl Read for Parts {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.part.read(buffer)?;
        if count > 0 || buffer.is_empty() || self.left <= 0 {
            return Ok(count);
        }
        let (client, id, number) = (self.client, self.id, self.next);
        let part = self
            .store
            .read(move |tx| store::uploads::part(tx, client, id, number));
        let part = self.runtime.block_on(part);
        let part = part.map_err(|_: store::Error| io::Error::other("the database is away"))?;
        let part = part.ok_or_else(|| io::Error::other("the upload is gone"))?;
        let part = STANDARD_NO_PAD.decode(part).map_err(io::Error::other)?;
        self.left -= i64::try_from(part.len()).unwrap_or(i64::MAX);
        self.next += 1;
        self.part = io::Cursor::new(part);
        self.part.read(buffer)
    }
}

/// Whether a file still waits, or may still be arriving.
fn is_in_time(upload: &Upload, now: Timestamp) -> bool {
    let room_ms = match upload.completed_at {
        Some(_) => WAITING_MS,
        None => ARRIVING_MS,
    };
    now < upload.created_at.plus_milliseconds(room_ms)
}

pub(super) fn lock(tx: &mut Tx<'_>, client: ClientId) -> Result<(), Error> {
    let number = store::clients::lock(tx, client)?;
    let number = number.ok_or_else(|| Error::not_found(Noun::Client, client.as_str()));
    number.map(drop)
}

fn unknown(id: UploadId) -> Error {
    Error::not_found(Noun::Upload, id.as_str())
}
