//! Pages of lists: how large, in what order, and where the next one begins.

use crate::model::id::{DepartmentId, Id, UserId};
use crate::model::timestamp::Timestamp;

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortOrder {
    /// From the smallest.
    #[default]
    Ascending,
    /// From the largest.
    Descending,
}

impl SortOrder {
    /// The name in the Clients API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascending => "asc",
            Self::Descending => "desc",
        }
    }

    /// The order of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Ascending, Self::Descending];
        all.into_iter().find(|order| order.name() == name)
    }

    /// The other one.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Ascending => Self::Descending,
            Self::Descending => Self::Ascending,
        }
    }

    /// Puts two keys in this order.
    pub fn apply(self, ordering: std::cmp::Ordering) -> std::cmp::Ordering {
        match self {
            Self::Ascending => ordering,
            Self::Descending => ordering.reverse(),
        }
    }
}

/// What an item of a list is ordered by. Within one list all keys are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortKey {
    /// A folded name.
    Text(Box<str>),
    /// A moment; none sorts as the oldest.
    Time(Option<Timestamp>),
    /// A count.
    Number(u64),
    /// Only the id counts.
    Id,
}

/// Where a page ended: the next one begins behind it. Items are ordered by key, then by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The last item's key.
    pub key: SortKey,
    /// The last item's id.
    pub id: Id,
    /// The change number at which the walk began. Who was renamed after it is still listed under
    /// the old name in this walk, so that each is met exactly once.
    pub since: i64,
}

/// What users are listed by (Clients API, List users: `sort_by`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum UserSort {
    /// By folded username.
    #[default]
    Username,
    /// By the latest activity on any channel.
    LastActivity,
    /// By the record's making.
    CreatedAt,
}

impl UserSort {
    /// The name in the Clients API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::LastActivity => "last_activity",
            Self::CreatedAt => "created_at",
        }
    }

    /// The order of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Username, Self::LastActivity, Self::CreatedAt];
        all.into_iter().find(|sort| sort.name() == name)
    }
}

/// Of what state the users are that are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateFilter {
    /// With the organisation.
    Active,
    /// Not, or not at present.
    Inactive,
    /// Deleted. They are listed only when they are asked for.
    Deleted,
}

impl StateFilter {
    /// The name in the Clients API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Deleted => "deleted",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Active, Self::Inactive, Self::Deleted];
        all.into_iter().find(|state| state.name() == name)
    }
}

/// Which users to list. All that is given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserQuery {
    /// A folded substring of the folded username or user key.
    pub q: Option<Box<str>>,
    /// A department they belong to.
    pub department: Option<DepartmentId>,
    /// These ids only.
    pub ids: Option<Vec<UserId>>,
    /// This user key, whatever the case.
    pub user_key: Option<Box<str>>,
    /// This external id exactly.
    pub external_id: Option<Box<str>>,
    /// Seen at this moment or later.
    pub active_since: Option<Timestamp>,
    /// Seen before this moment, or never.
    pub stale_since: Option<Timestamp>,
    /// Of this state; `None`: of any, and not deleted.
    pub state: Option<StateFilter>,
    /// What to order by.
    pub sort: UserSort,
    /// Up or down.
    pub order: SortOrder,
}

/// What departments are listed by (Clients API, Departments: `sort_by`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DepartmentSort {
    /// By folded name.
    #[default]
    Name,
    /// By the number of members.
    MemberCount,
    /// By the record's making.
    CreatedAt,
}

impl DepartmentSort {
    /// The name in the Clients API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::MemberCount => "member_count",
            Self::CreatedAt => "created_at",
        }
    }
}

/// Which departments to list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DepartmentQuery {
    /// A folded substring of the folded name.
    pub q: Option<Box<str>>,
    /// What to order by.
    pub sort: DepartmentSort,
    /// Up or down.
    pub order: SortOrder,
}

/// A moment of one image: as long as it stays, so does every answer made from that image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Which image. A database may go back, and come to the same numbers by another way.
    pub image: u64,
    /// The number of the latest change.
    pub records: i64,
    /// The number of the latest entry of the activity log.
    pub activity: i64,
}

/// Part of a list, as one moment shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// How many items the filters match, over all pages.
    pub total_count: u64,
    /// Where the next page begins; `None` on the last one.
    pub next: Option<Position>,
}
