//! The doors: the server's connections, what surrounds every request, and each dialect.
//!
//! No rule of the directory is decided here, and no SQL is known.

pub mod metrics;
pub mod observe;
pub mod request_log;
pub mod server;
