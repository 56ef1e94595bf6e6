//! `/{instance}/…`

mod auth;
mod examples;
mod filter;
mod limits;
mod users;
