//! What is noted of one request while it is done, for the log that is kept of it: what was sent, how
//! it was read, what it changed. A request that leaves a trail may also be a rehearsal.

use parking_lot::Mutex;
use scim::Quirk;

use crate::model::scim_log::Changes;
use crate::store::changes::Entry;

/// Changes of a rehearsal that are kept at most; of more only the number is known.
pub const REHEARSED_MAX: usize = 100;

/// Where a request's notes go. Whoever takes part in doing it may add some.
#[derive(Debug, Default)]
pub struct Trail {
    is_rehearsal: bool,
    notes: Mutex<Notes>,
}

/// What was noted.
#[derive(Debug, Default)]
pub struct Notes {
    /// The body, as it was sent; `None` when nobody read it.
    pub sent: Option<Box<[u8]>>,
    /// The liberties that were taken in reading it, each once.
    pub quirks: Vec<Quirk>,
    /// What it changed.
    pub changes: Changes,
    /// What it would have changed, had it been none but a rehearsal.
    pub rehearsed: Vec<Entry>,
    /// How many changes that would have been.
    pub rehearsed_count: i64,
}

impl Trail {
    /// The trail of a request whose work is undone at its end.
    pub fn of_rehearsal() -> Self {
        Self {
            is_rehearsal: true,
            notes: Mutex::default(),
        }
    }

    /// Whether what is done is to be undone.
    pub fn is_rehearsal(&self) -> bool {
        self.is_rehearsal
    }

    /// Notes the body, unless one is noted: a part of a request has no other.
    pub fn sent(&self, body: &[u8]) {
        self.notes.lock().sent.get_or_insert_with(|| body.into());
    }

    /// Notes liberties that were taken.
    pub fn quirks(&self, quirks: &[Quirk]) {
        if quirks.is_empty() {
            return;
        }
        let known = &mut self.notes.lock().quirks;
        for quirk in quirks {
            if !known.contains(quirk) {
                known.push(*quirk);
            }
        }
    }

    /// Notes the numbers of the changes that a transaction made.
    pub(super) fn wrote(&self, first: i64, last: i64) {
        self.notes.lock().changes.add(first, last);
    }

    /// Notes what a rehearsal would have changed, of which the beginning is enough.
    pub(super) fn rehearsed(&self, changes: Vec<Entry>, count: i64) {
        let mut notes = self.notes.lock();
        let room = REHEARSED_MAX.saturating_sub(notes.rehearsed.len());
        notes.rehearsed.extend(changes.into_iter().take(room));
        notes.rehearsed_count += count;
    }

    /// All that was noted; there is nothing left.
    pub fn take(&self) -> Notes {
        std::mem::take(&mut self.notes.lock())
    }
}
