//! Moments, in whole milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;

use jiff::fmt::temporal::DateTimePrinter;

/// A moment between the year 0000 and the last days of 9999, exact to the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const EARLIEST_MS: i64 = -62_167_219_200_000; // 0000-01-01T00:00:00Z
const LATEST_MS: i64 = 253_402_207_199_999; // 9999-12-30T21:59:59.999Z, where jiff ends

static MILLISECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(3));
static SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));

impl Timestamp {
    /// The moment that lies `milliseconds` after the epoch, held within the bounds.
    pub fn from_milliseconds(milliseconds: i64) -> Self {
        Self(milliseconds.clamp(EARLIEST_MS, LATEST_MS))
    }

    /// Milliseconds since the epoch.
    pub fn milliseconds(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The same moment without its fraction of a second.
    pub fn whole_seconds(self) -> Self {
        Self(self.seconds() * 1000)
    }

    /// The moment `milliseconds` later (earlier, when negative).
    pub fn plus_milliseconds(self, milliseconds: i64) -> Self {
        Self::from_milliseconds(self.0.saturating_add(milliseconds))
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
            .then_some(Self(milliseconds))
    }

    /// `2026-02-24T21:23:53.082Z`: always three decimals (the Clients API's form).
    pub fn with_milliseconds(self) -> String {
        let mut text = String::with_capacity(24);
        self.print_with_milliseconds(&mut text);
        text
    }

    /// The same, written behind `text`.
    pub fn print_with_milliseconds(self, text: &mut String) {
        self.print(&MILLISECONDS, text);
    }

    /// `2023-05-14T09:30:00Z`: whole seconds (the Identity Gateway's form).
    pub fn with_seconds(self) -> String {
        let mut text = String::with_capacity(20);
        self.print_with_seconds(&mut text);
        text
    }

    /// The same, written behind `text`.
    pub fn print_with_seconds(self, text: &mut String) {
        self.whole_seconds().print(&SECONDS, text);
    }

    fn print(self, printer: &DateTimePrinter, text: &mut String) {
        let moment =
            jiff::Timestamp::from_millisecond(self.0).expect("both bounds lie within jiff's range");
        printer
            .print_timestamp(&moment, text)
            .expect("a String takes all that is written to it");
    }
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
    use super::*;

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
