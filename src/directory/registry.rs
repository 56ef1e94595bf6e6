//! Tokens, instances and keys in memory: who may ask, looked up by every request.
//!
//! The database's registry number tells when something changed, here or beside us.

use std::sync::Arc;
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::RwLock;

use crate::model::id::{ClientId, TokenId};
use crate::model::instance::InstanceKey;
use crate::model::rate_limit::{Bucket, Limit, RouteClass};
use crate::model::token::{Token, TokenHash};
use crate::store::{self, Error, Store};

/// One caller's buckets, a class of routes each.
#[derive(Debug, Default)]
pub struct Buckets([Bucket; RouteClass::ALL.len()]);

impl Buckets {
    /// The bucket of a class.
    pub fn of(&self, class: RouteClass) -> &Bucket {
        &self.0[class as usize]
    }
}

/// A token as requests meet it.
#[derive(Debug, Clone)]
pub struct KnownToken {
    /// The record.
    pub token: Token,
    /// What it may still ask this minute.
    pub buckets: Arc<Buckets>,
}

/// An instance as requests meet it.
#[derive(Debug, Clone)]
pub struct KnownInstance {
    /// Whose people it shows.
    pub client: ClientId,
    /// The keys whose signatures it accepts.
    pub keys: Vec<KnownKey>,
}

/// A key as requests meet it.
#[derive(Debug, Clone)]
pub struct KnownKey {
    /// The record.
    pub key: InstanceKey,
    /// What its bearers may still ask this minute.
    pub buckets: Arc<Buckets>,
}

#[derive(Default)]
struct Known {
    number: i64,
    tokens: HashMap<TokenHash, Arc<KnownToken>>,
    hashes: HashMap<TokenId, TokenHash>,
    instances: HashMap<Box<str>, Arc<KnownInstance>>,
}

/// All tokens that are not revoked, all instances and their keys.
pub struct Registry {
    store: Arc<Store>,
    known: RwLock<Known>,
    /// Held while reading what changed.
    refreshing: tokio::sync::Mutex<()>,
    /// What strangers may still make us look into the database.
    look_ups: Bucket,
}

/// Look-ups a minute on behalf of credentials that nobody has: strangers cause them.
const LOOK_UPS_PER_MINUTE: u32 = 6_000;

impl Registry {
    /// A registry that knows what the database holds now.
    pub async fn open(store: Arc<Store>) -> Result<Self, Error> {
        let registry = Self {
            store,
            known: RwLock::new(Known {
                number: -1,
                ..Known::default()
            }),
            refreshing: tokio::sync::Mutex::new(()),
            look_ups: Bucket::default(),
        };
        registry.refresh().await?;
        Ok(registry)
    }

    /// The token whose secret has that hash, unless revoked.
    pub fn token(&self, hash: &TokenHash) -> Option<Arc<KnownToken>> {
        self.known.read().tokens.get(hash).cloned()
    }

    /// The instance of that name.
    pub fn instance(&self, name: &str) -> Option<Arc<KnownInstance>> {
        self.known.read().instances.get(name).cloned()
    }

    /// As [`Self::refresh`], for somebody who asks with what is not known: the command line may have
    /// made it a moment ago. When too many do, they wait for the next refresh like everybody.
    pub async fn look_again(&self, now: Duration) -> Result<(), Error> {
        let limit = Limit::per_minute(LOOK_UPS_PER_MINUTE).expect("it is within the limit's range");
        if self.look_ups.take(limit, now).allowed {
            self.refresh().await
        } else {
            Ok(())
        }
    }

    /// Takes in what changed in the database since the last time.
    pub async fn refresh(&self) -> Result<(), Error> {
        let _turn = self.refreshing.lock().await;
        let since = self.known.read().number;
        let changes = self
            .store
            .read(move |tx| {
                let number = store::registry::number(tx)?;
                if number == since {
                    return Ok(None);
                }
                // A standby that took over, or a backup put back, may be behind what was seen: then
                // everything is read anew.
                let since = if number < since { -1 } else { since };
                let tokens = store::tokens::changed_since(tx, since)?;
                let instances = store::instances::all(tx)?;
                let keys = store::instances::all_keys(tx)?;
                Ok::<_, Error>(Some((number, tokens, instances, keys)))
            })
            .await?;
        let Some((number, tokens, instances, keys)) = changes else {
            return Ok(());
        };
        let mut known = self.known.write();
        if number < since {
            known.tokens.clear();
            known.hashes.clear();
        }
        for token in tokens {
            known.put(token);
        }
        let mut kept: HashMap<_, _> = std::mem::take(&mut known.instances)
            .values()
            .flat_map(|instance| &instance.keys)
            .map(|known| (known.key.id, Arc::clone(&known.buckets)))
            .collect();
        for instance in instances {
            let own = keys.iter().filter(|key| key.instance == instance.name);
            let keys = own
                .map(|key| KnownKey {
                    key: key.clone(),
                    buckets: kept.remove(&key.id).unwrap_or_default(),
                })
                .collect();
            let known_instance = KnownInstance {
                client: instance.client,
                keys,
            };
            known
                .instances
                .insert(instance.name.as_str().into(), Arc::new(known_instance));
        }
        known.number = number;
        Ok(())
    }
}

impl Known {
    /// Takes a token's record in. A changed limit must not fill its buckets.
    fn put(&mut self, token: Token) {
        let former = self
            .hashes
            .remove(&token.id)
            .and_then(|hash| self.tokens.remove(&hash));
        if token.revoked_at.is_some() {
            return;
        }
        let buckets = former
            .map(|former| Arc::clone(&former.buckets))
            .unwrap_or_default();
        self.hashes.insert(token.id, token.hash);
        self.tokens
            .insert(token.hash, Arc::new(KnownToken { token, buckets }));
    }
}
