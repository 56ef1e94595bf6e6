//! Entity tags (RFC 9110 8.8.3): strong, made of the record's revision and, behind a dash, of what
//! else its body shows.
//!
//! `If-None-Match` compares the whole tag. `If-Match` compares the record's part alone, so that a
//! heartbeat, or somebody joining a department, never fails a write.

use hyper::HeaderMap;
use hyper::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::model::department::DepartmentView;
use crate::model::timestamp::Timestamp;
use crate::model::user::UserView;
use crate::operations::precondition::Precondition;

/// A user's tag: `"REVISION-DESKTOP.WEB"`.
pub fn of_user(user: &UserView<'_>) -> String {
    let activity = user.last_activity;
    // Two numbers of 16 digits, one of 19, and what stands around them.
    let mut tag = String::with_capacity(64);
    tag.push('"');
    digits(&mut tag, user.revision.cast_unsigned(), 10);
    tag.push('-');
    moment(&mut tag, activity.desktop_at);
    tag.push('.');
    moment(&mut tag, activity.web_at);
    tag.push('"');
    tag
}

fn moment(tag: &mut String, moment: Option<Timestamp>) {
    if let Some(moment) = moment {
        digits(tag, moment.milliseconds().cast_unsigned(), 16);
    }
}

/// Writes a number; every answer's tag has three, and `format!` took longer than all else of it.
fn digits(tag: &mut String, mut number: u64, base: u64) {
    let mut text = [0; 20];
    let mut start = text.len();
    loop {
        start -= 1;
        text[start] = b"0123456789abcdef"[(number % base) as usize];
        number /= base;
        if number == 0 {
            break;
        }
    }
    tag.push_str(std::str::from_utf8(&text[start..]).expect("digits are ASCII"));
}

/// A department's tag: `"REVISION-MEMBERS"`.
pub fn of_department(view: &DepartmentView<'_>) -> String {
    format!("\"{}-{}\"", view.department.revision, view.member_count)
}

/// The tag of a record that shows nothing but itself: `"REVISION"`.
pub fn of_revision(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// Whether the caller has this very representation already (RFC 9110 13.1.2).
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    // The comparison is weak: proxies that compress turn strong tags into weak ones.
    tags(headers, &IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// What the caller says they have seen (RFC 9110 13.1.1).
pub fn precondition(headers: &HeaderMap) -> Precondition {
    if !headers.contains_key(IF_MATCH) || tags(headers, &IF_MATCH).any(|tag| tag == "*") {
        return Precondition::None;
    }
    let revision = |tag: &str| {
        let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
        inner.split('-').next()?.parse().ok()
    };
    // What is no tag of ours matches nothing, and so do weak ones: the comparison is strong.
    Precondition::Revisions(tags(headers, &IF_MATCH).filter_map(revision).collect())
}

fn tags<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    let values = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
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
            i64::MAX,
            -1,
            i64::MIN,
        ] {
            let (mut decimal, mut hexadecimal) = (String::new(), String::new());
            digits(&mut decimal, number.cast_unsigned(), 10);
            digits(&mut hexadecimal, number.cast_unsigned(), 16);
            assert_eq!(decimal, number.cast_unsigned().to_string());
            assert_eq!(hexadecimal, format!("{number:x}"));
        }
    }
}
