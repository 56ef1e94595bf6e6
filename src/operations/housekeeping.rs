//! What a server does beside answering: looking for what others wrote, folding the activity log,
//! forgetting what is over.

use std::time::Duration;

use crate::operations::app::App;
use crate::operations::error::Error;
use crate::operations::write::REMEMBERED_MS;
use crate::store::{self, Tx};

/// How often to look for what other processes wrote: they are to be noticed within 2 s.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often the activity log is folded into its table.
pub const FOLD_INTERVAL: Duration = Duration::from_secs(5);
/// How often remembered answers that are over are forgotten.
pub const PURGE_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// How long entries of the activity log stay for other nodes to read.
pub(super) const LOG_KEPT_MS: i64 = 10 * 60 * 1000;

/// Takes in what others wrote: tokens, instances, and the loaded clients' people.
pub async fn poll(app: &App) -> Result<(), Error> {
    app.registry.refresh().await?;
    Ok(app.directory.poll().await?)
}

/// Folds the activity log into its table, one client a transaction. One client's trouble does not
/// keep the others waiting; the last one's is told.
pub async fn fold(app: &App) -> Result<(), Error> {
    let keep_since = app.now().plus_milliseconds(-LOG_KEPT_MS);
    let clients = app.store.read(store::activity::unfolded_clients).await?;
    let mut result: Result<(), Error> = Ok(());
    for client in clients {
        let fold = move |tx: &mut Tx<'_>| store::activity::fold(tx, client, keep_since);
        result = app
            .store
            .write(fold)
            .await
            .map(drop)
            .map_err(Error::from)
            .and(result);
    }
    result
}

/// Forgets remembered answers that are over, and entries of the activity log that were folded long
/// enough ago for every node to have read them.
pub async fn purge(app: &App) -> Result<(), Error> {
    let answered_before = app.now().plus_milliseconds(-REMEMBERED_MS);
    let logged_before = app.now().plus_milliseconds(-LOG_KEPT_MS);
    app.store
        .write(move |tx| {
            store::idempotency::purge(tx, answered_before)?;
            store::activity::prune(tx, logged_before)
        })
        .await?;
    Ok(())
}
