//! Days, in UTC, and sets of those on which somebody was seen.

use std::fmt;

use crate::model::digits;
use crate::model::invalid::Invalid;
use crate::model::timestamp::Timestamp;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// A day in UTC, as the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

impl Day {
    /// The day that the moment is on.
    pub fn of(moment: Timestamp) -> Self {
        let number = moment.milliseconds().div_euclid(DAY_MS);
        Self(i32::try_from(number).expect("moments end with the year 9999"))
    }

    /// Reads `2026-02-24`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_of_length = text.len() == 10;
        let begin = is_of_length.then(|| Timestamp::parse(&format!("{text}T00:00:00Z")));
        begin.flatten().map(Self::of)
    }

    /// When it begins.
    pub fn begin(self) -> Timestamp {
        Timestamp::from_milliseconds(i64::from(self.0) * DAY_MS)
    }

    /// The day that many days later (earlier, when negative), held within the bounds of moments.
    pub fn plus(self, days: i32) -> Self {
        let number = i64::from(self.0) + i64::from(days);
        Self::of(Timestamp::from_milliseconds(number * DAY_MS))
    }

    /// How many days it is later than `other`; negative when it is earlier.
    pub fn since(self, other: Self) -> i32 {
        self.0.saturating_sub(other.0)
    }

    /// Which day of its week it is, from 0 for Monday to 6.
    pub fn of_week(self) -> i32 {
        // The epoch was a Thursday.
        (self.0 + 3).rem_euclid(7)
    }

    /// The first day of those that are kept on this one, which is the last of them.
    pub fn first_kept(self) -> Self {
        self.plus(1 - DAYS_KEPT)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = self.begin().digits_with_seconds();
        let date = std::str::from_utf8(&moment[..10]).expect("digits and signs are ASCII");
        formatter.write_str(date)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Days without a gap, of which there are as many as are kept at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    start: Day,
    end: Day,
}

impl Period {
    /// Days of a period that begins and ends as nobody said.
    const DEFAULT_DAYS: i32 = 30;

    /// The period from `start` to `end`, both included: where it is not said it ends `today`, and begins
    /// 29 days before it ends.
    pub fn of(start: Option<Day>, end: Option<Day>, today: Day) -> Result<Self, Invalid> {
        let end = end.unwrap_or(today);
        let start = start.unwrap_or_else(|| end.plus(1 - Self::DEFAULT_DAYS));
        if start > end {
            let reason = format!("start_date must not be after end_date, which is {end}");
            return Err(Invalid::new("start_date", reason));
        }
        if end.since(start) >= DAYS_KEPT {
            let reason = format!("start_date must be less than {DAYS_KEPT} days before end_date");
            return Err(Invalid::new("start_date", reason));
        }
        Ok(Self { start, end })
    }

    /// Its first day.
    pub fn start(self) -> Day {
        self.start
    }

    /// Its last day.
    pub fn end(self) -> Day {
        self.end
    }

    /// Its days, the first one first.
    pub fn days(self) -> impl Iterator<Item = Day> {
        let count = self.end.since(self.start);
        (0..=count).map(move |later| self.start.plus(later))
    }
}

/// How many days are remembered, the latest included: a year, and some weeks to compare it with.
pub const DAYS_KEPT: i32 = 400;

const WORD_BITS: usize = 64;
const WORDS: usize = (DAYS_KEPT as usize).div_ceil(WORD_BITS);

/// A set of days, none of them [`DAYS_KEPT`] or more before the latest.
///
/// In whatever order days are taken and sets are merged, the same is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Days(Option<Kept>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kept {
    latest: Day,
    /// The bit of the day that is `n` days before the latest is the `n`-th from the top, which is
    /// therefore always set.
    words: [u64; WORDS],
}

impl Kept {
    fn contains(&self, days_ago: i32) -> bool {
        place(days_ago).is_some_and(|(word, bit)| self.words[word] & bit != 0)
    }

    fn set(&mut self, days_ago: i32) {
        if let Some((word, bit)) = place(days_ago) {
            self.words[word] |= bit;
        }
    }

    /// The same days with the bits counted from a later one: all at once, since a fold does this for
    /// everybody who was seen.
    fn moved_to(&self, later: Day) -> Self {
        const LAST_WORD: u64 = !(u64::MAX >> (DAYS_KEPT as usize % WORD_BITS));
        let by = usize::try_from(later.since(self.latest)).unwrap_or_default();
        let (whole, part) = (by / WORD_BITS, by % WORD_BITS);
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate().skip(whole) {
            let from = index - whole;
            *word = self.words[from] >> part;
            if part > 0 && from > 0 {
                *word |= self.words[from - 1] << (WORD_BITS - part);
            }
        }
        words[WORDS - 1] &= LAST_WORD;
        let latest = later;
        Self { latest, words }
    }

    fn days(&self) -> impl Iterator<Item = Day> {
        let ago = (0..DAYS_KEPT).rev().filter(|ago| self.contains(*ago));
        ago.map(|ago| self.latest.plus(-ago))
    }
}

/// The word and the bit of the day that many days before the latest, if it is kept.
fn place(days_ago: i32) -> Option<(usize, u64)> {
    let ago = usize::try_from(days_ago).ok()?;
    let is_kept = days_ago < DAYS_KEPT;
    is_kept.then(|| (ago / WORD_BITS, 1 << (WORD_BITS - 1 - ago % WORD_BITS)))
}

impl Days {
    /// Takes a day in.
    pub fn take(&mut self, day: Day) {
        let kept = match self.0 {
            None => Kept {
                latest: day,
                words: [0; WORDS],
            },
            Some(kept) if day > kept.latest => kept.moved_to(day),
            Some(kept) => kept,
        };
        self.0.insert(kept).set(kept.latest.since(day));
    }

    /// Takes all of `other`'s days in.
    pub fn merge(&mut self, other: &Self) {
        let (Some(ours), Some(theirs)) = (self.0, other.0) else {
            self.0 = self.0.or(other.0);
            return;
        };
        let latest = ours.latest.max(theirs.latest);
        let (mut all, theirs) = (ours.moved_to(latest), theirs.moved_to(latest));
        for (word, more) in all.words.iter_mut().zip(theirs.words) {
            *word |= more;
        }
        self.0 = Some(all);
    }

    /// Forgets the days before `first`.
    pub fn forget_before(&mut self, first: Day) {
        // As a rule nothing is that old.
        if self
            .latest()
            .is_some_and(|latest| latest.first_kept() < first)
        {
            let all = std::mem::take(self);
            let later = all.iter().filter(|day| *day >= first);
            later.for_each(|day| self.take(day));
        }
    }

    /// Whether the day is one of them.
    pub fn contains(&self, day: Day) -> bool {
        let kept = self.0.as_ref();
        kept.is_some_and(|kept| kept.contains(kept.latest.since(day)))
    }

    /// Which of the 128 days from `first` on are among them: the lowest bit is for `first` itself.
    pub fn since(&self, first: Day) -> u128 {
        const BITS: i32 = u128::BITS.cast_signed();
        let Some(kept) = self.0 else { return 0 };
        let latest = kept.latest.since(first);
        if latest < 0 {
            return 0;
        }
        if latest >= BITS {
            // Nobody was seen in the days to come: seldom asked, and not made fast.
            let bits = self.iter().map(|day| day.since(first));
            let bits = bits.filter(|bit| (0..BITS).contains(bit));
            return bits.fold(0, |all, bit| all | 1 << bit);
        }
        let backwards = u128::from(kept.words[0]) << WORD_BITS | u128::from(kept.words[1]);
        backwards >> (BITS - 1 - latest)
    }

    /// The latest of them.
    pub fn latest(&self) -> Option<Day> {
        self.0.map(|kept| kept.latest)
    }

    /// The days, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = Day> {
        self.0.iter().flat_map(Kept::days)
    }

    /// The text that is stored: the latest day's number, a point, and bits in hexadecimal digits, the
    /// first of which is the latest day's and the last of which has a bit set. Nothing for no day.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if let Some(kept) = &self.0 {
            text = format!("{}.", kept.latest.0);
            let bits = kept.words.iter().map(|word| format!("{word:016x}"));
            text.push_str(bits.collect::<String>().trim_end_matches('0'));
        }
        text
    }

    /// Reads what [`Self::to_text`] wrote; `None` when it did not.
    pub fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let (latest, bits) = text.split_once('.')?;
        let mut words = [0; WORDS];
        if bits.is_empty() || bits.len() > DAYS_KEPT as usize / 4 {
            return None;
        }
        for (word, digits) in words.iter_mut().zip(bits.as_bytes().chunks(WORD_BITS / 4)) {
            let missing = WORD_BITS - 4 * digits.len();
            *word = digits::read_hexadecimal(digits)? << missing;
        }
        let latest = Day(latest.parse().ok()?);
        let kept = Kept { latest, words };
        kept.contains(0).then_some(Self(Some(kept)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn day(number: i32) -> Day {
        Day(number)
    }

    /// Those of the days that are kept, found without any bits.
    fn kept(days: &[i32]) -> Vec<Day> {
        let latest = days.iter().max().copied().unwrap_or_default();
        let days: BTreeSet<i32> = days.iter().copied().collect();
        let kept = days.into_iter().filter(|day| *day > latest - DAYS_KEPT);
        kept.map(day).collect()
    }

    fn of(days: &[i32]) -> Days {
        let mut all = Days::default();
        days.iter().for_each(|number| all.take(day(*number)));
        all
    }

    fn some_days() -> impl Strategy<Value = Vec<i32>> {
        prop::collection::vec(prop_oneof![-50..900, 20_000..20_450], 0..40)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn the_latest_400_days_are_known_in_whatever_order_they_come(
            days in some_days(),
            more in some_days(),
            first in -10..1_000,
        ) {
            let set = of(&days);
            prop_assert_eq!(set.iter().collect::<Vec<_>>(), kept(&days));
            prop_assert_eq!(set.latest().map(|day| day.0), days.iter().max().copied());
            let (mut merged, mut other) = (set, of(&more));
            merged.merge(&other);
            other.merge(&set);
            prop_assert_eq!(merged, other);
            let all = [days, more].concat();
            prop_assert_eq!(merged.iter().collect::<Vec<_>>(), kept(&all));
            for number in -60..900 {
                prop_assert_eq!(merged.contains(day(number)), kept(&all).contains(&day(number)));
            }
            let bits = merged.since(day(first));
            for bit in 0..128 {
                prop_assert_eq!(bits >> bit & 1 == 1, merged.contains(day(first + bit)));
            }
            let mut later = merged;
            later.forget_before(day(first));
            let mut expected = kept(&all);
            expected.retain(|known| *known >= day(first));
            prop_assert_eq!(later.iter().collect::<Vec<_>>(), expected);
        }

        #[test]
        fn a_set_is_read_as_it_was_written(days in some_days()) {
            let set = of(&days);
            let text = set.to_text();
            prop_assert_eq!(Days::from_text(&text), Some(set), "{}", text);
            prop_assert!(text.len() <= 106);
        }

        #[test]
        fn what_was_not_written_by_us_breaks_nothing(text in "-?[0-9]{0,3}[.]?[0-9a-f]{0,110}") {
            if let Some(set) = Days::from_text(&text) {
                prop_assert_eq!(Days::from_text(&set.to_text()), Some(set));
            }
        }
    }

    #[test]
    fn a_set_is_written_in_few_letters() {
        let today = Day::parse("2026-02-24").unwrap().0;
        assert_eq!(of(&[]).to_text(), "");
        assert_eq!(of(&[today]).to_text(), "20508.8");
        assert_eq!(of(&[today, today - 1, today - 7]).to_text(), "20508.c1");
        let all: Vec<i32> = (0..DAYS_KEPT).collect();
        assert_eq!(of(&all).to_text(), format!("399.{}", "f".repeat(100)));
        for text in [
            ".8", "1.", "1.4", "1.g", "x.8", "1", "1.8 ", " 1.8", "1.8.8",
        ] {
            assert_eq!(Days::from_text(text), None, "{text}");
        }
        let too_long = format!("1.8{}1", "0".repeat(99));
        assert_eq!(Days::from_text(&too_long), None);
    }

    #[test]
    fn a_period_has_as_many_days_as_are_kept_at_most() {
        let day = |text: &str| Day::parse(text).unwrap();
        let today = day("2026-02-24");
        let of = |start: Option<&str>, end: Option<&str>| {
            Period::of(start.map(day), end.map(day), today)
        };
        let both = |period: Result<Period, Invalid>| {
            let period = period.unwrap();
            let days: Vec<Day> = period.days().collect();
            assert_eq!(days[0], period.start());
            assert_eq!(days.last(), Some(&period.end()));
            format!("{} {} {}", period.start(), period.end(), days.len())
        };
        assert_eq!(both(of(None, None)), "2026-01-26 2026-02-24 30");
        assert_eq!(
            both(of(Some("2026-02-24"), None)),
            "2026-02-24 2026-02-24 1"
        );
        assert_eq!(
            both(of(None, Some("2026-03-02"))),
            "2026-02-01 2026-03-02 30"
        );
        assert_eq!(
            both(of(Some("2025-01-21"), None)),
            "2025-01-21 2026-02-24 400"
        );
        // Where days end, none is told twice.
        assert_eq!(
            both(of(None, Some("0000-01-03"))),
            "0000-01-01 0000-01-03 3"
        );
        for (start, end) in [
            (Some("2025-01-20"), None),
            (Some("2026-02-25"), None),
            (Some("2026-02-02"), Some("2026-02-01")),
            (Some("0000-01-01"), Some("9999-12-30")),
        ] {
            assert_eq!(of(start, end).unwrap_err().field, "start_date");
        }
    }

    #[test]
    fn a_day_is_read_written_and_begins_at_midnight_in_utc() {
        let day = Day::parse("2026-02-24").unwrap();
        assert_eq!(day.to_string(), "2026-02-24");
        assert_eq!(day.begin().with_seconds(), "2026-02-24T00:00:00Z");
        let last = day.plus(1).begin().plus_milliseconds(-1);
        assert_eq!(Day::of(last), day);
        assert_eq!(day.plus(-55).to_string(), "2025-12-31");
        assert_eq!(day.since(day.plus(-55)), 55);
        assert_eq!(day.first_kept().to_string(), "2025-01-21");
        let before = Timestamp::parse("1969-12-31T23:59:59Z").unwrap();
        assert_eq!(Day::of(before).to_string(), "1969-12-31");
        for text in [
            "",
            "2026-2-24",
            "2026-02-30",
            "24-02-2026",
            "2026-02-24T",
            "2026/02/24",
        ] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}
