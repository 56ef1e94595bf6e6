//! Reads while others write, for real: tasks on several threads, and channels that say when.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

#[path = "../support/mod.rs"]
#[macro_use]
mod support;

mod history;
mod overview;
mod stale;
mod together;
mod turns;
mod walks;
mod world;
