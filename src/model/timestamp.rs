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
const DAY_MS: i64 = 24 * 3_600 * SECOND_MS;

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
        as_string(&self.digits_with_milliseconds())
    }

    /// The same, letter by letter. A page has hundreds of these, and jiff's printer took a third of
    /// the time that it takes to write one.
    pub fn digits_with_milliseconds(self) -> [u8; 24] {
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let fraction = self.print_seconds(&mut text);
        put(&mut text, 20, fraction / 10);
        text[22] = b'0' + (fraction % 10) as u8;
        text
    }

    /// `2023-05-14T09:30:00Z`: whole seconds (the Identity Gateway's form).
    pub fn with_seconds(self) -> String {
        as_string(&self.digits_with_seconds())
    }

    /// The same, letter by letter.
    pub fn digits_with_seconds(self) -> [u8; 20] {
        let mut text = *b"0000-00-00T00:00:00Z";
        self.print_seconds(&mut text);
        text
    }

    /// Prints all but the milliseconds, which it answers.
    fn print_seconds<const LENGTH: usize>(self, text: &mut [u8; LENGTH]) -> u32 {
        let since_earliest = (self.0.get() - 1) as u64;
        let (year, month, day) = date((since_earliest / DAY_MS as u64) as u32);
        let of_day = (since_earliest % DAY_MS as u64) as u32;
        let (seconds, fraction) = (of_day / 1_000, of_day % 1_000);
        let (minutes, hours) = (seconds / 60, seconds / 3_600);
        put(text, 0, year / 100);
        put(text, 2, year % 100);
        put(text, 5, month);
        put(text, 8, day);
        put(text, 11, hours);
        put(text, 14, minutes - hours * 60);
        put(text, 17, seconds - minutes * 60);
        fraction
    }
}

/// The Gregorian year, month and day that lie `days` after 0000-01-01. Years begin in March here, so
/// that the leap day is the last one, and divisions are multiplications (Neri and Schneider,
/// "Euclidean affine functions and their application to calendar algorithms", 2022).
fn date(days: u32) -> (u32, u32, u32) {
    const FROM_400_YEARS_BEFORE: u32 = 146_097 - 60; // days since March of the year -400
    let quarters = 4 * (days + FROM_400_YEARS_BEFORE) + 3;
    let (century, of_century) = (quarters / 146_097, quarters % 146_097 / 4);
    let product = 2_939_745 * u64::from(4 * of_century + 3);
    let (of_century, of_year) = ((product >> 32) as u32, product as u32 / 2_939_745 / 4);
    let months = 2_141 * of_year + 197_913;
    let (month, day) = (months >> 16, (months & 0xffff) / 2_141 + 1);
    let year = 100 * century + of_century;
    // The first two months of a year come last in the one before.
    if month > 12 {
        (year - 399, month - 12, day)
    } else {
        (year - 400, month, day)
    }
}

/// Writes a number below 100 with two digits.
fn put(text: &mut [u8], at: usize, number: u32) {
    const PAIRS: [[u8; 2]; 100] = {
        let mut pairs = [[0; 2]; 100];
        let mut number = 0;
        while number < 100 {
            pairs[number] = [b'0' + number as u8 / 10, b'0' + number as u8 % 10];
            number += 1;
        }
        pairs
    };
    text[at..at + 2].copy_from_slice(&PAIRS[number as usize]);
}

fn as_string(digits: &[u8]) -> String {
    String::from_utf8(digits.to_vec()).expect("digits and signs are ASCII")
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
