//! When a person was seen, and on which channel.

use crate::model::days::{Day, Days};
use crate::model::id::UserId;
use crate::model::timestamp::Timestamp;

/// Where an agent reports from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The desktop agent.
    Desktop,
    /// The browser agent.
    Web,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Desktop, Self::Web];

    /// Its name in the Clients API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Web => "web",
        }
    }

    /// The channel of that name, as the Clients API writes it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == text)
    }
}

/// The latest report of each channel; `None` where there was none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LastActivity {
    /// The desktop agent's latest.
    pub desktop_at: Option<Timestamp>,
    /// The browser agent's latest.
    pub web_at: Option<Timestamp>,
}

impl LastActivity {
    /// The later of the channels (Clients API, User: `last_activity.at`).
    pub fn at(self) -> Option<Timestamp> {
        self.desktop_at.max(self.web_at)
    }

    /// The latest of that channel.
    pub fn on(self, channel: Channel) -> Option<Timestamp> {
        match channel {
            Channel::Desktop => self.desktop_at,
            Channel::Web => self.web_at,
        }
    }

    /// Takes a report in. Reports may come late and in any order: no time moves backwards.
    pub fn take(&mut self, channel: Channel, at: Timestamp) {
        let known = match channel {
            Channel::Desktop => &mut self.desktop_at,
            Channel::Web => &mut self.web_at,
        };
        *known = (*known).max(Some(at));
    }

    /// Takes in all that `other` knows.
    pub fn merge(&mut self, other: Self) {
        self.desktop_at = self.desktop_at.max(other.desktop_at);
        self.web_at = self.web_at.max(other.web_at);
    }
}

/// The days on which each channel saw a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DaysSeen {
    /// The desktop agent's.
    pub desktop: Days,
    /// The browser agent's.
    pub web: Days,
}

impl DaysSeen {
    /// The days of that channel.
    pub fn on(&self, channel: Channel) -> &Days {
        match channel {
            Channel::Desktop => &self.desktop,
            Channel::Web => &self.web,
        }
    }

    /// Takes a report in.
    pub fn take(&mut self, channel: Channel, at: Timestamp) {
        let days = match channel {
            Channel::Desktop => &mut self.desktop,
            Channel::Web => &mut self.web,
        };
        days.take(Day::of(at));
    }

    /// Takes in all that `other` knows.
    pub fn merge(&mut self, other: &Self) {
        self.desktop.merge(&other.desktop);
        self.web.merge(&other.web);
    }

    /// Forgets the days before `first`.
    pub fn forget_before(&mut self, first: Day) {
        self.desktop.forget_before(first);
        self.web.forget_before(first);
    }
}

/// One accepted report: who was seen, where, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// The person.
    pub user: UserId,
    /// The channel that saw them.
    pub channel: Channel,
    /// When.
    pub at: Timestamp,
}
