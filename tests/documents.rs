//! The documents as they are served, and a walk through the whole API: every answer on the way must
//! be what `/openapi.json` says of it, its headers included.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping it"
)]

#[path = "support/mod.rs"]
#[macro_use]
#[allow(dead_code, reason = "the clock stands still here")]
mod support;

#[path = "documents/check.rs"]
mod check;
#[path = "documents/served.rs"]
mod served;
#[path = "documents/walk.rs"]
mod walk;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::{HeaderMap, Request, StatusCode};
use rollcall::http::body::Body;
use rollcall::http::metrics::Metrics;
use rollcall::http::request_log::{RequestLog, RequestLogMode};
use rollcall::http::router::Router;
use rollcall::http::{Http, Settings, routes};
use rollcall::model::environment::{Clock, Entropy};
use rollcall::model::id::ClientId;
use rollcall::model::instance::InstanceName;
use rollcall::model::oauth::NewOauthClient;
use rollcall::model::rate_limit::Limits;
use rollcall::model::scope::Scope;
use rollcall::model::timestamp::Timestamp;
use rollcall::model::token::{ClientSet, NewToken};
use rollcall::operations::app::App;
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::{instances, oauth, tokens};
use rollcall::store::Store;
use serde_json::Value;
use support::databases::{Backend, Empty};

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2026-02-24T22:00:00Z").unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// Different bytes each time, the same in each run.
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(7, Ordering::Relaxed);
        }
    }
}

struct Server {
    router: Router,
    app: Arc<App>,
    _database: Empty,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .unwrap_or_else(|| panic!("no {name}"))
            .to_str()
            .unwrap()
    }
}

impl Server {
    async fn start(on: Backend) -> Self {
        let database = Empty::of(on);
        let store = Store::open(&database.location).await.unwrap();
        let entropy = Arc::new(Counting(AtomicU8::new(0)));
        let app = App::new(store, 1 << 24, Arc::new(StoppedClock), entropy)
            .await
            .unwrap();
        let app = Arc::new(app);
        let metrics = Arc::new(Metrics::new());
        let (nowhere, dropped) = (Box::new(std::io::sink()), metrics.dropped_log_lines());
        let log = Arc::new(RequestLog::start(RequestLogMode::Off, nowhere, dropped).unwrap());
        let http = Http::new(Arc::clone(&app), Settings::default(), metrics, log)
            .await
            .unwrap();
        Self {
            router: routes::router(&http),
            app,
            _database: database,
        }
    }

    /// The id and the secret of an OAuth client with this scope.
    async fn oauth_client(&self, client: ClientId, scope: Scope) -> (String, String) {
        let new = NewOauthClient {
            name: None,
            client,
            scopes: vec![scope],
            limits: Limits::default(),
        };
        let admin = AdminAccess::of_command_line();
        let (made, secret) = oauth::create(&self.app, &admin, new).await.unwrap();
        (made.id.to_string(), secret.reveal().to_owned())
    }

    async fn token(&self, scopes: &[Scope], limits: &str) -> String {
        let new = NewToken {
            name: None,
            clients: ClientSet::All,
            scopes: scopes.to_vec(),
            limits: Limits::parse(limits).unwrap(),
            expires_at: None,
        };
        let made = tokens::create(&self.app, &AdminAccess::of_command_line(), new).await;
        made.unwrap().1.reveal().to_owned()
    }

    async fn instance(&self, name: &str, client: &str) {
        let access = AdminAccess::of_command_line();
        let name = InstanceName::parse(name).unwrap();
        let client = rollcall::model::id::ClientId::parse(client).unwrap();
        instances::create(&self.app, &access, name, client)
            .await
            .unwrap();
    }

    async fn ask(&self, request: Request<Body>) -> Answer {
        let address = Ipv4Addr::LOCALHOST.into();
        let response = self.router.answer(request, address).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::default()).unwrap())
            .await
    }
}
