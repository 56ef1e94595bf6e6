//! Rate limits that nodes share through a real Redis, and what they do while it is away.
//!
//! The servers' clock stands still, Redis's own goes on: the limits here are low enough for nothing
//! to come back while a test runs.

use std::time::Duration;

use redis::FromRedisValue;
use redis::aio::MultiplexedConnection;
use rollcall::model::instance::InstanceName;
use rollcall::model::scope::Scope;
use rollcall::model::token::ClientSet;
use rollcall::operations::caller::AdminAccess;
use rollcall::operations::instances;
use rollcall::operations::nodes;
use rollcall::operations::limits::PATIENCE;
use rollcall_testbed::redis::Server;
use serde_json::json;

use crate::support::signer::Signer;
use crate::support::{Answer, Bearer, Caller, Tenant, World};

/// How long to wait for what must come, at most.
const DEADLINE: Duration = Duration::from_secs(30);

/// A client with an instance, on a node that waits for Redis for as long as a busy machine needs.
async fn acme(redis: &Server) -> Tenant {
    acme_with(redis, DEADLINE).await
}

async fn acme_with(redis: &Server, patience: Duration) -> Tenant {
    let world = World::new().await;
    let world = world.sharing_server(&redis.url(), patience).await;
    let client = Tenant::within(&world, "Acme").await;
    client.instance("acme").await;
    client
}

async fn limited(client: &Tenant, limits: &str) -> Bearer {
    let own = ClientSet::One(client.id);
    let scopes = [Scope::GatewayRead, Scope::UsersRead];
    client.world.token_with(own, &scopes, limits, None).await
}

/// The same bearer at another node.
fn at(node: &World, bearer: &Bearer) -> Bearer {
    node.bearer(&bearer.secret)
}

async fn list(bearer: &Bearer) -> Answer {
    bearer.get("/acme/users").await
}

/// `STATUS LIMIT REMAINING`
fn told(answer: &Answer) -> String {
    let (limit, left) = ("x-ratelimit-limit", "x-ratelimit-remaining");
    let (limit, left) = (answer.header(limit), answer.header(left));
    format!("{} {limit} {left}", answer.status)
}

async fn connection(redis: &Server) -> MultiplexedConnection {
    let client = redis::Client::open(redis.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// What Redis itself answers to a line.
async fn ask<T: FromRedisValue>(connection: &mut MultiplexedConnection, line: &str) -> T {
    let mut words = line.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    let asked = command.arg(words.collect::<Vec<_>>());
    asked.query_async(connection).await.unwrap()
}

/// Whether the node says that Redis answers, and how often it decided alone.
async fn figures(node: &World) -> (String, u64) {
    let text = node.anonymous().get("/metrics").await.must_be(200);
    let figure = |name: &str| {
        let mut lines = text.text().lines();
        let line = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or("-").to_owned()
    };
    let fallbacks = figure("rollcall_rate_limit_fallbacks_total");
    (
        figure("rollcall_shared_limits_up"),
        fallbacks.parse().unwrap_or(0),
    )
}

/// Has the node try Redis again, as time and requests would, until it answers.
async fn until_shared(node: &World) {
    let tried = async {
        while figures(node).await.0 != "1" {
            node.clock().advance(Duration::from_secs(1));
            node.anonymous().ask("OPTIONS", "/acme/users").send().await;
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, tried).await.unwrap();
}

#[tokio::test]
async fn two_nodes_let_exactly_the_limit_through() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    let other = one.world.another_server().await;
    let bearer = limited(&one, "gateway-list=4 api=3").await;
    let there = at(&other, &bearer);
    for left in (0..4).rev() {
        let asked = if left % 2 == 0 { &bearer } else { &there };
        assert_eq!(told(&list(asked).await), format!("200 4 {left}"));
    }
    for asked in [&bearer, &there] {
        let refused = list(asked).await.must_be(429);
        assert_eq!(told(&refused), "429 4 0");
        let after: u32 = refused.header("retry-after").parse().unwrap();
        assert!((1..=15).contains(&after), "{after}");
    }
    // The other class has a bucket of its own, and so has the other token.
    let path = one.path("/users");
    for left in (0..3).rev() {
        let asked = if left % 2 == 0 { &bearer } else { &there };
        assert_eq!(told(&asked.get(&path).await), format!("200 3 {left}"));
    }
    assert_eq!(told(&bearer.get(&path).await), "429 3 0");
    assert_eq!(told(&there.get(&path).await), "429 3 0");
    let second = at(&other, &limited(&one, "gateway-list=7").await);
    assert_eq!(told(&list(&second).await), "200 7 6");
    // A token without a limit asks nobody.
    assert_eq!(told(&one.get("/users").await), "200 - -");
    assert_eq!(figures(&one.world).await, ("1".into(), 0));
    assert_eq!(figures(&other).await, ("1".into(), 0));
}

#[tokio::test]
async fn requests_at_the_same_moment_share_it_too() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    let other = one.world.another_server().await;
    let bearer = limited(&one, "gateway-list=5").await;
    let there = at(&other, &bearer);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40 {
        let asked = if number % 2 == 0 { &bearer } else { &there }.clone();
        tasks.spawn(async move { told(&list(&asked).await) });
    }
    let mut answers = tasks.join_all().await;
    answers.retain(|answer| answer != "429 5 0");
    answers.sort();
    let expected: Vec<String> = (0..5).map(|left| format!("200 5 {left}")).collect();
    assert_eq!(answers, expected);
}

#[tokio::test]
async fn keys_and_strangers_are_counted_together_as_well() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    let signer = Signer::es256();
    let access = AdminAccess::of_command_line();
    let key = instances::add_key(
        one.world.app(),
        &access,
        InstanceName::parse("acme").unwrap(),
        "a",
        &signer.public_pem,
    );
    let key = key.await.unwrap().id.to_string();
    let other = one.world.another_server().await;
    let noon = rollcall::model::environment::Clock::now(one.world.clock()).seconds();
    let claims = json!({"iss": "moveworks", "aud": "a", "iat": noon, "exp": noon + 60});
    let mut connection = connection(&redis).await;
    let name = one.world.app().kept_key("limits").await.unwrap();
    let name: String = name[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    let (seconds, microseconds): (i64, i64) = ask(&mut connection, "TIME").await;
    // Both buckets are used up, and fill by one each 100 ms of Redis's time.
    let full_at = (seconds + 60) * 1_000_000 + microseconds;
    for who in [format!("key:{key}"), "address:192.0.2.1".into()] {
        let set = format!("SET rollcall:limit:{name}:gateway-list:{who} {full_at}");
        let _: String = ask(&mut connection, &set).await;
    }
    for node in [&one.world, &other] {
        let signed = node.bearer(&signer.sign(&claims));
        let stranger = node.anonymous().ask("GET", "/acme/users");
        for answer in [
            list(&signed).await,
            stranger.at_address("192.0.2.1").send().await,
        ] {
            let left = answer.header("x-ratelimit-remaining");
            assert!(left.parse::<u32>().unwrap() < 300, "{left}");
        }
    }
}

#[tokio::test]
async fn redis_sees_ids_and_addresses_and_forgets_full_buckets() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    let bearer = limited(&one, "gateway-list=2").await;
    list(&bearer).await.must_be(200);
    let question = one.world.anonymous().ask("GET", "/acme/users");
    question.at_address("192.0.2.1").send().await.must_be(401);
    let mut connection = connection(&redis).await;
    let tokens = "KEYS rollcall:limit:*:gateway-list:token:*";
    let keys: Vec<String> = ask(&mut connection, tokens).await;
    let [key] = &keys[..] else {
        panic!("{keys:?}");
    };
    let parts: Vec<&str> = key.split(':').collect();
    assert_eq!(parts[5], bearer.id.unwrap().to_string());
    assert_eq!((parts.len(), parts[2].len()), (6, 16));
    let milliseconds: i64 = ask(&mut connection, &format!("PTTL {key}")).await;
    assert!((1..=30_000).contains(&milliseconds), "{milliseconds}");
    // The stranger's is full again after 100 ms, and gone then; the trial's after a second.
    let until_forgotten = async { while ask::<i64>(&mut connection, "DBSIZE").await != 1 {} };
    tokio::time::timeout(DEADLINE, until_forgotten)
        .await
        .unwrap();
}

#[tokio::test]
async fn another_deployment_on_the_same_redis_counts_for_itself() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    // Chance is the same in each world, unless one draws once more.
    let world = World::new().await;
    world.app().kept_key("another").await.unwrap();
    let world = world.sharing_server(&redis.url(), DEADLINE).await;
    let other = Tenant::within(&world, "Acme").await;
    other.instance("acme").await;
    let bearer = limited(&one, "gateway-list=2").await;
    let double = limited(&other, "gateway-list=2").await;
    assert_eq!(bearer.id, double.id);
    for left in [1, 0] {
        assert_eq!(told(&list(&bearer).await), format!("200 2 {left}"));
        assert_eq!(told(&list(&double).await), format!("200 2 {left}"));
    }
}

#[tokio::test]
async fn a_redis_that_lost_the_script_is_given_it_again() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    let bearer = limited(&one, "gateway-list=7").await;
    assert_eq!(told(&list(&bearer).await), "200 7 6");
    let flushed: String = ask(&mut connection(&redis).await, "SCRIPT FLUSH").await;
    assert_eq!(flushed, "OK");
    assert_eq!(told(&list(&bearer).await), "200 7 5");
    assert_eq!(figures(&one.world).await, ("1".into(), 0));
}

#[tokio::test]
async fn without_redis_each_node_lets_its_part_through() {
    let redis = Server::launch();
    let one = acme(&redis).await;
    let other = one.world.another_server().await;
    // The first one has to look again to see the second.
    for node in [&one.world, &other, &one.world] {
        nodes::beat(node.app()).await.unwrap();
    }
    let bearer = limited(&one, "gateway-list=9 gateway-get=1").await;
    let used_up = limited(&one, "gateway-list=4").await;
    for left in (0..4).rev() {
        assert_eq!(told(&list(&used_up).await), format!("200 4 {left}"));
    }
    redis.stop();
    for (node, asked) in [
        (&one.world, at(&one.world, &bearer)),
        (&other, at(&other, &bearer)),
    ] {
        for left in (0..4).rev() {
            assert_eq!(told(&list(&asked).await), format!("200 4 {left}"));
        }
        assert_eq!(told(&list(&asked).await), "429 4 0");
        // Never less than one, never open.
        let one_person = asked.get("/acme/users/222").await.must_be(404);
        assert_eq!(told(&one_person), "404 1 0");
        asked.get("/acme/users/222").await.must_be(429);
        assert_eq!(figures(node).await, ("0".into(), 7));
    }
    // Who had used up the limit does not get another where that was counted.
    assert_eq!(told(&list(&used_up).await), "429 2 0");

    redis.start();
    until_shared(&one.world).await;
    until_shared(&other).await;
    // A new Redis knows of nothing, and both nodes count together again.
    let there = at(&other, &bearer);
    for left in (0..9).rev() {
        let asked = if left % 2 == 0 { &bearer } else { &there };
        assert_eq!(told(&list(asked).await), format!("200 9 {left}"));
    }
    assert_eq!(told(&list(&bearer).await), "429 9 0");
    assert_eq!(told(&list(&there).await), "429 9 0");
}

#[tokio::test]
async fn a_redis_that_hangs_is_waited_for_once() {
    let redis = Server::launch();
    let one = acme_with(&redis, PATIENCE).await;
    let bearer = limited(&one, "gateway-list=1000000").await;
    until_shared(&one.world).await;
    let before = figures(&one.world).await.1;
    redis.pause();
    let list_often = async |count: u32| {
        for _ in 0..count {
            list(&bearer).await.must_be(200);
        }
    };
    // At 50 ms each these would take 15 s, and with every trial waited for as well, longer.
    let asked = async {
        list_often(100).await;
        for _ in 0..2 {
            one.world.clock().advance(Duration::from_secs(1));
            list_often(100).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), asked)
        .await
        .unwrap();
    assert_eq!(figures(&one.world).await, ("0".into(), before + 300));
    redis.resume();
    // A busy machine may be too slow for one question, but not for all of them.
    let until_asked = async {
        loop {
            until_shared(&one.world).await;
            let alone = figures(&one.world).await.1;
            list_often(1).await;
            if figures(&one.world).await == ("1".into(), alone) {
                break;
            }
        }
    };
    tokio::time::timeout(DEADLINE, until_asked).await.unwrap();
}

#[tokio::test]
async fn a_node_starts_without_redis_and_finds_it_later() {
    let redis = Server::launch();
    redis.stop();
    let one = acme(&redis).await;
    assert_eq!(figures(&one.world).await, ("0".into(), 0));
    let bearer = limited(&one, "gateway-list=7").await;
    assert_eq!(told(&list(&bearer).await), "200 7 6");
    redis.start();
    until_shared(&one.world).await;
    assert_eq!(told(&list(&bearer).await), "200 7 6");
}

#[tokio::test]
async fn a_server_that_shares_nothing_has_no_figures_of_it() {
    let world = World::new().await;
    assert_eq!(figures(&world).await, ("-".into(), 0));
}
