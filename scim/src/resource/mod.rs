//! What a POST or a PUT carries, made into a resource in canonical spelling.
//!
//! What is read as what was meant, and what is not, stands in the table of [`Quirk`]s. Values
//! themselves stay as they were sent. What no schema knows is kept: unknown attributes without
//! their nulls, unknown extensions under their URN.

mod coerce;
mod edit;
mod elements;
mod limits;
mod list;

use serde_json::Value;

use crate::error::ScimError;
use crate::path::is_schema_urn;
use crate::quirk::Quirk;
use crate::{Kind, Map};

pub use limits::{DEPTH_MAX, LIST_MAX, NAMES_MAX, TEXT_BYTES_MAX, VALUES_MAX, check, dismantle};

pub(crate) use coerce::elements as coerce_elements;
pub(crate) use edit::{Edit, Target, check_writable, target};
pub(crate) use limits::{check_resource, within};

/// A resource as a client sent it, put in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// The attributes, without `id`, `meta`, `schemas` and everything else that is the server's.
    pub attributes: Map,
    /// The liberties that were taken, each once.
    pub quirks: Vec<Quirk>,
}

/// Puts in order what a POST or a PUT carries (RFC 7644 3.3, 3.5.1).
///
/// # Errors
/// `invalidSyntax` for what is no object, `invalidValue` for a wrong type, a missing required
/// attribute, or more than the limits allow (413 for the size).
pub fn normalise(kind: Kind, sent: Value) -> Result<Normalised, ScimError> {
    let Value::Object(sent) = within(sent)? else {
        return Err(ScimError::syntax("the body is to be a JSON object"));
    };
    let mut attributes = Map::new();
    let mut quirks = vec![];
    let mut edit = Edit {
        kind,
        resource: &mut attributes,
        quirks: &mut quirks,
    };
    edit.replace_all(sent)?;
    if let Some(name) = missing(kind, &attributes) {
        return Err(ScimError::value(format!("{name} is required")));
    }
    Ok(Normalised { attributes, quirks })
}

/// The schemas that a resource has: its core, and the extensions that it carries (RFC 7643 3).
pub fn schemas(kind: Kind, resource: &Map) -> Vec<String> {
    let extensions = resource.iter().filter(|(key, value)| {
        value.is_object() && (kind.extension(key).is_some() || is_schema_urn(key))
    });
    std::iter::once(kind.core().urn.to_owned())
        .chain(extensions.map(|(key, _)| key.clone()))
        .collect()
}

/// A required attribute that is missing or blank.
pub(crate) fn missing(kind: Kind, resource: &Map) -> Option<&'static str> {
    let mut required = kind
        .core()
        .attributes
        .iter()
        .filter(|attribute| attribute.required);
    let is_missing = |name| match resource.get(name) {
        Some(Value::String(text)) => text.trim().is_empty(),
        found => found.is_none(),
    };
    required
        .find(|attribute| is_missing(attribute.name))
        .map(|attribute| attribute.name)
}
