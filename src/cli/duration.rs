//! Durations as people type them: `30m`, `12h`, `90d`, `52w`.

const SECOND_MS: i64 = 1_000;
/// The longest that can be asked for: a century.
const LONGEST_MS: i64 = 36_525 * 24 * 60 * 60 * SECOND_MS;

/// Reads a whole number and a unit (`s`, `m`, `h`, `d`, `w`); says milliseconds, at least 1,000.
pub fn parse(text: &str) -> Result<i64, String> {
    let malformed = || "a duration is a number and s, m, h, d or w: 90d".to_owned();
    let unit = text.chars().last().ok_or_else(malformed)?;
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        'w' => 7 * 24 * 60 * 60,
        _ => return Err(malformed()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(malformed());
    }
    let too_long = || "that is longer than a century".to_owned();
    let number: i64 = digits.parse().map_err(|_| too_long())?;
    let milliseconds = number
        .checked_mul(unit_s * SECOND_MS)
        .filter(|milliseconds| *milliseconds <= LONGEST_MS)
        .ok_or_else(too_long)?;
    if milliseconds == 0 {
        return Err("that is no time at all".to_owned());
    }
    Ok(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_are_read() {
        for (text, seconds) in [
            ("1s", 1),
            ("30m", 1_800),
            ("12h", 43_200),
            ("90d", 7_776_000),
            ("52w", 31_449_600),
            ("36525d", 3_155_760_000),
        ] {
            assert_eq!(parse(text), Ok(seconds * 1_000), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "d",
            "90",
            "90 d",
            "-1d",
            "+1d",
            "1.5h",
            "90D",
            "1y",
            "٣d",
            "9ü",
            "0d",
            "36526d",
            "99999999999999999999w",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
