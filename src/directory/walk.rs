//! One walk through the users in an order, a page at a time.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::directory::image::Image;
use crate::directory::matching::{Matching, Test};
use crate::model::page::{Position, SortKey, SortOrder, UserQuery, UserSort};
use crate::model::timestamp::Timestamp;

/// The order of one walk.
pub(super) struct Walk<'a> {
    image: &'a Image,
    sort: UserSort,
    order: SortOrder,
    /// Who was renamed since the walk began, and what they were called then.
    former: HashMap<u32, &'a str>,
}

impl<'a> Walk<'a> {
    /// A walk that began at change `since`.
    pub(super) fn new(image: &'a Image, query: &UserQuery, since: i64) -> Self {
        let mut former = HashMap::new();
        if query.sort == UserSort::Username {
            let first = image
                .renames
                .partition_point(|(number, ..)| *number <= since);
            for (_, slot, name) in &image.renames[first..] {
                // The first rename since then tells the name of then.
                former.entry(*slot).or_insert(&**name);
            }
        }
        Self {
            image,
            sort: query.sort,
            order: query.order,
            former,
        }
    }

    /// What a slot is ordered by.
    pub(super) fn key(&self, slot: u32) -> SortKey {
        match self.sort {
            UserSort::Username => SortKey::Text(self.username(slot).into()),
            UserSort::LastActivity => SortKey::Time(self.seen_at(slot)),
            UserSort::CreatedAt => SortKey::Time(Some(self.image.person(slot).created_at)),
        }
    }

    /// The page of those who match that begins behind `after`, and whether more of them follow.
    pub(super) fn page(
        &self,
        matching: Matching<'_>,
        after: Option<&Position>,
        size: usize,
    ) -> (Vec<u32>, bool) {
        let is_walked = matches!(matching, Matching::Test(..));
        let mut slots = match matching {
            Matching::Slots(slots) => slots,
            Matching::Test(test, _) => self.first_of(&test, after, size + 1),
        };
        let compare = |one: &u32, other: &u32| self.order.apply(self.compare(*one, *other));
        if is_walked && self.is_along_an_order() {
            let more = slots.len() > size;
            slots.truncate(size);
            return (slots, more);
        }
        slots.retain(|slot| self.is_behind(*slot, after));
        let more = slots.len() > size;
        if more {
            slots.select_nth_unstable_by(size, compare);
            slots.truncate(size);
        }
        slots.sort_unstable_by(compare);
        (slots, more)
    }

    /// Whether the image keeps the very order of this walk, so that what is met along it is sorted.
    fn is_along_an_order(&self) -> bool {
        // Who was renamed stands elsewhere in this walk than in the image's order.
        self.sort != UserSort::LastActivity && self.former.is_empty()
    }

    /// At least the first `count` behind `after` who match, and perhaps some before it; sorted only
    /// along an order.
    fn first_of(&self, test: &Test<'_>, after: Option<&Position>, count: usize) -> Vec<u32> {
        let matches = |slot: &u32| test.matches(self.image, *slot);
        if self.sort == UserSort::LastActivity {
            return self.first_by_activity(test, after, count);
        }
        if self.is_along_an_order() {
            return self.along(after).filter(matches).take(count).collect();
        }
        let stays = |slot: &u32| !self.former.contains_key(slot);
        let others = self.along(after).filter(stays).filter(matches).take(count);
        let is_live = |slot: &u32| self.image.person(*slot).is_live();
        let renamed = self.former.keys().copied().filter(is_live);
        others.chain(renamed.filter(matches)).collect()
    }

    /// Everybody behind `after`, along the order that the image keeps.
    fn along<'w>(&'w self, after: Option<&'w Position>) -> Box<dyn Iterator<Item = u32> + 'w> {
        let image = self.image;
        let (order, compare): (_, fn(&Image, u32, &Position) -> Ordering) = match self.sort {
            UserSort::CreatedAt => (&image.in_created_order, compare_created),
            UserSort::Username | UserSort::LastActivity => {
                (&image.in_username_order, compare_username)
            }
        };
        match self.order {
            SortOrder::Ascending => {
                Box::new(order.from(move |slot| {
                    after.is_some_and(|after| compare(image, slot, after).is_le())
                }))
            }
            SortOrder::Descending => Box::new(order.back_from(move |slot| {
                after.is_none_or(|after| compare(image, slot, after).is_lt())
            })),
        }
    }

    /// The same by activity, of which the image keeps a coarse order. Who was never seen comes
    /// before everybody else, by id.
    fn first_by_activity(
        &self,
        test: &Test<'_>,
        after: Option<&Position>,
        count: usize,
    ) -> Vec<u32> {
        let mut slots = Vec::new();
        let is_next = |slot: &u32| test.matches(self.image, *slot) && self.is_behind(*slot, after);
        let moment = after.map(|after| match after.key {
            SortKey::Time(moment) => moment,
            _ => None,
        });
        let recency = &self.image.recency;
        let fill = |slots: &mut Vec<u32>, buckets: &mut dyn Iterator<Item = &[u32]>| {
            for bucket in buckets {
                if slots.len() >= count {
                    break;
                }
                slots.extend(bucket.iter().copied().filter(is_next));
            }
        };
        match self.order {
            SortOrder::Ascending => {
                if moment.flatten().is_none() {
                    self.never_seen(&mut slots, is_next, after, count);
                }
                fill(&mut slots, &mut recency.ascending(moment.flatten()));
            }
            SortOrder::Descending => {
                if moment != Some(None) {
                    fill(&mut slots, &mut recency.descending(moment.flatten()));
                }
                self.never_seen(&mut slots, is_next, after, count);
            }
        }
        slots
    }

    /// Adds the next of those who were never seen, in the walk's direction, until there are `count`.
    fn never_seen(
        &self,
        slots: &mut Vec<u32>,
        is_next: impl Fn(&u32) -> bool,
        after: Option<&Position>,
        count: usize,
    ) {
        let image = self.image;
        let missing = count.saturating_sub(slots.len());
        if missing == 0 || image.recency.count() == image.user_count() {
            return;
        }
        let is_one = |slot: &u32| {
            self.seen_at(*slot).is_none() && image.person(*slot).is_live() && is_next(slot)
        };
        // Only a position among them tells how far the walk along the ids has come.
        let after = after.filter(|after| after.key == SortKey::Time(None));
        let id = after.map(|after| after.id);
        let by_id = |slot: u32| image.person(slot).id.0;
        match self.order {
            SortOrder::Ascending => {
                let walk = image
                    .in_id_order
                    .from(|slot| id.is_some_and(|id| by_id(slot) <= id));
                slots.extend(walk.filter(is_one).take(missing));
            }
            SortOrder::Descending => {
                let walk = image
                    .in_id_order
                    .back_from(|slot| id.is_none_or(|id| by_id(slot) < id));
                slots.extend(walk.filter(is_one).take(missing));
            }
        }
    }

    fn seen_at(&self, slot: u32) -> Option<Timestamp> {
        self.image.activity(slot).at()
    }

    fn username(&self, slot: u32) -> &'a str {
        let former = self.former.get(&slot).copied();
        former.unwrap_or_else(|| self.image.folded_username(slot))
    }

    fn compare(&self, one: u32, other: u32) -> Ordering {
        let (a, b) = (self.image.person(one), self.image.person(other));
        let by_key = match self.sort {
            UserSort::Username => self.username(one).cmp(self.username(other)),
            UserSort::LastActivity => self.seen_at(one).cmp(&self.seen_at(other)),
            UserSort::CreatedAt => a.created_at.cmp(&b.created_at),
        };
        by_key.then_with(|| a.id.cmp(&b.id))
    }

    /// Whether the walk, at that position, has a slot still before it.
    fn is_behind(&self, slot: u32, position: Option<&Position>) -> bool {
        let Some(position) = position else {
            return true;
        };
        let by_key = match (&position.key, self.sort) {
            (SortKey::Text(name), UserSort::Username) => self.username(slot).cmp(name),
            (key, _) => self.key(slot).cmp(key),
        };
        let ordering = by_key.then_with(|| self.image.person(slot).id.0.cmp(&position.id));
        self.order.apply(ordering).is_gt()
    }
}

/// Where a slot stands beside a position, by the name that it has now.
fn compare_username(image: &Image, slot: u32, position: &Position) -> Ordering {
    let by_key = match &position.key {
        SortKey::Text(name) => image.folded_username(slot).cmp(name),
        _ => Ordering::Equal,
    };
    by_key.then_with(|| image.person(slot).id.0.cmp(&position.id))
}

fn compare_created(image: &Image, slot: u32, position: &Position) -> Ordering {
    let person = image.person(slot);
    SortKey::Time(Some(person.created_at))
        .cmp(&position.key)
        .then_with(|| person.id.0.cmp(&position.id))
}
