//! `Idempotency-Key`: the same request under the same key is answered as it was the first time.

use crate::http::answer::Response;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use crate::http::answer::{Repeatable, text_of};
use crate::model::invalid::Invalid;
use crate::model::token::TokenHash;
use crate::operations::write::{Done, Once};

/// The header's name.
pub static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key, in characters.
const KEY_LENGTH_MAX: usize = 255;

/// The once-only form of a request for `path` with `body`, when it bears a key.
pub fn of_request<T>(
    headers: &HeaderMap,
    path: &str,
    body: &[u8],
    render: fn(&T) -> String,
) -> Result<Option<Once<T>>, Invalid> {
    let Some(key) = headers.get(&IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .filter(|key| (1..=KEY_LENGTH_MAX).contains(&key.len()));
    let key = key.ok_or_else(|| {
        let reason = format!("Idempotency-Key must be 1 to {KEY_LENGTH_MAX} visible characters");
        Invalid::new("Idempotency-Key", reason)
    })?;
    let digest = Sha256::new()
        .chain_update(path)
        .chain_update([0])
        .chain_update(body)
        .finalize();
    let fingerprint = TokenHash(digest.into()).to_hex();
    Ok(Some(Once {
        key: key.to_owned(),
        fingerprint,
        render,
    }))
}

/// What an operation keeps of an answer.
pub fn remembered(answer: &Repeatable) -> String {
    text_of(answer)
}

/// The answer to what was done now, or before.
pub fn answer<T>(done: &Done<T>, path: &str, render: fn(&T) -> Repeatable) -> Response {
    match done {
        Done::Now(value) => render(value).into_response(path),
        Done::Before(text) => {
            let answer: Repeatable =
                serde_json::from_str(text).expect("it was written by `remembered`");
            let mut response = answer.into_response(path);
            response
                .headers_mut()
                .insert(&REPLAYED, HeaderValue::from_static("true"));
            response
        }
    }
}
