//! Waiting for another process, with a bound.

use std::{
    thread,
    time::{Duration, Instant},
};

/// Generous, because the machine may be busy building: it is the bound of a failure, not a pace.
const BOUND: Duration = Duration::from_secs(60);

/// Short against the time that a server needs to start, and still cheap to wake up for.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks again and again until there is an answer, good or bad. `None` when the bound has passed.
pub(crate) fn until_some<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        let answer = ask();
        if answer.is_some() || start.elapsed() > BOUND {
            return answer;
        }
        thread::sleep(PAUSE);
    }
}
