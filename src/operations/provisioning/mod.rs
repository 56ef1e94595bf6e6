//! Provisioning: what identity providers say of people over SCIM 2.0, and what they are shown.
//!
//! The crate `scim` knows the protocol's data and none of ours; this is where both meet.

mod mapping;
mod resource;
pub mod users;

pub use resource::user as resource;
