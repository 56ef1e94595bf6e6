//! SCIM 2.0 (RFC 7643, 7644, 9865) as data, and the dialects of it that Okta, Entra ID and others
//! speak.
//!
//! A resource is a [`serde_json::Map`] in canonical spelling: [`resource::normalise`] makes it of
//! what a client sends, [`filter`], [`patch`], [`sort`] and [`projection`] work on it.
//!
//! What is not here: I/O, HTTP, a clock, identifiers, storage, and who may do what. Nothing here
//! recurses over what a client sends unless its depth was checked before, so no text and no JSON
//! can exhaust the stack, be it in reading, in working or in letting go.
//!
//! In reading order:

pub mod schema;

pub mod path;

pub mod filter;

pub mod resource;

pub mod patch;

pub mod projection;

pub mod sort;

pub mod message;

pub mod secret;

mod error;
mod moment;
mod quirk;

pub use error::{ScimError, ScimType};
pub use quirk::Quirk;
pub use schema::Kind;

/// A JSON object; what a resource is kept as.
pub type Map = serde_json::Map<String, serde_json::Value>;
