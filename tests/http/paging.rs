//! Walking through whole lists, as the published consumers do, while others write.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rollcall::model::user::User;
use serde_json::Value;

use crate::support::people::{person, seed_people};
use crate::support::walks::{client_walk, gateway_walk};
use crate::support::{Tenant, World};

/// An id whose order has nothing to do with its number.
fn scattered_id(number: usize) -> String {
    let scattered = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:08x}-0000-7000-8000-{number:012x}", scattered >> 32)
}

fn texts(items: &[Value], pointer: &str) -> Vec<String> {
    let text = |item: &Value| item.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    items.iter().map(text).collect()
}

#[tokio::test]
async fn both_published_loops_meet_2500_people_once_each() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let people: Vec<User> = (0..2_500)
        .map(|number| {
            let name = format!("user{:03}", number % 700);
            let mut user = person(&scattered_id(number), &name, "2026-02-01T00:00:00Z");
            user.user_key = format!("key{number}").into();
            user
        })
        .collect();
    seed_people(&client.world, client.id, vec![], people.clone()).await;
    let mut ids: Vec<String> = people.iter().map(|user| user.id.to_string()).collect();
    ids.sort_unstable();
    let met = gateway_walk(&client.bearer, "acme", "").await;
    assert_eq!(texts(&met, "/system_identity/id"), ids);
    let met = gateway_walk(&client.bearer, "acme", "pageSize=333&").await;
    assert_eq!(texts(&met, "/system_identity/id"), ids);
    for query in [
        "",
        "page_size=500&",
        "sort_by=created_at&sort_order=desc&page_size=77&",
    ] {
        let met = client_walk(&client.bearer, &client.path(&format!("/users?{query}"))).await;
        let mut met = texts(&met, "/id");
        met.sort_unstable();
        assert_eq!(met, ids, "{query}");
    }
    // By name and then by id, though names repeat.
    let met = client_walk(&client.bearer, &client.path("/users?page_size=100")).await;
    let met: Vec<_> = texts(&met, "/username")
        .into_iter()
        .zip(texts(&met, "/id"))
        .collect();
    assert!(met.is_sorted());
    // What a filter matches, over all pages.
    let met = client_walk(&client.bearer, &client.path("/users?q=KEY1&page_size=50")).await;
    assert_eq!(met.len(), 1 + 10 + 100 + 1_000);
}

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Write {
    Insert { name: String, day: u32 },
    Rename { whom: usize, name: String },
    Delete { whom: usize },
    Restore { whom: usize },
    Touch { whom: usize },
}

fn name() -> impl Strategy<Value = String> {
    // Few and short, in both cases, so that ties and passed-by places are common.
    "[a-cA-C]{1,2}"
}

fn write() -> impl Strategy<Value = Write> {
    let whom = 0_usize..1_000;
    prop_oneof![
        2 => (name(), 1_u32..28).prop_map(|(name, day)| Write::Insert { name, day }),
        4 => (whom.clone(), name()).prop_map(|(whom, name)| Write::Rename { whom, name }),
        2 => whom.clone().prop_map(|whom| Write::Delete { whom }),
        1 => whom.clone().prop_map(|whom| Write::Restore { whom }),
        1 => whom.prop_map(|whom| Write::Touch { whom }),
    ]
}

/// A walk: the people at its start, its order and size, and what is written before each next page.
#[derive(Debug, Clone)]
struct Walk {
    people: Vec<(String, u32)>,
    sort: &'static str,
    order: &'static str,
    page_size: usize,
    writes: Vec<Vec<Write>>,
}

fn walk() -> impl Strategy<Value = Walk> {
    (
        proptest::collection::vec((name(), 1_u32..28), 0..14),
        prop::sample::select(vec!["username", "created_at"]),
        prop::sample::select(vec!["asc", "desc"]),
        1_usize..4,
        proptest::collection::vec(proptest::collection::vec(write(), 0..4), 0..14),
    )
        .prop_map(|(people, sort, order, page_size, writes)| Walk {
            people,
            sort,
            order,
            page_size,
            writes,
        })
}

fn member(number: usize, name: &str, day: u32) -> User {
    let created_at = format!("2026-02-{day:02}T00:00:00Z");
    let mut user = person(&scattered_id(number), name, &created_at);
    user.user_key = format!("key{number}").into();
    user
}

/// What is known of everybody while a walk goes on.
struct Crowd {
    client: Tenant,
    users: Vec<User>,
    deleted: HashSet<usize>,
    /// Who was there throughout, so far.
    throughout: HashSet<String>,
}

impl Crowd {
    async fn take(&mut self, write: &Write) {
        let count = self.users.len().max(1);
        match write {
            Write::Insert { name, day } => {
                let user = member(self.users.len(), name, *day);
                self.put(user.clone()).await;
                self.users.push(user);
            }
            Write::Rename { whom, name } if self.is_live(whom % count) => {
                let whom = whom % count;
                self.users[whom].username = name.as_str().into();
                self.put(self.users[whom].clone()).await;
            }
            Write::Touch { whom } if self.is_live(whom % count) => {
                let path = format!("/users/{}/profile", self.users[whom % count].id);
                let patch = serde_json::json!({"first_name": format!("n{whom}")});
                self.client.patch(&path, patch).await.must_be(200);
            }
            Write::Delete { whom } if self.is_live(whom % count) => {
                let id = self.users[whom % count].id.to_string();
                self.client
                    .delete(&format!("/users/{id}"))
                    .await
                    .must_be(204);
                self.throughout.remove(&id);
                self.deleted.insert(whom % count);
            }
            Write::Restore { whom } if self.deleted.remove(&(whom % count)) => {
                let path = format!("/users/{}/restore", self.users[whom % count].id);
                self.client.ask("POST", &path).send().await.must_be(200);
            }
            _ => {}
        }
    }

    fn is_live(&self, whom: usize) -> bool {
        whom < self.users.len() && !self.deleted.contains(&whom)
    }

    async fn put(&self, user: User) {
        let (world, id) = (&self.client.world, self.client.id);
        seed_people(world, id, vec![], vec![user]).await;
    }
}

/// How often each id was met.
async fn walked(world: &World, walk: &Walk) -> (HashMap<String, usize>, HashSet<String>) {
    let client = Tenant::within(world, "Acme").await;
    let numbered = walk.people.iter().enumerate();
    let users: Vec<User> = numbered
        .map(|(number, (name, day))| member(number, name, *day))
        .collect();
    seed_people(world, client.id, vec![], users.clone()).await;
    let throughout = users.iter().map(|user| user.id.to_string()).collect();
    let mut crowd = Crowd {
        client,
        users,
        deleted: HashSet::new(),
        throughout,
    };
    let mut met = HashMap::new();
    let mut cursor = String::new();
    let Walk {
        sort,
        order,
        page_size,
        ..
    } = walk;
    let query = format!("sort_by={sort}&sort_order={order}&page_size={page_size}");
    for page in 0..1_000 {
        let path = format!("/users?{query}{cursor}");
        let answer = crowd.client.get(&path).await.must_be(200);
        for id in answer.each("/data", "/id") {
            *met.entry(id).or_insert(0) += 1;
        }
        match answer.json()["next_cursor"].as_str() {
            None => return (met, crowd.throughout),
            Some(next) => cursor = format!("&cursor={next}"),
        }
        for write in walk.writes.get(page).into_iter().flatten() {
            crowd.take(write).await;
        }
    }
    panic!("the walk does not end");
}

#[test]
fn who_is_there_throughout_a_walk_is_met_once_whatever_is_written() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = runtime.block_on(World::new());
    // The same cases in every run.
    let config = Config {
        cases: 128,
        failure_persistence: None,
        ..Config::default()
    };
    let seed = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    TestRunner::new_with_rng(config, seed)
        .run(&walk(), |walk| {
            let (met, throughout) = runtime.block_on(walked(&world, &walk));
            for id in &throughout {
                prop_assert_eq!(met.get(id), Some(&1), "{}", id);
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn a_page_that_was_shown_before_shows_what_happened_since() {
    let client = Tenant::new().await;
    client.instance("acme").await;
    let other = Tenant::within(&client.world, "Other").await;
    let id = client.user("anna").await;
    let mut clients_pages = HashSet::new();
    let mut gateway_pages = HashSet::new();
    for step in 0..4 {
        match step {
            0 => {}
            1 => client.seen("anna", "web", "2026-02-24T10:00:00Z").await,
            2 => drop(client.user("bert").await),
            _ => drop(client.delete(&format!("/users/{id}")).await.must_be(204)),
        }
        for _ in 0..2 {
            clients_pages.insert(client.get("/users?page_size=7").await.to_string());
            gateway_pages.insert(client.gateway("/acme/users").await.to_string());
        }
    }
    assert_eq!(clients_pages.len(), 4, "{clients_pages:?}");
    // It shows nobody's activity.
    assert_eq!(gateway_pages.len(), 3, "{gateway_pages:?}");
    // The same words from somebody else are another question.
    let theirs = other.get("/users?page_size=7").await.to_string();
    assert!(theirs.ends_with(r#""total_count":0,"next_cursor":null}"#), "{theirs}");
}
