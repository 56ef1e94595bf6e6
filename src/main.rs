//! Rollcall
fn main() {}
