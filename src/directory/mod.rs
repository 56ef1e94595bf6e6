//! The images: each client's people in memory, from which all reads of people are answered.
//!
//! The database is the truth. An image is loaded from it when its client is first asked for, is
//! kept current by reading what was touched after its number, and is let go when memory runs short.
//! There is no invalidation and no time to live. Nothing here knows of permissions or HTTP.

mod bulk;
pub mod image;
mod indexes;
mod letters;
mod list;
mod loading;
mod lookup;
mod matching;
pub mod names;
pub mod order;
mod person;
pub mod recency;
pub mod registry;
mod slots;
mod staleness;
mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use tokio::sync::OnceCell;

use crate::directory::image::{Delta, Image};
use crate::model::activity::Report;
use crate::model::id::ClientId;
use crate::model::page::Moment;
use crate::model::timestamp::Timestamp;
use crate::store::clients::Latest;
use crate::store::{Error, Store};

/// How long whoever wrote waits for the image when the database has gone away since.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Reports that are taken into an image at once: so long do those who read it wait.
const REPORTS_AT_ONCE_MAX: usize = 500;

/// The images of the clients that were asked for.
pub struct Directory {
    store: Arc<Store>,
    entries: Mutex<HashMap<ClientId, Arc<Entry>>>,
    budget_bytes: usize,
    /// Counts uses, so that the least recent one is known.
    uses: AtomicU64,
    /// Counts loads, so that no image is taken for another.
    loads: AtomicU64,
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
    /// Which of this process's images it is: one that is loaded again is another one.
    serial: u64,
}

/// What a write changed, for an image that is just where the write began.
#[derive(Debug)]
pub struct News {
    /// The number and the moment of the change before it.
    pub since: (i64, Option<Timestamp>),
    /// All that the write touched.
    pub delta: Delta,
}

impl Live {
    /// Takes the news in if they are all that the image lacks, and says whether they were.
    fn take(&self, news: News) -> bool {
        let mut image = self.image.write();
        // The moment too: a database that went back may have another change under that number.
        let is_next = (image.number(), image.at()) == news.since;
        if is_next {
            image.apply(news.delta);
        }
        is_next
    }

    /// Takes an entry of the activity log in, unless it lacks one before it.
    fn take_reports(&self, number: i64, reports: &[Report]) -> bool {
        let mut parts = reports.chunks(REPORTS_AT_ONCE_MAX);
        let last = parts.next_back().unwrap_or_default();
        // Those who read wait for each part only. Times move on alone: a part twice is no harm, and
        // the entry counts with its last one.
        for part in parts {
            let mut image = self.image.write();
            let known = image.activity_number();
            if known + 1 != number {
                return known >= number;
            }
            image.apply_reports(known, part);
        }
        let mut image = self.image.write();
        let known = image.activity_number();
        if known + 1 == number {
            image.apply_reports(number, last);
        }
        known + 1 >= number
    }

    /// The image at one moment. Hold it for as long as a page takes to build, and across no await:
    /// who keeps the image current waits for it.
    pub fn read(&self) -> RwLockReadGuard<'_, Image> {
        self.image.read()
    }

    /// The image's moment.
    pub fn moment(&self) -> Moment {
        let (records, activity) = self.read().numbers();
        Moment {
            image: self.serial,
            records,
            activity,
        }
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
            loads: AtomicU64::new(0),
        }
    }

    /// The client's image, if it is loaded.
    pub fn at_hand(&self, client: ClientId) -> Option<Arc<Live>> {
        let live = self.loaded_now(client)?;
        self.note_use(&live);
        Some(live)
    }

    fn note_use(&self, live: &Live) {
        let use_number = self.uses.fetch_add(1, Ordering::Relaxed);
        live.used.store(use_number, Ordering::Relaxed);
    }

    /// The client's image, loaded if need be; `None` when there is no such client. Many who ask at
    /// once wait for one load, and for no other client's.
    pub async fn live(&self, client: ClientId) -> Result<Option<Arc<Live>>, Error> {
        let entry = Arc::clone(self.entries.lock().entry(client).or_default());
        let mut is_new = false;
        let load = async {
            is_new = true;
            let serial = self.loads.fetch_add(1, Ordering::Relaxed);
            loading::load(&self.store, client, serial).await
        };
        let live = entry.live.get_or_try_init(|| load).await.cloned();
        match &live {
            Ok(Some(live)) => {
                self.note_use(live);
                if is_new {
                    self.keep_budget(client);
                }
            }
            // Nothing is kept of clients that do not exist, or of loads that failed.
            Ok(None) | Err(_) => self.forget(client, &entry),
        }
        live
    }

    /// Makes the client's image, if it is loaded, contain change `number`, which is durable.
    ///
    /// When the database has just gone away it is waited for: whoever wrote is answered when they
    /// would see it. When it stays away, that is an error, and the write is one of those that may or
    /// may not have happened: the image stays, since it is all that others can read until then. On
    /// any other failure the image is let go: the next who asks reads the change from the database,
    /// and whoever wrote it is not told of a failure that is none.
    pub async fn catch_up(&self, client: ClientId, number: i64) -> Result<(), Error> {
        let result = patiently(|| self.reach(client, number)).await;
        self.unless_away(client, result)
    }

    /// As [`Self::catch_up`], without reading the change again if the news are all that is missing.
    pub async fn catch_up_with(
        &self,
        client: ClientId,
        number: i64,
        news: Option<News>,
    ) -> Result<(), Error> {
        if let Some(news) = news
            && self.loaded_now(client).is_some_and(|live| live.take(news))
        {
            return Ok(());
        }
        self.catch_up(client, number).await
    }

    /// As [`Self::catch_up`], for somebody who only reads: they do not wait, and the image stays
    /// whatever happens.
    pub async fn reach(&self, client: ClientId, number: i64) -> Result<(), Error> {
        match self.loaded(client).await? {
            Some(live) if live.read().number() < number => {
                loading::catch_up(&self.store, client, &live, number).await
            }
            _ => Ok(()),
        }
    }

    /// As [`Self::catch_up`], with entry `number` of the activity log, which consists of `reports`.
    pub async fn catch_up_activity(
        &self,
        client: ClientId,
        number: i64,
        reports: &[Report],
    ) -> Result<(), Error> {
        let result = patiently(|| self.take_in(client, number, reports)).await;
        self.unless_away(client, result)
    }

    async fn take_in(
        &self,
        client: ClientId,
        number: i64,
        reports: &[Report],
    ) -> Result<(), Error> {
        let Some(live) = self.loaded(client).await? else {
            return Ok(());
        };
        if live.take_reports(number, reports) {
            return Ok(());
        }
        loading::catch_up_activity(&self.store, client, &live, number).await
    }

    /// Looks at the numbers of the loaded clients, and catches up with what others wrote. It waits
    /// for no image that is being loaded, and asking for news is not asking for the image.
    pub async fn poll(&self) -> Result<(), Error> {
        let lives = self.lives();
        if lives.is_empty() {
            return Ok(());
        }
        // Before the database is asked: an image may run ahead of the answer, but not of the truth.
        let seen: Vec<(i64, i64)> = lives
            .iter()
            .map(|(_, live)| live.read().numbers())
            .collect();
        let latest = loading::latest(&self.store).await?;
        for ((client, live), seen) in lives.iter().zip(seen) {
            // A standby that took over, or a backup put back, may lack what was seen.
            let latest = latest
                .get(client)
                .filter(|latest| latest.change >= seen.0 && latest.activity >= seen.1);
            let Some(latest) = latest else {
                tracing::warn!(%client, ?seen, "the database went back: an image is let go");
                self.evict(*client);
                continue;
            };
            if let Err(error) = self.take_news(*client, live, latest).await {
                // When the database is away, memory is all there is: nothing is let go.
                loading::latest(&self.store).await?;
                // One client's trouble must not keep the news from the others.
                self.or_evict(*client, Err(error));
            }
        }
        // Writes make images grow, not only loads.
        let used_last = lives
            .into_iter()
            .max_by_key(|(_, live)| live.used.load(Ordering::Relaxed));
        if let Some((client, _)) = used_last {
            self.keep_budget(client);
        }
        Ok(())
    }

    async fn take_news(&self, client: ClientId, live: &Live, latest: &Latest) -> Result<(), Error> {
        if live.read().number() < latest.change {
            loading::catch_up(&self.store, client, live, latest.change).await?;
        }
        if live.read().activity_number() < latest.activity {
            loading::catch_up_activity(&self.store, client, live, latest.activity).await?;
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

    /// Of how many people, of all images, something is held.
    pub fn held_count(&self) -> usize {
        let lives = self.lives();
        lives.iter().map(|(_, live)| live.read().held_count()).sum()
    }

    /// The client's image if it is loaded or being loaded just now.
    async fn loaded(&self, client: ClientId) -> Result<Option<Arc<Live>>, Error> {
        // One that is being loaded may have looked at the database a moment too early.
        let is_known = self.entries.lock().contains_key(&client);
        if is_known {
            self.live(client).await
        } else {
            Ok(None)
        }
    }

    /// The client's image if it is loaded, without waiting for one that is being loaded.
    fn loaded_now(&self, client: ClientId) -> Option<Arc<Live>> {
        let entries = self.entries.lock();
        entries.get(&client)?.live.get()?.clone()
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

    fn unless_away(&self, client: ClientId, result: Result<(), Error>) -> Result<(), Error> {
        match result {
            Err(Error::Busy(reason)) => Err(Error::Busy(reason)),
            result => {
                self.or_evict(client, result);
                Ok(())
            }
        }
    }

    fn or_evict(&self, client: ClientId, result: Result<(), Error>) {
        if let Err(error) = result {
            tracing::warn!(%client, %error, "an image could not be caught up: it is let go");
            self.evict(client);
        }
    }

    /// Lets the least recently used images go until the rest fits, but never that of `in_use`.
    fn keep_budget(&self, in_use: ClientId) {
        let mut lives = self.lives();
        lives.sort_by_key(|(_, live)| live.used.load(Ordering::Relaxed));
        let sizes: Vec<usize> = lives
            .iter()
            .map(|(_, live)| live.read().heap_bytes())
            .collect();
        let mut total: usize = sizes.iter().sum();
        for ((client, _), size) in lives.iter().zip(sizes) {
            if total > self.budget_bytes && *client != in_use {
                self.evict(*client);
                total -= size;
            }
        }
    }
}

/// Attempts it again for a while when the database is not available. An attempt that only takes long,
/// because many wait for their turn, is no such failure.
async fn patiently<F>(mut attempt: impl FnMut() -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    match attempt().await {
        Err(Error::Busy(_)) => {}
        ended => return ended,
    }
    let attempts = async {
        loop {
            tokio::time::sleep(PAUSE).await;
            match attempt().await {
                Err(Error::Busy(_)) => {}
                ended => return ended,
            }
        }
    };
    let away = |_| Err(Error::Busy("it went away after the commit".to_owned()));
    tokio::time::timeout(PATIENCE, attempts)
        .await
        .unwrap_or_else(away)
}
