//! Who was seen when: people by the time of their last activity, coarsely enough that a report
//! seldom moves anybody.
//!
//! Times fall into buckets of some minutes. A report that stays in its bucket costs nothing; one
//! that leaves it moves its person in constant time. Counting looks at one bucket's people, walking
//! in order sorts one bucket after the other.

use std::collections::BTreeMap;

use crate::model::timestamp::Timestamp;

/// A bucket is `2^19` ms long: not quite nine minutes. A million people who were seen within two
/// days are some 3,000 a bucket; those of ten years fill 600,000 buckets at most.
const BUCKET_BITS: u32 = 19;

/// Who is in no bucket.
const NOWHERE: u32 = u32::MAX;

/// People by their last activity. Who was never seen is not in it.
#[derive(Debug, Default)]
pub struct Recency {
    buckets: BTreeMap<i64, Vec<u32>>,
    /// Where in its bucket a slot stands.
    places: Vec<u32>,
    count: usize,
}

fn bucket_of(at: Timestamp) -> i64 {
    at.milliseconds() >> BUCKET_BITS
}

impl Recency {
    /// People below slot `bound`, each with when they were seen.
    pub fn from_times(bound: usize, seen: impl Iterator<Item = (u32, Timestamp)>) -> Self {
        let mut bucketed = Vec::with_capacity(bound);
        bucketed.extend(seen.map(|(slot, at)| (bucket_of(at), slot)));
        bucketed.sort_unstable();
        let mut places = vec![NOWHERE; bound];
        let buckets = bucketed
            .chunk_by(|one, next| one.0 == next.0)
            .map(|of_one| {
                let slots = of_one.iter().map(|(_, slot)| *slot).collect::<Vec<_>>();
                for (place, slot) in (0..).zip(&slots) {
                    places[*slot as usize] = place;
                }
                (of_one[0].0, slots)
            });
        Self {
            buckets: buckets.collect(),
            count: bucketed.len(),
            places,
        }
    }

    /// Moves a slot from the bucket of one time to that of another; `None` is nowhere.
    pub fn set(&mut self, slot: u32, from: Option<Timestamp>, to: Option<Timestamp>) {
        let (from, to) = (from.map(bucket_of), to.map(bucket_of));
        if from == to {
            return;
        }
        if let Some(bucket) = from {
            self.remove(slot, bucket);
        }
        if let Some(bucket) = to {
            self.add(slot, bucket);
        }
    }

    /// How many were seen at all.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many were seen at `since` or later. `at` says when a slot was.
    pub fn count_since(&self, since: Timestamp, at: impl Fn(u32) -> Option<Timestamp>) -> usize {
        let boundary = bucket_of(since);
        let later: usize = self
            .buckets
            .range(boundary + 1..)
            .map(|(_, slots)| slots.len())
            .sum();
        let here = self.buckets.get(&boundary).into_iter().flatten();
        later + here.filter(|slot| at(**slot) >= Some(since)).count()
    }

    /// Those who may have been seen at `since` or later: all who were are among them.
    pub fn around_or_after(&self, since: Timestamp) -> impl Iterator<Item = u32> {
        let later = self.buckets.range(bucket_of(since)..);
        later.flat_map(|(_, slots)| slots).copied()
    }

    /// The buckets from that of `from` on, or from the first one: all of a bucket were seen before
    /// all of the next.
    pub fn ascending(&self, from: Option<Timestamp>) -> impl Iterator<Item = &[u32]> {
        let first = from.map_or(i64::MIN, bucket_of);
        self.buckets
            .range(first..)
            .map(|(_, slots)| slots.as_slice())
    }

    /// The buckets backwards from that of `from`, or from the last one.
    pub fn descending(&self, from: Option<Timestamp>) -> impl Iterator<Item = &[u32]> {
        let last = from.map_or(i64::MAX, bucket_of);
        self.buckets
            .range(..=last)
            .rev()
            .map(|(_, slots)| slots.as_slice())
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let slots: usize = self.buckets.values().map(Vec::capacity).sum();
        (slots + self.places.capacity()) * 4 + self.buckets.len() * 48
    }

    fn add(&mut self, slot: u32, bucket: i64) {
        let slots = self.buckets.entry(bucket).or_default();
        let index = slot as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, NOWHERE);
        }
        self.places[index] = u32::try_from(slots.len()).expect("fewer than 4 billion people");
        slots.push(slot);
        self.count += 1;
    }

    fn remove(&mut self, slot: u32, bucket: i64) {
        let slots = self.buckets.get_mut(&bucket).expect("it was put there");
        let place = std::mem::replace(&mut self.places[slot as usize], NOWHERE);
        slots.swap_remove(place as usize);
        if let Some(moved) = slots.get(place as usize) {
            self.places[*moved as usize] = place;
        }
        if slots.is_empty() {
            self.buckets.remove(&bucket);
        }
        self.count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]
        #[test]
        fn it_counts_and_orders_as_a_look_at_everybody_does(
            moves in proptest::collection::vec((0_u32..200, proptest::option::of(-9_000_000_i64..9_000_000)), 0..900),
            since in -9_000_000_i64..9_000_000,
        ) {
            let mut recency = Recency::default();
            let mut model = vec![None; 200];
            for (slot, at) in moves {
                let at = at.map(Timestamp::from_milliseconds);
                recency.set(slot, model[slot as usize], at);
                model[slot as usize] = at;
            }
            let since = Timestamp::from_milliseconds(since);
            let at = |slot: u32| model[slot as usize];
            let later = model.iter().filter(|at| **at >= Some(since)).count();
            prop_assert_eq!(recency.count(), model.iter().flatten().count());
            prop_assert_eq!(recency.count_since(since, at), later);
            let around: Vec<u32> = recency.around_or_after(since).collect();
            prop_assert_eq!(around.iter().filter(|slot| at(**slot) >= Some(since)).count(), later);
            let mut buckets: Vec<Vec<u32>> = recency.ascending(None).map(<[u32]>::to_vec).collect();
            let times = |slots: &[u32]| slots.iter().map(|slot| at(*slot)).collect::<Vec<_>>();
            for two in buckets.windows(2) {
                prop_assert!(times(&two[0]).iter().max() < times(&two[1]).iter().min());
            }
            buckets.reverse();
            let back: Vec<Vec<u32>> = recency.descending(None).map(<[u32]>::to_vec).collect();
            prop_assert_eq!(&back, &buckets);
            let from: usize = recency.ascending(Some(since)).map(<[u32]>::len).sum();
            let to: usize = recency.descending(Some(since)).map(<[u32]>::len).sum();
            prop_assert!(from >= later && from + to >= recency.count());
        }
    }
}
