//! `/{instance}/…`

mod examples;
