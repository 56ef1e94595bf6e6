//! Rollcall

pub mod model;
