//! Secrets in what clients send, for who keeps it to be read later: they are taken out.
//!
//! An identity provider may send a password, which is thrown away here, or something of its own that
//! looks like a secret. What is one is told by names alone: a schema of somebody else's says nothing
//! that could be trusted, so rather too much is taken out than too little.

use serde_json::Value;

/// What stands in a secret's place.
pub const REMOVED: &str = "***";

/// Within a name, whatever stands around it. Letters and digits alone, in lower case.
const WORDS: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "privatekey",
    "credential",
];
/// The whole of a name, or of its last part.
const NAMES: [&str; 4] = ["pwd", "pin", "otp", "authorization"];
/// Keys whose text says what the `value` beside it is: of a PATCH's operation, and of lists of pairs.
const NAMING: [&str; 5] = ["path", "name", "key", "type", "attribute"];
/// Keys whose text is an expression, in which values stand between blanks.
const EXPRESSIONS: [&str; 2] = ["path", "filter"];

/// Takes the secrets out of a JSON value at any depth, and hands them over: the values under keys that
/// name one, those that a PATCH's path or a pair's name says are one, and texts that hold one.
pub fn remove(value: &mut Value) -> Vec<Value> {
    let mut removed = Vec::new();
    // No recursion: who calls may have checked no depth.
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(fields) => {
                let is_named = fields.iter().any(|(key, value)| {
                    is_one_of(key, &NAMING) && value.as_str().is_some_and(is_name)
                });
                for (key, value) in fields {
                    let is_secret = is_name(key)
                        || (is_named && key.eq_ignore_ascii_case("value"))
                        || (is_one_of(key, &EXPRESSIONS)
                            && value.as_str().is_some_and(may_be_in_expression));
                    if is_secret {
                        removed.extend(blank(value));
                    } else {
                        rest.push(value);
                    }
                }
            }
            Value::Array(elements) => rest.extend(elements),
            Value::String(text) if may_be_in(text) => removed.extend(blank(value)),
            _ => {}
        }
    }
    removed
}

/// Whether a name, or a path to an attribute, is a secret's.
pub fn is_name(text: &str) -> bool {
    let last = letters(text.rsplit([':', '.']).next().unwrap_or(text));
    let all = letters(text);
    WORDS.iter().any(|word| all.contains(word))
        || last.ends_with("token")
        || NAMES.contains(&last.as_str())
}

/// Whether a filter, or a path with one, may compare something with a secret.
pub fn may_be_in_expression(text: &str) -> bool {
    mentions(text) && text.trim().contains(char::is_whitespace) || may_be_in(text)
}

/// Whether a text may hold a secret beside its name: JSON in a text, a query.
fn may_be_in(text: &str) -> bool {
    text.contains(['"', '\'', '=']) && mentions(text)
}

fn mentions(text: &str) -> bool {
    let letters = letters(text);
    WORDS.iter().any(|word| letters.contains(word)) || letters.contains("token")
}

fn letters(text: &str) -> String {
    let known = text.chars().filter(char::is_ascii_alphanumeric);
    known.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn is_one_of(key: &str, keys: &[&str]) -> bool {
    keys.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// Nothing, and a yes or a no, are no secrets, and stay.
fn blank(value: &mut Value) -> Option<Value> {
    let may_be_one = !value.is_null() && !value.is_boolean();
    may_be_one.then(|| std::mem::replace(value, REMOVED.into()))
}
