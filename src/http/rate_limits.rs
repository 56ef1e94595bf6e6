//! Rate limits on the wire: the headers that tell of a bucket, and buckets for who has no token.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use axum::response::Response;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use parking_lot::Mutex;

use crate::model::rate_limit::{Bucket, Decision, Limit, RouteClass};
use crate::model::timestamp::Timestamp;

static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What `X-RateLimit-Reset` says. The gateway's text says epoch seconds, all its published values
/// are seconds that remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResetForm {
    /// Seconds until the bucket is full again.
    #[default]
    SecondsRemaining,
    /// The moment at which it will be, in seconds of UTC.
    EpochSeconds,
}

impl ResetForm {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::SecondsRemaining, Self::EpochSeconds];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondsRemaining => "seconds",
            Self::EpochSeconds => "epoch",
        }
    }
}

/// Adds the headers that tell what a bucket said.
pub fn tell(response: &mut Response, decision: &Decision, form: ResetForm, now: Timestamp) {
    let reset = match form {
        ResetForm::SecondsRemaining => i64::from(decision.reset_s),
        ResetForm::EpochSeconds => now.seconds() + i64::from(decision.reset_s),
    };
    let headers = response.headers_mut();
    headers.insert(&LIMIT, HeaderValue::from(decision.limit));
    headers.insert(&REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(&RESET, HeaderValue::from(reset));
    if !decision.allowed {
        headers.insert(RETRY_AFTER, HeaderValue::from(decision.retry_after_s));
    }
}

/// Buckets of those who present no valid credential, by address.
#[derive(Default)]
pub struct Strangers(Mutex<HashMap<(IpAddr, RouteClass), Bucket>>);

impl Strangers {
    /// Addresses that are remembered at most. One more, and all whose bucket is full are forgotten;
    /// when none is, one that is not is.
    const COUNT_MAX: usize = 100_000;

    /// Takes a request out of the address's bucket.
    pub fn take(&self, peer: IpAddr, class: RouteClass, limit: Limit, now: Duration) -> Decision {
        let mut buckets = self.0.lock();
        if buckets.len() >= Self::COUNT_MAX && !buckets.contains_key(&(peer, class)) {
            buckets.retain(|_, bucket| !bucket.is_full(now));
            if buckets.len() >= Self::COUNT_MAX
                && let Some(any) = buckets.keys().next().copied()
            {
                buckets.remove(&any);
            }
        }
        buckets.entry((peer, class)).or_default().take(limit, now)
    }
}
