//! Pages of an image's users and departments: filtered, counted, ordered, cut.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::directory::image::Image;
use crate::model::department::DepartmentView;
use crate::model::filter::Filter;
use crate::model::id::{Id, UserId};
use crate::model::page::{
    DepartmentQuery, DepartmentSort, Page, Position, SortKey, SortOrder, UserQuery, UserSort,
};
use crate::model::text::fold;
use crate::model::user::UserView;

/// How many people one page of a filtered gateway list looks at: a bound on how long it takes. The
/// page may be short then, or empty, and has a token all the same.
const GATEWAY_SCAN_MAX: usize = 50_000;

/// The order of one walk through the users.
struct Walk<'a> {
    image: &'a Image,
    sort: UserSort,
    order: SortOrder,
    /// Who was renamed since the walk began, and what they were called then.
    former: HashMap<u32, &'a str>,
}

impl Image {
    /// A page of the users that `query` matches, behind `after`. With `sort` by username or by
    /// creation, a walk from page to page meets each user that is there throughout exactly once,
    /// whatever is written meanwhile.
    pub fn list_users(
        &self,
        query: &UserQuery,
        after: Option<&Position>,
        size: usize,
    ) -> Page<UserView<'_>> {
        let since = after.map_or(self.number(), |position| position.since);
        let walk = Walk::new(self, query, since);
        let (slots, total, more) = match self.candidates(query) {
            None if walk.has_order() => walk.page_of_all(after, size),
            candidates => {
                let matches = |slot: &u32| self.matches(query, *slot);
                let candidates = candidates.unwrap_or_else(|| (0..self.slot_count()).collect());
                walk.page_of(
                    candidates.into_iter().filter(matches).collect(),
                    after,
                    size,
                )
            }
        };
        let next = slots.last().filter(|_| more).map(|slot| Position {
            key: walk.key(*slot),
            id: self.person(*slot).id.0,
            since,
        });
        let items = slots.into_iter().map(|slot| self.view(slot)).collect();
        Page {
            items,
            total_count: total as u64,
            next,
        }
    }

    /// A page of all users, deleted ones too, in the order of ids, that the filter matches, and
    /// the id that the next page begins behind. It may be short, even empty, and not be the last.
    pub fn list_for_gateway(
        &self,
        filter: Option<&Filter>,
        after: Option<UserId>,
        size: usize,
    ) -> (Vec<UserView<'_>>, Option<UserId>) {
        let before = |slot: u32| after.is_some_and(|after| self.person(slot).id <= after);
        let mut items = Vec::new();
        let mut last_seen = None;
        for (looked_at, slot) in self.in_id_order.from(before).enumerate() {
            if items.len() == size || looked_at == GATEWAY_SCAN_MAX {
                return (items, last_seen);
            }
            let user = self.view(slot);
            last_seen = Some(user.id);
            if filter.is_none_or(|filter| filter.matches(&user)) {
                items.push(user);
            }
        }
        (items, None)
    }

    /// A page of the departments that `query` matches, behind `after`.
    pub fn list_departments(
        &self,
        query: &DepartmentQuery,
        after: Option<&Position>,
        size: usize,
    ) -> Page<DepartmentView<'_>> {
        let key = |view: &DepartmentView<'_>| match query.sort {
            DepartmentSort::Name => SortKey::Text(fold(&view.department.name).into()),
            DepartmentSort::MemberCount => SortKey::Number(view.member_count),
            DepartmentSort::CreatedAt => SortKey::Time(Some(view.department.created_at)),
        };
        let mut keyed: Vec<((SortKey, Id), DepartmentView<'_>)> = self
            .departments()
            .map(|view| ((key(&view), view.department.id.0), view))
            .filter(|(_, view)| {
                query
                    .q
                    .as_deref()
                    .is_none_or(|q| fold(&view.department.name).contains(q))
            })
            .collect();
        let total_count = keyed.len() as u64;
        let after = after.map(|position| (position.key.clone(), position.id));
        keyed.retain(|(key, _)| {
            after
                .as_ref()
                .is_none_or(|after| query.order.apply(key.cmp(after)).is_gt())
        });
        keyed.sort_unstable_by(|one, other| query.order.apply(one.0.cmp(&other.0)));
        let more = keyed.len() > size;
        keyed.truncate(size);
        let since = self.number();
        let next = keyed
            .last()
            .filter(|_| more)
            .map(|((key, id), _)| Position {
                key: key.clone(),
                id: *id,
                since,
            });
        Page {
            items: keyed.into_iter().map(|(_, view)| view).collect(),
            total_count,
            next,
        }
    }

    fn slot_count(&self) -> u32 {
        u32::try_from(self.people.len()).expect("fewer than 4 billion people")
    }

    /// The slots among which all matches are, by the narrowest filter; `None` when that is
    /// everybody and nothing narrows.
    fn candidates(&self, query: &UserQuery) -> Option<Vec<u32>> {
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
        if let Some(external_id) = &query.external_id {
            return Some(self.slot_of_external_id(external_id).into_iter().collect());
        }
        if let Some(department) = query.department {
            let section = self.section_of(department).map(|slot| self.section(slot));
            return Some(section.map_or_else(Vec::new, |it| it.members.iter().copied().collect()));
        }
        if let Some(q) = &query.q {
            return Some(self.search.matches(q));
        }
        let unfiltered = query.active_since.is_none() && query.stale_since.is_none();
        (!unfiltered).then(|| (0..self.slot_count()).collect())
    }

    fn matches(&self, query: &UserQuery, slot: u32) -> bool {
        let person = self.person(slot);
        let in_department = || match query.department {
            None => true,
            Some(id) => self
                .section_of(id)
                .is_some_and(|section| person.belongs_to(section)),
        };
        // Where nothing narrower was asked for, the search was for the name itself.
        let is_narrower = query.ids.is_some()
            || query.user_key.is_some()
            || query.external_id.is_some()
            || query.department.is_some();
        let named = |q: &str| {
            !is_narrower
                || person.folded_username().contains(q)
                || fold(person.user_key()).contains(q)
        };
        let seen_at = self.activity(slot).at();
        person.is_live()
            && in_department()
            && query
                .active_since
                .is_none_or(|since| seen_at >= Some(since))
            && query.stale_since.is_none_or(|since| seen_at < Some(since))
            && query.q.as_deref().is_none_or(named)
            && query
                .user_key
                .as_deref()
                .is_none_or(|key| fold(person.user_key()) == fold(key))
            && query
                .external_id
                .as_deref()
                .is_none_or(|id| person.external_id() == Some(id))
    }
}

impl<'a> Walk<'a> {
    fn new(image: &'a Image, query: &UserQuery, since: i64) -> Self {
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

    /// Whether the image keeps the users in this walk's order.
    fn has_order(&self) -> bool {
        self.former.is_empty() && self.sort != UserSort::LastActivity
    }

    fn username(&self, slot: u32) -> &'a str {
        let former = self.former.get(&slot).copied();
        former.unwrap_or_else(|| self.image.person(slot).folded_username())
    }

    fn key(&self, slot: u32) -> SortKey {
        match self.sort {
            UserSort::Username => SortKey::Text(self.username(slot).into()),
            UserSort::LastActivity => SortKey::Time(self.image.activity(slot).at()),
            UserSort::CreatedAt => SortKey::Time(Some(self.image.person(slot).created_at)),
        }
    }

    fn compare(&self, one: u32, other: u32) -> Ordering {
        let by_key = match self.sort {
            UserSort::Username => self.username(one).cmp(self.username(other)),
            UserSort::LastActivity => self
                .image
                .activity(one)
                .at()
                .cmp(&self.image.activity(other).at()),
            UserSort::CreatedAt => self
                .image
                .person(one)
                .created_at
                .cmp(&self.image.person(other).created_at),
        };
        by_key.then_with(|| self.image.person(one).id.cmp(&self.image.person(other).id))
    }

    /// Where a slot stands beside a position, before the walk's direction is applied.
    fn compare_to(&self, slot: u32, position: &Position) -> Ordering {
        let by_key = match (&position.key, self.sort) {
            (SortKey::Text(name), UserSort::Username) => self.username(slot).cmp(name),
            (key, _) => self.key(slot).cmp(key),
        };
        by_key.then_with(|| self.image.person(slot).id.0.cmp(&position.id))
    }

    /// A page of everybody, walked along the order that the image keeps.
    fn page_of_all(&self, after: Option<&Position>, size: usize) -> (Vec<u32>, usize, bool) {
        let order = match self.sort {
            UserSort::CreatedAt => &self.image.in_created_order,
            UserSort::Username | UserSort::LastActivity => &self.image.in_username_order,
        };
        let mut slots: Vec<u32> = match self.order {
            SortOrder::Ascending => order
                .from(|slot| after.is_some_and(|after| self.compare_to(slot, after).is_le()))
                .take(size + 1)
                .collect(),
            SortOrder::Descending => order
                .back_from(|slot| after.is_none_or(|after| self.compare_to(slot, after).is_lt()))
                .take(size + 1)
                .collect(),
        };
        let more = slots.len() > size;
        slots.truncate(size);
        (slots, order.count(), more)
    }

    /// A page of these: no more of them is sorted than is shown.
    fn page_of(
        &self,
        mut slots: Vec<u32>,
        after: Option<&Position>,
        size: usize,
    ) -> (Vec<u32>, usize, bool) {
        let total = slots.len();
        if let Some(after) = after {
            slots.retain(|slot| self.order.apply(self.compare_to(*slot, after)).is_gt());
        }
        let compare = |one: &u32, other: &u32| self.order.apply(self.compare(*one, *other));
        let more = slots.len() > size;
        if more {
            slots.select_nth_unstable_by(size, compare);
            slots.truncate(size);
        }
        slots.sort_unstable_by(compare);
        (slots, total, more)
    }
}
