//! What every operation needs, handed in once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::directory::Directory;
use crate::directory::registry::Registry;
use crate::model::environment::{Clock, Entropy};
use crate::model::grant::Grants;
use crate::model::id::Id;
use crate::model::rate_limit::{Decision, Limit, RouteClass};
use crate::model::timestamp::Timestamp;
use crate::operations::activity::Queue;
use crate::operations::error::Error;
use crate::operations::freshness::Freshness;
use crate::operations::import;
use crate::operations::limits::{Asker, Limits, RedisUrl, Sharing};
use crate::operations::looks::Looks;
use crate::operations::nodes::Nodes;
use crate::operations::overview::KeptTrends;
use crate::operations::scim_log;
use crate::store::{Store, secrets};

/// A directory server's inside: everything but the doors.
pub struct App {
    pub(super) store: Arc<Store>,
    pub(super) directory: Arc<Directory>,
    pub(super) registry: Registry,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) activity: Arc<Queue>,
    pub(super) scim_log: scim_log::Queue,
    pub(super) nodes: Nodes,
    pub(super) freshness: Freshness,
    /// How often something was held since the start: see [`super::provisioning::holds`].
    pub(super) held_total: AtomicU64,
    pub(super) trends: KeptTrends,
    /// What people may who sign in to the console through their OpenID provider.
    pub(super) grants: Grants,
    /// The turns of the imports that this node runs.
    pub(super) imports: import::jobs::Turns,
    /// The turns of who asks what an import would do.
    pub(super) rehearsals: import::rehearsal::Turns,
    limits: Limits,
    looks: Looks,
}

impl App {
    /// An app over an open store, whose images take about `image_budget_bytes`.
    pub async fn new(
        store: Store,
        image_budget_bytes: usize,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, Error> {
        let store = Arc::new(store);
        let directory = Arc::new(Directory::new(Arc::clone(&store), image_budget_bytes));
        let registry = Registry::open(Arc::clone(&store)).await?;
        let activity = Arc::new(Queue::default());
        let nodes = Nodes::new(&*entropy);
        Ok(Self {
            store,
            directory,
            registry,
            clock,
            entropy,
            activity,
            scim_log: scim_log::Queue::default(),
            nodes,
            freshness: Freshness::default(),
            held_total: AtomicU64::new(0),
            trends: KeptTrends::default(),
            grants: Grants::default(),
            imports: import::jobs::Turns::default(),
            rehearsals: import::rehearsal::Turns::default(),
            limits: Limits::default(),
            looks: Looks::new(),
        })
    }

    /// Shares the rate limits through Redis with every node on this database; a request waits for it
    /// as long as `patience`. A Redis that does not answer is no error: see [`Limits`].
    ///
    /// The database names the keys: its nodes need no setting to find the same ones, and another
    /// deployment that uses the same Redis cannot meet them. (A copy of a database has the same name;
    /// give it another of Redis's databases, by the number in the URL.)
    pub async fn share_limits(&mut self, url: &RedisUrl, patience: Duration) -> Result<(), Error> {
        let name = self.kept_key("limits").await?;
        let name: String = name[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let now = self.clock.monotonic();
        self.limits = Limits::shared(url, patience, &name, now).await;
        Ok(())
    }

    /// Grants this to the groups that an OpenID provider names.
    pub fn grant(&mut self, grants: Grants) {
        self.grants = grants;
    }

    /// Takes a request out of the asker's bucket, if there is one left. Without Redis this does not
    /// wait.
    pub async fn take(&self, asker: Asker<'_>, class: RouteClass, limit: Limit) -> Decision {
        let now = self.clock.monotonic();
        let nodes = self.nodes.alive();
        self.limits.take(asker, class, limit, nodes, now).await
    }

    /// How the sharing of rate limits goes; `None` when they are not shared.
    pub fn sharing(&self) -> Option<Sharing> {
        self.limits.sharing()
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The clock that was handed in.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The randomness that was handed in.
    pub fn entropy(&self) -> &Arc<dyn Entropy> {
        &self.entropy
    }

    /// The nodes on this database, of which this process is one.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// The turns of those who look at all of a client's people.
    pub fn looks(&self) -> &Looks {
        &self.looks
    }

    /// A new id.
    pub fn new_id(&self) -> Id {
        self.entropy.new_id(self.now())
    }

    /// A key of 32 random bytes in hexadecimal digits, made once and kept with the data.
    pub async fn kept_key(&self, name: &'static str) -> Result<[u8; 32], Error> {
        let mut fresh = [0; 32];
        self.entropy.fill(&mut fresh);
        let fresh = crate::model::token::TokenHash(fresh).to_hex();
        let kept = self
            .store
            .write(move |tx| secrets::find_or_insert(tx, name, &fresh))
            .await
            .map_err(Error::from)?;
        crate::model::token::TokenHash::from_hex(&kept)
            .map(|key| key.0)
            .ok_or_else(|| Error::Internal(format!("the key {name} cannot be read")))
    }

    /// How many images are loaded, and their bytes.
    pub fn images(&self) -> (usize, usize) {
        self.directory.size()
    }

    /// How often something was held of what identity providers asked for, since the start, and of how
    /// many people of the loaded clients something is now.
    pub fn holds(&self) -> (u64, usize) {
        let total = self.held_total.load(Ordering::Relaxed);
        (total, self.directory.held_count())
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), Error> {
        self.store
            .read(crate::store::registry::number)
            .await
            .map(drop)
            .map_err(Error::from)
    }
}
