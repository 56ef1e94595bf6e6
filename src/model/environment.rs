//! What a program takes from the world without asking: the time and chance. Both are handed in, so
//! that tests decide them.

use std::time::Duration;

use crate::model::id::Id;
use crate::model::timestamp::Timestamp;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time of day, which may jump.
    fn now(&self) -> Timestamp;
    /// Time since some moment, which never goes back.
    fn monotonic(&self) -> Duration;
}

/// Where chance comes from.
pub trait Entropy: Send + Sync {
    /// Fills the bytes with unpredictable ones.
    fn fill(&self, bytes: &mut [u8]);

    /// A new id: a UUID of version 7, so that ids ascend with time.
    fn new_id(&self, now: Timestamp) -> Id {
        let mut random = [0; 10];
        self.fill(&mut random);
        let milliseconds = u64::try_from(now.milliseconds()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random)
            .into_uuid()
            .into()
    }
}
