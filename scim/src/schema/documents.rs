//! The discovery documents: `/Schemas`, `/ResourceTypes`, `/ServiceProviderConfig` (RFC 7644 4).

use serde_json::{Value, json};

use super::{Attribute, Kind, Mutability, Returned, Schema, Type, Uniqueness};

const SCHEMA_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
const RESOURCE_TYPE_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
const CONFIG_URN: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";

/// What the server offers, for [`service_provider_config`]. Sizes in bytes.
#[derive(Debug, Clone)]
pub struct ServiceProvider<'a> {
    /// Where the documentation is.
    pub documentation: Option<&'a str>,
    /// The most operations in one `/Bulk` and its longest body, when there is one.
    pub bulk: Option<BulkLimits>,
    /// Whether there are cursors beside indices (RFC 9865).
    pub has_cursors: bool,
    /// The most resources in one page.
    pub results_max: u64,
    /// The resources in a page when nobody says how many.
    pub results_default: u64,
    /// How long a cursor lives, when it does not live for ever.
    pub cursor_timeout_seconds: Option<u64>,
    /// How a client may say who it is; the first is the one to prefer.
    pub authentication: &'a [AuthenticationScheme],
}

/// How much one `/Bulk` may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BulkLimits {
    /// Operations.
    pub operations_max: u64,
    /// The body's length in bytes.
    pub payload_bytes_max: u64,
}

/// A way to say who one is (RFC 7643 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationScheme {
    /// A token, handed out by hand.
    BearerToken,
    /// OAuth 2.0 client credentials.
    ClientCredentials,
}

/// `/ServiceProviderConfig` (RFC 7643 5, RFC 9865 4); `base` is the address of the SCIM root
/// without a slash at its end.
pub fn service_provider_config(offer: &ServiceProvider<'_>, base: &str) -> Value {
    let schemes = offer.authentication.iter().enumerate();
    let schemes: Vec<Value> = schemes
        .map(|(index, scheme)| {
            let (kind, name, description) = match scheme {
                AuthenticationScheme::BearerToken => (
                    "oauthbearertoken",
                    "Bearer token",
                    "A token of the client with the scope scim.",
                ),
                AuthenticationScheme::ClientCredentials => (
                    "oauth2",
                    "OAuth 2.0 client credentials",
                    "A token from the token endpoint.",
                ),
            };
            json!({ "type": kind, "name": name, "description": description, "primary": index == 0 })
        })
        .collect();
    let mut pagination = json!({
        "cursor": offer.has_cursors,
        "index": true,
        "defaultPaginationMethod": "index",
        "defaultPageSize": offer.results_default,
        "maxPageSize": offer.results_max,
    });
    if let Some(seconds) = offer.cursor_timeout_seconds {
        pagination["cursorTimeout"] = seconds.into();
    }
    let mut config = json!({
        "schemas": [CONFIG_URN],
        "patch": { "supported": true },
        "bulk": {
            "supported": offer.bulk.is_some(),
            "maxOperations": offer.bulk.map_or(0, |bulk| bulk.operations_max),
            "maxPayloadSize": offer.bulk.map_or(0, |bulk| bulk.payload_bytes_max),
        },
        "filter": { "supported": true, "maxResults": offer.results_max },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        "pagination": pagination,
        "authenticationSchemes": schemes,
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    });
    if let Some(documentation) = offer.documentation {
        config["documentationUri"] = documentation.into();
    }
    config
}

/// `/ResourceTypes/User` or `/ResourceTypes/Group` (RFC 7643 6).
pub fn resource_type(kind: Kind, base: &str) -> Value {
    let core = kind.core();
    let extensions = kind.extensions().iter();
    let extensions: Vec<Value> = extensions
        .map(|schema| json!({ "schema": schema.urn, "required": false }))
        .collect();
    json!({
        "schemas": [RESOURCE_TYPE_URN],
        "id": kind.name(),
        "name": kind.name(),
        "description": core.description,
        "endpoint": kind.endpoint(),
        "schema": core.urn,
        "schemaExtensions": extensions,
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base}/ResourceTypes/{}", kind.name()),
        },
    })
}

/// All of `/ResourceTypes`, the list's `Resources`.
pub fn resource_types(base: &str) -> Vec<Value> {
    Kind::ALL
        .into_iter()
        .map(|kind| resource_type(kind, base))
        .collect()
}

/// All of `/Schemas`, the list's `Resources`.
pub fn schemas(base: &str) -> Vec<Value> {
    all().map(|schema| document(schema, base)).collect()
}

/// One of `/Schemas`, by its URN in any case.
pub fn schema(urn: &str, base: &str) -> Option<Value> {
    all()
        .find(|schema| schema.urn.eq_ignore_ascii_case(urn))
        .map(|schema| document(schema, base))
}

fn all() -> impl Iterator<Item = &'static Schema> {
    Kind::ALL
        .into_iter()
        .flat_map(|kind| std::iter::once(kind.core()).chain(kind.extensions().iter().copied()))
}

fn document(schema: &Schema, base: &str) -> Value {
    let attributes: Vec<Value> = schema.attributes.iter().map(attribute).collect();
    json!({
        "schemas": [SCHEMA_URN],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": attributes,
        "meta": {
            "resourceType": "Schema",
            "location": format!("{base}/Schemas/{}", schema.urn),
        },
    })
}

/// One attribute. Sub-attributes have none of their own (RFC 7643 2.3.8), so this ends.
fn attribute(attribute: &Attribute) -> Value {
    let mut document = leaf(attribute);
    if attribute.kind == Type::Complex {
        document["subAttributes"] = attribute.sub_attributes.iter().map(leaf).collect();
    }
    document
}

fn leaf(attribute: &Attribute) -> Value {
    let mut document = json!({
        "name": attribute.name,
        "type": attribute.kind.name(),
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.name(),
        "returned": attribute.returned.name(),
        "uniqueness": attribute.uniqueness.name(),
    });
    if !attribute.canonical_values.is_empty() {
        document["canonicalValues"] = json!(attribute.canonical_values);
    }
    if !attribute.reference_types.is_empty() {
        document["referenceTypes"] = json!(attribute.reference_types);
    }
    document
}

impl Type {
    /// As `/Schemas` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::DateTime => "dateTime",
            Self::Reference => "reference",
            Self::Binary => "binary",
            Self::Complex => "complex",
        }
    }
}

impl Mutability {
    /// As `/Schemas` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ReadWrite => "readWrite",
            Self::Immutable => "immutable",
            Self::WriteOnly => "writeOnly",
        }
    }
}

impl Returned {
    /// As `/Schemas` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Never => "never",
            Self::Default => "default",
            Self::Request => "request",
        }
    }
}

impl Uniqueness {
    /// As `/Schemas` says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Server => "server",
        }
    }
}
