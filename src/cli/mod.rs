//! The command line: reading what is asked, calling the operations, saying what came of it.
//!
//! The operations hold the rules and `http` answers requests; nothing here does either.

pub mod config;
pub mod demo;
pub mod failure;
pub mod settings;
pub mod system;
