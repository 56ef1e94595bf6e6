//! Nouns: parsed types that cannot be wrong, and the filter languages as data with their
//! evaluation. Nothing here does I/O, reads a clock or waits.

pub mod filter;
pub mod profile_field;
