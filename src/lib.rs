//! Rollcall
