//! The verbs: may the caller? is it valid? Reads ask the directory's images; writes are one
//! transaction with their change records, after which the image catches up.
//!
//! One file a noun. No SQL, no HTTP.

pub mod activity;
pub mod app;
pub mod caller;
pub mod changes;
pub mod clients;
pub mod days;
pub mod departments;
pub mod error;
pub mod export;
pub mod freshness;
pub mod gateway;
pub mod housekeeping;
pub mod import;
pub mod instances;
mod jwt;
pub mod limits;
pub mod looks;
pub mod migrate;
pub mod nodes;
pub mod oauth;
pub mod overview;
pub mod precondition;
pub mod provenance;
pub mod provisioning;
pub mod scim_log;
pub mod sessions;
pub mod stale;
pub mod tokens;
pub mod trail;
pub mod undo;
mod user_changes;
pub mod users;
pub mod write;
