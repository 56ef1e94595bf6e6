//! The errors of all dialects as the document shows them: one table of statuses, and what each
//! status says unless an operation has better words.

use serde_json::{Map, Value, json};

use crate::http::routes::Needs;

/// Whose form an error has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `{"error":{"code","message","details"}}`
    Clients,
    /// `{"error":{"code","message"}}`
    Gateway,
    /// `{"error","error_description"}`
    Oauth,
    /// `{"schemas","status","scimType","detail"}`
    Scim,
}

impl Dialect {
    /// The dialect of a route.
    pub fn of(needs: Needs) -> Self {
        match needs {
            Needs::Gateway(_) => Self::Gateway,
            Needs::ClientSecret => Self::Oauth,
            Needs::Scim => Self::Scim,
            Needs::Nothing | Needs::Scope(_) | Needs::Admin => Self::Clients,
        }
    }

    /// The name of a status' answer among the components: `Clients404`.
    pub fn component(self, status: u16) -> String {
        format!("{self:?}{status}")
    }

    fn rows(self) -> &'static [Row] {
        match self {
            Self::Clients => &CLIENTS,
            Self::Gateway => &GATEWAY,
            Self::Oauth => &OAUTH,
            Self::Scim => &SCIM,
        }
    }

    fn schema(self) -> &'static str {
        match self {
            Self::Clients => "#/components/schemas/Error",
            Self::Gateway => "#/components/schemas/GatewayError",
            Self::Oauth => "#/components/schemas/OauthError",
            Self::Scim => "#/components/schemas/ScimError",
        }
    }
}

/// A status: its codes, what it says, an example's message, and the example's one detail.
struct Row(
    u16,
    &'static [&'static str],
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);

#[rustfmt::skip] // A table is read in rows.
static CLIENTS: [Row; 14] = [
    Row(400, &["invalid_request", "invalid_cursor"], "A parameter, header or field is unknown or refused; `details.field` names it.", "page_size must be a whole number from 1", Some(("field", "page_size"))),
    Row(401, &["unauthorized"], "No, malformed, unknown, expired or revoked token.", "Authentication required", None),
    Row(403, &["forbidden"], "The token may not use this client, whether or not it exists, or lacks the scope.", "Insufficient permissions for this client", None),
    Row(404, &["not_found"], "Not found.", "User not found", Some(("user_id", "a1d97031-04e2-4907-a249-093f7436207b"))),
    Row(405, &["method_not_allowed"], "The path does not know the method.", "The resource does not know this method", None),
    Row(408, &["invalid_request"], "The body did not arrive in time.", "The body did not arrive in time", Some(("field", "body"))),
    Row(409, &["conflict"], "Taken; `details.field` names what is.", "The user_key is taken", Some(("field", "user_key"))),
    Row(412, &["precondition_failed"], "The record was changed since `If-Match` was its tag.", "The user was changed meanwhile", None),
    Row(413, &["payload_too_large"], "The body is longer than 1 MiB.", "The body is longer than 1 MiB", None),
    Row(415, &["unsupported_media_type"], "The body is not of a type that is taken, or not in UTF-8.", "The body must be application/json in UTF-8", Some(("field", "Content-Type"))),
    Row(422, &["invalid_request"], "The `Idempotency-Key` was used for another request.", "The Idempotency-Key was used for another request", Some(("field", "Idempotency-Key"))),
    Row(429, &["rate_limit_exceeded"], "The token's rate limit is used up.", "The token's rate limit is used up", None),
    Row(500, &["internal_error"], "Server error.", "Server error", None),
    Row(503, &["unavailable"], "Busy: try again.", "The directory is busy", None),
];

#[rustfmt::skip]
static GATEWAY: [Row; 7] = [
    Row(400, &["INPUT_VALIDATION_FAILED"], "A parameter is unknown or refused.", "pageSize must be a whole number from 1", None),
    Row(401, &["AUTHENTICATION_FAILED"], "No credential, or none that this gateway accepts.", "Bearer token missing.", None),
    Row(404, &["NOT_FOUND"], "Not found, or not there for this caller.", "User ID 222 does not exist.", None),
    Row(405, &["INPUT_VALIDATION_FAILED"], "The gateway is read with `GET` only.", "The gateway is read with GET only.", None),
    Row(429, &["RATE_LIMIT_EXCEEDED"], "The rate limit is used up.", "Rate limit exceeded.", None),
    Row(500, &["INTERNAL_SERVER_ERROR"], "Server error.", "Internal server error.", None),
    Row(503, &["INTERNAL_SERVER_ERROR"], "Busy: try again.", "The directory is busy.", None),
];

#[rustfmt::skip]
static OAUTH: [Row; 7] = [
    Row(400, &["invalid_request", "unsupported_grant_type", "invalid_scope"], "The request is not one of RFC 6749 4.4.2, or asks for a scope that the client has not.", "grant_type is required", None),
    Row(401, &["invalid_client"], "The client is unknown, or its secret is not this one.", "the client is unknown, or its secret is not this one", None),
    Row(408, &["invalid_request"], "The body did not arrive in time.", "the body did not arrive in time", None),
    Row(413, &["invalid_request"], "The body is longer than 1 MiB.", "the body is longer than 1 MiB", None),
    Row(429, &["temporarily_unavailable"], "Too many attempts from this address, or too many of the client's tokens are valid.", "too many attempts", None),
    Row(500, &["server_error"], "Server error.", "server error", None),
    Row(503, &["temporarily_unavailable"], "Busy: try again.", "the directory is busy", None),
];

#[rustfmt::skip]
static SCIM: [Row; 13] = [
    Row(400, &["invalidCount", "invalidCursor", "invalidFilter", "invalidPath", "invalidSyntax", "invalidValue", "mutability", "noTarget", "tooMany"], "The request is not SCIM, or a value is refused; `scimType` says which.", "userName is required", None),
    Row(401, &[], "No, malformed, unknown, expired or revoked token.", "Bearer token missing.", None),
    Row(403, &[], "The token may not provision this client, whether or not it exists.", "Insufficient permissions for this client", None),
    Row(404, &[], "Not found, or deleted.", "User 2819c223-7f76-453a-919d-413861904646 not found", None),
    Row(405, &[], "The path does not know the method.", "The resource does not know this method", None),
    Row(408, &[], "The body did not arrive in time.", "The body did not arrive in time", None),
    Row(409, &["uniqueness"], "Taken.", "The userName is taken", None),
    Row(412, &[], "The user was changed since `If-Match` was its tag.", "The user was changed meanwhile", None),
    Row(413, &[], "The body is too long.", "The body is longer than 1 MiB", None),
    Row(415, &[], "The body is neither application/scim+json nor application/json in UTF-8.", "The body must be application/scim+json in UTF-8", None),
    Row(429, &[], "The token's rate limit is used up.", "The token's rate limit is used up", None),
    Row(500, &[], "Server error.", "Server error", None),
    Row(503, &[], "Busy: try again.", "The directory is busy", None),
];

/// The answers that the components hold: every status of every dialect.
pub fn components(headers: impl Fn(Dialect, u16) -> Value) -> Map<String, Value> {
    let of_dialect = |dialect: Dialect| {
        let named = |row: &Row| (dialect.component(row.0), response(dialect, row, &headers));
        dialect.rows().iter().map(named).collect::<Vec<_>>()
    };
    let dialects = [
        Dialect::Clients,
        Dialect::Gateway,
        Dialect::Oauth,
        Dialect::Scim,
    ];
    dialects.into_iter().flat_map(of_dialect).collect()
}

fn response(dialect: Dialect, row: &Row, headers: impl Fn(Dialect, u16) -> Value) -> Value {
    let Row(status, codes, says, message, detail) = row;
    if dialect == Dialect::Scim {
        let mut example = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(),
            "detail": message,
        });
        let mut schema = json!({ "$ref": dialect.schema() });
        if let Some(first) = codes.first() {
            example["scimType"] = (*first).into();
            schema["properties"] = json!({ "scimType": { "enum": codes } });
        }
        return json!({
            "description": says,
            "headers": headers(dialect, *status),
            "content": { "application/scim+json": { "schema": schema, "example": example } },
        });
    }
    if dialect == Dialect::Oauth {
        let schema = json!({
            "$ref": dialect.schema(),
            "properties": { "error": { "enum": codes } },
        });
        let example = json!({ "error": codes[0], "error_description": message });
        return json!({
            "description": says,
            "headers": headers(dialect, *status),
            "content": { "application/json": { "schema": schema, "example": example } },
        });
    }
    let mut error = json!({ "code": codes[0], "message": message });
    if dialect == Dialect::Clients {
        let mut details = Map::from_iter(detail.map(|(name, value)| (name.into(), value.into())));
        details.insert(
            "request_id".into(),
            "0c4e9a7f31b84d52a6c1f0e87d3b9512".into(),
        );
        error["details"] = details.into();
    }
    let schema = json!({
        "$ref": dialect.schema(),
        "properties": { "error": { "properties": { "code": { "enum": codes } } } },
    });
    json!({
        "description": says,
        "headers": headers(dialect, *status),
        "content": { "application/json": { "schema": schema, "example": { "error": error } } },
    })
}
