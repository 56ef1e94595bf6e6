//! When a person was last seen, and on which channel.

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
    /// The channel of that name, as the Clients API writes it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "desktop" => Some(Self::Desktop),
            "web" => Some(Self::Web),
            _ => None,
        }
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
