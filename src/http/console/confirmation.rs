//! The page that asks whether somebody really means it, where nothing can be undone.

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::frame::{Frame, page};
use crate::http::console::shown::Choice;

/// What is asked.
#[derive(Template)]
#[template(path = "confirmation.html")]
pub(super) struct Confirmation {
    pub(super) frame: Frame,
    /// What the page says that it comes to, a paragraph each.
    pub(super) says: Vec<String>,
    /// How it may be done, if in several ways.
    pub(super) ways: Option<Ways>,
    /// Where the form is sent to.
    pub(super) action: String,
    /// What the button says; without one it cannot be done.
    pub(super) button: Option<String>,
    /// Whether something ends by it.
    pub(super) is_danger: bool,
    /// Where one came from.
    pub(super) back: &'static str,
}

/// Ways to do something, of which one is chosen.
pub(super) struct Ways {
    pub(super) name: &'static str,
    pub(super) legend: &'static str,
    pub(super) choices: Vec<Choice>,
}

impl Confirmation {
    /// The page.
    pub(super) fn asked(&self) -> Response {
        page(self)
    }
}
