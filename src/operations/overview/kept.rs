//! Trends that were made a moment ago: each takes a look at every day of every person.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use crate::model::id::ClientId;
use crate::model::trend::TrendDay;

/// How long one is as good as a new one: of 90 days, a minute does not show.
const KEPT_FOR: Duration = Duration::from_secs(60);
/// How many are kept at most, of 2 kB each.
const KEPT_MAX: usize = 256;

/// Whose trend, and by which threshold in days.
type Question = (ClientId, i32);

/// The latest ones, the oldest first.
#[derive(Default)]
pub(in crate::operations) struct KeptTrends(Mutex<Vec<Kept>>);

struct Kept {
    question: Question,
    made: Duration,
    trend: Arc<[TrendDay]>,
}

impl KeptTrends {
    /// The trend, if it was made less than a minute ago.
    pub(super) fn find(&self, question: Question, now: Duration) -> Option<Arc<[TrendDay]>> {
        let kept = self.0.lock();
        let mut fresh = kept.iter().rev().filter(|kept| is_fresh(kept, now));
        let found = fresh.find(|kept| kept.question == question);
        found.map(|kept| Arc::clone(&kept.trend))
    }

    /// Keeps a trend that was made just now, in the place of the oldest when there are too many.
    pub(super) fn keep(&self, question: Question, trend: Arc<[TrendDay]>, now: Duration) {
        let mut kept = self.0.lock();
        kept.retain(|kept| is_fresh(kept, now) && kept.question != question);
        if kept.len() >= KEPT_MAX {
            kept.remove(0);
        }
        kept.push(Kept {
            question,
            made: now,
            trend,
        });
    }
}

fn is_fresh(kept: &Kept, now: Duration) -> bool {
    now.saturating_sub(kept.made) < KEPT_FOR
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::Id;

    #[test]
    fn a_trend_is_kept_for_a_minute_and_only_so_many() {
        let kept = KeptTrends::default();
        let client = |number: usize| {
            ClientId(Id::parse(&format!("0190a000-0000-7000-8000-{number:012x}")).unwrap())
        };
        let second = Duration::from_secs;
        for number in 0..=KEPT_MAX {
            kept.keep((client(number), 2), Arc::from([]), second(10));
        }
        assert_eq!(kept.0.lock().len(), KEPT_MAX);
        assert!(kept.find((client(0), 2), second(11)).is_none());
        assert!(kept.find((client(1), 2), second(69)).is_some());
        assert!(kept.find((client(1), 3), second(11)).is_none());
        assert!(kept.find((client(1), 2), second(70)).is_none());
        kept.keep((client(1), 2), Arc::from([]), second(70));
        assert_eq!(kept.0.lock().len(), 1);
    }
}
