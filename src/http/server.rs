//! The accept loop: connections, their limits, and their end.
//!
//! Our own, because `axum::serve` sets no timer, without which hyper's header timeout does nothing.
//! It knows no routes. Reading a body in time is the business of who reads it.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};

use crate::http::body::Body;
use crate::http::metrics::Metrics;
use crate::http::router::Router;
use crate::http::timer::ConnectionTimer;

/// The most bytes of one request's line and headers. More than hyper's 100 headers is refused too;
/// saying that number here would cost an allocation for each request.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// How long to wait after the system refused a connection for want of something (files, memory),
/// which does not come back sooner for asking.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long abandoned connections get to notice that they are.
const ABANDON_TIMEOUT: Duration = Duration::from_secs(1);

/// What a server allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long a caller may take for a request's line and headers, and how long a connection may
    /// lie idle before one.
    pub header_timeout: Duration,
    /// How many connections there may be; further ones wait in the system's queue.
    pub connections_max: u32,
    /// How long requests may go on after the server was asked to end.
    pub shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            connections_max: 10_000,
            shutdown_timeout: Duration::from_secs(30),
        }
    }
}

/// What connections are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Answer what was asked, and end.
    Finishing,
    /// End.
    Abandoning,
}

/// Serves connections until `shutdown` is over. Then new ones are refused, requests in flight are
/// finished, and those that outlast the limit are cut off. Says how many connections these were.
pub async fn serve(
    listener: TcpListener,
    router: Arc<Router>,
    limits: &Limits,
    metrics: &Arc<Metrics>,
    shutdown: impl Future<Output = ()>,
) -> usize {
    let mut builder = http1::Builder::new();
    builder
        .header_read_timeout(limits.header_timeout)
        .max_header_size(HEADER_BYTES_MAX)
        // What a connection holds at most; a buffer may come out larger than was asked for, so this
        // alone does not bound the headers.
        .max_buf_size(HEADER_BYTES_MAX);
    let permits = Arc::new(Semaphore::new(limits.connections_max as usize));
    let (phase, observed_phase) = watch::channel(Phase::Serving);
    let mut shutdown = pin!(shutdown);
    loop {
        let permit = tokio::select! {
            biased;
            () = &mut shutdown => break,
            permit = Arc::clone(&permits).acquire_owned() => permit,
        };
        let permit = permit.expect("the semaphore is never closed");
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = accept(&listener) => accepted,
        };
        let open = Open::new(permit, metrics);
        let phase = observed_phase.clone();
        let connection = converse(builder.clone(), stream, peer, Arc::clone(&router), phase);
        tokio::spawn(async move {
            connection.await;
            drop(open);
        });
    }
    drop(listener);
    phase.send_replace(Phase::Finishing);
    let all_ended = permits.acquire_many(limits.connections_max);
    if timeout(limits.shutdown_timeout, all_ended).await.is_ok() {
        return 0;
    }
    let abandoned = limits.connections_max as usize - permits.available_permits();
    phase.send_replace(Phase::Abandoning);
    // So that the log has their lines. One that blocks its thread is not waited for any longer.
    let all_ended = permits.acquire_many(limits.connections_max);
    let _ = timeout(ABANDON_TIMEOUT, all_ended).await;
    abandoned
}

/// The next connection. An error is either the caller's, who is gone again, or the system's, which
/// passes: neither ends the server, and neither makes it spin.
async fn accept(listener: &TcpListener) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address.ip().to_canonical()),
            Err(error) if is_callers(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
    )
}

/// A connection's place among those that may be: counted while it lives, also when it panics.
struct Open {
    metrics: Arc<Metrics>,
    _permit: OwnedSemaphorePermit,
}

impl Open {
    fn new(permit: OwnedSemaphorePermit, metrics: &Arc<Metrics>) -> Self {
        metrics.connection_opened();
        Self {
            metrics: Arc::clone(metrics),
            _permit: permit,
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.metrics.connection_closed();
    }
}

/// One connection from its first byte to its end.
async fn converse(
    mut builder: http1::Builder,
    stream: TcpStream,
    peer: IpAddr,
    router: Arc<Router>,
    mut phase: watch::Receiver<Phase>,
) {
    // Answers are whole when they are sent: waiting for more of them only costs time. A socket that
    // refuses the option is still good.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request: Request<Incoming>| {
        let router = Arc::clone(&router);
        async move { Ok::<_, Infallible>(router.answer(request.map(Body::new), peer).await) }
    });
    builder.timer(ConnectionTimer::new());
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
    loop {
        tokio::select! {
            biased;
            // Its errors are the caller's doing: gone away, too slow, not HTTP.
            _ = connection.as_mut() => return,
            told = phase.changed() => {
                let now = *phase.borrow_and_update();
                if told.is_err() || now == Phase::Abandoning {
                    return;
                }
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
