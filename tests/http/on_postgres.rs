//! The same suite as `main.rs`, word for word, over PostgreSQL.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]
#![allow(
    clippy::too_many_lines,
    reason = "a table of cases is long, and read row by row"
)]

/// The database that the suite runs on.
const BACKEND: support::Backend = support::Backend::Postgres;

include!("suite.rs");
