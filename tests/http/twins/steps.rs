//! Everything that is done to both, and how often.

use std::time::Duration;

use super::NODES;
use super::maker::{Maker, Question};

/// One thing that is done to both.
#[derive(Debug, Clone)]
pub enum Step {
    Ask(Question),
    /// Both kinds of time pass.
    Pass(Duration),
    /// Every node looks for what the others wrote.
    Look,
    /// One node shows that it is alive, folds and purges.
    KeepHouse(usize),
    /// A node starts anew, and loads what it is asked for.
    Restart(usize),
    /// The database is away for longer than memory is believed, and this is asked meanwhile.
    Away(Question),
}

type Make = fn(&Maker<'_>) -> Step;

/// Everything that is done, and how often among the others.
pub const STEPS: [(&str, usize, Make); 32] = [
    ("create user", 14, |maker| maker.create_user()),
    ("set departments", 6, |maker| maker.set_departments()),
    ("patch profile", 8, |maker| maker.patch_profile()),
    ("delete user", 4, |maker| maker.on_user("DELETE", "")),
    ("restore user", 4, |maker| maker.restore()),
    ("get user", 5, |maker| maker.on_user("GET", "")),
    ("get profile", 3, |maker| maker.on_user("GET", "/profile")),
    ("list users", 14, |maker| maker.list_users()),
    ("users by id", 2, |maker| maker.users_by_id()),
    ("follow a cursor", 8, |maker| maker.follow()),
    ("summary", 2, |maker| maker.summary()),
    ("get days", 3, |maker| maker.days()),
    ("create department", 5, |maker| maker.create_department()),
    ("change department", 4, |maker| maker.change_department()),
    ("delete department", 1, |maker| {
        maker.on_department("DELETE", "")
    }),
    ("get department", 3, |maker| maker.on_department("GET", "")),
    ("list departments", 5, |maker| maker.list_departments()),
    ("add members", 4, |maker| maker.change_members("/members")),
    ("remove members", 2, |maker| {
        maker.change_members("/members/remove")
    }),
    ("report activity", 10, |maker| maker.report()),
    ("create client", 1, |maker| maker.create_client()),
    ("change client", 2, |maker| maker.change_client()),
    ("get client", 2, |maker| maker.get_client()),
    ("gateway list", 9, |maker| maker.gateway_list()),
    ("gateway get", 4, |maker| maker.gateway_get()),
    ("send again", 4, |maker| maker.again()),
    ("send nonsense", 5, |maker| maker.nonsense()),
    ("time passes", 6, |maker| maker.time()),
    ("look", 8, |_| Step::Look),
    ("keep house", 2, |maker| {
        Step::KeepHouse(maker.dice.below(NODES))
    }),
    ("restart", 1, |maker| Step::Restart(maker.dice.below(NODES))),
    ("database away", 1, |maker| maker.away()),
];

impl Maker<'_> {
    /// The next thing to do, and what it is called.
    pub fn step(&self) -> (&'static str, Step) {
        let all: usize = STEPS.iter().map(|(_, weight, _)| weight).sum();
        let mut rest = self.dice.below(all);
        for (name, weight, make) in STEPS {
            if rest < weight {
                return (name, make(self));
            }
            rest -= weight;
        }
        unreachable!("the weights are summed above")
    }
}
