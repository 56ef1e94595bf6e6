//! Moments, in whole milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;
use std::num::NonZeroI64;

/// A moment between the year 0000 and the last days of 9999, exact to the millisecond.
///
/// It is kept as milliseconds since just before the earliest one, which is never zero: so a moment
/// that may be absent takes no more room than one that is there, and there are millions of those.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(NonZeroI64);

const EARLIEST_MS: i64 = -62_167_219_200_000; // 0000-01-01T00:00:00Z
const LATEST_MS: i64 = 253_402_207_199_999; // 9999-12-30T21:59:59.999Z, where jiff ends

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Timestamp {
    /// The moment that lies `milliseconds` after the epoch, held within the bounds.
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        let since_before = milliseconds.clamp(EARLIEST_MS, LATEST_MS) - (EARLIEST_MS - 1);
        Self(NonZeroI64::new(since_before).expect("no moment is before the earliest"))
    }

    /// Milliseconds since the epoch.
    pub fn milliseconds(self) -> i64 {
        self.0.get() + (EARLIEST_MS - 1)
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.milliseconds().div_euclid(SECOND_MS)
    }

    /// The same moment without its fraction of a second.
    pub fn whole_seconds(self) -> Self {
        Self::from_milliseconds(self.seconds() * SECOND_MS)
    }

    /// The moment `milliseconds` later (earlier, when negative).
    pub fn plus_milliseconds(self, milliseconds: i64) -> Self {
        Self::from_milliseconds(self.milliseconds().saturating_add(milliseconds))
    }

    /// Reads RFC 3339 with any offset; digits below the millisecond are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        // jiff reads more than RFC 3339 (other calendars' brackets, no seconds): keep to the RFC.
        let is_rfc_3339 = bytes.len() >= 20
            && bytes.len() <= 40
            && bytes[..10]
                .iter()
                .enumerate()
                .all(|(index, byte)| match index {
                    4 | 7 => *byte == b'-',
                    _ => byte.is_ascii_digit(),
                })
            && matches!(bytes[10], b'T' | b't' | b' ')
            && bytes[13] == b':'
            && bytes[16] == b':'
            && !text.contains('[');
        if !is_rfc_3339 {
            return None;
        }
        let moment: jiff::Timestamp = text.parse().ok()?;
        let milliseconds = moment.as_nanosecond().div_euclid(1_000_000);
        let milliseconds = i64::try_from(milliseconds).ok()?;
        (EARLIEST_MS..=LATEST_MS)
            .contains(&milliseconds)
            .then(|| Self::from_milliseconds(milliseconds))
    }

    /// `2026-02-24T21:23:53.082Z`: always three decimals (the Clients API's form).
    pub fn with_milliseconds(self) -> String {
        let mut text = Vec::with_capacity(24);
        self.print_with_milliseconds(&mut text);
        String::from_utf8(text).expect("digits and signs are ASCII")
    }

    /// The same, written behind `out`. A page has hundreds of these, and jiff's printer took a
    /// third of the time that it takes to write one.
    pub fn print_with_milliseconds(self, out: &mut Vec<u8>) {
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let fraction = self.milliseconds().rem_euclid(SECOND_MS);
        self.print_seconds(&mut text);
        put(&mut text, 20, fraction / 10);
        text[22] = digit(fraction % 10);
        out.extend_from_slice(&text);
    }

    /// `2023-05-14T09:30:00Z`: whole seconds (the Identity Gateway's form).
    pub fn with_seconds(self) -> String {
        let mut text = Vec::with_capacity(20);
        self.print_with_seconds(&mut text);
        String::from_utf8(text).expect("digits and signs are ASCII")
    }

    /// The same, written behind `out`.
    pub fn print_with_seconds(self, out: &mut Vec<u8>) {
        let mut text = *b"0000-00-00T00:00:00Z";
        self.print_seconds(&mut text);
        out.extend_from_slice(&text);
    }

    fn print_seconds(self, text: &mut [u8]) {
        let milliseconds = self.milliseconds();
        let (year, month, day) = date(milliseconds.div_euclid(DAY_MS));
        let of_day = milliseconds.rem_euclid(DAY_MS);
        put(text, 0, year / 100);
        put(text, 2, year % 100);
        put(text, 5, month);
        put(text, 8, day);
        put(text, 11, of_day / HOUR_MS);
        put(text, 14, of_day % HOUR_MS / MINUTE_MS);
        put(text, 17, of_day % MINUTE_MS / SECOND_MS);
    }
}

/// The Gregorian year, month and day that lie `days` after the epoch, from the year 0000 on. Years
/// begin in March here, so that the leap day is the last one.
fn date(days: i64) -> (i64, i64, i64) {
    const ERA_DAYS: i64 = 146_097; // 400 years
    const EPOCH: i64 = 719_468; // from 0000-03-01
    // The first two months of the year 0000 lie in the era before.
    let days = days + EPOCH + ERA_DAYS;
    let (era, of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // 153 days are the five months from March to July, and again those that follow.
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..10 => (year, month + 3),
        _ => (year + 1, month - 9),
    };
    (year + (era - 1) * 400, month, day)
}

/// Writes a number below 100 with two digits.
fn put(text: &mut [u8], at: usize, number: i64) {
    text[at] = digit(number / 10);
    text[at + 1] = digit(number % 10);
}

fn digit(number: i64) -> u8 {
    b'0' + u8::try_from(number).expect("a digit is below 10")
}

impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.with_milliseconds())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.with_milliseconds())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn as_jiff_prints(moment: Timestamp, decimals: u8) -> String {
        let moment = jiff::Timestamp::from_millisecond(moment.milliseconds()).unwrap();
        let printer = jiff::fmt::temporal::DateTimePrinter::new().precision(Some(decimals));
        printer.timestamp_to_string(&moment)
    }

    #[test]
    fn every_day_is_the_one_that_jiff_says() {
        assert_eq!(size_of::<Option<Timestamp>>(), 8);
        for days in (EARLIEST_MS / DAY_MS..=LATEST_MS / DAY_MS).step_by(13) {
            let moment = Timestamp::from_milliseconds(days * DAY_MS + 86_399_999);
            assert_eq!(moment.with_milliseconds(), as_jiff_prints(moment, 3));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..Default::default() })]
        #[test]
        fn any_moment_is_printed_as_jiff_prints_it(milliseconds in EARLIEST_MS..=LATEST_MS) {
            let moment = Timestamp::from_milliseconds(milliseconds);
            prop_assert_eq!(moment.milliseconds(), milliseconds);
            prop_assert_eq!(moment.with_milliseconds(), as_jiff_prints(moment, 3));
            let whole = moment.whole_seconds();
            prop_assert_eq!(moment.with_seconds(), as_jiff_prints(whole, 0));
        }
    }

    #[test]
    fn both_printed_forms_are_the_contracts() {
        let moment = Timestamp::parse("2026-02-24T21:23:53.082Z").unwrap();
        assert_eq!(moment.with_milliseconds(), "2026-02-24T21:23:53.082Z");
        assert_eq!(moment.with_seconds(), "2026-02-24T21:23:53Z");
        let whole = Timestamp::parse("2026-02-24T10:00:00Z").unwrap();
        assert_eq!(whole.with_milliseconds(), "2026-02-24T10:00:00.000Z");
        let before = Timestamp::parse("1969-12-31T23:59:59.500Z").unwrap();
        assert_eq!(before.milliseconds(), -500);
        assert_eq!(before.with_seconds(), "1969-12-31T23:59:59Z");
        assert_eq!(
            Timestamp::from_milliseconds(i64::MIN).to_string(),
            "0000-01-01T00:00:00.000Z"
        );
        assert_eq!(
            Timestamp::from_milliseconds(i64::MAX).to_string(),
            "9999-12-30T21:59:59.999Z"
        );
    }

    #[test]
    fn offsets_are_read_and_what_is_no_rfc_3339_is_refused() {
        let moment = Timestamp::parse("2026-02-24T22:23:53.0829+01:00").unwrap();
        assert_eq!(moment.with_milliseconds(), "2026-02-24T21:23:53.082Z");
        for text in [
            "",
            "2026-02-24",
            "2026-02-24T21:23Z",
            "2026-02-24T21:23:53",
            "20260224T212353Z",
            "2026-13-24T21:23:53Z",
            "2026-02-30T21:23:53Z",
            "yesterday",
            "1771968233",
            "2026-02-24T21:23:53Z[UTC]",
            "+002026-02-24T21:23:53Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
