//! `cargo xtask`: what a cargo command cannot say.

fn main() {}
