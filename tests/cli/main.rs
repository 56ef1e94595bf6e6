//! The built binary from outside: what it prints, what it refuses, how it ends.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also outside of its own function"
)]

mod backup;
mod clients;
mod holds;
mod instances;
mod life;
mod migrate;
mod oauth_clients;
mod output;
mod packaging;
mod running;
mod scim;
mod scim_log;
mod serve;
mod server;
mod settings;
mod shared_limits;
mod shell;
mod tokens;
