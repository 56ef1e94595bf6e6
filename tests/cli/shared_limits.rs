//! `redis_url`, as the built binary takes it.

use std::net::TcpListener;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rollcall_testbed::redis;

use crate::server::Server;
use crate::shell::Shell;

/// How long to wait for what must come, at most.
const DEADLINE: Duration = Duration::from_secs(30);

const VARIABLE: &str = "ROLLCALL_REDIS_URL";

#[test]
fn a_password_is_neither_printed_nor_repeated() {
    let mut shell = Shell::new();
    let url = "rediss://anna:geheim@redis.example.com:7000/2";
    shell.environment = vec![(VARIABLE, url.to_owned())];
    let shown = "rediss://anna:***@redis.example.com:7000/2";
    let printed = shell.text("check-config");
    let line = format!("redis_url = \"{shown}\" # ROLLCALL_REDIS_URL");
    assert!(printed.lines().any(|found| found == line), "{printed}");
    assert!(!printed.contains("geheim"), "{printed}");
    assert_eq!(shell.json("check-config")["settings"]["redis_url"], shown);
    for url in [
        "redis.example.com:geheim",
        "redis://:geheim@r:x",
        "redis://r/geheim",
    ] {
        shell.environment = vec![(VARIABLE, url.to_owned())];
        for line in ["serve --listen 127.0.0.1:0", "check-config", "client list"] {
            let error = shell.error(line);
            let start = "error: ROLLCALL_REDIS_URL: redis_url must be redis://";
            assert!(error.starts_with(start), "{error}");
            assert!(!error.contains("geheim"), "{error}");
        }
    }
}

/// Whether the server says that it shares its limits.
async fn shares(server: &Server) -> bool {
    let metrics = server.get("/metrics", "nobody").await.text().await.unwrap();
    let is = |line: &str| metrics.lines().any(|found| found == line);
    let up = is("rollcall_shared_limits_up 1");
    assert!(up || is("rollcall_shared_limits_up 0"), "{metrics}");
    up
}

#[tokio::test]
async fn a_server_speaks_tls_with_redis_and_checks_whom_it_meets() {
    let mut shell = Shell::new();
    for name in ["redis", "stranger"] {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().self_signed(&key);
        shell.write(&format!("{name}.pem"), &certificate.unwrap().pem());
        shell.write(&format!("{name}.key"), &key.serialize_pem());
    }
    let path = |name: &str| shell.path(name).display().to_string();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = port.unwrap().port().to_string();
    let redis = redis::Server::launch_with(&[
        ("tls-port", &port),
        ("tls-cert-file", &path("redis.pem")),
        ("tls-key-file", &path("redis.key")),
        ("tls-auth-clients", "no"),
        ("requirepass", "geheim"),
    ]);
    let (own, stranger) = (path("redis.pem"), path("stranger.pem"));
    let encrypted = format!("rediss://:geheim@localhost:{port}");
    for (url, roots, is_shared) in [
        (encrypted.clone(), &own, true),
        (encrypted, &stranger, false),
        (format!("rediss://:geheim@127.0.0.1:{port}"), &own, false),
        (format!("rediss://:wrong@localhost:{port}"), &own, false),
        (
            format!("redis://:geheim@127.0.0.1:{}", redis.port()),
            &own,
            true,
        ),
        (redis.url(), &own, false),
    ] {
        shell.environment = vec![("SSL_CERT_FILE", roots.clone()), (VARIABLE, url.clone())];
        let server = Server::start(&shell, "");
        // A busy machine may be too slow for the first trial; requests that are limited cause more.
        let until_shared = async {
            while is_shared && !shares(&server).await {
                server.get("/nowhere/users", "nobody").await;
            }
        };
        let waited = tokio::time::timeout(DEADLINE, until_shared).await;
        assert!(waited.is_ok(), "{url} {roots}");
        assert_eq!(shares(&server).await, is_shared, "{url} {roots}");
    }
}
