//! What several nodes on one PostgreSQL promise, with real processes: the built binary on loopback,
//! real connections, a database that is really stopped. Each scenario takes its own size, so that
//! the tests run short ones and the soak long ones, and panics at the first promise that is broken.

pub mod chance;
pub mod images;
pub mod kill;
pub mod load;
pub mod node;
pub mod pool;
pub mod propagation;
pub mod restarts;
pub mod stage;
pub mod start;
pub mod verify;

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

/// How soon what one node wrote is seen through the others, and how soon service is back.
pub const PROMPT: Duration = Duration::from_secs(2);
/// What no request may take longer than, whatever happens to the database.
pub const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Between two looks at something that is waited for.
const PACE: Duration = Duration::from_millis(5);

/// Durations of one kind, in milliseconds.
#[derive(Default)]
pub struct Figures(Vec<f64>);

impl Figures {
    /// One more.
    pub fn add(&mut self, duration: Duration) {
        self.0.push(duration.as_secs_f64() * 1e3);
    }

    /// Those of another as well.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The longest.
    pub fn max(&self) -> Duration {
        let longest = self.0.iter().copied().fold(0.0, f64::max);
        Duration::from_secs_f64(longest / 1e3)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let (Some(least), Some(most)) = (sorted.first(), sorted.last()) else {
            return formatter.write_str("none");
        };
        let count = sorted.len();
        let median = sorted[count / 2];
        write!(
            formatter,
            "min {least:.0} ms, median {median:.0} ms, max {most:.0} ms (of {count})"
        )
    }
}

/// Asks again and again until the answer is yes, and says how long that took since `since`.
pub async fn until(
    what: &str,
    since: Instant,
    within: Duration,
    mut ask: impl AsyncFnMut() -> bool,
) -> Duration {
    while !ask().await {
        let waited = since.elapsed();
        assert!(waited <= within, "{what}: not within {within:?}");
        tokio::time::sleep(PACE).await;
    }
    let waited = since.elapsed();
    assert!(
        waited <= within,
        "{what}: {waited:?}, and not within {within:?}"
    );
    waited
}
