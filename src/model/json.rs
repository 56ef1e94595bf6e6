//! JSON written straight into its bytes, for what is asked for, or stored, most. What is seldom made
//! goes through serde.

use crate::model::id::Id;
use crate::model::timestamp::Timestamp;

/// A list of the items that `write` writes one after the other.
pub fn list<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// The same of many items that are much alike: room is made for all of them, a quarter more than if
/// each was as long as the first, so that the text is not moved while it is written.
pub fn long_list<T>(
    out: &mut Vec<u8>,
    items: impl ExactSizeIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    let count = items.len();
    let mut start = Some(out.len());
    list(out, items, |out, item| {
        write(out, item);
        if let Some(start) = start.take() {
            let length = out.len() - start;
            out.reserve((length + length / 4) * count);
        }
    });
}

/// Ends an object whose members have each a comma behind them.
pub fn close(out: &mut Vec<u8>) {
    match out.last_mut() {
        Some(last @ b',') => *last = b'}',
        _ => out.push(b'}'),
    }
}

/// Any text.
pub fn text(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        plain(out, text);
    } else {
        out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
    }
}

/// Any text, or null.
pub fn text_or_null(out: &mut Vec<u8>, value: Option<&str>) {
    match value {
        Some(value) => text(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// What stands in the contract: names of fields, brackets.
pub fn raw(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// An id.
pub fn id(out: &mut Vec<u8>, id: Id) {
    let mut quoted = [b'"'; 38];
    quoted[1..37].copy_from_slice(id.as_bytes());
    out.extend_from_slice(&quoted);
}

/// A moment in the Clients API's form.
pub fn moment(out: &mut Vec<u8>, moment: Timestamp) {
    let mut quoted = [b'"'; 26];
    quoted[1..25].copy_from_slice(&moment.digits_with_milliseconds());
    out.extend_from_slice(&quoted);
}

/// A moment in the Clients API's form, or null.
pub fn moment_or_null(out: &mut Vec<u8>, value: Option<Timestamp>) {
    match value {
        Some(value) => moment(out, value),
        None => out.extend_from_slice(b"null"),
    }
}

/// A text that can stand between quotes as it is: see [`is_plain`].
pub fn plain(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Whether a text can stand between quotes as it is: no quote, backslash or control character (RFC
/// 8259 7). Most names can, so that is found out eight bytes at a time.
pub fn is_plain(text: &str) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The highest bit of a byte is set in the result if, with none set below, that byte is zero.
    let has_zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let special = |word: &[u8; 8]| {
        let word = u64::from_le_bytes(*word);
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = has_zero(word ^ (ONES * u64::from(b'"')));
        let backslash = has_zero(word ^ (ONES * u64::from(b'\\')));
        (control | quote | backslash) & HIGH
    };
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let found = words.iter().fold(0, |found, word| found | special(word));
    // The last word may overlap with the one before.
    match text.as_bytes().last_chunk() {
        Some(last) => found | special(last) == 0,
        None => rest
            .iter()
            .all(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\'),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &str) -> String {
        let mut out = Vec::new();
        text(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_character_is_written_as_serde_writes_it_wherever_it_stands() {
        for character in (0..0x300).filter_map(char::from_u32) {
            for before in 0..9 {
                let value = format!("{}{character}123456789", "x".repeat(before));
                assert_eq!(written(&value), serde_json::to_string(&value).unwrap());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn any_text_is_written_as_serde_writes_it(value in any::<String>()) {
            prop_assert_eq!(written(&value), serde_json::to_string(&value).unwrap());
        }
    }
}
