//! How often who may ask, counted here or together with other nodes.
//!
//! Without Redis each node counts alone, and lets through the whole limit: n nodes behind a balancer
//! that spreads a caller's requests let through n times as much. With Redis (`redis_url`) there is
//! one bucket for all of them, which every request asks.
//!
//! When Redis is away, slow or refuses, requests are neither refused nor let through unlimited: each
//! node counts alone again, with the limit divided by the nodes that are alive. The divided limit is
//! also what the headers then tell: the three numbers are of the bucket that is enforced, and a
//! consumer that slows down by the share that remains is right to do so. Each node begins where the
//! shared bucket was at its last answer: who had used up a limit does not get another by Redis going
//! away. (What nodes count in the meantime is not told to Redis when it is back, where the bucket has
//! filled up for as long: an outage gives nobody more than one limit on top.)
//!
//! A question may take [`PATIENCE`]. After the first that fails nobody asks for a second; then one request
//! has Redis tried beside it, without waiting, and so on each second until that succeeds.
//!
//! What strangers may make us look up in the database (`directory/registry.rs`) stays each node's
//! own: it is the node's work that it bounds.

mod redis;
mod strangers;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use self::redis::RedisUrl;
use self::redis::{Redis, Unanswered};
use self::strangers::Strangers;
use crate::directory::registry::Buckets;
use crate::model::id::{KeyId, TokenId};
use crate::model::rate_limit::{Bucket, Decision, Limit, RouteClass, decide};

/// How long a request waits for Redis.
pub const PATIENCE: Duration = Duration::from_millis(50);

/// How long nobody asks Redis after it failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Whose bucket a request is taken out of. Neither a secret nor its hash: Redis gets to see this.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// The bearer of one of our tokens.
    Token(&'a TokenId, &'a Buckets),
    /// The bearer of what an instance's key signed.
    Key(&'a KeyId, &'a Buckets),
    /// Somebody without a valid credential, by address.
    Stranger(IpAddr),
}

/// How the sharing of limits goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sharing {
    /// Whether Redis is asked; false while each node counts alone.
    pub is_up: bool,
    /// Requests that were counted here because Redis did not answer.
    pub fallbacks: u64,
}

/// The buckets of all who ask.
#[derive(Default)]
pub struct Limits {
    strangers: Strangers,
    shared: Option<Arc<Shared>>,
}

impl Limits {
    /// Limits that are shared through Redis by all nodes with the same `deployment`; `patience`
    /// is how long a request may wait ([`PATIENCE`]). When Redis is not there yet, it will be tried
    /// again by requests.
    pub async fn shared(
        url: &RedisUrl,
        patience: Duration,
        deployment: &str,
        now: Duration,
    ) -> Self {
        let shared = Shared {
            redis: Redis::new(url, patience),
            prefix: format!("rollcall:limit:{deployment}"),
            again_at_us: AtomicU64::new(UP),
            trial: Arc::default(),
            fallbacks: AtomicU64::new(0),
        };
        if let Err(error) = shared.reconnect().await {
            shared.fail(&error, now);
        }
        Self {
            strangers: Strangers::default(),
            shared: Some(Arc::new(shared)),
        }
    }

    /// Takes a request out of the asker's bucket at `now` (of the monotonic clock), if there is one
    /// left; `nodes` of us are alive. Without Redis this does not wait.
    pub async fn take(
        &self,
        asker: Asker<'_>,
        class: RouteClass,
        limit: Limit,
        nodes: usize,
        now: Duration,
    ) -> Decision {
        match &self.shared {
            None => self.take_here(asker, class, limit, now),
            // In a box, so that requests of a server without Redis do not carry its room around.
            Some(shared) => match Box::pin(shared.ask(asker, class, limit, now)).await {
                Some(owed_us) => {
                    let (decision, owed_us) = decide(limit, owed_us);
                    self.with_bucket(asker, class, now, |bucket| bucket.set(owed_us, now));
                    decision
                }
                None => {
                    shared.fallbacks.fetch_add(1, Ordering::Relaxed);
                    self.take_here(asker, class, limit.divided(nodes), now)
                }
            },
        }
    }

    /// How the sharing goes; `None` when limits are not shared.
    pub fn sharing(&self) -> Option<Sharing> {
        self.shared.as_ref().map(|shared| Sharing {
            is_up: shared.again_at_us.load(Ordering::Relaxed) == UP,
            fallbacks: shared.fallbacks.load(Ordering::Relaxed),
        })
    }

    fn take_here(
        &self,
        asker: Asker<'_>,
        class: RouteClass,
        limit: Limit,
        now: Duration,
    ) -> Decision {
        self.with_bucket(asker, class, now, |bucket| bucket.take(limit, now))
    }

    fn with_bucket<R>(
        &self,
        asker: Asker<'_>,
        class: RouteClass,
        now: Duration,
        work: impl FnOnce(&Bucket) -> R,
    ) -> R {
        match asker {
            Asker::Token(_, buckets) | Asker::Key(_, buckets) => work(buckets.of(class)),
            Asker::Stranger(peer) => self.strangers.with(peer, class, now, work),
        }
    }
}

/// [`Shared::again_at_us`] while Redis answers.
const UP: u64 = 0;

/// The buckets in Redis, and whether it answers.
struct Shared {
    redis: Redis,
    /// Keeps apart the deployments that use one Redis.
    prefix: String,
    /// From when on Redis may be tried again, in microseconds of the monotonic clock, or [`UP`].
    again_at_us: AtomicU64,
    /// Held by the one who tries.
    trial: Arc<tokio::sync::Mutex<()>>,
    fallbacks: AtomicU64,
}

impl Shared {
    /// What the asker's bucket owed before this request, in microseconds; `None` when Redis does not
    /// answer.
    async fn ask(
        self: &Arc<Self>,
        asker: Asker<'_>,
        class: RouteClass,
        limit: Limit,
        now: Duration,
    ) -> Option<u64> {
        let again_at_us = self.again_at_us.load(Ordering::Relaxed);
        if again_at_us != UP {
            self.try_again(again_at_us, now);
            return None;
        }
        let (prefix, class) = (&self.prefix, class.name());
        let key = match asker {
            Asker::Token(id, _) => format!("{prefix}:{class}:token:{id}"),
            Asker::Key(id, _) => format!("{prefix}:{class}:key:{id}"),
            Asker::Stranger(peer) => format!("{prefix}:{class}:address:{peer}"),
        };
        match self.redis.take(&key, limit).await {
            Ok(taken) => Some(taken.owed_us),
            Err(error) => {
                self.fail(&error, now);
                None
            }
        }
    }

    /// Begins a while in which nobody asks.
    fn fail(&self, error: &Unanswered, now: Duration) {
        if self.move_on(UP, now) {
            tracing::warn!(%error, "Redis does not answer: each node counts rate limits alone");
        }
    }

    /// Has Redis tried beside this request, if it is time and nobody is at it.
    fn try_again(self: &Arc<Self>, again_at_us: u64, now: Duration) {
        if microseconds(now) < again_at_us {
            return;
        }
        let Ok(turn) = Arc::clone(&self.trial).try_lock_owned() else {
            return;
        };
        if !self.move_on(again_at_us, now) {
            return;
        }
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = turn;
            match shared.reconnect().await {
                Ok(()) => {
                    shared.again_at_us.store(UP, Ordering::Relaxed);
                    tracing::info!("Redis answers again: rate limits are shared");
                }
                Err(error) => tracing::debug!(%error, "Redis still does not answer"),
            }
        });
    }

    /// Lets nobody ask until a while from `now`, unless somebody else did so first.
    fn move_on(&self, from: u64, now: Duration) -> bool {
        let again_at_us = microseconds(now + RETRY_AFTER);
        let order = Ordering::Relaxed;
        self.again_at_us
            .compare_exchange(from, again_at_us, order, order)
            .is_ok()
    }

    /// Tries on a bucket of its own all that requests will need: the way there, the script, writing.
    async fn reconnect(&self) -> Result<(), Unanswered> {
        let key = format!("{}:trial", self.prefix);
        let limit = Limit::per_minute(60).expect("60 a minute is a limit");
        self.redis.reconnect(&key, limit).await
    }
}

fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
