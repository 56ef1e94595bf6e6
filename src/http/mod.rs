//! The doors: every route on one page ([`routes`]), who is calling ([`call`]), one folder a dialect,
//! each with its own rendering of answers and errors. No rules and no SQL here.

pub mod answer;
pub mod body;
pub mod call;
pub mod clients;
pub mod console;
pub mod credential;
pub mod cursor;
pub mod documents;
pub mod etag;
pub mod gateway;
pub mod kinds;
pub mod metrics;
pub mod oauth;
pub mod observe;
pub mod once;
mod pages;
pub mod probes;
pub mod profile_body;
pub mod query;
pub mod rate_limits;
pub mod request_log;
mod route;
pub mod router;
pub mod routes;
pub mod scim;
pub mod server;
mod timer;

use std::sync::Arc;
use std::time::Duration;

use crate::http::console::oidc;
use crate::http::cursor::Seal;
use crate::http::metrics::Metrics;
use crate::http::pages::Pages;
use crate::http::rate_limits::ResetForm;
use crate::http::request_log::RequestLog;
use crate::operations::app::App;
use crate::operations::error::Error;

/// How the doors are set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What `X-RateLimit-Reset` says.
    pub reset_form: ResetForm,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// Whether `/metrics` is there.
    pub metrics: bool,
    /// How many bytes of rendered pages are kept.
    pub pages_bytes: usize,
    /// Through which OpenID provider people sign in to the console, if they do.
    pub oidc: Option<oidc::Settings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reset_form: ResetForm::default(),
            body_timeout: Duration::from_secs(30),
            metrics: true,
            pages_bytes: 1024 * 1024,
            oidc: None,
        }
    }
}

/// What every door needs.
pub struct Http {
    app: Arc<App>,
    settings: Settings,
    seal: Seal,
    pages: Pages,
    metrics: Arc<Metrics>,
    log: Arc<RequestLog>,
    oidc: Option<oidc::Provider>,
}

impl Http {
    /// The doors of an app, whose requests are counted in `metrics` and written to `log`.
    pub async fn new(
        app: Arc<App>,
        settings: Settings,
        metrics: Arc<Metrics>,
        log: Arc<RequestLog>,
    ) -> Result<Arc<Self>, Error> {
        let seal = Seal::new(&app.kept_key("cursors").await?);
        let oidc = settings.oidc.clone().map(oidc::Provider::new).transpose()?;
        let pages = Pages::new(settings.pages_bytes);
        Ok(Arc::new(Self {
            app,
            settings,
            seal,
            pages,
            metrics,
            log,
            oidc,
        }))
    }
}
