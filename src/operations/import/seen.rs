//! Whom and what the file was about so far, so that nothing is told twice.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

/// What a key identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    UserKey,
    ExternalId,
    Department,
}

/// 128 bits of a key's hash: enough that no two keys of any file meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 16]);

impl Digest {
    pub(super) fn of(kind: Kind, key: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update([kind as u8]);
        hash.update(key);
        let hash: [u8; 32] = hash.finalize().into();
        let half = hash.first_chunk().expect("32 bytes begin with 16");
        Self(*half)
    }
}

/// What the file was about.
#[derive(Default)]
pub(super) struct Seen {
    /// The line that each was on.
    lines: HashMap<Digest, u64>,
    /// In a rehearsal: keys that their holder would not have any more.
    freed: HashSet<Digest>,
}

impl Seen {
    pub(super) fn line(&self, digest: Digest) -> Option<u64> {
        self.lines.get(&digest).copied()
    }

    pub(super) fn insert(&mut self, digest: Digest, line: u64) {
        self.lines.insert(digest, line);
    }

    pub(super) fn is_free(&self, digest: Digest) -> bool {
        self.freed.contains(&digest)
    }

    pub(super) fn free(&mut self, digest: Digest) {
        self.freed.insert(digest);
    }

    pub(super) fn absorb(&mut self, later: Self) {
        self.lines.extend(later.lines);
        self.freed.extend(later.freed);
    }
}
