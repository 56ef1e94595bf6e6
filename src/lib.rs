//! Rollcall: one directory of every client's people.
//!
//! The modules in reading order; data flows down through them and back once.

pub mod cli;
pub mod directory;
pub mod model;
pub mod operations;
pub mod store;
