//! The settings: their names, their defaults and what each may be.

use std::net::SocketAddr;

use toml::Value;
use tracing_subscriber::EnvFilter;

use crate::http::console::oidc;
use crate::http::rate_limits::ResetForm;
use crate::http::request_log::RequestLogMode;
use crate::model::grant::Grants;
use crate::operations::limits::RedisUrl;
use crate::store::Location;

/// A setting's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is documented at the field of Settings")]
pub enum Key {
    Listen,
    Database,
    Log,
    RequestLog,
    Metrics,
    ImageBudgetMib,
    RateLimitReset,
    RedisUrl,
    PublicUrl,
    OidcIssuer,
    OidcClientId,
    OidcClientSecret,
    OidcScopes,
    OidcGroupsClaim,
    OidcGrants,
    OidcName,
    HeaderTimeoutS,
    BodyTimeoutS,
    ConnectionsMax,
    ShutdownTimeoutS,
}

/// What the server and the commands go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where to listen: an address and a port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the database is, `sqlite:FILE` or `postgres://…`. A relative path begins where the
    /// command was started.
    pub database: String,
    /// What is logged: a level, or tracing's directives.
    pub log: String,
    /// Which requests are logged.
    pub request_log: RequestLogMode,
    /// Whether `/metrics` is served.
    pub metrics: bool,
    /// About how much memory the images may take, in MiB.
    pub image_budget_mib: usize,
    /// What `X-RateLimit-Reset` counts in.
    pub rate_limit_reset: ResetForm,
    /// Through which Redis the nodes share their rate limits, if they do.
    pub redis_url: Option<RedisUrl>,
    /// The address under which browsers reach the server.
    pub public_url: Option<String>,
    /// The OpenID provider through which people sign in to the console, if they do.
    pub oidc_issuer: Option<String>,
    /// Our client id there.
    pub oidc_client_id: String,
    /// Our client secret there.
    pub oidc_client_secret: String,
    /// The scopes that the provider is asked for beside `openid`, divided by spaces.
    pub oidc_scopes: String,
    /// The provider's claim with the names of somebody's groups.
    pub oidc_groups_claim: String,
    /// What the members of each group may.
    pub oidc_grants: Grants,
    /// What the provider is called on the sign-in page.
    pub oidc_name: String,
    /// How long a request's head may take to arrive, in seconds.
    pub header_timeout_s: u64,
    /// How long a request's body may take to arrive, in seconds.
    pub body_timeout_s: u64,
    /// Connections at a time.
    pub connections_max: usize,
    /// How long requests in progress may take to end after the signal to stop, in seconds.
    pub shutdown_timeout_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5000)),
            database: "sqlite:rollcall.db".to_owned(),
            log: "info".to_owned(),
            request_log: RequestLogMode::default(),
            metrics: true,
            image_budget_mib: 1024,
            rate_limit_reset: ResetForm::SecondsRemaining,
            redis_url: None,
            public_url: None,
            oidc_issuer: None,
            oidc_client_id: String::new(),
            oidc_client_secret: String::new(),
            oidc_scopes: "profile email".to_owned(),
            oidc_groups_claim: "groups".to_owned(),
            oidc_grants: Grants::default(),
            oidc_name: "your organisation".to_owned(),
            header_timeout_s: 10,
            body_timeout_s: 30,
            connections_max: 10_000,
            shutdown_timeout_s: 30,
        }
    }
}

impl Key {
    /// All of them, in the order that they are printed in.
    pub const ALL: [Self; 20] = [
        Self::Listen,
        Self::Database,
        Self::Log,
        Self::RequestLog,
        Self::Metrics,
        Self::ImageBudgetMib,
        Self::RateLimitReset,
        Self::RedisUrl,
        Self::PublicUrl,
        Self::OidcIssuer,
        Self::OidcClientId,
        Self::OidcClientSecret,
        Self::OidcScopes,
        Self::OidcGroupsClaim,
        Self::OidcGrants,
        Self::OidcName,
        Self::HeaderTimeoutS,
        Self::BodyTimeoutS,
        Self::ConnectionsMax,
        Self::ShutdownTimeoutS,
    ];

    /// The name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Database => "database",
            Self::Log => "log",
            Self::RequestLog => "request_log",
            Self::Metrics => "metrics",
            Self::ImageBudgetMib => "image_budget_mib",
            Self::RateLimitReset => "rate_limit_reset",
            Self::RedisUrl => "redis_url",
            Self::PublicUrl => "public_url",
            Self::OidcIssuer => "oidc_issuer",
            Self::OidcClientId => "oidc_client_id",
            Self::OidcClientSecret => "oidc_client_secret",
            Self::OidcScopes => "oidc_scopes",
            Self::OidcGroupsClaim => "oidc_groups_claim",
            Self::OidcGrants => "oidc_grants",
            Self::OidcName => "oidc_name",
            Self::HeaderTimeoutS => "header_timeout_s",
            Self::BodyTimeoutS => "body_timeout_s",
            Self::ConnectionsMax => "connections_max",
            Self::ShutdownTimeoutS => "shutdown_timeout_s",
        }
    }

    /// The setting of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The name of its environment variable: `ROLLCALL_LISTEN`.
    pub fn variable(self) -> String {
        format!("ROLLCALL_{}", self.name().to_uppercase())
    }

    /// What text (an environment variable's, a flag's) stands for: environment variables have no
    /// types, the file has. What is no number or truth value stays text, and is refused as such.
    pub fn value_of_text(self, text: &str) -> Value {
        match self {
            Self::Metrics => text.parse().map(Value::Boolean).ok(),
            Self::ImageBudgetMib
            | Self::HeaderTimeoutS
            | Self::BodyTimeoutS
            | Self::ConnectionsMax
            | Self::ShutdownTimeoutS => text.parse().map(Value::Integer).ok(),
            _ => None,
        }
        .unwrap_or_else(|| Value::String(text.to_owned()))
    }
}

impl Settings {
    /// Sets one; the error is the rest of a sentence that begins with the key's name.
    pub fn set(&mut self, key: Key, value: &Value) -> Result<(), String> {
        match key {
            Key::Listen => self.listen = address(value)?,
            Key::Database => self.database = database(value)?,
            Key::Log => self.log = log(value)?,
            Key::RequestLog => {
                let choices = RequestLogMode::ALL;
                self.request_log = choice(value, choices, RequestLogMode::name)?;
            }
            Key::Metrics => {
                self.metrics = value.as_bool().ok_or("must be true or false")?;
            }
            Key::ImageBudgetMib => self.image_budget_mib = number(value, 1, 1 << 20)?,
            Key::RateLimitReset => {
                let choices = ResetForm::ALL;
                self.rate_limit_reset = choice(value, choices, ResetForm::name)?;
            }
            Key::RedisUrl => self.redis_url = redis_url(value)?,
            Key::PublicUrl => self.public_url = web_address(value)?,
            Key::OidcIssuer => self.oidc_issuer = web_address(value)?,
            Key::OidcClientId => self.oidc_client_id = any_text(value)?,
            Key::OidcClientSecret => self.oidc_client_secret = any_text(value)?,
            Key::OidcScopes => self.oidc_scopes = any_text(value)?,
            Key::OidcGroupsClaim => self.oidc_groups_claim = text(value)?.to_owned(),
            Key::OidcGrants => self.oidc_grants = Grants::parse(&any_text(value)?)?,
            Key::OidcName => self.oidc_name = text(value)?.to_owned(),
            Key::HeaderTimeoutS => self.header_timeout_s = number(value, 1, 3_600)?,
            Key::BodyTimeoutS => self.body_timeout_s = number(value, 1, 3_600)?,
            Key::ConnectionsMax => self.connections_max = number(value, 1, 1_000_000)?,
            Key::ShutdownTimeoutS => self.shutdown_timeout_s = number(value, 0, 3_600)?,
        }
        Ok(())
    }

    /// What one is, as the file would say it, but for passwords.
    pub fn get(&self, key: Key) -> Value {
        let number = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        match key {
            Key::Listen => self.listen.to_string().into(),
            Key::Database => self.location().to_string().into(),
            Key::Log => self.log.as_str().into(),
            Key::RequestLog => self.request_log.name().into(),
            Key::Metrics => self.metrics.into(),
            Key::ImageBudgetMib => number(self.image_budget_mib as u64),
            Key::RateLimitReset => self.rate_limit_reset.name().into(),
            Key::RedisUrl => match &self.redis_url {
                Some(url) => url.shown().into(),
                None => "".into(),
            },
            Key::PublicUrl => self.public_url.as_deref().unwrap_or_default().into(),
            Key::OidcIssuer => self.oidc_issuer.as_deref().unwrap_or_default().into(),
            Key::OidcClientId => self.oidc_client_id.as_str().into(),
            // Whether there is one, and no letter of it.
            Key::OidcClientSecret if self.oidc_client_secret.is_empty() => "".into(),
            Key::OidcClientSecret => "…".into(),
            Key::OidcScopes => self.oidc_scopes.as_str().into(),
            Key::OidcGroupsClaim => self.oidc_groups_claim.as_str().into(),
            Key::OidcGrants => self.oidc_grants.to_string().into(),
            Key::OidcName => self.oidc_name.as_str().into(),
            Key::HeaderTimeoutS => number(self.header_timeout_s),
            Key::BodyTimeoutS => number(self.body_timeout_s),
            Key::ConnectionsMax => number(self.connections_max as u64),
            Key::ShutdownTimeoutS => number(self.shutdown_timeout_s),
        }
    }

    /// Where the database is.
    pub fn location(&self) -> Location {
        Location::parse(&self.database).expect("`set` refuses what names no database")
    }

    /// The images' budget in bytes.
    pub fn image_budget_bytes(&self) -> usize {
        self.image_budget_mib << 20
    }

    /// How people sign in to the console through an OpenID provider, if they do.
    pub fn oidc(&self) -> Option<oidc::Settings> {
        Some(oidc::Settings {
            issuer: self.oidc_issuer.clone()?,
            client_id: self.oidc_client_id.clone(),
            client_secret: self.oidc_client_secret.clone(),
            scopes: self
                .oidc_scopes
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            groups_claim: self.oidc_groups_claim.clone(),
            public_url: self.public_url.clone()?,
            name: self.oidc_name.clone(),
        })
    }

    /// What of a provider's settings is missing, as a sentence; `None` when all is there, or nothing.
    pub fn oidc_problem(&self) -> Option<String> {
        self.oidc_issuer.as_ref()?;
        let missing = [
            (Key::PublicUrl, self.public_url.is_none()),
            (Key::OidcClientId, self.oidc_client_id.is_empty()),
            (Key::OidcClientSecret, self.oidc_client_secret.is_empty()),
            (Key::OidcGrants, self.oidc_grants.is_empty()),
        ];
        let (key, _) = missing.iter().find(|(_, is_missing)| *is_missing)?;
        Some(format!("oidc_issuer needs {} beside it", key.name()))
    }

    /// The filter of the log.
    pub fn log_filter(&self) -> EnvFilter {
        EnvFilter::builder()
            .parse(&self.log)
            .expect("`set` refuses what is no filter")
    }
}

fn text(value: &Value) -> Result<&str, String> {
    match value.as_str() {
        Some("") => Err("must not be empty".to_owned()),
        Some(text) => Ok(text),
        None => Err("must be text in quotes".to_owned()),
    }
}

fn number<T: TryFrom<i64>>(value: &Value, least: i64, most: i64) -> Result<T, String> {
    value
        .as_integer()
        .filter(|number| (least..=most).contains(number))
        .and_then(|number| T::try_from(number).ok())
        .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

fn choice<T: Copy, const N: usize>(
    value: &Value,
    choices: [T; N],
    name: fn(T) -> &'static str,
) -> Result<T, String> {
    let known = choices
        .into_iter()
        .find(|choice| value.as_str() == Some(name(*choice)));
    known.ok_or_else(|| {
        let names: Vec<String> = choices.map(|choice| format!("{:?}", name(choice))).into();
        format!("must be {}", names.join(" or "))
    })
}

fn address(value: &Value) -> Result<SocketAddr, String> {
    let malformed = "must be an address and a port, such as 127.0.0.1:5000 or [::]:5000";
    text(value)?.parse().map_err(|_| malformed.to_owned())
}

fn database(value: &Value) -> Result<String, String> {
    let url = text(value)?;
    match Location::parse(url) {
        Ok(_) => Ok(url.to_owned()),
        Err(error) => Err(format!("is refused: {error}")),
    }
}

/// Any text, an empty one too.
fn any_text(value: &Value) -> Result<String, String> {
    let text = value.as_str().ok_or("must be text in quotes")?;
    Ok(text.to_owned())
}

/// An address of the web without a query. Only on one's own machine may it be without TLS.
fn web_address(value: &Value) -> Result<Option<String>, String> {
    let text = any_text(value)?;
    if text.is_empty() {
        return Ok(None);
    }
    let refused = "must be an address such as https://HOST, or http:// on this machine";
    let url: hyper::Uri = text.parse().map_err(|_| refused)?;
    let host = url.host().unwrap_or_default();
    let is_own = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    let is_safe = url.scheme_str() == Some("https") || url.scheme_str() == Some("http") && is_own;
    let is_plain = url.query().is_none() && !text.contains('#') && !text.contains('@');
    if !is_safe || !is_plain || host.is_empty() {
        return Err(refused.to_owned());
    }
    Ok(Some(text))
}

fn redis_url(value: &Value) -> Result<Option<RedisUrl>, String> {
    match value.as_str() {
        Some("") => Ok(None),
        _ => Ok(Some(RedisUrl::parse(text(value)?)?)),
    }
}

/// A filter of the log. A lone word that is no level would be taken for a module's name, and
/// silence everything else: a slip that nobody notices until they need the log.
fn log(value: &Value) -> Result<String, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let text = text(value)?;
    let is_known = text.split(',').map(str::trim).all(|directive| {
        directive.contains(['=', '[']) || LEVELS.contains(&directive.to_lowercase().as_str())
    });
    if !is_known || EnvFilter::builder().parse(text).is_err() {
        let levels = LEVELS.join(", ");
        return Err(format!(
            "must be one of {levels}, or directives such as info,rollcall=debug"
        ));
    }
    Ok(text.to_owned())
}
