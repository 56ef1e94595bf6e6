//! Entity tags (RFC 9110 8.8.3): strong, made of the record's revision and, behind a dash, of what
//! else its body shows.
//!
//! `If-None-Match` compares the whole tag. `If-Match` compares the record's part alone, so that a
//! heartbeat, or somebody joining a department, never fails a write.

use hyper::HeaderMap;
use hyper::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::model::department::DepartmentView;
use crate::model::digits;
use crate::model::timestamp::Timestamp;
use crate::model::user::UserView;
use crate::operations::precondition::Precondition;

/// A user's tag: `"REVISION-DESKTOP.WEB"`.
pub fn of_user(user: &UserView<'_>) -> String {
    let activity = user.last_activity;
    // Two numbers of 16 digits, one of 19, and what stands around them.
    let mut tag = String::with_capacity(64);
    tag.push('"');
    digits::write(&mut tag, user.revision.cast_unsigned(), 10);
    tag.push('-');
    moment(&mut tag, activity.desktop_at);
    tag.push('.');
    moment(&mut tag, activity.web_at);
    tag.push('"');
    tag
}

fn moment(tag: &mut String, moment: Option<Timestamp>) {
    if let Some(moment) = moment {
        digits::write(tag, moment.milliseconds().cast_unsigned(), 16);
    }
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
