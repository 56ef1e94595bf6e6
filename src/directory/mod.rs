//! The images: each client's people in memory, from which all reads of people are answered.
//!
//! The database is the truth. An image is loaded from it when its client is first asked for, is
//! kept current by reading what was touched after its number, and is let go when memory runs short.
//! There is no invalidation and no time to live. Nothing here knows of permissions or HTTP.

pub mod image;
mod list;
mod loading;
pub mod order;
mod person;
pub mod registry;
pub mod search;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::sync::OnceCell;

use crate::directory::image::Image;
use crate::model::activity::Report;
use crate::model::id::ClientId;
use crate::store::{Error, Store};

/// The images of the clients that were asked for.
pub struct Directory {
    store: Arc<Store>,
    entries: Mutex<HashMap<ClientId, Arc<Entry>>>,
    budget_bytes: usize,
    /// Counts uses, so that the least recent one is known.
    uses: AtomicU64,
}

/// A client's place: empty while its image is loaded for the first time.
#[derive(Default)]
struct Entry {
    live: OnceCell<Option<Arc<Live>>>,
}

/// An image that is kept current.
pub struct Live {
    image: RwLock<Image>,
    /// Held by the one who reads from the database what the image does not contain yet.
    catching_up: tokio::sync::Mutex<()>,
    used: AtomicU64,
}

impl Live {
    /// The image at one moment. Hold it for as long as a page takes to build, and across no await:
    /// who keeps the image current waits for it.
    pub fn read(&self) -> RwLockReadGuard<'_, Image> {
        self.image.read()
    }
}

impl Directory {
    /// A directory without images, which keeps about `budget_bytes` of them.
    pub fn new(store: Arc<Store>, budget_bytes: usize) -> Self {
        let entries = Mutex::new(HashMap::new());
        Self {
            store,
            entries,
            budget_bytes,
            uses: AtomicU64::new(0),
        }
    }

    /// The client's image, loaded if need be; `None` when there is no such client. Many who ask at
    /// once wait for one load, and for no other client's.
    pub async fn live(&self, client: ClientId) -> Result<Option<Arc<Live>>, Error> {
        let live = self.loading(client).await?;
        if let Some(live) = &live {
            live.used
                .store(self.uses.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
        }
        Ok(live)
    }

    /// Makes the client's image, if it is loaded, contain change `number`.
    pub async fn catch_up(&self, client: ClientId, number: i64) {
        let Some(live) = self.loaded(client).await else {
            return;
        };
        if live.read().number() < number {
            let caught_up = loading::catch_up(&self.store, client, &live, number).await;
            self.or_evict(client, &caught_up);
        }
    }

    /// Makes the client's image, if it is loaded, contain entry `number` of the activity log, which
    /// consists of `reports`.
    pub async fn catch_up_activity(&self, client: ClientId, number: i64, reports: &[Report]) {
        let Some(live) = self.loaded(client).await else {
            return;
        };
        {
            let mut image = live.image.write();
            if image.activity_number() >= number {
                return;
            }
            if image.activity_number() + 1 == number {
                image.apply_reports(number, reports);
                return;
            }
        }
        self.read_activity(client, &live, number).await;
    }

    /// Looks at the numbers of the loaded clients, and catches up with what others wrote.
    pub async fn poll(&self) -> Result<(), Error> {
        let clients: Vec<ClientId> = self.entries.lock().keys().copied().collect();
        if clients.is_empty() {
            return Ok(());
        }
        let numbers = loading::numbers(&self.store, clients).await?;
        for (client, change, activity) in numbers {
            self.catch_up(client, change).await;
            let Some(live) = self.loaded(client).await else {
                continue;
            };
            if live.read().activity_number() < activity {
                self.read_activity(client, &live, activity).await;
            }
        }
        Ok(())
    }

    /// Lets the client's image go. The next who asks loads it anew.
    pub fn evict(&self, client: ClientId) {
        self.entries.lock().remove(&client);
    }

    /// How many images there are, and their bytes.
    pub fn size(&self) -> (usize, usize) {
        let lives = self.lives();
        (
            lives.len(),
            lives.iter().map(|(_, live)| live.read().heap_bytes()).sum(),
        )
    }

    /// The client's image, which this or somebody else's call loads. It does not count as a use.
    async fn loading(&self, client: ClientId) -> Result<Option<Arc<Live>>, Error> {
        let entry = Arc::clone(self.entries.lock().entry(client).or_default());
        let mut is_new = false;
        let load = async {
            is_new = true;
            loading::load(&self.store, client).await
        };
        let live = entry.live.get_or_try_init(|| load).await.cloned();
        match &live {
            Ok(Some(_)) if is_new => self.keep_budget(client),
            Ok(Some(_)) => {}
            // Nothing is kept of clients that do not exist, or of loads that failed.
            Ok(None) | Err(_) => self.forget(client, &entry),
        }
        live
    }

    /// The client's image if it is loaded or being loaded just now. A load that fails leaves
    /// nothing that would have to catch up.
    async fn loaded(&self, client: ClientId) -> Option<Arc<Live>> {
        // One that is being loaded may have looked at the database a moment too early.
        let is_known = self.entries.lock().contains_key(&client);
        if is_known {
            self.loading(client).await.ok().flatten()
        } else {
            None
        }
    }

    async fn read_activity(&self, client: ClientId, live: &Live, number: i64) {
        let caught_up = loading::catch_up_activity(&self.store, client, live, number).await;
        self.or_evict(client, &caught_up);
    }

    /// An image that cannot catch up goes: what was written is written, and the next who asks must
    /// not read what was before.
    fn or_evict(&self, client: ClientId, caught_up: &Result<(), Error>) {
        if caught_up.is_err() {
            self.evict(client);
        }
    }

    fn forget(&self, client: ClientId, entry: &Arc<Entry>) {
        let mut entries = self.entries.lock();
        if entries
            .get(&client)
            .is_some_and(|known| Arc::ptr_eq(known, entry))
        {
            entries.remove(&client);
        }
    }

    fn lives(&self) -> Vec<(ClientId, Arc<Live>)> {
        let entries = self.entries.lock();
        let live = |(client, entry): (&ClientId, &Arc<Entry>)| {
            Some((*client, Arc::clone(entry.live.get()?.as_ref()?)))
        };
        entries.iter().filter_map(live).collect()
    }

    /// Lets the least recently used images go until the rest fits, but never `just_loaded`.
    fn keep_budget(&self, just_loaded: ClientId) {
        let mut lives = self.lives();
        lives.sort_by_key(|(_, live)| live.used.load(Ordering::Relaxed));
        let sizes: Vec<usize> = lives
            .iter()
            .map(|(_, live)| live.read().heap_bytes())
            .collect();
        let mut total: usize = sizes.iter().sum();
        for ((client, _), size) in lives.iter().zip(sizes) {
            if total > self.budget_bytes && *client != just_loaded {
                self.evict(*client);
                total -= size;
            }
        }
    }
}
