//! Filters: what they mean, what they refuse, and another parser's opinion.

#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

mod meaning;
mod refusals;
