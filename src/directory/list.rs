//! Pages of an image's users and departments: filtered, counted, ordered, cut.

use crate::directory::image::Image;
use crate::directory::walk::Walk;
use crate::model::department::DepartmentView;
use crate::model::filter::Filter;
use crate::model::id::{DepartmentId, Id, UserId};
use crate::model::page::{DepartmentQuery, DepartmentSort, Page, Position, SortKey, UserQuery};
use crate::model::text::fold;
use crate::model::user::UserView;

/// How many people one page of a filtered gateway list looks at: a bound on how long it takes. The
/// page may be short then, or empty, and has a token all the same.
const GATEWAY_SCAN_MAX: usize = 50_000;

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
        let matches = self.matching(query);
        let total_count = matches.count() as u64;
        let (slots, more) = walk.page(matches, after, size);
        let next = slots.last().filter(|_| more).map(|slot| Position {
            key: walk.key(*slot),
            id: self.person(*slot).id.0,
            since,
        });
        let items = slots.into_iter().map(|slot| self.view(slot)).collect();
        Page {
            items,
            total_count,
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
        let mut items = Vec::with_capacity(size.min(self.people.len()));
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

    /// The users (not deleted) behind `after` in the order of ids.
    pub fn users_behind(&self, after: Option<UserId>) -> impl Iterator<Item = UserView<'_>> {
        let before = move |slot: u32| after.is_some_and(|after| self.person(slot).id <= after);
        let slots = self.in_id_order.from(before);
        slots
            .filter(|slot| self.person(*slot).is_live())
            .map(|slot| self.view(slot))
    }

    /// The users (not deleted) of that username, whatever its case, in the order of ids.
    pub fn users_named(&self, username: &str) -> impl Iterator<Item = UserView<'_>> {
        let folded = fold(username);
        let before = |slot: u32| self.folded_username(slot) < folded.as_str();
        let slots = self.in_username_order.from(before);
        let named = slots.take_while(|slot| self.folded_username(*slot) == folded);
        let slots: Vec<u32> = named.collect();
        slots.into_iter().map(|slot| self.view(slot))
    }

    /// The members (not deleted) of a department that is not deleted.
    pub fn members_of(&self, id: DepartmentId) -> impl Iterator<Item = UserView<'_>> {
        let section = self.section_of(id).map(|slot| self.section(slot));
        let slots = section
            .into_iter()
            .flat_map(|section| section.members.iter());
        slots.map(|slot| self.view(slot))
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
}
