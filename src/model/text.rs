//! Text that people and machines send us: its length, its characters, and how it is compared.

use std::borrow::Cow;

use crate::model::invalid::Invalid;

/// The longest username, user key, external id or name, in characters.
pub const NAME_LENGTH_MAX: usize = 256;
/// The longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 2_000;

/// How text is compared where case does not count: in lower case, by code points.
///
/// Letter by letter, so that a part of a text folds to a part of the folded text, as looking for one
/// needs. `str::to_lowercase` does not: it writes a capital sigma as `ς` at the end of a word and as
/// `σ` elsewhere. Both are `σ` here.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = text.chars().flat_map(char::to_lowercase);
    lower
        .map(|letter| if letter == 'ς' { 'σ' } else { letter })
        .collect()
}

/// As [`fold`], without a copy where nothing has to change.
pub fn folded(text: &str) -> Cow<'_, str> {
    let is_same = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    // All are looked at, for that is done many at once.
    match text.bytes().fold(true, |all, byte| all & is_same(byte)) {
        true => Cow::Borrowed(text),
        false => Cow::Owned(fold(text)),
    }
}

/// Checks `text` for the field: not empty, at most `length_max` characters, none of them a control
/// character (which no name holds, and which terminals and spreadsheets act upon).
pub fn checked<'a>(field: &str, text: &'a str, length_max: usize) -> Result<&'a str, Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new(field, format!("{field} must not be empty")));
    }
    checked_or_empty(field, text, length_max)
}

/// As [`checked`], but the empty text is fine.
pub fn checked_or_empty<'a>(
    field: &str,
    text: &'a str,
    length_max: usize,
) -> Result<&'a str, Invalid> {
    if text.len() > length_max && text.chars().count() > length_max {
        return Err(Invalid::new(
            field,
            format!("{field} is longer than {length_max} characters"),
        ));
    }
    if text.chars().any(char::is_control) {
        return Err(Invalid::new(
            field,
            format!("{field} must not hold control characters"),
        ));
    }
    Ok(text)
}

/// Text of a client organisation, a department or a person that is used as a name or key.
pub fn name(field: &str, text: &str) -> Result<Box<str>, Invalid> {
    checked(field, text, NAME_LENGTH_MAX).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_in_other_cases_fold_to_the_same() {
        for (one, other) in [("ΟΔΟΣ", "οδος"), ("ZOË", "zoë"), ("Anna", "aNNA")] {
            assert_eq!(fold(one), fold(other));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]
        #[test]
        fn a_part_folds_to_a_part_and_what_is_folded_stays(one: String, other: String) {
            prop_assert_eq!(fold(&one) + &fold(&other), fold(&(one.clone() + &other)));
            prop_assert_eq!(fold(&fold(&one)), fold(&one));
        }
    }
}
