//! The server's connections and what surrounds each request, over real sockets.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

mod request_log;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::{Method, StatusCode};
use rollcall::http::answer::{self, Response};
use rollcall::http::metrics::Metrics;
use rollcall::http::observe::Observer;
use rollcall::http::request_log::{FailureReason, RequestLog, RequestLogMode};
use rollcall::http::router::{Asked, Handler, Resource, Router};
use rollcall::http::server::{Limits, serve};
use rollcall::model::environment::{Clock, Entropy};
use rollcall::model::timestamp::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

const TOKEN: &str = "rc_0123456789ABCDEFGHIJabcdefghij012345";

/// A clock that stands still by day and takes 1.5 ms for each question otherwise.
#[derive(Default)]
struct StepClock(AtomicU64);

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-11-22T10:00:00.250Z").unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(1_500 * self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Chance that counts.
#[derive(Default)]
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let count = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        bytes.fill(0);
        bytes[..8].copy_from_slice(&count.to_be_bytes());
    }
}

/// A log's other end.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What handlers and tests tell each other.
#[derive(Default)]
struct Signals {
    calls: AtomicUsize,
    entered: Notify,
    release: Notify,
}

struct Running {
    address: SocketAddr,
    signals: Arc<Signals>,
    metrics: Arc<Metrics>,
    log: Arc<RequestLog>,
    lines: Lines,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<usize>,
}

impl Running {
    async fn start(limits: Limits) -> Self {
        let metrics = Arc::new(Metrics::new());
        let lines = Lines::default();
        let writer = Box::new(lines.clone());
        let log = RequestLog::start(RequestLogMode::All, writer, metrics.dropped_log_lines());
        let log = Arc::new(log.unwrap());
        let observer = Observer {
            clock: Arc::new(StepClock::default()),
            entropy: Arc::new(Counting::default()),
            metrics: Arc::clone(&metrics),
            log: Arc::clone(&log),
            failure: |id, path| {
                let text = format!("internal_error {id} {path}");
                answer::json_text(StatusCode::INTERNAL_SERVER_ERROR, text)
            },
        };
        let signals = Arc::new(Signals::default());
        let router = Arc::new(router(observer, &signals));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let of_server = Arc::clone(&metrics);
        let serving = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            serve(listener, router, &limits, &of_server, stopped).await
        });
        Self {
            address,
            signals,
            metrics,
            log,
            lines,
            stop,
            serving,
        }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Everything that was logged; nothing is logged after it.
    fn logged(&self) -> Vec<serde_json::Value> {
        self.log.close();
        let text = String::from_utf8(self.lines.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn assert_figure(&self, line: &str) {
        let figures = self.metrics.render();
        let found = figures.lines().any(|figure| figure == line);
        assert!(found, "{line} is missing from\n{figures}");
    }
}

async fn hello(_: Arc<Asked>, signals: Arc<Signals>) -> Response {
    signals.calls.fetch_add(1, Ordering::Relaxed);
    text("hello")
}

async fn wait(_: Arc<Asked>, signals: Arc<Signals>) -> Response {
    signals.entered.notify_one();
    signals.release.notified().await;
    text("waited")
}

async fn panic(_: Arc<Asked>, _: Arc<Signals>) -> Response {
    panic!("no {}", 42)
}

async fn fail(_: Arc<Asked>, _: Arc<Signals>) -> Response {
    let mut response = answer::empty(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = FailureReason("the disk is \"full\"".into());
    response.extensions_mut().insert(reason);
    response
}

async fn who(asked: Arc<Asked>, _: Arc<Signals>) -> Response {
    text(&format!("{} {}", asked.id, asked.peer))
}

async fn nothing(_: Arc<Asked>, _: Arc<Signals>) -> Response {
    answer::empty(StatusCode::NOT_FOUND)
}

fn router(observer: Observer, signals: &Arc<Signals>) -> Router {
    let resources = vec![
        resource("/hello", signals, hello),
        resource("/wait", signals, wait),
        resource("/panic", signals, panic),
        resource("/fail", signals, fail),
        resource("/who/{name}", signals, who),
    ];
    let respelled = |_: &str| None;
    Router::new(observer, resources, respelled, handler(signals, nothing))
}

fn text(text: &str) -> Response {
    answer::json_text(StatusCode::OK, text.to_owned())
}

fn resource<F>(
    template: &'static str,
    signals: &Arc<Signals>,
    get: fn(Arc<Asked>, Arc<Signals>) -> F,
) -> Resource
where
    F: Future<Output = Response> + Send + 'static,
{
    Resource {
        template,
        methods: vec![(Method::GET, handler(signals, get))],
        otherwise: handler(signals, nothing),
    }
}

fn handler<F>(signals: &Arc<Signals>, handler: fn(Arc<Asked>, Arc<Signals>) -> F) -> Handler
where
    F: Future<Output = Response> + Send + 'static,
{
    let signals = Arc::clone(signals);
    Box::new(move |asked| Box::pin(handler(asked, Arc::clone(&signals))))
}

/// Sends one request and reads its answer, both with the connection kept.
async fn ask(stream: &mut TcpStream, path: &str, headers: &str) -> String {
    send(stream, path, headers).await;
    receive(stream).await
}

async fn send(stream: &mut TcpStream, path: &str, headers: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
}

/// Reads one answer with a `content-length`.
async fn receive(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split_once("content-length: ").unwrap().1;
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return text;
            }
        }
        let read = stream.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "cut off after {text:?}");
    }
}

/// Reads until the server ends the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_caller_who_does_not_finish_the_head_is_cut_off() {
    let limits = Limits {
        header_timeout: Duration::from_millis(100),
        ..Limits::default()
    };
    let server = Running::start(limits).await;
    let mut half = server.connect().await;
    half.write_all(b"GET /hello HT").await.unwrap();
    let mut silent = server.connect().await;
    let mut idle = server.connect().await;
    assert!(ask(&mut idle, "/hello", "").await.ends_with("hello"));
    for stream in [&mut half, &mut silent, &mut idle] {
        assert_eq!(rest(stream).await, "");
    }
    assert!(
        ask(&mut server.connect().await, "/hello", "")
            .await
            .ends_with("hello")
    );
}

#[tokio::test]
async fn too_long_a_head_is_refused() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let long = format!("x-long: {}\r\n", "x".repeat(70_000));
    send(&mut stream, "/hello", &long).await;
    let answer = rest(&mut stream).await;
    // The answer is lost when the connection ends before all that was sent has been read.
    let is_refused = answer.is_empty() || answer.starts_with("HTTP/1.1 431 ");
    assert!(is_refused, "{answer}");
    assert_eq!(server.signals.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn at_shutdown_requests_in_flight_are_finished_and_new_connections_refused() {
    let server = Running::start(Limits::default()).await;
    let mut waiting = server.connect().await;
    send(&mut waiting, "/wait", "").await;
    server.signals.entered.notified().await;
    let mut idle = server.connect().await;
    ask(&mut idle, "/hello", "").await;
    let mut silent = server.connect().await;

    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(rest(&mut silent).await, "");
    // What was still taken in by the system before the end is cut off without an answer.
    while let Ok(mut late) = TcpStream::connect(server.address).await {
        assert_eq!(rest(&mut late).await, "");
    }

    server.signals.release.notify_one();
    assert!(rest(&mut waiting).await.ends_with("waited"));
    assert_eq!(server.serving.await.unwrap(), 0);
}

#[tokio::test]
async fn requests_that_outlast_the_shutdown_are_abandoned_counted_and_logged() {
    let limits = Limits {
        shutdown_timeout: Duration::from_millis(50),
        ..Limits::default()
    };
    let mut server = Running::start(limits).await;
    let mut streams = [server.connect().await, server.connect().await];
    for stream in &mut streams {
        send(stream, "/wait", "").await;
        server.signals.entered.notified().await;
    }
    let (unused, _) = oneshot::channel();
    std::mem::replace(&mut server.stop, unused)
        .send(())
        .unwrap();
    for stream in &mut streams {
        assert_eq!(rest(stream).await, "");
    }
    assert_eq!((&mut server.serving).await.unwrap(), 2);
    let logged = server.logged();
    assert_eq!(logged.len(), 2);
    assert_eq!(logged[0]["status"], 499);
    server.assert_figure("rollcall_http_connections 0");
}

#[tokio::test]
async fn the_third_connection_of_two_is_served_when_one_has_ended() {
    let limits = Limits {
        connections_max: 2,
        ..Limits::default()
    };
    let server = Running::start(limits).await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    ask(&mut first, "/hello", "").await;
    ask(&mut second, "/hello", "").await;
    let mut third = server.connect().await;
    send(&mut third, "/hello", "").await;
    for _ in 0..20 {
        ask(&mut first, "/hello", "").await;
    }
    assert_eq!(server.signals.calls.load(Ordering::Relaxed), 22);
    server.assert_figure("rollcall_http_connections 2");
    drop(first);
    assert!(receive(&mut third).await.ends_with("hello"));
    assert_eq!(server.signals.calls.load(Ordering::Relaxed), 23);
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_goes_on() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let answer = ask(&mut stream, "/panic?x=1", "x-request-id: mine\r\n").await;
    assert!(answer.starts_with("http/1.1 500 "), "{answer}");
    assert!(answer.contains("\r\nx-request-id: mine\r\n"), "{answer}");
    assert!(answer.ends_with("internal_error mine /panic"), "{answer}");
    assert!(ask(&mut stream, "/hello", "").await.ends_with("hello"));
    assert_eq!(server.logged()[0]["reason"], "panicked: no 42");
}

#[tokio::test]
async fn a_good_request_id_is_kept_and_any_other_is_replaced() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let longest = "a.B-c_9".repeat(10)[..64].to_lowercase();
    let made = |count: u8| format!("{count:016x}{:016x}", 0);
    for (sent, expected) in [
        (None, made(1)),
        (Some("mine-1"), "mine-1".into()),
        (Some(""), made(2)),
        (Some("with space"), made(3)),
        (Some("ü"), made(4)),
        (Some(TOKEN), made(5)),
        (Some(&format!("{longest}x")), made(6)),
        (Some(&longest), longest.clone()),
    ] {
        let header = sent.map(|sent| format!("X-Request-Id: {sent}\r\n"));
        let answer = ask(&mut stream, "/who/me", &header.unwrap_or_default()).await;
        let echoed = format!("\r\nx-request-id: {expected}\r\n");
        assert!(answer.contains(&echoed), "{sent:?}: {answer}");
        assert!(
            answer.ends_with(&format!("{expected} 127.0.0.1")),
            "{answer}"
        );
    }
    let unmatched = ask(&mut stream, "/nowhere", "").await;
    assert!(
        unmatched.contains(&format!("x-request-id: {}", made(7))),
        "{unmatched}"
    );
}

#[tokio::test]
async fn a_line_tells_of_its_request_but_neither_query_nor_token() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    let secret = format!("authorization: Bearer {TOKEN}\r\nx-request-id: {TOKEN}\r\n");
    ask(&mut stream, &format!("/who/{TOKEN}?q={TOKEN}"), &secret).await;
    ask(
        &mut stream,
        &format!("/nowhere/%72{}?q=secret", &TOKEN[1..]),
        "",
    )
    .await;
    ask(&mut stream, "/fail", "").await;
    stream
        .write_all(format!("{TOKEN} /hello HTTP/1.1\r\nhost: test\r\n\r\n").as_bytes())
        .await
        .unwrap();
    receive(&mut stream).await;

    let logged = server.logged();
    let text = String::from_utf8(server.lines.0.lock().unwrap().clone()).unwrap();
    assert!(
        !text.contains(&TOKEN[5..30]) && !text.contains("secret"),
        "{text}"
    );
    let expected = serde_json::json!({
        "timestamp": "2026-11-22T10:00:00.250Z", "level": "info",
        "request_id": "00000000000000010000000000000000", "method": "GET",
        "path": "/who/rc_***", "route": "/who/{name}", "status": 200, "duration_ms": 1.5,
        "peer": "127.0.0.1",
    });
    assert_eq!(logged[0], expected);
    assert!(text.contains(r#""duration_ms":1.500,"#), "{text}");
    assert_eq!(logged[1]["route"], "unmatched");
    assert_eq!(logged[2]["level"], "error");
    assert_eq!(logged[2]["reason"], "the disk is \"full\"");
    assert_eq!(logged[3]["method"], "other");
    server.assert_figure(
        r#"rollcall_http_requests_total{route="/who/{name}",method="GET",status="200"} 1"#,
    );
    server.assert_figure(
        r#"rollcall_http_request_duration_seconds_bucket{route="unmatched",le="0.0025"} 1"#,
    );
}

#[tokio::test]
async fn a_caller_who_goes_away_is_counted_and_logged() {
    let server = Running::start(Limits::default()).await;
    let mut stream = server.connect().await;
    send(&mut stream, "/wait", "").await;
    server.signals.entered.notified().await;
    drop(stream);
    server.stop.send(()).unwrap();
    assert_eq!(server.serving.await.unwrap(), 0);
    server.log.close();
    let text = String::from_utf8(server.lines.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains(r#""route":"/wait","status":499"#), "{text}");
}
