//! Coming in and going out.

use std::sync::Arc;

use askama::Template;
use hyper::StatusCode;

use crate::http::Http;
use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{page, refused_page};
use crate::http::console::{Call, Failure, is_consoles, security, see_other};
use crate::http::router::Asked;
use crate::model::session::{SESSION_LIFETIME_MS, SessionSecret};
use crate::operations::error::Error;
use crate::operations::sessions;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page {
    form_key: String,
    next: String,
    problem: Option<String>,
    /// What the OpenID provider is called, if there is one.
    provider: Option<String>,
    start: String,
}

impl Page {
    fn of(http: &Http, secret: &SessionSecret, next: &str) -> Self {
        Self {
            form_key: secret.form_key(),
            next: next.to_owned(),
            problem: None,
            provider: http
                .oidc
                .as_ref()
                .map(|provider| provider.name().to_owned()),
            start: address("/console/oidc/start", &[("next", next)]),
        }
    }
}

/// `GET /console`
pub async fn home(call: Call) -> Result<Response, Failure> {
    call.query(&[])?;
    Ok(match call.visitor.clients().as_deref() {
        Some([client]) => see_other(&format!("/console/clients/{client}")),
        _ => see_other("/console/clients"),
    })
}

/// `GET /console/sign-in`
pub async fn sign_in_page(http: Arc<Http>, asked: Arc<Asked>) -> Result<Response, Failure> {
    let query = Form::parse(asked.head.uri.query().unwrap_or_default(), &["next"])?;
    let known = security::entrance(&asked.head.headers);
    let secret = known.unwrap_or_else(|| sessions::fresh_secret(&http.app));
    let mut response = page(&Page::of(&http, &secret, after(query.text("next"))));
    security::keep_entrance(&mut response, &secret);
    Ok(response)
}

/// `POST /console/sign-in`
pub async fn sign_in(http: Arc<Http>, asked: Arc<Asked>) -> Result<Response, Failure> {
    let app = &http.app;
    let secret = security::entrance(&asked.head.headers).ok_or(Failure::NoCookie)?;
    let form = security::form(&http, &asked, &secret).await?;
    security::assert_few_attempts(&http, &asked).await?;
    let next = after(form.text("next"));
    let session = match sessions::sign_in(app, form.text("token")).await {
        Ok(session) => session,
        Err(Error::Unauthorized(reason)) => {
            let page = Page {
                problem: Some(reason.to_owned()),
                ..Page::of(&http, &secret, next)
            };
            return Ok(refused_page(StatusCode::FORBIDDEN, &page));
        }
        Err(error) => return Err(error.into()),
    };
    let mut response = see_other(next);
    security::keep_session(&mut response, &session, SESSION_LIFETIME_MS / 1_000);
    Ok(response)
}

/// `POST /console/sign-out`
pub async fn sign_out(call: Call) -> Result<Response, Failure> {
    sessions::sign_out(call.app(), &call.visitor).await?;
    Ok(left())
}

/// `POST /console/sign-out-everywhere`
pub async fn sign_out_everywhere(call: Call) -> Result<Response, Failure> {
    sessions::sign_out_everywhere(call.app(), &call.visitor).await?;
    Ok(left())
}

fn left() -> Response {
    let mut response = see_other("/console/sign-in");
    security::forget_session(&mut response);
    response
}

/// Where to go after signing in: a page of the console's, whatever the address says.
pub(super) fn after(next: &str) -> &str {
    let path = next.split(['?', '#']).next().unwrap_or_default();
    let is_fine = is_consoles(path) && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fine { next } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::after;

    #[test]
    fn one_is_led_to_pages_of_the_console_alone() {
        for next in ["/console", "/console/clients/x/users?q=%20a"] {
            assert_eq!(after(next), next);
        }
        for next in [
            "",
            "/",
            "//evil.example/console",
            "/consolex",
            "https://x/console",
            "/console\r\nx",
        ] {
            assert_eq!(after(next), "/console", "{next:?}");
        }
    }
}
