//! Real servers, started and ended.
#![allow(
    clippy::disallowed_methods,
    reason = "how long a server may take is real time; there is no App whose clock to use"
)]

mod ending;
mod postgres;
mod redis;
