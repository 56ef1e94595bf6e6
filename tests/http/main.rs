//! The doors, asked as their consumers ask them: through the whole router, over a database of each
//! test's own. No ports and no sleeps; time and chance are the test's.
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

mod access;
mod bad_input;
mod clients;
mod gateway;
mod isolation;
mod paging;
mod stale;
mod support;
