//! Rollcall: one directory of every client's people.
//!
//! The modules in reading order; data flows down through them, from the last to the first, and back
//! once.

// Nouns: types that cannot be wrong, and the filter language. No I/O.
pub mod model;

// SQL: one text for both databases, a plain function each.
pub mod store;

// Images: each client's people in memory, kept current by every write.
pub mod directory;

// Verbs: may the caller, is it valid, then the work.
pub mod operations;

// Doors: the routes, who calls, one folder a dialect.
pub mod http;

// The command line, the configuration, and the system's clock and randomness.
pub mod cli;
