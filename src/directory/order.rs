//! An ordered list of slots: what a list is walked by.
//!
//! Two levels: chunks of a bounded length in one vector. Finding a place takes two binary searches,
//! an insertion moves one chunk's tail. The order itself is the caller's: each call is handed the
//! comparison, since keys stay in the records and are not kept twice.

use std::cmp::Ordering;

/// A chunk is split in two when it reaches this length.
const CHUNK_MAX: usize = 1024;

/// Slots in an order.
#[derive(Debug, Default)]
pub struct Order {
    /// None of them is empty.
    chunks: Vec<Vec<u32>>,
    length: usize,
}

impl Order {
    /// The order of slots that are sorted already.
    pub fn from_sorted(slots: &[u32]) -> Self {
        let chunks = slots.chunks(CHUNK_MAX / 2).map(<[u32]>::to_vec).collect();
        Self {
            chunks,
            length: slots.len(),
        }
    }

    /// How many slots there are.
    pub fn count(&self) -> usize {
        self.length
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.chunks.iter().flatten().copied()
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| chunk.capacity() * 4 + 24)
            .sum()
    }

    /// Adds a slot. `compare` says where a slot of the list stands beside the new one.
    pub fn insert(&mut self, slot: u32, compare: impl Fn(u32) -> Ordering) {
        self.length += 1;
        let (index, offset) = self.partition(|other| compare(other) == Ordering::Less);
        // A place at the very end belongs to the last chunk.
        let (index, offset) = match (index == self.chunks.len(), self.chunks.last()) {
            (true, Some(last)) => (index - 1, last.len()),
            (true, None) => {
                self.chunks.push(vec![slot]);
                return;
            }
            (false, _) => (index, offset),
        };
        let chunk = &mut self.chunks[index];
        chunk.insert(offset, slot);
        if chunk.len() >= CHUNK_MAX {
            let upper = chunk.split_off(CHUNK_MAX / 2);
            self.chunks.insert(index + 1, upper);
        }
    }

    /// Takes a slot out. `compare` says where a slot of the list stands beside it, by the keys that
    /// it was inserted under.
    pub fn remove(&mut self, slot: u32, compare: impl Fn(u32) -> Ordering) {
        let (index, offset) = self.partition(|other| compare(other) == Ordering::Less);
        let found = self.chunks.get(index).and_then(|chunk| chunk.get(offset));
        debug_assert_eq!(
            found,
            Some(&slot),
            "a slot is removed under the keys of its insertion"
        );
        if found == Some(&slot) {
            self.length -= 1;
            self.chunks[index].remove(offset);
            if self.chunks[index].is_empty() {
                self.chunks.remove(index);
            }
        }
    }

    /// The slots in order, from the first for which `before` no longer holds.
    pub fn from(&self, before: impl Fn(u32) -> bool) -> impl Iterator<Item = u32> {
        let (index, offset) = self.partition(before);
        let partial = self
            .chunks
            .get(index)
            .map_or(&[][..], |chunk| &chunk[offset..]);
        let whole = self.chunks.get(index + 1..).unwrap_or_default();
        partial.iter().chain(whole.iter().flatten()).copied()
    }

    /// The slots in the opposite order, from the last for which `before` holds.
    pub fn back_from(&self, before: impl Fn(u32) -> bool) -> impl Iterator<Item = u32> {
        let (index, offset) = self.partition(before);
        let partial = self
            .chunks
            .get(index)
            .map_or(&[][..], |chunk| &chunk[..offset]);
        let whole = &self.chunks[..index];
        partial
            .iter()
            .rev()
            .chain(whole.iter().rev().flat_map(|chunk| chunk.iter().rev()))
            .copied()
    }

    /// Where `before` ceases to hold: a chunk and an offset in it that is not its end.
    fn partition(&self, before: impl Fn(u32) -> bool) -> (usize, usize) {
        let last_of = |chunk: &Vec<u32>| *chunk.last().expect("no chunk is empty");
        let index = self.chunks.partition_point(|chunk| before(last_of(chunk)));
        let offset = self
            .chunks
            .get(index)
            .map_or(0, |chunk| chunk.partition_point(|slot| before(*slot)));
        (index, offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]
        #[test]
        fn it_is_a_sorted_set(
            loaded in proptest::collection::btree_set(0_u32..4_000, 0..2_000),
            changes in proptest::collection::vec(0_u32..4_000, 0..3_000),
            probe in 0_u32..4_000,
        ) {
            let mut model = loaded;
            let mut order = Order::from_sorted(&model.iter().copied().collect::<Vec<_>>());
            for slot in changes {
                if model.remove(&slot) {
                    order.remove(slot, |other| other.cmp(&slot));
                } else {
                    model.insert(slot);
                    order.insert(slot, |other| other.cmp(&slot));
                }
            }
            prop_assert_eq!(order.count(), model.len());
            let up: Vec<_> = order.from(|slot| slot < probe).collect();
            prop_assert_eq!(up, model.range(probe..).copied().collect::<Vec<_>>());
            let down: Vec<_> = order.back_from(|slot| slot < probe).collect();
            prop_assert_eq!(down, model.range(..probe).rev().copied().collect::<Vec<_>>());
        }
    }
}
