//! What a server does beside answering: looking for what others wrote, folding the activity log,
//! forgetting what is over.

use std::time::Duration;

use crate::model::days::Day;
use crate::model::id::ClientId;
use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::error::Error;
use crate::operations::import;
use crate::operations::nodes::fenced;
use crate::operations::write::REMEMBERED_MS;
use crate::store::{self, Tx};

/// How often to look for what other processes wrote: they are to be noticed within 2 s.
pub const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// How often the activity log is folded into its table.
pub const FOLD_INTERVAL: Duration = Duration::from_secs(5);
/// How often remembered answers that are over are forgotten.
pub const PURGE_INTERVAL: Duration = Duration::from_secs(10 * 60);
/// Users whose activity is folded in one transaction: other writes wait for it.
const FOLDED_AT_ONCE_MAX: usize = 1_000;
/// Entries that are taken out of the activity log in one transaction, of megabytes each at worst.
const PRUNED_AT_ONCE_MAX: usize = 32;
/// How long entries of the activity log stay for other nodes to read.
pub(super) const LOG_KEPT_MS: i64 = 10 * 60 * 1000;

/// How long tokens that were issued to OAuth clients are listed after they are over.
const ISSUED_KEPT_MS: i64 = 24 * 60 * 60 * 1000;

/// Takes in what others wrote: tokens, instances, and the loaded clients' people. When this has not
/// succeeded for [`STALE_MAX`](crate::operations::freshness::STALE_MAX), nobody is let in any more.
pub async fn poll(app: &App) -> Result<(), Error> {
    app.freshness.look_begins(app.clock.monotonic(), app.now());
    app.registry.refresh().await?;
    app.directory.poll().await?;
    app.freshness.look_succeeded();
    Ok(())
}

/// Folds the activity log into its table, if this node keeps house. One client's trouble does not
/// keep the others waiting; the last one's is told.
pub async fn fold(app: &App) -> Result<(), Error> {
    if app.nodes.housekeeping_fence().is_none() {
        return Ok(());
    }
    let keep_since = app.now().plus_milliseconds(-LOG_KEPT_MS);
    let clients = app.store.read(store::activity::unfolded_clients).await?;
    let mut result: Result<(), Error> = Ok(());
    for client in clients {
        match fold_client(app, client, keep_since).await {
            Ok(Some(())) => {}
            // Another node keeps house: the rest is for it to do.
            Ok(None) => break,
            Err(error) => result = Err(error),
        }
    }
    result
}

/// Folds one client's log, in transactions that hold nobody up for long: what is to be folded is
/// found out by a reader, and a table that contains more of the log than it says is no harm, since
/// times only move on. `None` when another node keeps house.
async fn fold_client(
    app: &App,
    client: ClientId,
    keep_since: Timestamp,
) -> Result<Option<()>, Error> {
    let unfolded = move |tx: &mut Tx<'_>| store::activity::unfolded(tx, client);
    let unfolded = app.store.read(unfolded).await?;
    let first_day = Day::of(app.now()).first_kept();
    for users in unfolded.users.chunks(FOLDED_AT_ONCE_MAX) {
        let users = users.to_vec();
        let merge = move |tx: &mut Tx<'_>| store::activity::merge(tx, client, &users, first_day);
        if fenced(app, merge).await?.is_none() {
            return Ok(None);
        }
    }
    let number = unfolded.number;
    let set = move |tx: &mut Tx<'_>| store::activity::set_folded(tx, client, number);
    if fenced(app, set).await?.is_none() {
        return Ok(None);
    }
    prune(app, client, keep_since).await
}

/// Takes what was folded and is older than `before` out of a client's log, a few entries a
/// transaction. `None` when another node keeps house.
async fn prune(app: &App, client: ClientId, before: Timestamp) -> Result<Option<()>, Error> {
    loop {
        let prune = move |tx: &mut Tx<'_>| {
            store::activity::prune(tx, client, before, PRUNED_AT_ONCE_MAX as i64)
        };
        match fenced(app, prune).await? {
            None => return Ok(None),
            Some(count) if count < PRUNED_AT_ONCE_MAX => return Ok(Some(())),
            Some(_) => {}
        }
    }
}

/// Forgets on which days people were seen whom nobody has seen since those days are kept: a fold,
/// which forgets what is too old of everybody else, does not come to them. `None` when another node
/// keeps house.
async fn forget_days(app: &App, client: ClientId) -> Result<Option<()>, Error> {
    let first_day = Day::of(app.now()).first_kept();
    loop {
        let long_unseen = move |tx: &mut Tx<'_>| {
            store::activity::long_unseen(tx, client, first_day, FOLDED_AT_ONCE_MAX as i64)
        };
        let users = app.store.read(long_unseen).await?;
        if users.is_empty() {
            return Ok(Some(()));
        }
        let forget =
            move |tx: &mut Tx<'_>| store::activity::forget_days(tx, client, &users, first_day);
        if fenced(app, forget).await?.is_none() {
            return Ok(None);
        }
    }
}

/// Forgets remembered answers that are over, entries of the activity log that were folded long
/// enough ago for every node to have read them, days of activity that are not kept any more, issued
/// tokens and sessions that are over, nodes that left or died, and uploads that nobody imported, and says
/// of imports that died that they did; if this node keeps house.
pub async fn purge(app: &App) -> Result<(), Error> {
    app.registry.forget_issued(app.now());
    let answered_before = app.now().plus_milliseconds(-REMEMBERED_MS);
    let logged_before = app.now().plus_milliseconds(-LOG_KEPT_MS);
    // Also of a client that has become quiet, which is not folded again.
    let clients = move |tx: &mut Tx<'_>| store::activity::logging_clients(tx, logged_before);
    for client in app.store.read(clients).await? {
        if prune(app, client, logged_before).await?.is_none() {
            return Ok(());
        }
    }
    for latest in app.store.read(store::clients::latest).await? {
        if forget_days(app, latest.client).await?.is_none() {
            return Ok(());
        }
    }
    let nodes = app.nodes.forgotten().await;
    let now = app.now();
    let issued_before = app.now().plus_milliseconds(-ISSUED_KEPT_MS);
    let purge = move |tx: &mut Tx<'_>| {
        store::idempotency::purge(tx, answered_before)?;
        store::tokens::purge_issued(tx, issued_before)?;
        store::sessions::purge(tx, now)?;
        for (name, fence, beat) in &nodes {
            store::leases::remove(tx, name, *fence, *beat)?;
        }
        Ok(())
    };
    fenced(app, purge).await?;
    import::uploads::purge(app).await?;
    import::jobs::purge(app).await
}
