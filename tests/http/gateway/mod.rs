//! `/{instance}/…`

mod auth;
mod examples;
mod filter;
mod limits;
mod shared_limits;
mod users;
