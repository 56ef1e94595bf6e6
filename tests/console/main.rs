//! The console in a real browser: headless Chromium drives the built server through each journey.
//!
//! A screenshot of each page is left in `target/tmp/console/`, and axe-core looks at each page for
//! violations of WCAG 2.2 AA (`axe.min.js`, axe-core 4.14.1, MPL-2.0, the package's own file). Needs
//! `chromium` and `chromedriver`.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also outside of its own function"
)]

mod browser;
mod departments;
mod everybody;
mod import;
mod injection;
mod oidc;
mod overview;
mod people;
mod scim_log;
#[path = "../cli/server.rs"]
#[expect(dead_code, reason = "the command line's tests use the rest")]
mod server;
#[path = "../cli/shell.rs"]
#[expect(dead_code, reason = "the command line's tests use the rest")]
mod shell;
mod signing_in;
mod stage;
mod tokens;
