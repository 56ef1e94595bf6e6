//! `/v2/clients/…`

mod activity;
mod analytics;
mod changes;
mod client;
mod departments;
mod errors;
mod examples;
mod imports;
mod members;
mod once;
mod profile;
mod provenance;
mod undo;
mod user;
mod users;
