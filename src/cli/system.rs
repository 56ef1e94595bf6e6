//! The operating system's time and chance: the only place that asks for them. Everything else is
//! handed a `Clock` and an `Entropy`.

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime};

use crate::model::environment::{Clock, Entropy};
use crate::model::timestamp::Timestamp;

/// The machine's clock.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The machine's clock; its monotonic time begins now.
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the clock that is handed in"
    )]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the clock that is handed in"
    )]
    fn now(&self) -> Timestamp {
        // A machine set to a time before 1970 gets the epoch: nothing sensible was signed then.
        let since_epoch = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_milliseconds(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// What one system call fetches for ids.
const BLOCK_BYTES: usize = 512;
/// The longest request that is served from a block: an id. Secrets are longer.
const ID_BYTES_MAX: usize = 16;

/// The operating system's randomness.
///
/// Every request takes an id, and a system call each would cost more than most of what else is
/// done for it, so a thread fetches the bytes of 32 ids at once. Keys and tokens come straight from
/// the system and lie nowhere in between.
#[derive(Debug, Default, Clone, Copy)]
pub struct OsEntropy;

struct Block {
    bytes: [u8; BLOCK_BYTES],
    used: usize,
}

thread_local! {
    static BLOCK: RefCell<Block> = const {
        RefCell::new(Block { bytes: [0; BLOCK_BYTES], used: BLOCK_BYTES })
    };
}

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > ID_BYTES_MAX {
            from_system(bytes);
            return;
        }
        BLOCK.with_borrow_mut(|block| {
            if block.used + bytes.len() > BLOCK_BYTES {
                from_system(&mut block.bytes);
                block.used = 0;
            }
            let end = block.used + bytes.len();
            bytes.copy_from_slice(&block.bytes[block.used..end]);
            block.used = end;
        });
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the randomness that is handed in"
)]
fn from_system(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("a system without randomness can run no server");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat_across_blocks_and_long_requests() {
        let mut seen = HashSet::new();
        for length in [16, 10, 64, 1].repeat(200) {
            let mut bytes = vec![0; length];
            OsEntropy.fill(&mut bytes);
            assert!(length < 10 || seen.insert(bytes), "{length} bytes repeated");
        }
    }

    #[test]
    fn the_clock_tells_a_time_of_this_century_and_never_goes_back() {
        let clock = SystemClock::new();
        assert!(clock.now() > Timestamp::parse("2026-01-01T00:00:00Z").unwrap());
        let earlier = clock.monotonic();
        assert!(clock.monotonic() >= earlier);
    }
}
