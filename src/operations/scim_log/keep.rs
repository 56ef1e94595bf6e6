//! What of a request goes into the log: no secrets, and not more than there is room for.

use scim::secret;
use serde_json::Value;

use crate::model::scim_log::{BodyFacts, Facts, LoggedRequest, Summary};
use crate::operations::scim_log::Waiting;

/// Bytes that are kept of what was sent.
const SENT_BYTES_MAX: usize = 64 * 1024;
/// Bytes that are kept of what was answered.
const ANSWERED_BYTES_MAX: usize = 16 * 1024;
/// A longer answer is not looked at: only its length is kept.
pub(super) const ANSWER_READ_MAX: usize = 256 * 1024;
/// The shortest word that is looked for in an answer.
const WORD_LENGTH_MIN: usize = 4;

/// A body as it is kept.
struct Kept {
    facts: BodyFacts,
    text: Option<Box<str>>,
    removed: Vec<Value>,
}

/// What is kept of a request.
pub(super) fn request(waiting: Waiting) -> LoggedRequest {
    let Waiting {
        actor,
        exchange,
        answer_bytes,
        notes,
    } = waiting;
    let sent = body(&notes.sent.unwrap_or_default(), SENT_BYTES_MAX);
    let answer = exchange.answer.as_ref();
    let answer_body = answer.map(|answer| &*answer.body).unwrap_or_default();
    let mut answered = body(answer_body, ANSWERED_BYTES_MAX);
    // A refusal quotes a few words of what it is about.
    let is_refusal = answer.is_some_and(|answer| answer.is_refusal);
    let may_echo = answered
        .text
        .as_ref()
        .is_some_and(|text| (exchange.is_target_cut && is_refusal) || echoes(text, &sent.removed));
    if may_echo || answer_bytes > answer_body.len() {
        answered.text = None;
        answered.facts.is_cut = true;
    }
    answered.facts.bytes = answer_bytes;
    let status = answer.map(|answer| answer.status.into());
    let quirks: Vec<&str> = notes.quirks.iter().map(|quirk| quirk.name()).collect();
    let headers = exchange.headers.into_iter();
    LoggedRequest {
        summary: Summary {
            at: exchange.at,
            actor,
            method: exchange.method.into(),
            target: exchange.target,
            status,
            duration_us: i64::try_from(exchange.duration.as_micros()).unwrap_or(i64::MAX),
            quirks: quirks.join(" ").into(),
            changes: notes.changes,
        },
        facts: Facts {
            headers: headers.map(|(name, value)| (name.into(), value)).collect(),
            is_target_cut: exchange.is_target_cut,
            sent: sent.facts,
            answered: answered.facts,
        },
        sent: sent.text,
        answered: answered.text,
    }
}

/// JSON without its secrets. Of what is no JSON only the length is kept: nobody could say what is a
/// secret in it.
fn body(bytes: &[u8], most: usize) -> Kept {
    let mut facts = BodyFacts {
        bytes: bytes.len(),
        removed: 0,
        is_cut: !bytes.is_empty(),
    };
    let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
        return Kept {
            facts,
            text: None,
            removed: Vec::new(),
        };
    };
    let removed = secret::remove(&mut value);
    let mut text = value.to_string();
    facts.removed = removed.len();
    facts.is_cut = text.len() > most;
    text.truncate(text.floor_char_boundary(most));
    Kept {
        facts,
        text: Some(text.into()),
        removed,
    }
}

/// Whether an answer may repeat something of what was removed from the request.
fn echoes(answer: &str, removed: &[Value]) -> bool {
    removed.iter().any(|removed| {
        let text = removed.to_string();
        let mut words = text.split(|letter: char| !letter.is_alphanumeric());
        words.any(|word| word.len() >= WORD_LENGTH_MIN && answer.contains(word))
    })
}
