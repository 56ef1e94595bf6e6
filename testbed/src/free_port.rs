//! Finding a port that nobody listens on.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
    ops::Range,
};

/// Below the ports that Linux gives to outgoing connections (32768 and up): a server that is down
/// for a moment must find its own port free when it comes back, not taken by one of its clients.
const PORTS: Range<u64> = 15_000..32_000;

/// A port of 127.0.0.1 that was free a moment ago. Another process may take it before it is used,
/// so the caller tries again with another one when its server says that the port is taken.
pub(crate) fn find() -> Result<u16, String> {
    // Chosen by chance and not in order, or all processes that start at once would want the same.
    for _ in 0..100 {
        let port = PORTS.start + random() % (PORTS.end - PORTS.start);
        let port = u16::try_from(port).expect("every port of the range has 16 bits");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no free port of 127.0.0.1 was found in 100 attempts".to_owned())
}

/// Any number: the standard library seeds its hash tables from the system's randomness.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_found_can_be_listened_on() {
        let port = find().expect("some port is free");
        assert!(PORTS.contains(&u64::from(port)));
    }

    #[test]
    fn two_searches_do_not_start_at_the_same_port() {
        let found: std::collections::HashSet<u64> = (0..16).map(|_| random()).collect();
        assert!(found.len() > 8, "{found:?}");
    }
}
