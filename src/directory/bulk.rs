//! How a whole directory gets into an empty image: in the order in which the database has it, and
//! so that nothing is made twice or kept longer than it is needed.

use hashbrown::HashTable;

use crate::directory::image::Image;
use crate::directory::indexes::{beginning, by_username};
use crate::directory::order::Order;
use crate::directory::recency::Recency;
use crate::model::activity::LastActivity;
use crate::model::id::UserId;
use crate::model::user::User;

/// Rows of one user come in the users' order: so many slots behind the last one are looked at before
/// the user is looked up.
const NEAR: usize = 16;

impl Image {
    /// Makes room for `count` people who will be loaded.
    pub(super) fn reserve(&mut self, count: usize) {
        self.people.reserve_exact(count);
        self.activity.reserve_exact(count);
        self.names.reserve(count);
        // An empty table has no slot whose hash could be asked for.
        for table in [
            &mut self.by_id,
            &mut self.by_user_key,
            &mut self.by_external_id,
        ] {
            *table = HashTable::with_capacity(count);
        }
    }

    /// Takes in somebody who is not there yet, without a place in the lists: [`Self::sort`] gives
    /// everybody theirs.
    pub(super) fn load_user(&mut self, user: User) {
        let slot = self.add(user);
        self.link_keys(slot);
    }

    /// Puts everybody who was loaded into the lists.
    pub(super) fn sort(&mut self) {
        let (people, names) = (&self.people, &self.names);
        let count = u32::try_from(people.len()).expect("fewer than 4 billion people");
        let mut slots: Vec<u32> = (0..count).collect();
        // Rows are read in this order, as a rule: then it is found out at once.
        slots.sort_by_key(|slot| people[*slot as usize].id);
        self.in_id_order = Order::from_sorted(&slots);
        slots.retain(|slot| people[*slot as usize].is_live());
        slots.sort_by_key(|slot| people[*slot as usize].created_at);
        self.in_created_order = Order::from_sorted(&slots);
        // What a name begins with decides most comparisons without a look at the name.
        let begins = |slot: u32| beginning(names.username(people[slot as usize].place));
        let mut keyed: Vec<(u128, u32)> = slots.iter().map(|slot| (begins(*slot), *slot)).collect();
        keyed.sort_unstable_by(|one, other| {
            one.0
                .cmp(&other.0)
                .then_with(|| by_username(people, names, one.1, other.1))
        });
        slots.clear();
        slots.extend(keyed.into_iter().map(|(_, slot)| slot));
        self.in_username_order = Order::from_sorted(&slots);
    }

    /// Has each department list its members, of whom none was listed before.
    pub(super) fn list_members(&mut self) {
        let mut counts = vec![0; self.sections.len()];
        for section in self.people.iter().flat_map(|person| person.departments()) {
            counts[*section as usize] += 1;
        }
        let mut members: Vec<Vec<u32>> = counts.into_iter().map(Vec::with_capacity).collect();
        for (slot, person) in (0..).zip(&self.people) {
            for section in person.departments().iter().filter(|_| person.is_live()) {
                members[*section as usize].push(slot);
            }
        }
        for (section, members) in self.sections.iter_mut().zip(members) {
            section.members = Order::from_sorted(&members);
        }
    }

    /// Takes in what is known of the activity of those who were loaded, of some in parts.
    pub(super) fn load_activity(&mut self, activity: &[(UserId, LastActivity)], near: &mut u32) {
        for (user, seen) in activity {
            match self.slot_near(*user, near) {
                Some(slot) => self.activity[slot as usize].merge(*seen),
                None => self.early.entry(*user).or_default().merge(*seen),
            }
        }
    }

    /// Lists those who were seen, of whom none was listed before.
    pub(super) fn list_seen(&mut self) {
        let all = (0_u32..).zip(self.people.iter().zip(&self.activity));
        let seen = all.filter_map(|(slot, (person, seen))| {
            Some((slot, seen.at().filter(|_| person.is_live())?))
        });
        self.recency = Recency::from_times(self.people.len(), seen);
    }

    /// The slot of a user who probably stands a little behind `near`, which becomes that slot.
    fn slot_near(&self, user: UserId, near: &mut u32) -> Option<u32> {
        let behind = (*near..).zip(&self.people[*near as usize..]).take(NEAR);
        let mut behind = behind.filter(|(_, person)| person.id == user);
        let found = behind.next().map(|(slot, _)| slot);
        let slot = found.or_else(|| self.slot_of(user))?;
        *near = slot;
        Some(slot)
    }
}
