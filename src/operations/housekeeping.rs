//! What a server does beside answering: looking for what others wrote, folding the activity log,
//! forgetting what is over.

use std::time::Duration;

use crate::operations::app::App;
use crate::operations::error::Error;
use crate::operations::nodes::fenced;
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

/// Takes in what others wrote: tokens, instances, and the loaded clients' people. When this has not
/// succeeded for [`STALE_MAX`](crate::operations::freshness::STALE_MAX), nobody is let in any more.
pub async fn poll(app: &App) -> Result<(), Error> {
    app.freshness.look_begins(app.clock.monotonic());
    app.registry.refresh().await?;
    app.directory.poll().await?;
    app.freshness.look_succeeded();
    Ok(())
}

/// Folds the activity log into its table, one client a transaction, if this node keeps house. One
/// client's trouble does not keep the others waiting; the last one's is told.
pub async fn fold(app: &App) -> Result<(), Error> {
    if app.nodes.housekeeping_fence().is_none() {
        return Ok(());
    }
    let keep_since = app.now().plus_milliseconds(-LOG_KEPT_MS);
    let clients = app.store.read(store::activity::unfolded_clients).await?;
    let mut result: Result<(), Error> = Ok(());
    for client in clients {
        let fold = move |tx: &mut Tx<'_>| store::activity::fold(tx, client, keep_since);
        match fenced(app, fold).await {
            Ok(Some(_)) => {}
            // Another node keeps house: the rest is for it to do.
            Ok(None) => break,
            Err(error) => result = Err(error),
        }
    }
    result
}

/// Forgets remembered answers that are over, entries of the activity log that were folded long
/// enough ago for every node to have read them, and nodes that left or died; if this node keeps
/// house.
pub async fn purge(app: &App) -> Result<(), Error> {
    let answered_before = app.now().plus_milliseconds(-REMEMBERED_MS);
    let logged_before = app.now().plus_milliseconds(-LOG_KEPT_MS);
    let nodes = app.nodes.forgotten().await;
    let purge = move |tx: &mut Tx<'_>| {
        store::idempotency::purge(tx, answered_before)?;
        store::activity::prune(tx, logged_before)?;
        for (name, fence, beat) in &nodes {
            store::leases::remove(tx, name, *fence, *beat)?;
        }
        Ok(())
    };
    fenced(app, purge).await.map(drop)
}
