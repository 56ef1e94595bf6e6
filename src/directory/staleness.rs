//! Whom nobody has seen for long, whether anybody is seen at all, and from when to when people were
//! there.

use crate::directory::image::Image;
use crate::model::activity::LastActivity;
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;
use crate::model::user::{State, UserView, is_stale};

impl Image {
    /// The latest that is known of anybody, on each channel. Who was deleted counts too: their agent
    /// reported.
    pub fn last_reports(&self) -> LastActivity {
        let mut last = LastActivity::default();
        self.activity.iter().for_each(|seen| last.merge(*seen));
        last
    }

    /// The active people (not deleted) whom nobody has seen since that moment, by username. Who was
    /// made later and was never seen is not among them.
    pub fn stale_since(&self, since: Timestamp) -> impl Iterator<Item = UserView<'_>> {
        let stale = self.in_username_order.iter().filter(move |slot| {
            let person = self.person(*slot);
            let is_active = person.state == State::Active;
            is_active && is_stale(self.activity(*slot), person.created_at, since)
        });
        stale.map(|slot| self.view(slot))
    }

    /// When everybody's record was made and deleted, in no order that means anything.
    pub fn lifetimes(&self) -> impl Iterator<Item = (UserId, Timestamp, Option<Timestamp>)> {
        let people = self.people.iter();
        people.map(|person| (person.id, person.created_at, person.deleted_at))
    }
}
