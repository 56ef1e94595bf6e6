//! The nouns: parsed types that cannot be wrong, and the languages they are asked about in.
//!
//! Nothing here reads, writes, waits or knows who is asking.

pub mod activity;
pub mod change;
pub mod client;
pub mod days;
pub mod department;
pub mod digits;
pub mod environment;
pub mod field;
pub mod filter;
pub mod grant;
pub mod id;
pub mod import;
pub mod instance;
pub mod invalid;
pub mod json;
pub mod oauth;
pub mod page;
pub mod profile;
pub mod profile_field;
pub mod profile_json;
pub mod profile_text;
pub mod provenance;
pub mod provisioning;
pub mod rate_limit;
pub mod scim_log;
pub mod scope;
pub mod session;
pub mod text;
pub mod timestamp;
pub mod token;
pub mod trend;
pub mod user;
pub mod user_difference;
