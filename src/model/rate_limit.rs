//! How often one caller may ask: a bucket of a minute's requests, refilled evenly.
//!
//! The generic cell rate algorithm: a bucket is one number, the moment at which it will be full
//! again. That number is also what the headers are made of, so they cannot disagree with it.
//!
//! [`decide`] is the rule without the number's place: [`Bucket`] keeps it in this process, and nodes
//! that share a limit keep it in Redis.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const MINUTE_US: u64 = 60_000_000;

/// Routes that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RouteClass {
    /// Everything of the Clients API.
    ClientsApi,
    /// The Identity Gateway's list.
    GatewayList,
    /// The Identity Gateway's get by id.
    GatewayGet,
}

impl RouteClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ClientsApi, Self::GatewayList, Self::GatewayGet];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientsApi => "api",
            Self::GatewayList => "gateway-list",
            Self::GatewayGet => "gateway-get",
        }
    }

    /// The class of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// What holds where a token sets nothing: the contract's recommendation for the gateway (10 and
    /// 5 a second), no limit for the Clients API.
    pub fn default_limit(self) -> Option<Limit> {
        match self {
            Self::ClientsApi => None,
            Self::GatewayList => Limit::per_minute(600),
            Self::GatewayGet => Limit::per_minute(300),
        }
    }
}

/// Requests a minute, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u32);

impl Limit {
    /// The highest limit that can be set.
    pub const PER_MINUTE_MAX: u32 = 10_000_000;

    /// A limit of `requests` a minute; `None` when it is zero or absurdly high.
    pub fn per_minute(requests: u32) -> Option<Self> {
        (1..=Self::PER_MINUTE_MAX)
            .contains(&requests)
            .then_some(Self(requests))
    }

    /// Requests a minute.
    pub fn requests(self) -> u32 {
        self.0
    }

    /// This limit's share when each of `nodes` counts alone: at least one request a minute.
    pub fn divided(self, nodes: usize) -> Self {
        let nodes = u32::try_from(nodes).unwrap_or(u32::MAX).max(1);
        Self((self.0 / nodes).max(1))
    }

    /// Microseconds in which one request comes back; rounded up, so that a minute never brings back
    /// more than the limit.
    pub fn interval_us(self) -> u64 {
        MINUTE_US.div_ceil(u64::from(self.0))
    }

    /// Microseconds in which an empty bucket fills.
    pub fn capacity_us(self) -> u64 {
        self.interval_us() * u64::from(self.0)
    }
}

/// The limits that were set on a token, a class each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits([Option<Limit>; 3]);

impl Limits {
    /// The limit set for the class, else the class's own.
    pub fn of(self, class: RouteClass) -> Option<Limit> {
        self.0[class as usize].or_else(|| class.default_limit())
    }

    /// Sets the limit of a class.
    pub fn set(&mut self, class: RouteClass, limit: Limit) {
        self.0[class as usize] = Some(limit);
    }

    /// Only what was set, in the order of [`RouteClass::ALL`].
    pub fn iter(self) -> impl Iterator<Item = (RouteClass, Limit)> {
        RouteClass::ALL
            .into_iter()
            .filter_map(move |class| Some((class, self.0[class as usize]?)))
    }

    /// `api=600 gateway-list=60`: only what was set.
    pub fn to_text(self) -> String {
        let set = self
            .iter()
            .map(|(class, limit)| format!("{}={}", class.name(), limit.0));
        set.collect::<Vec<_>>().join(" ")
    }

    /// Reads what [`Self::to_text`] wrote; `None` when it is no such text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut limits = Self::default();
        for part in text.split(' ').filter(|part| !part.is_empty()) {
            let (class, requests) = part.split_once('=')?;
            limits.set(
                RouteClass::parse(class)?,
                Limit::per_minute(requests.parse().ok()?)?,
            );
        }
        Some(limits)
    }
}

/// What a bucket says to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may go on.
    pub allowed: bool,
    /// Requests a minute.
    pub limit: u32,
    /// Requests that are still in the bucket after this one.
    pub remaining: u32,
    /// Seconds until the bucket is full again, rounded up; 60 at most.
    pub reset_s: u32,
    /// Seconds until one more request fits, rounded up; 0 when allowed.
    pub retry_after_s: u32,
}

/// What is decided over a bucket that will be full in `owed_us` microseconds, and in how many it will
/// be after that.
pub fn decide(limit: Limit, owed_us: u64) -> (Decision, u64) {
    let interval_us = limit.interval_us();
    let capacity_us = limit.capacity_us();
    // A limit that was changed meanwhile must not leave somebody shut out for longer.
    let owed_us = owed_us.min(capacity_us);
    let after_us = owed_us + interval_us;
    if after_us > capacity_us {
        let refused = Decision {
            allowed: false,
            limit: limit.0,
            remaining: 0,
            reset_s: seconds_up(owed_us),
            retry_after_s: seconds_up(after_us - capacity_us).max(1),
        };
        return (refused, owed_us);
    }
    let left = (capacity_us - after_us) / interval_us;
    let allowed = Decision {
        allowed: true,
        limit: limit.0,
        remaining: u32::try_from(left).unwrap_or(u32::MAX),
        reset_s: seconds_up(after_us),
        retry_after_s: 0,
    };
    (allowed, after_us)
}

/// One caller's bucket for one class of routes. A new one is full.
#[derive(Debug, Default)]
pub struct Bucket {
    /// When it will be full again, in microseconds of the monotonic clock.
    full_at_us: AtomicU64,
}

impl Bucket {
    /// Takes one request out at `now` (of the monotonic clock), if there is one left.
    pub fn take(&self, limit: Limit, now: Duration) -> Decision {
        let now_us = microseconds(now);
        let mut full_at_us = self.full_at_us.load(Ordering::Relaxed);
        loop {
            let (decision, owed_us) = decide(limit, full_at_us.saturating_sub(now_us));
            if !decision.allowed {
                return decision;
            }
            match self.full_at_us.compare_exchange_weak(
                full_at_us,
                now_us + owed_us,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return decision,
                Err(current) => full_at_us = current,
            }
        }
    }

    /// Makes it one that will be full `owed_us` microseconds after `now`, whatever it was.
    pub fn set(&self, owed_us: u64, now: Duration) {
        let full_at_us = microseconds(now) + owed_us;
        self.full_at_us.store(full_at_us, Ordering::Relaxed);
    }

    /// Whether it is full at `now`: then forgetting it changes nothing.
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at_us.load(Ordering::Relaxed) <= microseconds(now)
    }
}

fn microseconds(time: Duration) -> u64 {
    // Half of the range: what is owed is added to it.
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 2)
}

fn seconds_up(microseconds: u64) -> u32 {
    u32::try_from(microseconds.div_ceil(1_000_000))
        .unwrap_or(u32::MAX)
        .min(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_empties_and_fills_evenly() {
        let limit = Limit::per_minute(300).unwrap();
        let bucket = Bucket::default();
        let start = Duration::from_secs(1_000);
        let first = bucket.take(limit, start);
        assert_eq!(
            (first.allowed, first.remaining, first.reset_s),
            (true, 299, 1)
        );
        for _ in 0..299 {
            assert!(bucket.take(limit, start).allowed);
        }
        let refused = bucket.take(limit, start);
        assert_eq!((refused.allowed, refused.remaining), (false, 0));
        assert_eq!((refused.reset_s, refused.retry_after_s), (60, 1));
        // 300 a minute is one each 200 ms.
        assert!(
            !bucket
                .take(limit, start + Duration::from_millis(199))
                .allowed
        );
        let next = bucket.take(limit, start + Duration::from_millis(200));
        assert_eq!((next.allowed, next.remaining, next.reset_s), (true, 0, 60));
        let half = bucket.take(limit, start + Duration::from_millis(30_200));
        assert_eq!((half.remaining, half.reset_s), (149, 31));
        assert!(bucket.is_full(start + Duration::from_secs(61)));
        assert!(!bucket.is_full(start + Duration::from_secs(31)));
    }

    #[test]
    fn a_minute_never_brings_back_more_than_the_limit() {
        for requests in [1, 7, 600, 999_999, 8_600_000, Limit::PER_MINUTE_MAX] {
            let limit = Limit::per_minute(requests).unwrap();
            assert!(limit.capacity_us() >= MINUTE_US, "{requests}");
            assert!(MINUTE_US / limit.interval_us() <= u64::from(requests));
        }
    }

    #[test]
    fn nodes_that_count_alone_share_a_limit_and_never_open_it() {
        let divided = |requests, nodes| {
            let limit = Limit::per_minute(requests).unwrap();
            limit.divided(nodes).requests()
        };
        assert_eq!(divided(600, 0), 600);
        assert_eq!(divided(600, 1), 600);
        assert_eq!(divided(600, 7), 85);
        assert_eq!(divided(3, 4), 1);
        assert_eq!(divided(3, usize::MAX), 1);
    }

    #[test]
    fn a_bucket_that_was_set_goes_on_from_there() {
        let limit = Limit::per_minute(10).unwrap();
        let bucket = Bucket::default();
        let start = Duration::from_secs(1_000);
        bucket.set(30_000_000, start);
        assert_eq!(bucket.take(limit, start).remaining, 4);
        // Half of it is owed, whatever the limit.
        bucket.set(30_000_000, start);
        assert_eq!(bucket.take(limit.divided(2), start).remaining, 1);
        bucket.set(u64::MAX / 4, start);
        let refused = bucket.take(limit, start);
        assert_eq!((refused.allowed, refused.retry_after_s), (false, 6));
    }

    #[test]
    fn limits_are_written_and_read_back() {
        let limits = Limits::parse("api=10 gateway-get=20").unwrap();
        assert_eq!(limits.to_text(), "api=10 gateway-get=20");
        assert_eq!(limits.of(RouteClass::GatewayList).unwrap().requests(), 600);
        assert_eq!(Limits::default().of(RouteClass::ClientsApi), None);
        assert_eq!(Limits::parse("api=0"), None);
        assert_eq!(Limits::parse("web=1"), None);
    }
}
