//! Several nodes on one database: who is alive, and who does what only one may do.
//!
//! Each serving process is a node with a lease of its own, whose beat it moves; one of them also
//! holds the lease `housekeeping`. Nobody's clock is compared with another's: a beat is dead when it
//! has not moved for some time of the *watcher's* monotonic clock. That says nothing certain (a node
//! may merely have been slow), so all that the holder of a lease does is done in transactions that
//! begin by asking whether its fence still stands: see `fenced`.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::model::environment::Entropy;
use crate::operations::app::App;
use crate::operations::error::Error;
use crate::store::leases::{self, Lease};
use crate::store::{self, Tx};

/// How often a node shows that it is alive.
pub const BEAT_INTERVAL: Duration = Duration::from_secs(3);
/// How long a lease's beat stands still before another node takes the lease over.
pub const LEASE: Duration = Duration::from_secs(10);
/// How long a node's beat stands still before the others count it out.
pub const ALIVE: Duration = Duration::from_secs(15);
/// How long a node's beat stands still before its row is removed.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

/// The lease of who folds and purges.
const HOUSEKEEPING: &str = "housekeeping";
/// What the name of a node's own lease begins with; its id follows.
const NODE: &str = "node/";
/// No lease is held. Fences begin at 1.
const NO_FENCE: i64 = 0;

/// This node, and what it knows of the others.
pub struct Nodes {
    id: String,
    alive: AtomicUsize,
    fence: AtomicI64,
    watch: tokio::sync::Mutex<Watch>,
}

#[derive(Default)]
struct Watch {
    /// What each lease was last seen at, by name.
    seen: HashMap<String, Seen>,
    /// This node takes nothing any more.
    has_left: bool,
}

/// A lease as it was seen.
struct Seen {
    lease: Lease,
    /// When it was first seen so.
    since: Duration,
    /// How long it had stood so at least when it was last looked at.
    unmoved: Duration,
}

impl Nodes {
    /// A node that knows of no other yet.
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes);
        let mut id = String::with_capacity(32);
        for byte in bytes {
            write!(id, "{byte:02x}").expect("a String takes all that is written to it");
        }
        Self {
            id,
            alive: AtomicUsize::new(1),
            fence: AtomicI64::new(NO_FENCE),
            watch: tokio::sync::Mutex::default(),
        }
    }

    /// How many nodes are alive as far as this one knows, itself among them. Rather one too many: a
    /// node that was never seen to move may be about to.
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }

    /// The fence under which this node keeps house. `None` when another does.
    pub fn housekeeping_fence(&self) -> Option<i64> {
        let fence = self.fence.load(Ordering::Acquire);
        (fence != NO_FENCE).then_some(fence)
    }

    /// Names the leases of nodes that left or died long ago, with their fence and beat.
    pub(super) async fn forgotten(&self) -> Vec<(String, i64, i64)> {
        let watch = self.watch.lock().await;
        let own = self.own_lease();
        let of_nodes = watch.seen.values().filter(|seen| {
            let name = &seen.lease.name;
            name.starts_with(NODE) && *name != own
        });
        of_nodes
            .filter(|seen| seen.lease.is_free() || seen.unmoved >= FORGOTTEN)
            .map(|Seen { lease, .. }| (lease.name.clone(), lease.fence, lease.beat))
            .collect()
    }

    /// This node's name, under which it holds leases.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The leases whose names begin so and that have stood still for `at_least` that long, as far as
    /// this node has watched. Each is as it stood: one that has moved since is another.
    pub(super) async fn still(&self, prefix: &str, at_least: Duration) -> Vec<Lease> {
        let watch = self.watch.lock().await;
        let still = watch
            .seen
            .values()
            .filter(|seen| seen.lease.name.starts_with(prefix) && seen.unmoved >= at_least);
        still.map(|seen| seen.lease.clone()).collect()
    }

    fn own_lease(&self) -> String {
        format!("{NODE}{}", self.id)
    }

    /// Keeps house from now on, or under another fence than so far.
    fn gain(&self, fence: i64) {
        if self.fence.swap(fence, Ordering::AcqRel) != fence {
            tracing::info!(node = %self.id, fence, "this node keeps house");
        }
    }

    /// Keeps house no more under that fence.
    fn lose(&self, fence: i64) {
        let lost =
            self.fence
                .compare_exchange(fence, NO_FENCE, Ordering::AcqRel, Ordering::Relaxed);
        if lost.is_ok() {
            tracing::warn!(node = %self.id, fence, "another node keeps house");
        }
    }
}

impl Watch {
    /// Takes in what a transaction read that began not before `begun` and had ended by `ended`: what
    /// stands still did so for that time at least.
    fn look(&mut self, leases: Vec<Lease>, begun: Duration, ended: Duration) {
        let mut former = std::mem::take(&mut self.seen);
        for lease in leases {
            let seen = match former.remove(&lease.name) {
                Some(seen) if seen.lease == lease => Seen {
                    unmoved: begun.saturating_sub(seen.since),
                    ..seen
                },
                _ => Seen {
                    lease: lease.clone(),
                    since: ended,
                    unmoved: Duration::ZERO,
                },
            };
            self.seen.insert(lease.name, seen);
        }
    }

    /// How many nodes but `own` are alive.
    fn others_alive(&self, own: &str) -> usize {
        let others = self.seen.values().filter(|seen| {
            let name = &seen.lease.name;
            name.starts_with(NODE) && *name != own && !seen.lease.is_free()
        });
        others.filter(|seen| seen.unmoved <= ALIVE).count()
    }
}

/// Shows that this node is alive, counts the others, and keeps the lease `housekeeping` or takes it
/// when nobody does. To be called every [`BEAT_INTERVAL`] by who serves, and by nobody else.
pub async fn beat(app: &App) -> Result<(), Error> {
    let nodes = &app.nodes;
    let mut watch = nodes.watch.lock().await;
    if watch.has_left {
        return Ok(());
    }
    let (id, own) = (nodes.id.clone(), nodes.own_lease());
    let begun = app.clock.monotonic();
    let looking = app.store.write(move |tx| {
        // Whoever was taken for dead and forgotten begins again.
        if !leases::renew(tx, &own, &id, leases::FIRST_FENCE)? {
            leases::take(tx, &own, None, &id)?;
        }
        leases::all(tx)
    });
    let found = looking.await?;
    watch.look(found, begun, app.clock.monotonic());
    let alive = 1 + watch.others_alive(&nodes.own_lease());
    nodes.alive.store(alive, Ordering::Relaxed);
    // A transaction of its own: it may wait for this node's own housekeeping, which holds the lease
    // locked, and that must not make the node look dead.
    keep_housekeeping(app, watch.seen.get(HOUSEKEEPING)).await
}

/// Keeps or takes the lease `housekeeping`, as it was seen a moment ago.
async fn keep_housekeeping(app: &App, seen: Option<&Seen>) -> Result<(), Error> {
    let nodes = &app.nodes;
    let id = nodes.id.clone();
    if let Some(lease) = seen.map(|seen| &seen.lease)
        && lease.holder == nodes.id
    {
        // Also when a take's answer was lost: then it is ours without our knowing.
        let fence = lease.fence;
        let renew = move |tx: &mut Tx<'_>| leases::renew(tx, HOUSEKEEPING, &id, fence);
        if app.store.write(renew).await? {
            nodes.gain(fence);
        } else {
            nodes.lose(fence);
        }
        return Ok(());
    }
    if let Some(fence) = nodes.housekeeping_fence() {
        nodes.lose(fence);
    }
    if seen.is_some_and(|seen| !seen.lease.is_free() && seen.unmoved < LEASE) {
        return Ok(());
    }
    let seen = seen.map(|seen| (seen.lease.fence, seen.lease.beat));
    let take = move |tx: &mut Tx<'_>| leases::take(tx, HOUSEKEEPING, seen, &id);
    if let Some(fence) = app.store.write(take).await? {
        nodes.gain(fence);
    }
    Ok(())
}

/// Gives back all that this node holds, so that the others need not wait until it looks dead, and
/// takes nothing more.
pub async fn leave(app: &App) -> Result<(), Error> {
    let nodes = &app.nodes;
    // A beat that is under way ends first.
    let mut watch = nodes.watch.lock().await;
    watch.has_left = true;
    nodes.fence.store(NO_FENCE, Ordering::Release);
    let id = nodes.id.clone();
    let release = app.store.write(move |tx| leases::release(tx, &id));
    Ok(release.await.map(drop)?)
}

/// Does `work` in a transaction in which this node keeps house, and no other can begin to. `None`,
/// and nothing done, when another does: a node that was paused or cut off learns of it here.
pub(super) async fn fenced<T: Send + 'static>(
    app: &App,
    work: impl Fn(&mut Tx<'_>) -> Result<T, store::Error> + Send + 'static,
) -> Result<Option<T>, Error> {
    let nodes = &app.nodes;
    let Some(fence) = nodes.housekeeping_fence() else {
        return Ok(None);
    };
    let id = nodes.id.clone();
    let done = app.store.write(move |tx| {
        let is_held = leases::hold(tx, HOUSEKEEPING, &id, fence)?;
        is_held.then(|| work(tx)).transpose()
    });
    let done = done.await?;
    if done.is_none() {
        nodes.lose(fence);
    }
    Ok(done)
}
