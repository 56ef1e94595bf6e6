//! `rollcall serve`: the server, from its settings to its end.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use crate::cli::config::Loaded;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::settings::{Key, Settings};
use crate::cli::{block_on, demo, open, signals};
use crate::http::metrics::Metrics;
use crate::http::request_log::RequestLog;
use crate::http::server::{self, Limits};
use crate::http::{self, Http, routes};
use crate::operations::app::App;
use crate::operations::error::Error;
use crate::operations::{housekeeping, limits, nodes, scim_log, tokens};

/// What `serve` takes.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The address and port [env: ROLLCALL_LISTEN] [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Serve made-up people, and print a token and two curl lines to try [default database:
    /// sqlite:rollcall-demo.db]
    #[arg(long)]
    demo: bool,
}

impl Arguments {
    /// The settings among them.
    pub fn flags(&self) -> Vec<(Key, String)> {
        let listen = self.listen.iter();
        listen
            .map(|address| (Key::Listen, address.clone()))
            .collect()
    }
}

/// Serves until a signal ends it.
pub fn run(arguments: &Arguments, mut loaded: Loaded, output: &mut Output) -> Result<(), Failure> {
    if arguments.demo {
        loaded.set_default(Key::Database, demo::DATABASE);
    }
    let settings = loaded.checked()?;
    start_log(&settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    block_on(runtime, serve(&settings, arguments.demo, output))
}

async fn serve(settings: &Settings, is_demo: bool, output: &mut Output) -> Result<(), Failure> {
    let shutdown = signals::shutdown()?;
    let mut app = open(settings).await?;
    // Before the demo's token: a second server on the same port must not revoke the first one's.
    let listener = bind(settings.listen).await?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::because(format!("{}: {error}", settings.listen)))?;
    let token = match is_demo {
        true => Some(demo::prepare(&app).await?),
        false => None,
    };
    tracing::info!(%address, "listening");
    if let Some(token) = token {
        output.line(&demo::instructions(address, &token))?;
        output.flush()?;
    }
    // After the line that says the port: it is the first one, also when Redis is not there.
    if let Some(url) = &settings.redis_url {
        app.share_limits(url, limits::PATIENCE).await?;
    }
    app.grant(settings.oidc_grants.clone());
    let app = Arc::new(app);
    // Before the rest begins: who may keep house does so from the start. If this fails, it is told
    // when it fails again.
    drop(nodes::beat(&app).await);
    keep_house(&app);
    let served = serve_connections(settings, Arc::clone(&app), listener, shutdown).await;
    if let Err(error) = scim_log::flush(&app).await {
        tracing::warn!(%error, "the last requests of identity providers are not logged");
    }
    if let Err(error) = tokens::write_uses(&app).await {
        tracing::warn!(%error, "when tokens were last used is not written down");
    }
    if let Err(error) = nodes::leave(&app).await {
        tracing::warn!(%error, "the other nodes have to wait until this one looks dead");
    }
    served
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::because(format!("cannot listen on {address}: {error}")))
}

/// Hands the listener to `http` and returns when the last request has been answered.
async fn serve_connections(
    settings: &Settings,
    app: Arc<App>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Failure> {
    let metrics = Arc::new(Metrics::new());
    let lines = Box::new(std::io::stderr());
    let log = RequestLog::start(settings.request_log, lines, metrics.dropped_log_lines());
    let log = Arc::new(log.map_err(|error| Failure::because(format!("the log: {error}")))?);
    let doors = http::Settings {
        reset_form: settings.rate_limit_reset,
        body_timeout: Duration::from_secs(settings.body_timeout_s),
        metrics: settings.metrics,
        // What is shown again and again may be worth a part of what all of it takes.
        pages_bytes: settings.image_budget_mib * 1024 * 1024 / 16,
        oidc: settings.oidc(),
    };
    let http = Http::new(app, doors, Arc::clone(&metrics), Arc::clone(&log)).await?;
    let limits = Limits {
        header_timeout: Duration::from_secs(settings.header_timeout_s),
        connections_max: u32::try_from(settings.connections_max).unwrap_or(u32::MAX),
        shutdown_timeout: Duration::from_secs(settings.shutdown_timeout_s),
    };
    let router = Arc::new(routes::router(&http));
    let abandoned = server::serve(listener, router, &limits, &metrics, shutdown).await;
    log.close();
    tracing::info!(abandoned, "stopped");
    Ok(())
}

/// JSON on standard error, a line an event.
fn start_log(settings: &Settings) {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(settings.log_filter())
        .with_writer(std::io::stderr)
        .init();
}

/// Starts what a server does beside answering, until the runtime ends.
fn keep_house(app: &Arc<App>) {
    let beat = Arc::clone(app);
    tokio::spawn(repeat("beat", nodes::BEAT_INTERVAL, move || {
        let app = Arc::clone(&beat);
        async move { nodes::beat(&app).await }
    }));
    let poll = Arc::clone(app);
    tokio::spawn(repeat("poll", housekeeping::POLL_INTERVAL, move || {
        let app = Arc::clone(&poll);
        async move { housekeeping::poll(&app).await }
    }));
    let fold = Arc::clone(app);
    tokio::spawn(repeat("fold", housekeeping::FOLD_INTERVAL, move || {
        let app = Arc::clone(&fold);
        async move { housekeeping::fold(&app).await }
    }));
    let log = Arc::clone(app);
    tokio::spawn(repeat("scim_log", scim_log::FLUSH_INTERVAL, move || {
        let app = Arc::clone(&log);
        async move { scim_log::flush(&app).await }
    }));
    let uses = Arc::clone(app);
    tokio::spawn(repeat("token_uses", tokens::USES_INTERVAL, move || {
        let app = Arc::clone(&uses);
        async move { tokens::write_uses(&app).await }
    }));
    let purge = Arc::clone(app);
    tokio::spawn(repeat("purge", housekeeping::PURGE_INTERVAL, move || {
        let app = Arc::clone(&purge);
        async move { housekeeping::purge(&app).await }
    }));
}

/// Does `work` again and again. A failure is logged when it begins and when it is over, not each
/// time: the database may be away for an hour, and polls come twice a second.
async fn repeat<F>(task: &'static str, interval: Duration, mut work: impl FnMut() -> F)
where
    F: Future<Output = Result<(), Error>>,
{
    let mut interval = tokio::time::interval(interval);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_failing = false;
    loop {
        interval.tick().await;
        let result = work().await;
        match &result {
            Ok(()) if is_failing => tracing::info!(task, "works again"),
            Err(error) if !is_failing => tracing::warn!(task, %error, "fails"),
            Ok(()) | Err(_) => {}
        }
        is_failing = result.is_err();
    }
}
