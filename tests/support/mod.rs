//! The time and chance that tests hand in, which do what the test says; and databases.

#[macro_use]
pub mod databases;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use rollcall::model::environment::{Clock, Entropy};
use rollcall::model::timestamp::Timestamp;

/// A clock that stands still until it is moved.
pub struct HandClock {
    of_day: AtomicI64,
    monotonic: AtomicU64,
}

impl HandClock {
    /// A clock in the year 2023.
    pub fn new() -> Self {
        Self {
            of_day: AtomicI64::new(1_700_000_000_000),
            monotonic: AtomicU64::new(0),
        }
    }

    /// Moves it on. Or sets the time of day back; the other kind of time knows no way back.
    pub fn advance(&self, milliseconds: i64) {
        self.of_day.fetch_add(milliseconds, Ordering::SeqCst);
        let passed = u64::try_from(milliseconds).unwrap_or(0);
        self.monotonic.fetch_add(passed, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_milliseconds(self.of_day.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.monotonic.load(Ordering::SeqCst))
    }
}

/// Numbers that look like chance and are the same for the same seed (SplitMix64).
pub struct Dice(AtomicU64);

impl Dice {
    /// The dice of that seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.0.fetch_add(STEP, Ordering::SeqCst).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `end`.
    pub fn below(&self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    /// One of these.
    pub fn pick<'a, T>(&self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

impl Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.next().to_le_bytes()[0];
        }
    }
}
