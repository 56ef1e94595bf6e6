//! Moments, as RFC 7643 2.3.5 (XML's `dateTime`) writes them.

/// Nanoseconds since 1970 of `2011-05-13T04:42:34Z`, with any offset and any fraction; what has no
/// offset is in UTC. Digits behind the ninth of a fraction are not looked at.
pub(crate) fn nanoseconds(text: &str) -> Option<i128> {
    const SHAPE: &str = "dddd-dd-ddTdd:dd:dd";
    let (seconds, rest) = text.split_at_checked(SHAPE.len())?;
    if !has_shape(seconds, SHAPE) {
        return None;
    }
    let number = |from: usize, to: usize| seconds[from..to].parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // A leap second is the second after it.
    if day < 1 || day > days_of_month(year, month)? || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => {
            let end = rest.find(|digit: char| !digit.is_ascii_digit());
            rest.split_at(end.unwrap_or(rest.len()))
        }
        None => ("0", rest),
    };
    let nanoseconds: String = fraction.chars().chain("00000000".chars()).take(9).collect();
    let nanoseconds: i128 = nanoseconds.parse().ok()?;
    let days = days_since_1970(year, month, day);
    let minutes = (days * 24 + hour) * 60 + minute - minutes_east(offset)?;
    let seconds = i128::from(minutes) * 60 + i128::from(second);
    Some(seconds * 1_000_000_000 + nanoseconds)
}

/// Days from 1970-01-01 in the Gregorian calendar, the years counted from March so that the day
/// which some have stands at their end.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    const DAYS_TO_1970_01_01: i64 = 719_468;
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let before_month = (153 * month + 2) / 5;
    year * 365 + leaps + before_month + day - 1 - DAYS_TO_1970_01_01
}

fn days_of_month(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

/// Minutes east of Greenwich of `Z`, `+02:00` or nothing.
fn minutes_east(offset: &str) -> Option<i64> {
    if offset.is_empty() || offset.eq_ignore_ascii_case("Z") {
        return Some(0);
    }
    if !has_shape(offset, "+dd:dd") {
        return None;
    }
    let hours: i64 = offset[1..3].parse().ok()?;
    let minutes: i64 = offset[4..].parse().ok()?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Whether the text is written like the shape: `d` is a digit, `+` a sign, `T` of either case.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                b'+' => byte == b'+' || byte == b'-',
                _ => byte.eq_ignore_ascii_case(&wanted),
            })
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn moments_are_counted_from_1970() {
        let second = |text| nanoseconds(text).map(|nanoseconds| nanoseconds / 1_000_000_000);
        assert_eq!(second("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(second("2000-03-01T00:00:00Z"), Some(951_868_800));
        assert_eq!(second("2000-02-29T23:59:60Z"), Some(951_868_800));
        assert_eq!(second("2011-05-13T04:42:34+02:00"), Some(1_305_254_554));
        assert_eq!(second("1969-12-31T22:59:59-01:00"), Some(-1));
        assert_eq!(second("9999-12-31T23:59:59"), Some(253_402_300_799));
        assert_eq!(nanoseconds("1970-01-01T00:00:00.5z"), Some(500_000_000));
        assert_eq!(nanoseconds("1970-01-01T00:00:00.0000000019Z"), Some(1));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2011-05-13",
            "2011-13-01T00:00:00Z",
            "2011-02-29T00:00:00Z",
        ] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
        for text in [
            "2011-05-13T24:00:00Z",
            "2011-05-13T04:42:34+2",
            "2011-05-13T04:42:34 Z",
        ] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
        assert_eq!(nanoseconds("2011-05-13T04:42:3\u{e4}"), None);
    }
}
