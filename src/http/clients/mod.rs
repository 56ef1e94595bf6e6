//! The Clients API, version 2.

pub mod activity;
pub mod analytics;
pub mod changes;
#[allow(
    clippy::module_inception,
    reason = "the noun is called so in every layer"
)]
pub mod clients;
pub mod departments;
pub mod failure;
pub mod imports;
pub mod provenance;
pub mod users;
pub mod wire;
