//! Numbers as texts that are written and read with every request: the formatter takes three times as
//! long.

/// Writes a number to that base, which is 16 at most.
#[inline]
pub fn write(text: &mut String, mut number: u64, base: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b"0123456789abcdef"[(number % base) as usize];
        number /= base;
        if number == 0 {
            break;
        }
    }
    text.push_str(std::str::from_utf8(&digits[start..]).expect("digits are ASCII"));
}

/// Reads a number to the base 16.
pub fn read_hexadecimal(digits: &[u8]) -> Option<u64> {
    if !(1..=16).contains(&digits.len()) {
        return None;
    }
    let mut digits = digits.iter().map(|digit| char::from(*digit).to_digit(16));
    digits.try_fold(0, |number, digit| Some(number << 4 | u64::from(digit?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_formatter_writes_them() {
        for number in [
            0,
            1,
            9,
            10,
            15,
            16,
            1_792_000_000_123,
            u64::MAX >> 1,
            u64::MAX,
        ] {
            let (mut decimal, mut hexadecimal) = (String::new(), String::new());
            write(&mut decimal, number, 10);
            write(&mut hexadecimal, number, 16);
            assert_eq!(decimal, number.to_string());
            assert_eq!(hexadecimal, format!("{number:x}"));
            assert_eq!(read_hexadecimal(hexadecimal.as_bytes()), Some(number));
        }
        for text in ["", "g", "+1", "-1", " 1", "00000000000000000"] {
            assert_eq!(read_hexadecimal(text.as_bytes()), None, "{text:?}");
        }
    }
}
