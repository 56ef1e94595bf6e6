//! Whom a list's filters match: counted, and found in the way that costs least.

use crate::directory::image::Image;
use crate::directory::slots::SlotSet;
use crate::model::id::DepartmentId;
use crate::model::page::{StateFilter, UserQuery};
use crate::model::text::fold;
use crate::model::timestamp::Timestamp;
use crate::model::user::State;

/// So few are put in order themselves; of more, the first are found by walking along an order that
/// the image keeps.
const FEW: usize = 1_024;
/// Who looks at everybody for somebody that one in so many is, looks longer than a scan takes.
const COMMON: usize = 256;

/// Whom a query matches.
pub(super) enum Matching<'q> {
    /// These, each of whom was looked at.
    Slots(Vec<u32>),
    /// So many, who are known when they are met.
    Test(Test<'q>, usize),
}

/// How somebody is known who matches, among those who are not deleted.
pub(super) enum Test<'q> {
    Everybody,
    Named(&'q str),
    Found(SlotSet),
    MemberOf(u32),
    SeenSince(Timestamp),
    NotSeenSince(Timestamp),
}

impl Matching<'_> {
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Slots(slots) => slots.len(),
            Self::Test(_, count) => *count,
        }
    }
}

impl Test<'_> {
    pub(super) fn matches(&self, image: &Image, slot: u32) -> bool {
        match self {
            Self::Everybody => true,
            Self::Named(q) => image.is_named(slot, q),
            Self::Found(slots) => slots.contains(slot),
            Self::MemberOf(section) => image.person(slot).belongs_to(*section),
            Self::SeenSince(since) => image.activity(slot).at() >= Some(*since),
            Self::NotSeenSince(since) => image.activity(slot).at() < Some(*since),
        }
    }
}

impl Image {
    /// Whom the query matches.
    pub(super) fn matching<'q>(&self, query: &'q UserQuery) -> Matching<'q> {
        if let Some(slots) = self.by_key(query) {
            return self.checked(query, slots);
        }
        let alone = match (
            query.state.is_some(),
            query.department,
            query.q.as_deref(),
            query.active_since,
            query.stale_since,
        ) {
            (false, None, None, None, None) => Some((Test::Everybody, self.user_count())),
            (false, Some(id), None, None, None) => self.members(id),
            (false, None, Some(q), None, None) => Some(self.named(q)),
            (false, None, None, Some(since), None) => {
                Some((Test::SeenSince(since), self.seen_since(since)))
            }
            (false, None, None, None, Some(since)) => {
                let count = self.user_count() - self.seen_since(since);
                Some((Test::NotSeenSince(since), count))
            }
            _ => None,
        };
        match alone {
            Some((Test::Everybody, count)) => Matching::Test(Test::Everybody, count),
            Some((test, count)) if count > FEW => Matching::Test(test, count),
            _ => self.checked(query, self.candidates(query)),
        }
    }

    fn seen_since(&self, since: Timestamp) -> usize {
        self.recency
            .count_since(since, |slot| self.activity(slot).at())
    }

    fn members(&self, id: DepartmentId) -> Option<(Test<'static>, usize)> {
        let slot = self.section_of(id)?;
        Some((Test::MemberOf(slot), self.section(slot).members.count()))
    }

    fn named<'q>(&self, q: &'q str) -> (Test<'q>, usize) {
        match self.names.count(q) {
            Some(count) if count >= self.people.len() / COMMON => (Test::Named(q), count),
            _ => {
                let found = self.names.matching(q, self.people.len());
                let count = found.count();
                (Test::Found(found), count)
            }
        }
    }

    fn is_named(&self, slot: u32, q: &str) -> bool {
        self.folded_username(slot).contains(q) || self.folded_user_key(slot).contains(q)
    }

    /// Those among whom all matches are, by a key; `None` when none is asked for.
    fn by_key(&self, query: &UserQuery) -> Option<Vec<u32>> {
        if let Some(ids) = &query.ids {
            let mut slots: Vec<u32> = ids.iter().filter_map(|id| self.slot_of(*id)).collect();
            // Asking for somebody twice does not make two of them.
            slots.sort_unstable();
            slots.dedup();
            return Some(slots);
        }
        if let Some(user_key) = &query.user_key {
            return Some(self.slot_of_user_key(user_key).into_iter().collect());
        }
        let external_id = query.external_id.as_deref()?;
        Some(self.slot_of_external_id(external_id).into_iter().collect())
    }

    /// Those among whom all matches are, by the narrowest filter.
    fn candidates(&self, query: &UserQuery) -> Vec<u32> {
        if query.state == Some(StateFilter::Deleted) {
            // None of the indexes has them.
            return (0..).take(self.people.len()).collect();
        }
        if let Some(department) = query.department {
            let section = self.section_of(department).map(|slot| self.section(slot));
            return section.map_or_else(Vec::new, |it| it.members.iter().collect());
        }
        if let Some(q) = &query.q {
            return self.names.matching(q, self.people.len()).iter().collect();
        }
        if let Some(since) = query.active_since {
            return self.recency.around_or_after(since).collect();
        }
        (0..).take(self.people.len()).collect()
    }

    fn checked(&self, query: &UserQuery, mut slots: Vec<u32>) -> Matching<'static> {
        slots.retain(|slot| self.matches(query, *slot));
        Matching::Slots(slots)
    }

    fn matches(&self, query: &UserQuery, slot: u32) -> bool {
        let person = self.person(slot);
        let in_department = || match query.department {
            None => true,
            Some(id) => self
                .section_of(id)
                .is_some_and(|section| person.belongs_to(section)),
        };
        let seen_at = self.activity(slot).at();
        let has_state = || match query.state {
            None => person.is_live(),
            Some(StateFilter::Deleted) => !person.is_live(),
            Some(StateFilter::Active) => person.is_live() && person.state == State::Active,
            Some(StateFilter::Inactive) => person.is_live() && person.state == State::Inactive,
        };
        has_state()
            && in_department()
            && query
                .active_since
                .is_none_or(|since| seen_at >= Some(since))
            && query.stale_since.is_none_or(|since| seen_at < Some(since))
            && query.q.as_deref().is_none_or(|q| self.is_named(slot, q))
            && query
                .user_key
                .as_deref()
                .is_none_or(|key| self.folded_user_key(slot) == fold(key))
            && query
                .external_id
                .as_deref()
                .is_none_or(|id| person.external_id() == Some(id))
    }
}
