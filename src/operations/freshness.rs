//! How long memory may answer alone. While the database is away, reads go on from what was loaded;
//! but a token that was revoked through another node must not be good for hours.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::model::timestamp::Timestamp;
use crate::operations::app::App;
use crate::operations::error::Error;

/// How long nobody may have looked at the database before nobody is let in.
pub const STALE_MAX: Duration = Duration::from_secs(60);

/// Whether what is in memory may still be believed. It begins as fresh.
#[derive(Default)]
pub struct Freshness {
    /// When the first look began that has not succeeded since, in milliseconds of the monotonic
    /// clock and one more; 0 when the latest look succeeded. A look that never comes back counts as
    /// one that failed.
    unseen_since: AtomicU64,
    /// The time of day when the latest look began, in milliseconds since 1970: what a request takes for
    /// now where a second does not matter. It reads no clock for that.
    coarse_now_ms: AtomicI64,
}

impl Freshness {
    /// A look at the database begins.
    pub(super) fn look_begins(&self, now: Duration, of_day: Timestamp) {
        self.coarse_now_ms
            .store(of_day.milliseconds(), Ordering::Relaxed);
        let moment = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let moment = moment.saturating_add(1);
        // If it fails it is the first one's moment that counts.
        let _first =
            self.unseen_since
                .compare_exchange(FRESH, moment, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The time of day, half a second ago or so; 0 before the first look.
    pub(super) fn coarse_now_ms(&self) -> i64 {
        self.coarse_now_ms.load(Ordering::Relaxed)
    }

    /// A look at the database succeeded.
    pub(super) fn look_succeeded(&self) {
        self.unseen_since.store(FRESH, Ordering::Relaxed);
    }
}

const FRESH: u64 = 0;

impl App {
    /// For how long looking at the database has not succeeded; zero when the latest look did.
    pub fn stale_for(&self) -> Duration {
        match self.freshness.unseen_since.load(Ordering::Relaxed) {
            FRESH => Duration::ZERO,
            moment => {
                let since = Duration::from_millis(moment - 1);
                self.clock.monotonic().saturating_sub(since)
            }
        }
    }

    /// Refuses to believe what is in memory when the database was away for too long.
    pub(super) fn assert_fresh(&self) -> Result<(), Error> {
        if self.stale_for() < STALE_MAX {
            return Ok(());
        }
        let reason = "the database has been away for too long".to_owned();
        Err(Error::Unavailable(reason))
    }
}
