//! `/llms.txt` and `/llms-full.txt` (llmstxt.org): the OpenAPI document as Markdown, with the
//! concepts that no table of operations tells.

use std::fmt::Write;

use serde_json::Value;

use super::entries::entries;
use super::openapi::{document, operations, resolved};

const ABOUT: &str = include_str!("texts/about.md");
const CONCEPTS: &str = include_str!("texts/concepts.md");
/// Where the example calls go: what `rollcall serve` listens on when it is told nothing.
const SERVER: &str = "http://localhost:5000";

/// An operation: its method, its path, its object.
type Operation = (String, &'static str, &'static Value);

/// The contents, with links to the sections of [`whole`].
pub fn contents() -> String {
    let about = ABOUT.trim().replace('\n', "\n> ");
    let mut text = format!(
        "# Rollcall\n\n> {about}\n\n## Documentation\n\n\
         - [The whole API](/llms-full.txt): concepts, then every operation with an example\n\
         - [OpenAPI 3.1](/openapi.json): every route, status and error, for programs\n\
         - [Swagger UI](/docs/): the same for people, to read and to try\n"
    );
    text.push_str("\n## Concepts\n\n");
    for heading in CONCEPTS.lines().filter_map(|line| line.strip_prefix("## ")) {
        line(
            &mut text,
            format_args!("- [{heading}](/llms-full.txt#{})", anchor(heading)),
        );
    }
    for (tag, description) in tags() {
        line(&mut text, format_args!("\n## {tag}\n\n{description}\n"));
        for (method, path, operation) in of_tag(tag) {
            let summary = text_of(&operation["summary"]);
            let anchor = anchor(summary);
            let link = format_args!("- [{summary}](/llms-full.txt#{anchor}): `{method} {path}`");
            line(&mut text, link);
        }
    }
    text
}

/// Everything.
pub fn whole() -> String {
    let mut text = format!("# Rollcall\n\n{ABOUT}\n{CONCEPTS}");
    for (tag, description) in tags() {
        line(&mut text, format_args!("\n## {tag}\n\n{description}"));
        for operation in of_tag(tag) {
            describe(&mut text, &operation);
        }
    }
    text
}

fn describe(text: &mut String, operation: &Operation) {
    let (method, path, object) = operation;
    let (summary, description) = (text_of(&object["summary"]), text_of(&object["description"]));
    line(
        text,
        format_args!("\n### {summary}\n\n`{method} {path}`\n\n{description}"),
    );
    let parameters = object["parameters"].as_array().into_iter().flatten();
    for (index, parameter) in parameters.map(resolved).enumerate() {
        if index == 0 {
            text.push_str("\nParameters:\n\n");
        }
        line(text, format_args!("- {}", parameter_line(parameter)));
    }
    line(text, format_args!("\n```sh\n{}\n```", curl(operation)));
    let responses = object["responses"].as_object().into_iter().flatten();
    let (fine, errors): (Vec<_>, Vec<_>) = responses
        .map(|(status, response)| (status.as_str(), response, resolved(response)))
        .partition(|(_, _, response)| !is_error(response));
    for (status, _, response) in fine {
        line(
            text,
            format_args!("\n{status}: {}", text_of(&response["description"])),
        );
        if let Some(example) = example(response) {
            line(text, format_args!("\n```json\n{}\n```", pretty(example)));
        }
    }
    text.push_str("\nErrors:\n\n");
    for (status, response, resolved) in errors {
        // The operation's own words stand beside the reference.
        let says = response["description"].as_str();
        let says = says.unwrap_or_else(|| text_of(&resolved["description"]));
        line(text, format_args!("- {status} {}: {says}", codes(resolved)));
    }
}

fn parameter_line(parameter: &'static Value) -> String {
    let schema = resolved(&parameter["schema"]);
    let mut kind = text_of(&schema["type"]).to_owned();
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<&str> = values.iter().map(text_of).collect();
        kind = values.join(" | ");
    }
    if let Some(default) = schema.get("default") {
        let default = default
            .as_str()
            .map_or_else(|| default.to_string(), str::to_owned);
        let _ = write!(kind, ", default {default}");
    }
    let place = text_of(&parameter["in"]);
    let (name, description) = (
        text_of(&parameter["name"]),
        text_of(&parameter["description"]),
    );
    format!("`{name}` ({place}; {kind}): {description}")
}

/// A call that can be pasted into a shell.
fn curl((method, path, operation): &Operation) -> String {
    let mut url = (*path).to_owned();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    for parameter in parameters
        .map(resolved)
        .filter(|parameter| parameter["in"] == "path")
    {
        let braced = format!("{{{}}}", text_of(&parameter["name"]));
        url = url.replace(&braced, text_of(&parameter["example"]));
    }
    let entry = &entries()[text_of(&operation["operationId"])];
    if let Some(query) = &entry.example {
        let _ = write!(url, "?{query}");
    }
    let mut call = format!("curl -X {method} \"{SERVER}{url}\"");
    let needs = operation["security"].as_array();
    let is_clients = |needs: &Value| needs.get("clientSecret").is_some();
    if needs.is_some_and(|needs| needs.iter().any(is_clients)) {
        return format!(
            "{call} \\\n  -u \"CLIENT_ID:CLIENT_SECRET\" \\\n  -d grant_type=client_credentials"
        );
    }
    if needs.is_some_and(|needs| !needs.is_empty()) {
        call.push_str(" \\\n  -H \"Authorization: Bearer YOUR_API_TOKEN\"");
    }
    let content = operation["requestBody"]["content"].as_object();
    if let Some((media_type, media)) = content.and_then(|content| content.iter().next()) {
        let body = match first_example(media) {
            // A file is sent as it is.
            Some(Value::String(file)) => file.clone(),
            example => example.map(Value::to_string).unwrap_or_default(),
        };
        let _ = write!(
            call,
            " \\\n  -H \"Content-Type: {media_type}\" \\\n  -d '{body}'"
        );
    }
    call
}

fn tags() -> impl Iterator<Item = (&'static str, &'static str)> {
    let tags = document()["tags"].as_array().into_iter().flatten();
    tags.map(|tag| (text_of(&tag["name"]), text_of(&tag["description"])))
}

fn of_tag(tag: &str) -> impl Iterator<Item = Operation> {
    operations().filter(move |(_, _, operation)| operation["tags"][0] == tag)
}

fn example(response: &'static Value) -> Option<&'static Value> {
    first_example(response["content"].as_object()?.values().next()?)
}

fn first_example(media: &'static Value) -> Option<&'static Value> {
    let several = || media["examples"].as_object()?.values().next()?.get("value");
    media.get("example").or_else(several)
}

fn is_error(response: &Value) -> bool {
    response
        .pointer("/content/application~1json/schema/properties/error")
        .is_some()
}

fn codes(response: &Value) -> String {
    const ERROR: &str = "/content/application~1json/schema/properties/error";
    let codes = response.pointer(ERROR).and_then(|error| {
        let codes = error.pointer("/properties/code/enum");
        codes.or_else(|| error.get("enum"))?.as_array()
    });
    let codes = codes
        .into_iter()
        .flatten()
        .map(|code| format!("`{}`", text_of(code)));
    codes.collect::<Vec<_>>().join(" or ")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value is JSON")
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A heading's anchor as most renderers of Markdown make it.
fn anchor(heading: &str) -> String {
    let kept = |character: char| match character {
        ' ' => Some('-'),
        _ => character
            .is_alphanumeric()
            .then(|| character.to_ascii_lowercase()),
    };
    heading.chars().filter_map(kept).collect()
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{content}");
}
