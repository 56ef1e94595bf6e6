//! Tokens, instances, keys and OAuth clients in memory: who may ask, looked up by every request.
//!
//! The database's registry number tells when something changed, here or beside us.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::RwLock;

use crate::model::id::{ClientId, OauthClientId, TokenId};
use crate::model::instance::{Instance, InstanceKey};
use crate::model::oauth::{OauthClient, OauthSecret};
use crate::model::rate_limit::{Bucket, Limit, RouteClass};
use crate::model::timestamp::Timestamp;
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

/// When a token was last used here, in milliseconds since 1970, to within a minute. Requests on all
/// cores read it, and only one a minute writes it.
#[derive(Debug, Default)]
pub struct LastUse {
    at_ms: AtomicI64,
    /// The last that was taken to be written.
    taken_ms: AtomicI64,
}

/// How exactly uses are told, in milliseconds.
const USE_MS: i64 = 60 * 1000;

impl LastUse {
    /// Notes a use at about `now`, unless one of the same minute is noted.
    #[inline]
    pub fn note(&self, now_ms: i64) {
        if now_ms - self.at_ms.load(Ordering::Relaxed) >= USE_MS {
            self.at_ms.store(now_ms, Ordering::Relaxed);
        }
    }

    /// The same, for a record in the place of this one.
    fn copied(&self) -> Self {
        let copied = |value: &AtomicI64| AtomicI64::new(value.load(Ordering::Relaxed));
        Self {
            at_ms: copied(&self.at_ms),
            taken_ms: copied(&self.taken_ms),
        }
    }

    /// The last use, if it was not taken before.
    fn take(&self) -> Option<Timestamp> {
        let at_ms = self.at_ms.load(Ordering::Relaxed);
        let taken_ms = self.taken_ms.swap(at_ms, Ordering::Relaxed);
        (taken_ms != at_ms).then(|| Timestamp::from_milliseconds(at_ms))
    }

    /// What was taken was not written: it is to be taken again.
    fn give_back(&self) {
        self.taken_ms.store(0, Ordering::Relaxed);
    }
}

/// A token as requests meet it.
#[derive(Debug)]
pub struct KnownToken {
    /// The record.
    pub token: Token,
    /// Whom the log names and the limits count: see [`Token::bearer`].
    pub bearer: TokenId,
    /// What it may still ask this minute; one for all tokens of an OAuth client.
    pub buckets: Arc<Buckets>,
    /// When it was last used here.
    pub last_use: LastUse,
}

/// An OAuth client as requests meet it.
#[derive(Debug, Clone)]
pub struct KnownOauthClient {
    /// The record.
    pub record: OauthClient,
    /// Its secrets.
    pub secrets: Vec<OauthSecret>,
    /// What its tokens may still ask this minute.
    buckets: Arc<Buckets>,
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
    oauth_clients: HashMap<OauthClientId, Arc<KnownOauthClient>>,
}

/// What the database holds that is not read by its changes but whole: there is little of it.
struct Whole {
    instances: Vec<Instance>,
    keys: Vec<InstanceKey>,
    oauth_clients: Vec<OauthClient>,
    secrets: Vec<OauthSecret>,
}

/// All tokens that are not revoked, all instances and their keys, all OAuth clients.
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

    /// The token of that id, unless revoked.
    pub fn token_of_id(&self, id: TokenId) -> Option<Arc<KnownToken>> {
        let known = self.known.read();
        known.tokens.get(known.hashes.get(&id)?).cloned()
    }

    /// The instance of that name.
    pub fn instance(&self, name: &str) -> Option<Arc<KnownInstance>> {
        self.known.read().instances.get(name).cloned()
    }

    /// The OAuth client of that id, unless revoked.
    pub fn oauth_client(&self, id: OauthClientId) -> Option<Arc<KnownOauthClient>> {
        self.known.read().oauth_clients.get(&id).cloned()
    }

    /// Takes the uses of tokens that were not taken before, each with whom the token was issued to.
    pub fn take_uses(&self) -> Vec<(TokenId, Option<OauthClientId>, Timestamp)> {
        let known = self.known.read();
        let uses = known.tokens.values().filter_map(|known| {
            let at = known.last_use.take()?;
            Some((known.token.id, known.token.oauth_client, at))
        });
        uses.collect()
    }

    /// Has uses that could not be written taken again.
    pub fn give_back_uses(&self, uses: &[(TokenId, Option<OauthClientId>, Timestamp)]) {
        let known = self.known.read();
        for (id, _, _) in uses {
            let hash = known.hashes.get(id);
            if let Some(token) = hash.and_then(|hash| known.tokens.get(hash)) {
                token.last_use.give_back();
            }
        }
    }

    /// Forgets the tokens that were issued to OAuth clients and are over at `now`.
    pub fn forget_issued(&self, now: Timestamp) {
        let mut known = self.known.write();
        let Known { tokens, hashes, .. } = &mut *known;
        tokens.retain(|_, known| {
            let stays = known.token.oauth_client.is_none() || known.token.is_valid(now);
            if !stays {
                hashes.remove(&known.token.id);
            }
            stays
        });
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
                let whole = Whole {
                    instances: store::instances::all(tx)?,
                    keys: store::instances::all_keys(tx)?,
                    oauth_clients: store::oauth::all(tx)?,
                    secrets: store::oauth::all_secrets(tx)?,
                };
                Ok::<_, Error>(Some((number, tokens, whole)))
            })
            .await?;
        let Some((number, tokens, whole)) = changes else {
            return Ok(());
        };
        let mut known = self.known.write();
        if number < since {
            known.tokens.clear();
            known.hashes.clear();
        }
        known.put_instances(whole.instances, &whole.keys);
        // Before the tokens, which share their buckets.
        known.put_oauth_clients(whole.oauth_clients, &whole.secrets);
        for token in tokens {
            known.put(token);
        }
        known.number = number;
        Ok(())
    }
}

impl Known {
    fn put_instances(&mut self, instances: Vec<Instance>, keys: &[InstanceKey]) {
        let mut kept: HashMap<_, _> = std::mem::take(&mut self.instances)
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
            let known = KnownInstance {
                client: instance.client,
                keys,
            };
            self.instances
                .insert(instance.name.as_str().into(), Arc::new(known));
        }
    }

    fn put_oauth_clients(&mut self, oauth_clients: Vec<OauthClient>, secrets: &[OauthSecret]) {
        let kept = std::mem::take(&mut self.oauth_clients);
        for record in oauth_clients {
            if record.revoked_at.is_some() {
                continue;
            }
            let own = secrets.iter().filter(|secret| secret.owner == record.id);
            let known = KnownOauthClient {
                secrets: own.copied().collect(),
                buckets: kept
                    .get(&record.id)
                    .map(|known| Arc::clone(&known.buckets))
                    .unwrap_or_default(),
                record,
            };
            self.oauth_clients.insert(known.record.id, Arc::new(known));
        }
    }

    /// Takes a token's record in. A changed limit must not fill its buckets.
    fn put(&mut self, token: Token) {
        let former = self
            .hashes
            .remove(&token.id)
            .and_then(|hash| self.tokens.remove(&hash));
        if token.revoked_at.is_some() {
            return;
        }
        let owner = token
            .oauth_client
            .and_then(|id| self.oauth_clients.get(&id));
        let buckets = owner
            .map(|owner| Arc::clone(&owner.buckets))
            .or_else(|| former.as_ref().map(|former| Arc::clone(&former.buckets)))
            .unwrap_or_default();
        let last_use = former.map(|former| former.last_use.copied());
        self.hashes.insert(token.id, token.hash);
        let known = KnownToken {
            bearer: token.bearer(),
            token,
            buckets,
            last_use: last_use.unwrap_or_default(),
        };
        self.tokens.insert(known.token.hash, Arc::new(known));
    }
}
