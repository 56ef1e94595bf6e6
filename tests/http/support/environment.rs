//! The time and chance of the tests: both do only what a test says.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use rollcall::model::environment::{Clock, Entropy};
use rollcall::model::timestamp::Timestamp;
use sha2::{Digest, Sha256};

/// A clock that stands still until it is told otherwise.
pub struct TestClock(Mutex<(Timestamp, Duration)>);

impl TestClock {
    /// Noon of the day in the Clients API's examples.
    pub fn at_noon() -> Self {
        let noon = Timestamp::parse("2026-02-24T12:00:00Z").unwrap();
        Self(Mutex::new((noon, Duration::from_secs(1_000))))
    }

    /// Lets both kinds of time pass.
    pub fn advance(&self, by: Duration) {
        let mut time = self.0.lock();
        let milliseconds = i64::try_from(by.as_millis()).unwrap();
        time.0 = time.0.plus_milliseconds(milliseconds);
        time.1 += by;
    }

    /// Sets the time of day alone, which may jump either way.
    pub fn set(&self, now: &str) {
        self.0.lock().0 = Timestamp::parse(now).unwrap();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.0.lock().0
    }

    fn monotonic(&self) -> Duration {
        self.0.lock().1
    }
}

/// Chance that is the same in each run and different in each call. It is counted by length, so that
/// one more secret does not change the ids in every snapshot.
#[derive(Default)]
pub struct TestEntropy(Mutex<HashMap<usize, u64>>);

/// The random part of a UUID.
const ID_BYTES: usize = 10;

impl Entropy for TestEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        let mut counters = self.0.lock();
        let counter = counters.entry(bytes.len()).or_default();
        *counter += 1;
        if bytes.len() == ID_BYTES {
            // Ids that a reader of a snapshot can tell apart.
            bytes.fill(0);
            bytes[ID_BYTES - 8..].copy_from_slice(&counter.to_be_bytes());
            return;
        }
        for (block, chunk) in bytes.chunks_mut(32).enumerate() {
            let seed = format!("{} {counter} {block}", chunk.len());
            chunk.copy_from_slice(&Sha256::digest(seed)[..chunk.len()]);
        }
    }
}
