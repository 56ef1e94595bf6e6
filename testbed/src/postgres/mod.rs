//! A real PostgreSQL, 15 or newer.
//!
//! Nearly every test wants only an empty database: [`Database::create`]. It is made on the server
//! that all tests share ([`shared`]), takes some milliseconds, and is dropped with its guard. A test
//! that stops the server or needs other settings starts its own: [`Server::launch`].

mod database;
mod programs;
mod server;

pub use database::{Address, Database, SHARED_BY, shared};
pub use server::{Locale, Options, Server};

/// Whether a PostgreSQL that is new enough is installed.
pub fn is_installed() -> bool {
    programs::Programs::find().is_ok()
}
