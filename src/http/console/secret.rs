//! A secret that was just made, on its way to the page that shows it once.
//!
//! The answer to the form leads on to a page of its own address, so loading that anew makes nothing.
//! The secret gets there in a cookie, sealed for this session and this record, which the page takes
//! away: so it is in no address, no log and no cache, and whichever node is asked can show it.

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::frame::{Frame, page};
use crate::http::console::{Call, security, see_other};
use crate::model::token::Secret;

#[derive(Template)]
#[template(path = "secret.html")]
pub(super) struct Page {
    pub(super) frame: Frame,
    /// `None` when it was shown already.
    pub(super) secret: Option<String>,
    /// What else one needs beside it.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What to do with it.
    pub(super) says: &'static str,
    /// Where one goes when it is kept.
    pub(super) back: &'static str,
}

/// Leads to the page at `path`, which shows the secret of what has that id.
pub(super) fn lead_to(call: &Call, path: &str, id: &str, secret: &Secret) -> Response {
    let ends = call
        .app()
        .now()
        .plus_milliseconds(security::ONCE_SECONDS * 1_000);
    let text = format!("{} {}", ends.milliseconds(), secret.reveal());
    let sealed = call.http.seal.seal_text(&text, &purpose(call, id));
    let mut response = see_other(path);
    security::keep_once(&mut response, &sealed);
    response
}

/// The secret of what has that id, if it waits to be shown to who asks.
pub(super) fn waiting(call: &Call, id: &str) -> Option<String> {
    let sealed = security::once(&call.asked.head.headers)?;
    let text = call.http.seal.open_text(sealed, &purpose(call, id))?;
    let (ends, secret) = text.split_once(' ')?;
    let ends: i64 = ends.parse().ok()?;
    (call.app().now().milliseconds() < ends).then(|| secret.to_owned())
}

/// The page, after which the browser has the secret no more.
pub(super) fn shown(shown: &Page) -> Response {
    let mut response = page(shown);
    security::forget_once(&mut response);
    response
}

fn purpose(call: &Call, id: &str) -> String {
    format!("console secret\0{}\0{id}", call.visitor.secret().form_key())
}
