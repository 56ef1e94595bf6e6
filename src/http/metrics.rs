//! The server's figures, in Prometheus' text form. Their labels are route templates, methods and
//! status codes, never paths, ids or names: what callers choose must not make new series.

use std::array;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hyper::{Method, StatusCode};
use metrics::{Counter, Gauge, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use parking_lot::Mutex;

/// The route of a request that matched none.
pub const UNMATCHED: &str = "unmatched";

const REQUESTS: &str = "rollcall_http_requests_total";
const DURATIONS: &str = "rollcall_http_request_duration_seconds";
const CONNECTIONS: &str = "rollcall_http_connections";
const DROPPED: &str = "rollcall_request_log_dropped_total";
const SCIM_LOG_DROPPED: &str = "rollcall_scim_log_dropped_total";
const IMAGES: &str = "rollcall_images";
const IMAGE_BYTES: &str = "rollcall_image_bytes";
const NODES: &str = "rollcall_nodes_alive";
const LEADER: &str = "rollcall_housekeeping_leader";
const STALE: &str = "rollcall_database_stale_seconds";
const SHARED_LIMITS: &str = "rollcall_shared_limits_up";
const FALLBACKS: &str = "rollcall_rate_limit_fallbacks_total";
const HELD: &str = "rollcall_scim_held_total";
const HOLDS: &str = "rollcall_scim_holds";
const BUILD: &str = "rollcall_build_info";

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

/// The methods that have a label of their own; any other is `other`.
const METHODS: [&str; 8] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other",
];

/// The status codes that have a label of their own; any other is `other`.
const STATUSES: [u16; 38] = [
    200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409,
    410, 411, 412, 413, 414, 415, 416, 417, 422, 428, 429, 431, 499, 500, 501, 502, 503, 504, 505,
];

/// Where each code from 100 to 599 stands in [`STATUSES`].
static STATUS_INDEX: [u8; 500] = status_index();

const fn status_index() -> [u8; 500] {
    let mut table = [STATUSES.len() as u8; 500];
    let mut index = 0;
    while index < STATUSES.len() {
        table[STATUSES[index] as usize - 100] = index as u8;
        index += 1;
    }
    table
}

/// The upper bounds of the duration buckets, as nanoseconds and as their label in seconds.
const BOUNDS: [(u64, &str); 16] = [
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5"),
    (10_000_000_000, "10"),
];

/// How a method is named in labels and in the log: as itself if it is a common one, else `other`,
/// because a caller can send any word as a method.
pub fn method_label(method: &Method) -> &'static str {
    METHODS[method_index(method)]
}

fn method_index(method: &Method) -> usize {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::PATCH => 4,
        Method::DELETE => 5,
        Method::OPTIONS => 6,
        _ => METHODS.len() - 1,
    }
}

/// One server's figures. Nothing is global: several servers in one process keep theirs apart.
pub struct Metrics {
    recorder: PrometheusRecorder,
    /// By their templates.
    routes: Mutex<Vec<Arc<RouteFigures>>>,
    connections: Gauge,
    dropped: Counter,
    scim_log_dropped: Counter,
    images: Gauge,
    image_bytes: Gauge,
    nodes: Gauge,
    leader: Gauge,
    stale: Gauge,
    held: Counter,
    holds: Gauge,
    /// There from when limits are shared.
    sharing: OnceLock<(Gauge, Counter)>,
}

impl Metrics {
    /// Figures that all begin at zero.
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        for (name, text) in [
            (REQUESTS, "Requests answered"),
            (DROPPED, "Lines of the request log that were not written"),
            (
                HELD,
                "Deactivations and deletions over SCIM that were held, being too many",
            ),
            (
                SCIM_LOG_DROPPED,
                "Requests of identity providers that were not logged",
            ),
        ] {
            recorder.describe_counter(KeyName::from_const_str(name), None, text.into());
        }
        for (name, text) in [
            (CONNECTIONS, "Open connections"),
            (IMAGES, "Clients whose people are in memory"),
            (IMAGE_BYTES, "Bytes of the people in memory"),
            (
                NODES,
                "Nodes on the database that are alive, as this one sees it",
            ),
            (LEADER, "1 on the node that keeps house, else 0"),
            (
                STALE,
                "For how long looking at the database has not succeeded",
            ),
            (
                HOLDS,
                "People of whom something is held, of the clients in memory",
            ),
            (BUILD, "Always 1; its label is the version"),
        ] {
            recorder.describe_gauge(KeyName::from_const_str(name), None, text.into());
        }
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let version = vec![Label::new("version", env!("CARGO_PKG_VERSION"))];
        recorder
            .register_gauge(&Key::from_parts(BUILD, version), &METADATA)
            .set(1.0);
        Self {
            routes: Mutex::default(),
            connections: gauge(CONNECTIONS),
            dropped: recorder.register_counter(&Key::from_static_name(DROPPED), &METADATA),
            scim_log_dropped: recorder
                .register_counter(&Key::from_static_name(SCIM_LOG_DROPPED), &METADATA),
            images: gauge(IMAGES),
            image_bytes: gauge(IMAGE_BYTES),
            nodes: gauge(NODES),
            leader: gauge(LEADER),
            stale: gauge(STALE),
            held: recorder.register_counter(&Key::from_static_name(HELD), &METADATA),
            holds: gauge(HOLDS),
            sharing: OnceLock::new(),
            recorder,
        }
    }

    /// The figures of a route, by its template, never a path: what callers choose must not make new
    /// series. To be asked for once, not for each request.
    pub fn of_route(&self, template: &str) -> Arc<RouteFigures> {
        let mut routes = self.routes.lock();
        let place = routes.binary_search_by(|route| (*route.template).cmp(template));
        let index = place.unwrap_or_else(|index| {
            routes.insert(index, Arc::new(RouteFigures::new(template)));
            index
        });
        Arc::clone(&routes[index])
    }

    /// Counts one answered request.
    pub fn request(
        &self,
        route: &RouteFigures,
        method: &Method,
        status: StatusCode,
        duration: Duration,
    ) {
        let method = method_index(method);
        let status = STATUS_INDEX
            .get(usize::from(status.as_u16()) - 100)
            .map_or(STATUSES.len(), |index| usize::from(*index));
        route.counters[method][status]
            .get_or_init(|| self.requests_of(&route.template, method, status))
            .increment(1);
        route.durations.record(duration);
    }

    fn requests_of(&self, route: &str, method: usize, status: usize) -> Counter {
        let status = STATUSES
            .get(status)
            .map_or("other".to_owned(), u16::to_string);
        let labels = vec![
            Label::new("route", route.to_owned()),
            Label::new("method", METHODS[method]),
            Label::new("status", status),
        ];
        self.recorder
            .register_counter(&Key::from_parts(REQUESTS, labels), &METADATA)
    }

    /// Counts a connection that begins.
    pub fn connection_opened(&self) {
        self.connections.increment(1.0);
    }

    /// Counts a connection that has ended.
    pub fn connection_closed(&self) {
        self.connections.decrement(1.0);
    }

    /// Where the request log counts the lines that it could not write.
    pub fn dropped_log_lines(&self) -> Counter {
        self.dropped.clone()
    }

    /// Sets how many requests of identity providers were not logged; to be called before
    /// [`Self::render`].
    pub fn set_scim_log_dropped(&self, count: u64) {
        self.scim_log_dropped.absolute(count);
    }

    /// Sets how many images there are, and their bytes; to be called before [`Self::render`].
    #[allow(
        clippy::cast_precision_loss,
        reason = "a gauge is a double, and 2^53 bytes fit in it exactly"
    )]
    pub fn set_images(&self, count: usize, bytes: usize) {
        self.images.set(count as f64);
        self.image_bytes.set(bytes as f64);
    }

    /// Sets how many nodes are alive, and whether this one keeps house; to be called before
    /// [`Self::render`].
    #[allow(
        clippy::cast_precision_loss,
        reason = "a gauge is a double, and no cluster has 2^53 nodes"
    )]
    pub fn set_nodes(&self, alive: usize, is_leader: bool) {
        self.nodes.set(alive as f64);
        self.leader.set(f64::from(u8::from(is_leader)));
    }

    /// Sets for how long looking at the database has not succeeded; to be called before
    /// [`Self::render`].
    pub fn set_stale(&self, duration: Duration) {
        self.stale.set(duration.as_secs_f64());
    }

    /// Sets how often something of what was provisioned was held, and of how many people something is;
    /// to be called before [`Self::render`].
    #[allow(
        clippy::cast_precision_loss,
        reason = "a gauge is a double, and no server has 2^53 people"
    )]
    pub fn set_holds(&self, total: u64, waiting: usize) {
        self.held.absolute(total);
        self.holds.set(waiting as f64);
    }

    /// Sets how the sharing of rate limits goes; to be called before [`Self::render`], and only by
    /// servers that share them: others do not have these figures.
    pub fn set_sharing(&self, is_up: bool, fallbacks: u64) {
        let (up, counter) = self.sharing.get_or_init(|| {
            let recorder = &self.recorder;
            let text = "Whether Redis answers: 1, or 0 while each node counts rate limits alone";
            recorder.describe_gauge(KeyName::from_const_str(SHARED_LIMITS), None, text.into());
            let text = "Requests counted by this node alone because Redis did not answer";
            recorder.describe_counter(KeyName::from_const_str(FALLBACKS), None, text.into());
            (
                recorder.register_gauge(&Key::from_static_name(SHARED_LIMITS), &METADATA),
                recorder.register_counter(&Key::from_static_name(FALLBACKS), &METADATA),
            )
        });
        up.set(if is_up { 1.0 } else { 0.0 });
        counter.absolute(fallbacks);
    }

    /// All figures in Prometheus' text form (`text/plain; version=0.0.4`).
    pub fn render(&self) -> String {
        let mut text = self.recorder.handle().render();
        text.push_str("# HELP ");
        text.push_str(DURATIONS);
        text.push_str(" From the request's head to the answer's\n# TYPE ");
        text.push_str(DURATIONS);
        text.push_str(" histogram\n");
        let routes = self.routes.lock();
        for route in routes.iter().filter(|route| route.durations.count() > 0) {
            route
                .durations
                .render(&route.template, &mut text)
                .expect("a String takes all that is written to it");
        }
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The series of one route.
pub struct RouteFigures {
    template: Box<str>,
    counters: [[OnceLock<Counter>; STATUSES.len() + 1]; METHODS.len()],
    durations: Durations,
}

impl RouteFigures {
    fn new(template: &str) -> Self {
        Self {
            template: template.into(),
            counters: array::from_fn(|_| array::from_fn(|_| OnceLock::new())),
            durations: Durations::default(),
        }
    }

    /// The route's template.
    pub fn template(&self) -> &str {
        &self.template
    }
}

/// A histogram of durations. The exporter's own keeps every sample until somebody asks for the
/// figures, which may be never; this one is a fixed set of counters.
#[derive(Default)]
struct Durations {
    /// How many fell into each bucket alone; the last has no upper bound.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Durations {
    fn record(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|(bound, _)| *bound < nanoseconds);
        self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        let load = |bucket: &AtomicU64| bucket.load(Ordering::Relaxed);
        self.buckets.iter().map(load).sum()
    }

    fn render(&self, route: &str, text: &mut String) -> std::fmt::Result {
        let route = route.replace('\\', "\\\\").replace('"', "\\\"");
        let labels = BOUNDS.iter().map(|(_, label)| *label).chain(["+Inf"]);
        let mut count = 0;
        for (bucket, label) in self.buckets.iter().zip(labels) {
            count += bucket.load(Ordering::Relaxed);
            writeln!(
                text,
                "{DURATIONS}_bucket{{route=\"{route}\",le=\"{label}\"}} {count}"
            )?;
        }
        let sum = Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed)).as_secs_f64();
        writeln!(text, "{DURATIONS}_sum{{route=\"{route}\"}} {sum}")?;
        writeln!(text, "{DURATIONS}_count{{route=\"{route}\"}} {count}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_has(text: &str, line: &str) {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is missing from\n{text}"
        );
    }

    #[test]
    fn requests_are_counted_by_route_method_and_status() {
        let metrics = Metrics::new();
        let answer = |method: &str, status, microseconds| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let status = StatusCode::from_u16(status).unwrap();
            let duration = Duration::from_micros(microseconds);
            let route = metrics.of_route("/v2/clients/{client_id}");
            metrics.request(&route, &method, status, duration);
        };
        answer("GET", 200, 100);
        answer("GET", 200, 101);
        answer("GET", 404, 20_000_000);
        answer("BREW", 418, 1);
        answer("BREW", 999, 1);
        metrics.connection_opened();
        metrics.connection_opened();
        metrics.connection_closed();
        metrics.set_images(3, 4096);
        metrics.set_nodes(2, true);
        metrics.set_stale(Duration::from_millis(1_500));
        metrics.set_holds(9, 4);
        metrics.dropped_log_lines().increment(7);
        metrics.set_scim_log_dropped(3);
        assert!(!metrics.render().contains("limit"));
        metrics.set_sharing(true, 0);
        metrics.set_sharing(false, 5);
        let text = metrics.render();
        let requests =
            |labels: &str| format!("{REQUESTS}{{route=\"/v2/clients/{{client_id}}\",{labels}}}");
        for line in [
            format!("{} 2", requests(r#"method="GET",status="200""#)),
            format!("{} 1", requests(r#"method="GET",status="404""#)),
            format!("{} 2", requests(r#"method="other",status="other""#)),
            "rollcall_http_connections 1".into(),
            "rollcall_images 3".into(),
            "rollcall_image_bytes 4096".into(),
            "rollcall_nodes_alive 2".into(),
            "rollcall_housekeeping_leader 1".into(),
            "rollcall_database_stale_seconds 1.5".into(),
            "rollcall_request_log_dropped_total 7".into(),
            "rollcall_scim_held_total 9".into(),
            "rollcall_scim_holds 4".into(),
            "rollcall_scim_log_dropped_total 3".into(),
            "rollcall_shared_limits_up 0".into(),
            "rollcall_rate_limit_fallbacks_total 5".into(),
            "rollcall_build_info{version=\"0.1.0\"} 1".into(),
        ] {
            assert_has(&text, &line);
        }
        let bucket = |bound: &str, count: u8| {
            let route = "route=\"/v2/clients/{client_id}\"";
            format!("{DURATIONS}_bucket{{{route},le=\"{bound}\"}} {count}")
        };
        assert_has(&text, &bucket("0.0001", 3));
        assert_has(&text, &bucket("0.00025", 4));
        assert_has(&text, &bucket("10", 4));
        assert_has(&text, &bucket("+Inf", 5));
    }

    #[test]
    fn two_servers_in_one_process_count_apart() {
        let (one, other) = (Metrics::new(), Metrics::new());
        let route = one.of_route("/a");
        other.of_route("/a");
        one.request(&route, &Method::GET, StatusCode::OK, Duration::ZERO);
        assert!(one.render().contains("route=\"/a\""));
        assert!(!other.render().contains("route=\"/a\""));
    }
}
