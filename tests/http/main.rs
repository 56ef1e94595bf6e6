//! The doors, asked as their consumers ask them: through the whole router, over a database of each
//! test's own, here SQLite's, and PostgreSQL's in `on_postgres.rs`. No ports and no
//! sleeps; time and chance are the test's.
//!
//! The modules mirror the tree of URLs. Bodies stand byte for byte beside the question; when one is
//! meant to change, the text changes with it.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]
#![allow(
    clippy::too_many_lines,
    reason = "a table of cases is long, and read row by row"
)]

/// The database that the suite runs on.
const BACKEND: support::Backend = support::Backend::Sqlite;

include!("suite.rs");

// Beside the suite: it stands on both at once.
mod twins;
