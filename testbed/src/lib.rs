//! The real servers that tests run against: [`postgres`] and [`redis`], started on free ports of
//! 127.0.0.1 with a directory of their own, and gone with the process that started them, however
//! that one ends.
//!
//! Nothing here speaks to Rollcall, and nothing here is mocked. A server that is not installed or
//! does not start is a failure, never a skip: the functions panic with a sentence that says what to
//! do, and those named `try_…` return the sentence instead.
#![allow(
    clippy::disallowed_methods,
    reason = "how long a server may take to start is real time; there is no App whose clock to use"
)]

pub mod postgres;
pub mod redis;

mod directory;
mod free_port;
mod starting;
mod supervisor;
mod waiting;
