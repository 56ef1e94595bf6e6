//! Rate limits on the wire: the headers that tell of a bucket.

use crate::http::answer::Response;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};

use crate::model::rate_limit::Decision;
use crate::operations::app::App;

static LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
static REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
static RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What `X-RateLimit-Reset` says. The gateway's text says epoch seconds, all its published values
/// are seconds that remain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResetForm {
    /// Seconds until the bucket is full again.
    #[default]
    SecondsRemaining,
    /// The moment at which it will be, in seconds of UTC.
    EpochSeconds,
}

impl ResetForm {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::SecondsRemaining, Self::EpochSeconds];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::SecondsRemaining => "seconds",
            Self::EpochSeconds => "epoch",
        }
    }
}

/// Adds the headers that tell what a bucket said.
pub fn tell(response: &mut Response, decision: &Decision, form: ResetForm, app: &App) {
    let reset = match form {
        ResetForm::SecondsRemaining => i64::from(decision.reset_s),
        ResetForm::EpochSeconds => app.now().seconds() + i64::from(decision.reset_s),
    };
    let headers = response.headers_mut();
    headers.insert(&LIMIT, HeaderValue::from(decision.limit));
    headers.insert(&REMAINING, HeaderValue::from(decision.remaining));
    headers.insert(&RESET, HeaderValue::from(reset));
    if !decision.allowed {
        headers.insert(RETRY_AFTER, HeaderValue::from(decision.retry_after_s));
    }
}
