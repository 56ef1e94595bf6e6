//! The command line.

pub mod system;
