//! The doors: every route on one page ([`routes`]), who is calling ([`call`]), one folder a dialect,
//! each with its own rendering of answers and errors. No rules and no SQL here.

pub mod answer;
pub mod body;
pub mod call;
pub mod clients;
pub mod cursor;
pub mod documents;
pub mod etag;
pub mod gateway;
pub mod once;
pub mod probes;
pub mod profile_body;
pub mod query;
pub mod rate_limits;
pub mod routes;

use std::sync::Arc;
use std::time::Duration;

use crate::http::cursor::Seal;
use crate::http::rate_limits::{ResetForm, Strangers};
use crate::operations::app::App;
use crate::operations::error::Error;

/// How the doors are set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What `X-RateLimit-Reset` says.
    pub reset_form: ResetForm,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            reset_form: ResetForm::default(),
            body_timeout: Duration::from_secs(30),
        }
    }
}

/// What every door needs.
pub struct Http {
    app: Arc<App>,
    settings: Settings,
    seal: Seal,
    strangers: Strangers,
}

impl Http {
    /// The doors of an app.
    pub async fn new(app: Arc<App>, settings: Settings) -> Result<Arc<Self>, Error> {
        let seal = Seal::new(&app.kept_key("cursors").await?);
        Ok(Arc::new(Self {
            app,
            settings,
            seal,
            strangers: Strangers::default(),
        }))
    }
}

/// A request's id.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a request failed, for the log alone.
#[derive(Debug, Clone)]
pub struct FailureReason(pub String);

/// The peer's address.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub std::net::IpAddr);

fn request_id(extensions: &hyper::http::Extensions) -> RequestId {
    extensions
        .get::<RequestId>()
        .cloned()
        .unwrap_or_else(|| RequestId("".into()))
}

fn peer(extensions: &hyper::http::Extensions) -> std::net::IpAddr {
    extensions
        .get::<Peer>()
        .map_or(std::net::Ipv4Addr::UNSPECIFIED.into(), |peer| peer.0)
}
