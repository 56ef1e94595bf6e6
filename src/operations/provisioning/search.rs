//! Looking for resources of a kind, or of both: who matches, in which order, and which page of them.

use std::cmp::Ordering;

use scim::filter::Filter;
use scim::sort::{Sort, SortKey};
use scim::{Kind, Map};

use crate::directory::Live;
use crate::directory::image::Image;
use crate::model::id::{DepartmentId, Id, UserId};
use crate::model::provisioning::Intent;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::error::Error;
use crate::operations::provisioning::{groups, is_there, resource, users};
use crate::operations::users::live;

/// What is looked for among the resources of a kind.
#[derive(Debug)]
pub struct Search {
    /// What is to match; everything when there is none.
    pub filter: Option<Filter>,
    /// In which order; that of ids when there is none.
    pub sort: Option<Sort>,
    /// The address of the client's SCIM root.
    pub base: String,
}

/// The page that is asked for. Users come before groups that are sorted alike, and among those of a
/// kind it is the id that decides.
#[derive(Debug)]
pub struct Listing {
    /// What is looked for among users; `None` if no users are.
    pub users: Option<Search>,
    /// What is looked for among groups; `None` if no groups are.
    pub groups: Option<Search>,
    /// Where the page begins.
    pub start: Start,
    /// How many are shown.
    pub count: usize,
    /// Whether groups are shown with their members.
    pub has_members: bool,
}

/// Where a page begins.
#[derive(Debug)]
pub enum Start {
    /// With the resource of that number, counted from 1.
    Index(usize),
    /// Behind a place, or with the first. From page to page, whoever exists throughout and keeps the
    /// value that is sorted by is met exactly once, whatever is written meanwhile.
    Behind(Option<Place>),
}

/// Where a resource stands in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// What it is sorted by.
    pub key: SortKey,
    /// Its kind.
    pub kind: Kind,
    /// Its id.
    pub id: Id,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// How many there are in all.
    pub total: usize,
    /// Those that are shown.
    pub resources: Vec<(Kind, Map)>,
    /// The place of the last one that is shown, if more follow.
    pub last: Option<Place>,
}

/// Looks for a page of resources. Who was deleted is not there.
///
/// # Errors
/// [`Error::Unavailable`] when too many look at everybody at once.
pub async fn search(app: &App, access: &Access, listing: Listing) -> Result<Found, Error> {
    let live = live(app, access).await?;
    if let (Some(search), None) = (&listing.users, &listing.groups)
        && users::has_index(&live, search)
        && let Some(known) = users::by_index(&live, search)
    {
        return Ok(listing.page(&live, known));
    }
    let turn = match listing.looks_at_all() {
        true => Some(app.looks().turn().await?),
        false => None,
    };
    // Many are looked at: not where others wait to be answered.
    let looking = tokio::task::spawn_blocking(move || {
        // Until the look is over, also if nobody waits for it any more.
        let _turn = turn;
        listing.look(&live)
    });
    looking
        .await
        .map_err(|error| Error::Internal(error.to_string()))
}

impl Search {
    /// Whether a resource's values decide about it. When they do not, none has to be written down.
    pub(super) fn is_about_values(&self) -> bool {
        self.filter.is_some() || self.sort.is_some()
    }

    /// Whether it is about an attribute.
    pub(super) fn names(&self, attribute: &str) -> bool {
        let is_named = |text: String| text.to_ascii_lowercase().contains(attribute);
        let by = self.sort.as_ref().map(|sort| sort.path().to_string());
        self.filter
            .as_ref()
            .map(Filter::to_string)
            .is_some_and(is_named)
            || by.is_some_and(is_named)
    }

    /// Where a resource stands, if it matches. It is written down only if that matters.
    pub(super) fn place(
        &self,
        kind: Kind,
        id: Id,
        resource: impl FnOnce() -> Map,
    ) -> Option<Place> {
        let mut key = SortKey::default();
        if self.is_about_values() {
            let resource = resource();
            if !self.filter.as_ref().is_none_or(|it| it.matches(&resource)) {
                return None;
            }
            key = self.sort.as_ref().map_or(key, |sort| sort.key(&resource));
        }
        Some(Place { key, kind, id })
    }
}

impl Listing {
    /// Whether it takes a look at everybody: not for a page of users in the image's own order, nor
    /// for groups of which the filter says which ones may match.
    fn looks_at_all(&self) -> bool {
        let has_index = |search: &Search| {
            let filter = search.filter.as_ref();
            filter.is_some_and(|filter| filter.index_term().is_some())
        };
        let groups = self.groups.as_ref();
        match &self.users {
            Some(users) => users.is_about_values() || groups.is_some(),
            None => groups.is_some_and(|search| search.is_about_values() && !has_index(search)),
        }
    }

    fn look(&self, live: &Live) -> Found {
        if let (Some(search), None) = (&self.users, &self.groups)
            && !search.is_about_values()
        {
            return self.of_everybody(&live.read(), search);
        }
        let users = self.users.iter();
        let mut places: Vec<Place> = users
            .flat_map(|search| users::matching(live, search))
            .collect();
        if let Some(search) = &self.groups {
            places.extend(groups::matching(&live.read(), search));
        }
        self.page(live, places)
    }

    /// A page of all users in the order of ids, which the image keeps: behind a place it costs no
    /// more than who is on it.
    fn of_everybody(&self, image: &Image, search: &Search) -> Found {
        let (after, skipped) = match &self.start {
            Start::Index(index) => (None, index.saturating_sub(1)),
            Start::Behind(place) => (place.as_ref().map(|place| UserId(place.id)), 0),
        };
        let mut users = image.users_behind(after).filter(is_there).skip(skipped);
        let shown: Vec<_> = users.by_ref().take(self.count).collect();
        let last = shown.last().filter(|_| users.next().is_some());
        Found {
            total: image.user_count() - image.held_count_of(Intent::Delete),
            last: last.and_then(|user| search.place(Kind::User, user.id.0, Map::new)),
            resources: shown
                .iter()
                .map(|user| (Kind::User, resource(user, &search.base)))
                .collect(),
        }
    }

    /// The page of what was found.
    fn page(&self, live: &Live, mut places: Vec<Place>) -> Found {
        places.sort_by(|one, other| self.compare(one, other));
        let skipped = match &self.start {
            Start::Index(index) => index.saturating_sub(1),
            Start::Behind(None) => 0,
            Start::Behind(Some(place)) => {
                places.partition_point(|known| self.compare(known, place).is_le())
            }
        };
        let rest = places.get(skipped..).unwrap_or_default();
        let shown = &rest[..self.count.min(rest.len())];
        // Not before: whoever writes waits for no more than these.
        let image = live.read();
        Found {
            total: places.len(),
            last: shown.last().filter(|_| shown.len() < rest.len()).cloned(),
            // Who was deleted since they were looked at is not shown.
            resources: shown
                .iter()
                .filter_map(|place| Some((place.kind, self.shown(&image, place)?)))
                .collect(),
        }
    }

    fn compare(&self, one: &Place, other: &Place) -> Ordering {
        // Both kinds are sorted the same way, though each by its own attribute of the name.
        let search = self.users.as_ref().or(self.groups.as_ref());
        let by_key = search
            .and_then(|search| search.sort.as_ref())
            .map_or(Ordering::Equal, |sort| sort.compare(&one.key, &other.key));
        let is_group = |place: &Place| place.kind == Kind::Group;
        by_key
            .then_with(|| is_group(one).cmp(&is_group(other)))
            .then_with(|| one.id.cmp(&other.id))
    }

    fn shown(&self, image: &Image, place: &Place) -> Option<Map> {
        match place.kind {
            Kind::User => {
                let base = &self.users.as_ref()?.base;
                let user = image.user(UserId(place.id)).filter(is_there)?;
                Some(resource(&user, base))
            }
            Kind::Group => {
                let base = &self.groups.as_ref()?.base;
                let view = image.department(DepartmentId(place.id))?;
                Some(groups::whole(image, &view, self.has_members, base))
            }
        }
    }
}
