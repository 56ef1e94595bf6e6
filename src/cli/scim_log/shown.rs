//! How a logged request is printed: as an object, and for people.

use scim::Quirk;
use serde_json::{Map, Value, json};

use crate::http::scim::Replayed;
use crate::model::id::ClientId;
use crate::model::scim_log::{BodyFacts, Summary};
use crate::operations::scim_log::Logged;
use crate::store::changes::Entry;

/// A request in a line, as an object.
pub fn summary(number: i64, summary: &Summary) -> Value {
    json!({
        "number": number,
        "at": summary.at,
        "actor": summary.actor,
        "method": summary.method,
        "path": summary.target,
        "status": summary.status,
        "quirks": words(&summary.quirks),
        "changes_count": summary.changes.count(),
        "duration_ms": milliseconds(summary),
    })
}

/// A request as the row of a table. Where all paths begin alike, the beginning is left out.
pub fn row(client: ClientId, number: i64, summary: &Summary) -> [String; 7] {
    let root = format!("/scim/v2/{client}");
    let path = summary
        .target
        .strip_prefix(&root)
        .unwrap_or(&summary.target);
    [
        number.to_string(),
        summary.at.to_string(),
        summary.method.to_string(),
        path.to_owned(),
        status_text(summary.status),
        or_dash(&words(&summary.quirks).join(",")),
        summary.changes.count().to_string(),
    ]
}

/// All of a request, as an object.
pub fn whole(number: i64, logged: &Logged) -> Value {
    let request = &logged.request;
    let mut object = summary(number, &request.summary);
    let headers = request.facts.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, value)| (name.to_string(), (&**value).into()))
        .collect();
    object["headers"] = headers.into();
    object["request"] = body(&request.facts.sent, request.sent.as_deref());
    object["changes"] = logged.changes.iter().map(change).collect();
    object["answer"] = body(&request.facts.answered, request.answered.as_deref());
    object
}

/// All of a request, for people.
pub fn whole_text(number: i64, logged: &Logged) -> String {
    let request = &logged.request;
    let summary = &request.summary;
    let mut lines = vec![format!("Request {number} at {}{}", summary.at, by(summary))];
    lines.push(format!("{} {}", summary.method, summary.target));
    let headers = request.facts.headers.iter();
    lines.extend(headers.map(|(name, value)| format!("{name}: {value}")));
    lines.extend(body_lines(&request.facts.sent, request.sent.as_deref()));
    let names = words(&summary.quirks);
    let known = Quirk::ALL.into_iter();
    lines.extend(quirk_lines(
        known.filter(|quirk| names.contains(&quirk.name())),
    ));
    lines.push(count_line("Changed", summary.changes.count()));
    lines.extend(logged.changes.iter().map(change_line));
    lines.push(match summary.status {
        None => format!("Nobody waited for the answer: {} ms", milliseconds(summary)),
        Some(status) => format!("Answered {status} after {} ms", milliseconds(summary)),
    });
    let answered = &request.facts.answered;
    lines.extend(body_lines(answered, request.answered.as_deref()));
    printable(&lines.join("\n"))
}

/// What a rehearsal came to, for people.
pub fn replayed_text(
    number: i64,
    before: Option<i64>,
    removed: usize,
    replayed: &Replayed,
    answer: &Value,
) -> String {
    let (status, notes) = (replayed.status, &replayed.notes);
    let mut lines = vec![format!(
        "Request {number} would be answered {status} (before: {}). Nothing was changed.",
        status_text(before)
    )];
    if removed > 0 {
        lines.push(format!(
            "Secrets were removed from it before it was kept: {removed}. They are rehearsed as \"***\"."
        ));
    }
    lines.extend(quirk_lines(notes.quirks.iter().copied()));
    lines.push(count_line("Would change", notes.rehearsed_count));
    lines.extend(notes.rehearsed.iter().map(change_line));
    lines.push(match answer {
        Value::Null => "The answer has no body, or would show what was not written.".to_owned(),
        answer => format!("{answer:#}"),
    });
    printable(&lines.join("\n"))
}

/// The names of quirks.
pub fn quirks(quirks: &[Quirk]) -> Vec<&'static str> {
    quirks.iter().map(|quirk| quirk.name()).collect()
}

/// Changes that nobody made: they have no numbers.
pub fn rehearsed(changes: &[Entry]) -> Vec<Value> {
    let without_number = |entry: &Entry| {
        let mut object = change(entry);
        if let Some(object) = object.as_object_mut() {
            object.shift_remove("number");
        }
        object
    };
    changes.iter().map(without_number).collect()
}

fn change(entry: &Entry) -> Value {
    json!({
        "number": entry.number,
        "entity": entry.entity,
        "id": entry.entity_id,
        "action": entry.action,
        "detail": serde_json::from_str::<Value>(&entry.detail).unwrap_or_default(),
    })
}

fn change_line(entry: &Entry) -> String {
    let Entry {
        entity,
        entity_id,
        action,
        detail,
        ..
    } = entry;
    format!("  {entity} {entity_id} {action} {detail}")
}

fn count_line(verb: &str, count: i64) -> String {
    match count {
        0 => format!("{verb} nothing"),
        1 => format!("{verb} 1 record:"),
        count => format!("{verb} {count} records:"),
    }
}

fn quirk_lines(quirks: impl Iterator<Item = Quirk>) -> impl Iterator<Item = String> {
    quirks.map(|quirk| format!("Quirk {}: {}", quirk.name(), quirk.description()))
}

fn body(facts: &BodyFacts, text: Option<&str>) -> Value {
    // A text that was cut is no JSON any more.
    let body = text.map(|text| match facts.is_cut {
        true => text.into(),
        false => serde_json::from_str(text).unwrap_or_default(),
    });
    json!({
        "bytes": facts.bytes,
        "cut": facts.is_cut,
        "secrets_removed": facts.removed,
        "body": body.unwrap_or(Value::Null),
    })
}

fn body_lines(facts: &BodyFacts, text: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    match text {
        Some(text) if facts.is_cut => lines.push(format!("{text}…")),
        Some(text) => {
            let value: Value = serde_json::from_str(text).unwrap_or_default();
            lines.push(format!("{value:#}"));
        }
        None => {}
    }
    let bytes = facts.bytes;
    match (text, facts.is_cut) {
        (Some(_), true) => lines.push(format!("(the beginning of {bytes} bytes)")),
        (None, true) => lines.push(format!("({bytes} bytes that are not kept)")),
        _ => {}
    }
    if facts.removed > 0 {
        lines.push(format!("(secrets removed: {})", facts.removed));
    }
    lines
}

fn by(summary: &Summary) -> String {
    let actor = summary.actor.map(|actor| format!(", by {actor}"));
    actor.unwrap_or_default()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-" } else { text }.to_owned()
}

fn status_text(status: Option<i64>) -> String {
    let status = status.map(|status| status.to_string());
    status.unwrap_or_else(|| "-".to_owned())
}

#[allow(
    clippy::cast_precision_loss,
    reason = "no request takes the 285 years that a double cannot count in microseconds"
)]
fn milliseconds(summary: &Summary) -> f64 {
    summary.duration_us as f64 / 1_000.0
}

/// What strangers sent, as a terminal can be shown it.
fn printable(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' => letter,
        letter if letter.is_control() => '\u{fffd}',
        letter => letter,
    };
    text.chars().map(shown).collect()
}
