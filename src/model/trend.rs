//! How many of the people that there were on each day had been seen lately, as far as whole days tell.

use crate::model::days::Day;

/// Days that a trend is about: a quarter of a year.
pub const TREND_DAYS: i32 = 90;
/// Longest time, in days, within which somebody counts as active.
pub const THRESHOLD_DAYS_MAX: i32 = 30;

/// One day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrendDay {
    /// Which.
    pub day: Day,
    /// People who were seen on that day, or as few days before it as the threshold says.
    pub active: u64,
    /// All others that there were.
    pub stale: u64,
}

/// People who are counted one by one.
pub struct Counting {
    first: Day,
    threshold_days: i32,
    /// How many more people there are than on the day before.
    more: [i64; TREND_DAYS as usize + 1],
    active: [u64; TREND_DAYS as usize],
}

impl Counting {
    /// Begins to count for the days up to `last`. Who was seen on a day is active on it and on those
    /// behind it, `threshold_days` days in all: with two, who was seen that day or the day before.
    pub fn until(last: Day, threshold_days: i32) -> Self {
        Self {
            first: last.plus(1 - TREND_DAYS),
            threshold_days: threshold_days.clamp(1, THRESHOLD_DAYS_MAX),
            more: [0; TREND_DAYS as usize + 1],
            active: [0; TREND_DAYS as usize],
        }
    }

    /// The first day on which it matters whether somebody was seen.
    pub fn seen_since(&self) -> Day {
        self.first.plus(1 - self.threshold_days)
    }

    /// Counts somebody who is there from the day `created` until before the day `deleted`, and was seen
    /// on the days whose bits are set, of which the lowest is for [`Self::seen_since`].
    pub fn add(&mut self, created: Day, deleted: Option<Day>, seen: u128) {
        let begin = self.place(created);
        let end = deleted.map_or(TREND_DAYS as usize, |day| self.place(day));
        if begin >= end {
            return;
        }
        self.more[begin] += 1;
        self.more[end] -= 1;
        // A day's bit says that they were seen on it or on one of the threshold's days before it.
        let seen_lately = (0..self.threshold_days).fold(0, |days, later| days | (seen << later));
        let active = seen_lately >> (self.threshold_days - 1);
        let mut left = active & ((1 << end) - 1) & !((1 << begin) - 1);
        while left != 0 {
            self.active[left.trailing_zeros() as usize] += 1;
            left &= left - 1;
        }
    }

    /// How many days of the trend are before that one.
    fn place(&self, day: Day) -> usize {
        let days = day.since(self.first).clamp(0, TREND_DAYS);
        usize::try_from(days).expect("it is not below 0")
    }

    /// The counts of each day, the earliest first.
    pub fn finish(self) -> Vec<TrendDay> {
        let mut people = 0;
        let days = self.more.iter().zip(self.active).zip(0..);
        let count = |((more, active), later): ((&i64, u64), i32)| {
            people += *more;
            TrendDay {
                day: self.first.plus(later),
                active,
                stale: people.cast_unsigned() - active,
            }
        };
        days.map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::days::Days;

    /// Somebody, in days before the last one.
    type Someone = (i32, Option<i32>, Vec<i32>);

    fn day(ago: i32) -> Day {
        Day::parse("2026-02-24").unwrap().plus(-ago)
    }

    /// The counts of one day, found by asking of everybody.
    fn naive(people: &[Someone], ago: i32, threshold_days: i32) -> TrendDay {
        let mut counts = TrendDay {
            day: day(ago),
            active: 0,
            stale: 0,
        };
        for (created, deleted, seen) in people {
            if *created < ago || deleted.is_some_and(|deleted| deleted >= ago) {
                continue;
            }
            let lately = ago..ago + threshold_days;
            if seen.iter().any(|day| lately.contains(day)) {
                counts.active += 1;
            } else {
                counts.stale += 1;
            }
        }
        counts
    }

    fn someone() -> impl Strategy<Value = Someone> {
        let seen = prop::collection::vec(-1..140, 0..20);
        (-1..200, prop::option::of(-1..200), seen)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn each_day_is_counted_as_if_it_were_alone(
            people in prop::collection::vec(someone(), 0..12),
            threshold_days in 1..=THRESHOLD_DAYS_MAX,
        ) {
            let mut counting = Counting::until(day(0), threshold_days);
            for (created, deleted, seen) in &people {
                let mut days = Days::default();
                seen.iter().for_each(|ago| days.take(day(*ago)));
                let seen = days.since(counting.seen_since());
                counting.add(day(*created), deleted.map(day), seen);
            }
            let trend = counting.finish();
            let expected = (0..TREND_DAYS).rev().map(|ago| naive(&people, ago, threshold_days));
            prop_assert_eq!(trend, expected.collect::<Vec<_>>());
        }
    }
}
