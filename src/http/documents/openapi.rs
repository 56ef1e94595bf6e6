//! The OpenAPI 3.1 document: the route table says what there is and who may call it, the
//! [entries](super::entries) what it is for, `texts/` what the bodies look like.
//!
//! What follows from a route is worked out here once and not written by hand for each: the
//! parameters of its path, its security, its headers, and every error but 409.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hyper::Method;
use serde_json::{Map, Value, json};

use super::entries::{Answer, Entry, entries};
use super::errors::{self, Dialect};
use crate::http::routes::{self, Needs, Route};

const COMPONENTS: &str = include_str!("texts/components.json");
const SCHEMAS: [&str; 9] = [
    include_str!("texts/schemas/shared.json"),
    include_str!("texts/schemas/users.json"),
    include_str!("texts/schemas/departments.json"),
    include_str!("texts/schemas/clients.json"),
    include_str!("texts/schemas/changes.json"),
    include_str!("texts/schemas/imports.json"),
    include_str!("texts/schemas/gateway.json"),
    include_str!("texts/schemas/oauth.json"),
    include_str!("texts/schemas/scim.json"),
];

const DESCRIPTION: &str = concat!(
    include_str!("texts/about.md"),
    "\nThe concepts behind it (ids, times, paging, tags, idempotency, limits, errors, the filter) \
     are in [one text](/llms-full.txt).\n",
);

/// The groups of operations, in reading order.
const TAGS: [(&str, &str); 11] = [
    ("Users", "The people of a client."),
    ("Departments", "The groups that people belong to."),
    ("Changes", "Who changed what, and when."),
    (
        "Activity",
        "How it is written when people were seen, and on which days they were.",
    ),
    ("Imports", "People from files."),
    ("Clients", "The client organisations."),
    (
        "Identity Gateway",
        "What an AI assistant's ingestion reads.",
    ),
    (
        "SCIM 2.0",
        "Where identity providers write people (RFC 7643, 7644).",
    ),
    (
        "OAuth 2.0",
        "How a machine exchanges a secret for a token that soon ends.",
    ),
    ("Server", "Whether it works."),
    ("Documents", "This documentation."),
];

/// What an answer that may hold a secret has (RFC 6749 5.1).
const NEVER_KEPT: [&str; 2] = ["Cache-Control", "Pragma"];

/// The document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(build);
    &DOCUMENT
}

/// Whether the document says that the operation may answer with this status.
pub fn is_documented(operation: &str, status: u16) -> bool {
    response_of(operation, status).is_some()
}

/// The schema of the JSON body with which the operation answers this status, complete in itself;
/// `None` when the document does not have the status, or it has no JSON body.
pub fn schema_of(operation: &str, status: u16) -> Option<Value> {
    let content = response_of(operation, status)?.get("content")?;
    let json = ["application/json", "application/scim+json"];
    let schema = json
        .iter()
        .find_map(|name| content.get(name)?.get("schema"))?;
    // References begin at the root, so the components stand there as in the document itself.
    Some(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": { "schemas": document()["components"]["schemas"] },
    }))
}

/// Every operation: its method in capitals, its path, its object.
pub fn operations() -> impl Iterator<Item = (String, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(|(method, operation)| (method.to_uppercase(), path.as_str(), operation))
    })
}

/// What a reference names, or the value itself when it is none.
pub fn resolved(value: &'static Value) -> &'static Value {
    let reference = value["$ref"]
        .as_str()
        .and_then(|name| name.strip_prefix('#'));
    reference
        .and_then(|pointer| document().pointer(pointer))
        .unwrap_or(value)
}

fn response_of(operation: &str, status: u16) -> Option<&'static Value> {
    let (_, _, found) = operations().find(|(_, _, known)| known["operationId"] == operation)?;
    found["responses"].get(status.to_string()).map(resolved)
}

fn build() -> Value {
    let components = components();
    let mut paths = Map::new();
    for route in routes::table() {
        let entry = entries()
            .get(route.name)
            .expect("a test looks for the entry of every route");
        let methods = paths.entry(route.path).or_insert_with(|| json!({}));
        methods[route.method.as_str().to_lowercase()] =
            operation(&route, entry, &components["schemas"]);
    }
    let tag = |(name, description)| json!({ "name": name, "description": description });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Rollcall",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "externalDocs": { "description": "The whole API as one text, with its concepts", "url": "/llms-full.txt" },
        "servers": [{ "url": "/" }],
        "tags": TAGS.map(tag),
        "paths": paths,
        "components": components,
    })
}

fn components() -> Value {
    let parsed = |text: &str| -> Map<String, Value> {
        serde_json::from_str(text).expect("the file is part of the program and tested")
    };
    let mut components = parsed(COMPONENTS);
    components.insert(
        "responses".to_owned(),
        errors::components(error_headers).into(),
    );
    let schemas: Map<String, Value> = SCHEMAS.into_iter().flat_map(parsed).collect();
    components.insert("schemas".to_owned(), schemas.into());
    components.into()
}

fn operation(route: &Route, entry: &Entry, schemas: &Value) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "tags": [entry.tag],
        "summary": entry.summary,
        "description": description(route, entry),
        "security": security(route.needs),
        "parameters": parameters(route, entry),
    });
    if let Some(body) = &entry.body {
        let media = media(body, schemas);
        let types = entry
            .body_types
            .iter()
            .map(|name| (name.clone(), media.clone()));
        let content: Map<String, Value> = types.collect();
        operation["requestBody"] = json!({ "required": !entry.body_optional, "content": content });
    }
    let mut responses: BTreeMap<u16, Value> = errors_of(route, entry);
    for answer in &entry.answers {
        responses.insert(answer.status, success(route, entry, answer, schemas));
    }
    if route.method == Method::GET && entry.tagged {
        let headers = headers(is_counted(route), &["ETag"]);
        let says = "The caller has it already: `If-None-Match` names its tag.";
        responses.insert(304, json!({ "description": says, "headers": headers }));
    }
    let responses = responses
        .into_iter()
        .map(|(status, response)| (status.to_string(), response));
    operation["responses"] = responses.collect::<Map<String, Value>>().into();
    operation
}

fn description(route: &Route, entry: &Entry) -> String {
    let needs = match route.needs {
        Needs::Nothing => "Needs no token.".to_owned(),
        Needs::Scope(scope) => {
            format!("Needs a token for the client in the path, with the scope `{scope}`.")
        }
        Needs::Admin => "Needs a token for all clients, with the scope `admin`.".to_owned(),
        Needs::ClientSecret => "Needs an OAuth client's id and secret.".to_owned(),
        Needs::Scim => {
            "Needs a token for the client in the path, with the scope `scim`.".to_owned()
        }
        Needs::Gateway(class) => {
            let limit = class.default_limit().map_or(0, |limit| limit.requests());
            format!(
                "Needs a credential of the instance. {limit} requests a minute, unless the token \
                 says otherwise."
            )
        }
    };
    let source = entry
        .source
        .as_ref()
        .map(|source| format!("Source: {source}."));
    let parts = [
        entry.description.trim().to_owned(),
        needs,
        source.unwrap_or_default(),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("\n\n")
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::Scope(scope) => json!([{ "token": [scope.name()] }]),
        Needs::Admin => json!([{ "token": ["admin"] }]),
        Needs::ClientSecret => json!([{ "clientSecret": [] }]),
        Needs::Scim => json!([{ "token": ["scim"] }, { "scimKey": [] }]),
        Needs::Gateway(_) => {
            json!([{ "token": ["gateway:read"] }, { "gatewayJwt": [] }, { "gatewayKey": [] }])
        }
    }
}

fn parameters(route: &Route, entry: &Entry) -> Vec<Value> {
    let braced = |segment: &'static str| segment.strip_prefix('{')?.strip_suffix('}');
    let of_path = route.path.split('/').filter_map(braced);
    let is_clients = !matches!(route.needs, Needs::ClientSecret | Needs::Scim);
    let of_headers = match route.method {
        Method::GET if entry.tagged => Some("IfNoneMatch"),
        Method::PATCH | Method::PUT | Method::DELETE => Some("IfMatch"),
        Method::POST if is_clients && !entry.keyless => Some("IdempotencyKey"),
        _ => None,
    };
    let names = of_path
        .chain(entry.parameters.iter().map(String::as_str))
        .chain(of_headers);
    names.map(|name| reference("parameters", name)).collect()
}

fn errors_of(route: &Route, entry: &Entry) -> BTreeMap<u16, Value> {
    let mut statuses: Vec<u16> = vec![405, 500];
    statuses.extend::<&[u16]>(match route.needs {
        Needs::Nothing => &[],
        Needs::Scope(_) | Needs::Scim => &[400, 401, 403, 404, 429, 503],
        Needs::Admin => &[400, 401, 403, 429, 503],
        Needs::Gateway(_) => &[400, 401, 404, 429, 503],
        Needs::ClientSecret => &[400, 401, 408, 413, 429, 503],
    });
    let is_clients = !matches!(route.needs, Needs::ClientSecret | Needs::Scim);
    if entry.body.is_some() && route.needs != Needs::ClientSecret {
        statuses.extend([408, 413, 415]);
    }
    match route.method {
        Method::PATCH | Method::PUT | Method::DELETE => statuses.push(412),
        Method::POST if is_clients && !entry.keyless => statuses.push(422),
        _ => {}
    }
    // Which methods a path knows is told by the Clients API's words there too.
    let dialect = |status| match (route.needs, status) {
        (Needs::ClientSecret, 405) => Dialect::Clients,
        (needs, _) => Dialect::of(needs),
    };
    let mut errors: BTreeMap<u16, Value> = statuses
        .into_iter()
        .map(|status| {
            let component = dialect(status).component(status);
            (status, reference("responses", &component))
        })
        .collect();
    // A reference with words of its own: they stand for those of the component (OpenAPI 3.1).
    let own_words = [
        (409, entry.conflict.clone()),
        (404, missing(route, entry)),
        (413, entry.too_large.clone()),
    ];
    for (status, says) in own_words {
        if let Some(says) = says {
            let mut response = reference("responses", &dialect(status).component(status));
            response["description"] = says.into();
            errors.insert(status, response);
        }
    }
    errors
}

fn missing(route: &Route, entry: &Entry) -> Option<String> {
    let says = match route.needs {
        Needs::Scope(_) if route.path.contains("{user_id}") => "User or client not found.",
        Needs::Scope(_) if route.path.contains("{department_id}") => {
            "Department or client not found."
        }
        Needs::Scope(_) if route.path.contains("{import_id}") => "Import or client not found.",
        Needs::Scope(_) => "Client not found: only a token for all clients learns of it.",
        Needs::Gateway(_) if route.path.contains("{userId}") => {
            "No such user, or no such instance for this caller."
        }
        Needs::Gateway(_) => "No such instance for this caller.",
        Needs::Nothing | Needs::Admin | Needs::ClientSecret | Needs::Scim => {
            return entry.missing.clone();
        }
    };
    Some(says.to_owned())
}

fn success(route: &Route, entry: &Entry, answer: &Answer, schemas: &Value) -> Value {
    let mut names = Vec::new();
    if entry.tagged {
        names.push("ETag");
    }
    if answer.located {
        names.push("Location");
    }
    if route.needs == Needs::ClientSecret {
        names.extend(NEVER_KEPT);
    } else if route.method == Method::POST && route.needs != Needs::Scim && !entry.keyless {
        names.push("Idempotency-Replayed");
    }
    let mut response = json!({
        "description": answer.says,
        "headers": headers(is_counted(route), &names),
    });
    if let Some(schema) = &answer.schema {
        response["content"] = json!({ media_type(route.needs): media(schema, schemas) });
    } else if let Some(media_type) = &answer.media_type {
        response["content"] = json!({ media_type.clone(): {} });
    }
    response
}

fn media_type(needs: Needs) -> &'static str {
    match needs {
        Needs::Scim => "application/scim+json",
        _ => "application/json",
    }
}

fn is_counted(route: &Route) -> bool {
    !matches!(route.needs, Needs::Nothing | Needs::ClientSecret)
}

fn error_headers(dialect: Dialect, status: u16) -> Value {
    let mut own = match status {
        401 => vec!["WWW-Authenticate"],
        405 => vec!["Allow"],
        429 | 503 => vec!["Retry-After"],
        _ => Vec::new(),
    };
    if dialect == Dialect::Oauth {
        own.extend(NEVER_KEPT);
    }
    headers(dialect != Dialect::Oauth, &own)
}

fn headers(is_counted: bool, own: &[&str]) -> Value {
    let limits: &[&str] = if is_counted {
        &[
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ]
    } else {
        &[]
    };
    let names = ["X-Request-Id"].iter().chain(own).chain(limits);
    let named = names.map(|name| ((*name).to_owned(), reference("headers", name)));
    named.collect::<Map<String, Value>>().into()
}

/// A JSON body: its schema, and the schema's own examples.
fn media(schema: &str, schemas: &Value) -> Value {
    let mut media = json!({ "schema": reference("schemas", schema) });
    let mut examples = examples(&schemas[schema], schemas);
    if examples.len() == 1 {
        media["example"] = examples.remove(0);
    } else {
        let numbered = (1..).zip(examples);
        let numbered =
            numbered.map(|(n, value)| (format!("example {n}"), json!({ "value": value })));
        media["examples"] = numbered.collect::<Map<String, Value>>().into();
    }
    media
}

fn examples(schema: &Value, schemas: &Value) -> Vec<Value> {
    if let Some(examples) = schema["examples"].as_array() {
        return examples.clone();
    }
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    let named = choices.filter_map(|choice| choice["$ref"].as_str()?.rsplit('/').next());
    named
        .flat_map(|name| examples(&schemas[name], schemas))
        .collect()
}

fn reference(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
