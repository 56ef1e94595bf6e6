//! What keeps the console safe in a browser: the session's cookie, the key of forms, and the headers
//! that every answer bears.

use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, HeaderName, HeaderValue, SET_COOKIE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, StatusCode};

use crate::http::Http;
use crate::http::answer::{self, Response};
use crate::http::body;
use crate::http::console::failure::Failure;
use crate::http::console::form::Form;
use crate::http::router::Asked;
use crate::model::invalid::Invalid;
use crate::model::rate_limit::{Limit, RouteClass};
use crate::model::session::SessionSecret;
use crate::operations::app::App;
use crate::operations::limits::Asker;
use crate::operations::sessions::{self, Visitor};

/// The cookie of who is signed in. A browser takes one of such a name only from this very host, over
/// TLS (or from its own machine), for all paths (RFC 6265bis 4.1.3.2).
const SESSION: &str = "__Host-rollcall";
/// The cookie of who is about to sign in: the form that they do it with bears its key.
const ENTRANCE: &str = "__Host-rollcall-entrance";
/// The cookie of who is at their OpenID provider. That one sends them back from another site, so the
/// browser must send it then.
const ERRAND: &str = "__Host-rollcall-errand";
/// How often an address may try to sign in, a minute.
const ATTEMPTS_PER_MINUTE: u32 = 60;
/// The cookie in which a secret that was just made gets to the page that shows it.
const ONCE: &str = "__Host-rollcall-once";
/// How long a new secret waits to be shown, in seconds.
pub const ONCE_SECONDS: i64 = 60;
/// The field of every form that bears its key; a header where a script sends a file.
pub const FORM_KEY: &str = "form_key";
const FORM_KEY_HEADER: &str = "x-form-key";

/// This server's own files alone, and nothing that stands in a page. Pico keeps its icons in `data:`
/// URLs of its style.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The headers that every answer bears, whatever it is. Of where somebody comes from, other sites
/// learn nothing; our own need it, to tell our own forms from others'.
const HEADERS: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("referrer-policy"), "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The answer with the headers that all have. What is about people is kept by nobody.
pub fn sealed(mut response: Response) -> Response {
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    if !response.headers().contains_key(CACHE_CONTROL) {
        answer::set(&mut response, CACHE_CONTROL, "no-store");
    }
    response
}

/// Who is signed in.
pub async fn visitor(app: &App, asked: &Asked) -> Result<Visitor, Failure> {
    let secret = cookie(&asked.head.headers, SESSION).ok_or(Failure::NotSignedIn)?;
    Ok(sessions::find(app, secret).await?)
}

/// The form that was sent, if it is one of those that we made for this secret.
pub async fn form(http: &Http, asked: &Asked, secret: &SessionSecret) -> Result<Form, Failure> {
    let headers = &asked.head.headers;
    if !is_from_here(headers) {
        return Err(Failure::ForeignForm);
    }
    // A file comes as it is, by a script, which other sites' pages cannot make say the key.
    if let Some(key) = headers.get(FORM_KEY_HEADER) {
        let is_right = key.to_str().is_ok_and(|key| secret.is_form_key(key));
        return is_right.then(Form::default).ok_or(Failure::ForeignForm);
    }
    let body = body::read(headers, asked.take_body(), http.settings.body_timeout).await?;
    body::assert_media_type(headers, &["application/x-www-form-urlencoded"])?;
    let text = std::str::from_utf8(&body);
    let text = text.map_err(|_| Invalid::new("form", "the form is not valid UTF-8"))?;
    let form = Form::read(text)?;
    let is_right = form
        .get(FORM_KEY)
        .is_some_and(|key| secret.is_form_key(key));
    is_right.then_some(form).ok_or(Failure::ForeignForm)
}

/// Whether the browser says, if it says anything, that one of our own pages sent this (Fetch Metadata
/// Request Headers, `Sec-Fetch-Site`).
fn is_from_here(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    site.is_none_or(|site| site == "same-origin")
}

/// Whether a link of another site's led here: then the browser left the session's cookie out, whoever
/// is signed in, and sends it when we ask once more ourselves.
pub fn came_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site");
    cookie(headers, SESSION).is_none() && site.is_some_and(|site| site == "cross-site")
}

/// The secret of who is about to sign in, from their cookie.
pub fn entrance(headers: &HeaderMap) -> Option<SessionSecret> {
    cookie(headers, ENTRANCE)
}

/// What was remembered of who comes back from their OpenID provider.
pub fn errand(headers: &HeaderMap) -> Option<&str> {
    cookie_text(headers, ERRAND)
}

/// Refuses whoever tries to sign in too often.
pub async fn assert_few_attempts(http: &Http, asked: &Asked) -> Result<(), Failure> {
    let limit = Limit::per_minute(ATTEMPTS_PER_MINUTE).expect("it is within the limit's range");
    let asker = Asker::Stranger(asked.peer);
    let decision = http.app.take(asker, RouteClass::ClientsApi, limit).await;
    decision.allowed.then_some(()).ok_or(Failure::TooMany)
}

/// What waits to be shown once, sealed.
pub fn once(headers: &HeaderMap) -> Option<&str> {
    cookie_text(headers, ONCE)
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<SessionSecret> {
    SessionSecret::parse(cookie_text(headers, name)?)
}

fn cookie_text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).into_iter();
    let pairs = lines.filter_map(|line| line.to_str().ok());
    let mut named = pairs
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name);
    Some(named.next()?.1)
}

/// Lets the browser keep the session for as long as it lasts.
pub fn keep_session(response: &mut Response, secret: &SessionSecret, seconds: i64) {
    set_cookie(response, SESSION, &secret.reveal(), seconds);
    set_cookie(response, ENTRANCE, "", 0);
}

/// Lets the browser forget the session.
pub fn forget_session(response: &mut Response) {
    set_cookie(response, SESSION, "", 0);
}

/// Lets the browser keep the secret of who is about to sign in, for an hour.
pub fn keep_entrance(response: &mut Response, secret: &SessionSecret) {
    set_cookie(response, ENTRANCE, &secret.reveal(), 3_600);
}

/// Lets the browser remember what somebody goes to their OpenID provider for, for ten minutes.
pub fn keep_errand(response: &mut Response, text: &str) {
    append_cookie(response, ERRAND, text, 600, "Lax");
}

/// Lets the browser forget it.
pub fn forget_errand(response: &mut Response) {
    append_cookie(response, ERRAND, "", 0, "Lax");
}

/// Lets the browser bring what is shown once to the page that shows it.
pub fn keep_once(response: &mut Response, sealed: &str) {
    set_cookie(response, ONCE, sealed, ONCE_SECONDS);
}

/// Lets the browser forget what was shown.
pub fn forget_once(response: &mut Response) {
    set_cookie(response, ONCE, "", 0);
}

fn set_cookie(response: &mut Response, name: &str, value: &str, seconds: i64) {
    append_cookie(response, name, value, seconds, "Strict");
}

fn append_cookie(response: &mut Response, name: &str, value: &str, seconds: i64, site: &str) {
    let cookie =
        format!("{name}={value}; Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite={site}");
    let cookie = HeaderValue::try_from(cookie).expect("a cookie of ours is visible ASCII");
    response.headers_mut().append(SET_COOKIE, cookie);
}

/// A page of HTML.
pub fn html(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    answer::set(
        &mut response,
        hyper::header::CONTENT_TYPE,
        "text/html; charset=utf-8",
    );
    response
}
