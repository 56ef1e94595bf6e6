//! Buckets of those who present no valid credential, by address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;

use crate::model::rate_limit::{Bucket, RouteClass};

/// The addresses that asked lately.
#[derive(Default)]
pub(super) struct Strangers(Mutex<HashMap<(IpAddr, RouteClass), Bucket>>);

impl Strangers {
    /// Addresses that are remembered at most. One more, and all whose bucket is full are forgotten;
    /// when none is, one that is not is.
    const COUNT_MAX: usize = 100_000;

    /// Lends the address's bucket to `work`.
    pub(super) fn with<R>(
        &self,
        peer: IpAddr,
        class: RouteClass,
        now: Duration,
        work: impl FnOnce(&Bucket) -> R,
    ) -> R {
        let mut buckets = self.0.lock();
        if buckets.len() >= Self::COUNT_MAX && !buckets.contains_key(&(peer, class)) {
            buckets.retain(|_, bucket| !bucket.is_full(now));
            if buckets.len() >= Self::COUNT_MAX
                && let Some(any) = buckets.keys().next().copied()
            {
                buckets.remove(&any);
            }
        }
        work(buckets.entry((peer, class)).or_default())
    }
}
