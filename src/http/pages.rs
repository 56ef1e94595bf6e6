//! Pages that were rendered and may be asked for again: the first one, by everybody who opens a
//! table; all of them, by each who walks the gateway.
//!
//! A page is what a question makes of an image at one moment, and the moment is part of what it is
//! kept under. So nothing is ever invalidated: after a write the same question is another one, and
//! pages that nobody asks for any more make room.

use hyper::body::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::model::id::ClientId;
use crate::model::page::Moment;

/// What a page takes besides its body and its question.
const PAGE_OVERHEAD_BYTES: usize = 256;
/// A usual page, to make room for as many as will fit.
const USUAL_PAGE_BYTES: usize = 32 * 1024;

/// Rendered pages, within a bound of bytes.
pub struct Pages(Cache<Key, Bytes, Bytewise>);

/// What a page answers. Whoever asks was let in to that client before.
#[derive(PartialEq, Eq, Hash)]
pub struct Key {
    client: ClientId,
    moment: Moment,
    /// The path and the query as they were sent.
    question: Box<str>,
}

#[derive(Clone)]
struct Bytewise;

impl Weighter<Key, Bytes> for Bytewise {
    fn weight(&self, key: &Key, page: &Bytes) -> u64 {
        (PAGE_OVERHEAD_BYTES + key.question.len() + page.len()) as u64
    }
}

impl Pages {
    /// Room for about `bytes` of pages.
    pub fn new(bytes: usize) -> Self {
        Self(Cache::with_weighter(
            bytes.div_ceil(USUAL_PAGE_BYTES),
            bytes as u64,
            Bytewise,
        ))
    }

    /// The page that is kept for this, or else the one that `render` makes, which is kept. When the
    /// image moved on while it was rendered it is newer than its key says, and so is what anybody
    /// would be shown who still asks by that key.
    pub async fn page<E>(
        &self,
        key: Key,
        render: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Bytes, E> {
        if let Some(page) = self.0.get(&key) {
            return Ok(page);
        }
        // Without the room that was made for it and not used: what is kept is weighed by its length.
        let page = Bytes::from(render.await?.into_boxed_slice());
        self.0.insert(key, page.clone());
        Ok(page)
    }
}

impl Key {
    /// The question `uri` about that client's people as they are at that moment.
    pub fn new(client: ClientId, moment: Moment, uri: &hyper::Uri) -> Self {
        let question = uri
            .path_and_query()
            .map_or("", |question| question.as_str());
        Self {
            client,
            moment,
            question: question.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(client: &str, records: i64, activity: i64, uri: &str) -> Key {
        let client = ClientId::parse(client).unwrap();
        let moment = Moment {
            image: 1,
            records,
            activity,
        };
        Key::new(client, moment, &uri.parse().unwrap())
    }

    async fn rendered(pages: &Pages, key: Key, page: &str) -> Bytes {
        let page = async { Ok::<_, ()>(page.into()) };
        pages.page(key, page).await.unwrap()
    }

    #[tokio::test]
    async fn a_page_is_its_clients_its_questions_and_its_moments() {
        const ONE: &str = "a1d97031-04e2-4907-a249-093f7436207b";
        const OTHER: &str = "b1d97031-04e2-4907-a249-093f7436207b";
        let pages = Pages::new(1024 * 1024);
        let asked = || key(ONE, 5, 7, "/users?q=a");
        assert_eq!(rendered(&pages, asked(), "page").await, "page");
        assert_eq!(rendered(&pages, asked(), "another").await, "page");
        for other in [
            key(OTHER, 5, 7, "/users?q=a"),
            key(ONE, 6, 7, "/users?q=a"),
            key(ONE, 5, 8, "/users?q=a"),
            key(ONE, 5, 7, "/users?q=b"),
            key(ONE, 5, 7, "/users"),
        ] {
            assert_eq!(rendered(&pages, other, "another").await, "another");
        }
    }

    #[tokio::test]
    async fn many_pages_take_no_more_room_than_there_is() {
        let pages = Pages::new(1024 * 1024);
        let client = "a1d97031-04e2-4907-a249-093f7436207b";
        for number in 0..1_000 {
            rendered(
                &pages,
                key(client, number, 0, "/users"),
                &"x".repeat(10_000),
            )
            .await;
        }
        assert!(pages.0.weight() <= 1024 * 1024);
        assert!(pages.0.len() > 10);
    }
}
