//! An answer against what the document says of it: status, headers, body.

use rollcall::http::documents::{document, schema_of};
use serde_json::Value;

use crate::Answer;

/// Headers that say nothing of the API.
const OF_EVERY_SERVER: [&str; 6] = [
    "cache-control",
    "content-length",
    "content-security-policy",
    "content-type",
    "referrer-policy",
    "x-content-type-options",
];

fn resolved(value: &Value) -> &Value {
    let pointer = value["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix('#'));
    pointer.map_or(value, |pointer| document().pointer(pointer).unwrap())
}

/// Checks an operation's answer.
pub fn check(operation: &str, answer: &Answer) {
    let status = answer.status.as_u16();
    let paths = document()["paths"].as_object().unwrap().values();
    let mut known = paths.flat_map(|methods| methods.as_object().unwrap().values());
    let entry = known
        .find(|known| known["operationId"] == operation)
        .unwrap();
    let response = entry["responses"].get(status.to_string());
    let response = resolved(response.unwrap_or_else(|| panic!("{operation}: no {status}")));
    let headers = response["headers"].as_object().unwrap();
    for (name, header) in headers
        .iter()
        .map(|(name, header)| (name, resolved(header)))
    {
        if header["required"] == true {
            answer.header(name);
        }
    }
    for name in answer.headers.keys() {
        let name = name.as_str();
        let is_known = headers.keys().any(|known| known.eq_ignore_ascii_case(name));
        let is_known = is_known || OF_EVERY_SERVER.contains(&name);
        assert!(is_known, "{operation} {status}: {name} is not documented");
    }
    match schema_of(operation, status) {
        Some(schema) => {
            let options = jsonschema::options().should_validate_formats(true);
            let validator = options.build(&schema).unwrap();
            let body = answer.json();
            let errors: Vec<_> = validator
                .iter_errors(&body)
                .map(|error| error.to_string())
                .collect();
            assert!(
                errors.is_empty(),
                "{operation} {status}: {body}\n{}",
                errors.join("\n")
            );
        }
        None if response.get("content").is_none() => assert_eq!(answer.text, "", "{operation}"),
        None => {}
    }
}
