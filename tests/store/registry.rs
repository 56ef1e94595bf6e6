//! Who may ask: tokens, instances and keys; what is kept for the server itself; remembered answers.

use rollcall::model::id::{KeyId, TokenId};
use rollcall::model::instance::{Instance, InstanceKey, InstanceName, SigningAlgorithm};
use rollcall::model::rate_limit::{Limit, Limits, RouteClass};
use rollcall::model::scope::Scope;
use rollcall::model::token::{ClientSet, Token, TokenHash};
use rollcall::store::idempotency::{self, Remembered};
use rollcall::store::{instances, registry, secrets, tokens};

use crate::world::{A, B, World, at, client_id, id};

contract! {
    the_registrys_number_moves_by_one,
    a_token_is_read_as_it_was_written,
    a_token_is_revoked_once,
    tokens_are_told_by_the_number_of_their_change,
    a_tokens_last_use_only_moves_on,
    a_hash_is_one_tokens,
    instances_are_added_once_and_listed_by_name,
    an_instance_goes_with_its_keys_alone,
    a_secret_is_the_first_that_was_offered,
    an_answer_is_remembered_by_client_actor_and_key,
    an_answer_that_is_over_is_replaced_and_forgotten,
}

fn token(number: u64) -> Token {
    let mut limits = Limits::default();
    limits.set(RouteClass::GatewayGet, Limit::per_minute(7).unwrap());
    Token {
        id: TokenId(id(number)),
        name: Some("a name".into()),
        hash: TokenHash([u8::try_from(number).unwrap(); 32]),
        clients: ClientSet::One(client_id(A)),
        scopes: [Scope::UsersRead, Scope::Admin].into_iter().collect(),
        limits,
        created_at: at(i64::try_from(number).unwrap()),
        expires_at: Some(at(1_000)),
        oauth_client: None,
        revoked_at: None,
        last_used_at: None,
    }
}

fn instance(name: &str, client: u64) -> Instance {
    Instance {
        name: InstanceName::parse(name).unwrap(),
        client: client_id(client),
        created_at: at(0),
    }
}

fn key(number: u64, instance: &str) -> InstanceKey {
    InstanceKey {
        id: KeyId(id(number)),
        instance: InstanceName::parse(instance).unwrap(),
        audience: "https://example.com".into(),
        algorithm: SigningAlgorithm::Es256,
        pem: "-----BEGIN PUBLIC KEY-----\n…".into(),
        created_at: at(-i64::try_from(number).unwrap()),
    }
}

async fn the_registrys_number_moves_by_one(world: &World) {
    let (before, moved, after) = world
        .write(|tx| {
            Ok((
                registry::number(tx)?,
                registry::advance(tx)?,
                registry::number(tx)?,
            ))
        })
        .await;
    assert_eq!((moved, after), (before + 1, before + 1));
}

async fn a_token_is_read_as_it_was_written(world: &World) {
    let mut bare = token(2);
    (bare.name, bare.expires_at, bare.clients) = (None, None, ClientSet::All);
    bare.limits = Limits::default();
    let written = [bare.clone(), token(1)];
    world
        .write(move |tx| {
            for token in &written {
                tokens::insert(tx, token, 1)?;
            }
            Ok(())
        })
        .await;
    let (all, found, unknown) = world
        .read(|tx| {
            Ok((
                tokens::all(tx)?,
                tokens::find(tx, token(1).id)?,
                tokens::find(tx, token(3).id)?,
            ))
        })
        .await;
    assert_eq!(all, [token(1), bare], "the oldest first");
    assert_eq!(found, Some(token(1)));
    assert_eq!(unknown, None);
}

async fn a_token_is_revoked_once(world: &World) {
    world
        .write(|tx| {
            tokens::insert(tx, &token(1), 1)?;
            tokens::insert(tx, &token(2), 1)?;
            assert!(tokens::revoke(tx, token(1).id, at(50), 2)?);
            assert!(
                !tokens::revoke(tx, token(1).id, at(60), 3)?,
                "it was before"
            );
            assert!(
                !tokens::revoke(tx, token(3).id, at(60), 3)?,
                "there is none"
            );
            let revoked = tokens::find(tx, token(1).id)?.unwrap();
            assert_eq!(revoked.revoked_at, Some(at(50)));
            assert!(!revoked.is_valid(at(0)));
            assert_eq!(tokens::find(tx, token(2).id)?, Some(token(2)));
            Ok(())
        })
        .await;
}

async fn tokens_are_told_by_the_number_of_their_change(world: &World) {
    world
        .write(|tx| {
            tokens::insert(tx, &token(1), 1)?;
            tokens::insert(tx, &token(2), 2)?;
            assert_eq!(tokens::changed_since(tx, -1)?.len(), 2);
            assert_eq!(tokens::changed_since(tx, 1)?, [token(2)]);
            tokens::revoke(tx, token(1).id, at(9), 3)?;
            let changed = tokens::changed_since(tx, 2)?;
            assert_eq!(changed.len(), 1);
            assert_eq!(changed[0].id, token(1).id, "revoked ones are told too");
            Ok(())
        })
        .await;
}

async fn a_tokens_last_use_only_moves_on(world: &World) {
    let (first, second) = (token(1), token(2));
    let stored = [first.clone(), second.clone()];
    world
        .write(move |tx| {
            for token in &stored {
                tokens::insert(tx, token, 1)?;
            }
            let note = |tx: &mut rollcall::store::Tx<'_>, time| {
                tokens::note_uses(tx, &[(first.id, None, at(time))])
            };
            // Another node, which saw an earlier use, writes later.
            note(tx, 10)?;
            note(tx, 5)?;
            let first = tokens::find(tx, first.id)?.unwrap();
            assert_eq!(first.last_used_at, Some(at(10)));
            assert_eq!(tokens::changed_since(tx, 1)?, []);
            assert_eq!(tokens::find(tx, second.id)?, Some(second.clone()));
            Ok(())
        })
        .await;
}

async fn a_hash_is_one_tokens(world: &World) {
    world.write(|tx| tokens::insert(tx, &token(1), 1)).await;
    let twice = world
        .store
        .write(|tx| {
            let same_hash = Token {
                id: token(2).id,
                ..token(1)
            };
            tokens::insert(tx, &same_hash, 2)
        })
        .await;
    assert!(twice.is_err());
}

async fn instances_are_added_once_and_listed_by_name(world: &World) {
    world
        .write(|tx| {
            assert!(instances::insert(tx, &instance("zeta", A))?);
            assert!(instances::insert(tx, &instance("alpha", B))?);
            assert!(!instances::insert(tx, &instance("zeta", B))?);
            let all = instances::all(tx)?;
            assert_eq!(all, [instance("alpha", B), instance("zeta", A)]);
            Ok(())
        })
        .await;
}

async fn an_instance_goes_with_its_keys_alone(world: &World) {
    world
        .write(|tx| {
            for name in ["one", "two"] {
                instances::insert(tx, &instance(name, A))?;
            }
            for (number, name) in [(1, "two"), (2, "one"), (3, "two")] {
                instances::insert_key(tx, &key(number, name))?;
            }
            let keys = instances::all_keys(tx)?;
            assert_eq!(keys, [key(2, "one"), key(3, "two"), key(1, "two")]);
            let [one, two] = ["one", "two"].map(|name| InstanceName::parse(name).unwrap());
            let id = key(1, "two").id;
            assert!(!instances::delete_key(tx, &one, id)?);
            assert!(instances::delete_key(tx, &two, id)?);
            assert!(!instances::delete_key(tx, &two, id)?);
            let keys = instances::all_keys(tx)?;
            assert_eq!(keys, [key(2, "one"), key(3, "two")]);
            assert!(instances::delete(tx, &one)?);
            assert!(!instances::delete(tx, &one)?);
            assert_eq!(instances::all(tx)?, [instance("two", A)]);
            assert_eq!(instances::all_keys(tx)?, [key(3, "two")]);
            Ok(())
        })
        .await;
}

async fn a_secret_is_the_first_that_was_offered(world: &World) {
    world
        .write(|tx| {
            assert_eq!(secrets::find_or_insert(tx, "seal", "first")?, "first");
            assert_eq!(secrets::find_or_insert(tx, "seal", "second")?, "first");
            assert_eq!(secrets::find_or_insert(tx, "other", "third")?, "third");
            Ok(())
        })
        .await;
}

fn answer(text: &str) -> Remembered {
    Remembered {
        fingerprint: format!("request of {text}"),
        answer: text.to_owned(),
    }
}

async fn an_answer_is_remembered_by_client_actor_and_key(world: &World) {
    let owners = [
        (Some(client_id(A)), "token", "key"),
        (Some(client_id(B)), "token", "key"),
        (Some(client_id(A)), "other", "key"),
        (Some(client_id(A)), "token", "KEY"),
        (None, "token", "key"),
    ];
    world
        .write(move |tx| {
            for (index, (client, actor, key)) in owners.into_iter().enumerate() {
                let before = idempotency::find(tx, client, actor, key, at(0))?;
                assert_eq!(before, None);
                let answer = answer(&index.to_string());
                idempotency::remember(tx, client, actor, key, &answer, at(5), at(0))?;
            }
            for (index, (client, actor, key)) in owners.into_iter().enumerate() {
                let found = idempotency::find(tx, client, actor, key, at(0))?;
                assert_eq!(found, Some(answer(&index.to_string())));
            }
            Ok(())
        })
        .await;
}

async fn an_answer_that_is_over_is_replaced_and_forgotten(world: &World) {
    let client = Some(client_id(A));
    world
        .write(move |tx| {
            idempotency::remember(tx, client, "t", "k", &answer("old"), at(10), at(0))?;
            idempotency::remember(tx, client, "t", "other", &answer("new"), at(20), at(0))?;
            let found = idempotency::find(tx, client, "t", "k", at(10))?;
            assert_eq!(found, Some(answer("old")), "to the very moment");
            assert_eq!(idempotency::find(tx, client, "t", "k", at(11))?, None);
            assert_eq!(idempotency::purge(tx, at(20))?, 1);
            assert_eq!(idempotency::find(tx, client, "t", "k", at(0))?, None);
            idempotency::remember(tx, client, "t", "other", &answer("newer"), at(30), at(25))?;
            let found = idempotency::find(tx, client, "t", "other", at(0))?;
            assert_eq!(found, Some(answer("newer")));
            Ok(())
        })
        .await;
}
