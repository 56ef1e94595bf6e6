//! Load for slapd, since neither wrk nor oha speaks LDAP: connections that ask one question after
//! the other, in a process of their own.

pub mod message;

mod load;
mod slapd;

pub use load::{LdapLoad, generate};
pub use slapd::{BASE, INDEXES, RunningSlapd, Slapd, version};
