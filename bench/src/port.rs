//! Ports for servers that cannot choose one themselves.

use std::net::TcpListener;

/// An address of 127.0.0.1 on which nobody listens at this moment.
///
/// # Errors
/// When the system has none left.
pub fn free() -> Result<String, String> {
    let bound = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    bound
        .map(|address| address.to_string())
        .map_err(|error| error.to_string())
}
