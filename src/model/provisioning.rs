//! What a client organisation wants of whoever provisions it, and what waits for a person's word.
//! SCIM itself is not known here.

use crate::model::id::TokenId;
use crate::model::timestamp::Timestamp;

/// What may be held back of what an identity provider asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// That somebody becomes inactive.
    Deactivate,
    /// That somebody is deleted.
    Delete,
}

impl Intent {
    /// The name, in the database and for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deactivate => "deactivate",
            Self::Delete => "delete",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Deactivate, Self::Delete]
            .into_iter()
            .find(|intent| intent.name() == name)
    }
}

/// What is held back of one person. The identity provider was told that it is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// What was asked for.
    pub intent: Intent,
    /// When.
    pub at: Timestamp,
    /// The token that asked, or the OAuth client that it was issued to.
    pub by: TokenId,
}

impl Held {
    /// As it is stored: the intent, milliseconds since 1970 and the id.
    pub fn to_text(self) -> String {
        let (intent, at) = (self.intent.name(), self.at.milliseconds());
        format!("{intent} {at} {}", self.by)
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let held = Self {
            intent: Intent::parse(parts.next()?)?,
            at: Timestamp::from_milliseconds(parts.next()?.parse().ok()?),
            by: TokenId::parse(parts.next()?)?,
        };
        parts.next().is_none().then_some(held)
    }
}

/// When so many leave at once that a person should look at it first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// Whether anything is held at all.
    pub is_on: bool,
    /// The share of those who are there, in percent, that one source may deactivate or delete in an
    /// hour: 1 to 100.
    pub share_percent: u8,
    /// Fewer than so many are never too many.
    pub users_min: u32,
}

impl Breaker {
    /// Whether it is too many when so many have left, of so many.
    pub fn trips(self, left: u64, of: u64) -> bool {
        let share = u64::from(self.share_percent).saturating_mul(of);
        self.is_on && left >= u64::from(self.users_min) && left.saturating_mul(100) > share
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self {
            is_on: true,
            share_percent: 10,
            users_min: 20,
        }
    }
}

/// What a person's user key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeySource {
    /// SCIM's `userName`.
    #[default]
    UserName,
    /// SCIM's `externalId`; the `userName` for who has none.
    ExternalId,
    /// The e-mail address; the `userName` for who has none.
    Email,
}

impl KeySource {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::UserName, Self::ExternalId, Self::Email];

    /// The name in the database and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserName => "userName",
            Self::ExternalId => "externalId",
            Self::Email => "email",
        }
    }

    /// The source of that name, exactly.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// A client's settings for whoever provisions it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Provisioning {
    /// When too many leave.
    pub breaker: Breaker,
    /// What user keys are made of.
    pub user_key: KeySource,
    /// Whether departments that the Clients API sets are pinned when it says nothing of pins: for front
    /// ends that do not know of them.
    pub pins_departments: bool,
}

/// What is to change of a client's settings; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProvisioningChange {
    /// See [`Breaker::is_on`].
    pub breaker_is_on: Option<bool>,
    /// See [`Breaker::share_percent`].
    pub breaker_share_percent: Option<u8>,
    /// See [`Breaker::users_min`].
    pub breaker_users_min: Option<u32>,
    /// See [`Provisioning::user_key`].
    pub user_key: Option<KeySource>,
    /// See [`Provisioning::pins_departments`].
    pub pins_departments: Option<bool>,
}

impl ProvisioningChange {
    /// The settings after the change.
    pub fn apply(self, to: Provisioning) -> Provisioning {
        let breaker = to.breaker;
        Provisioning {
            breaker: Breaker {
                is_on: self.breaker_is_on.unwrap_or(breaker.is_on),
                share_percent: self.breaker_share_percent.unwrap_or(breaker.share_percent),
                users_min: self.breaker_users_min.unwrap_or(breaker.users_min),
            },
            user_key: self.user_key.unwrap_or(to.user_key),
            pins_departments: self.pins_departments.unwrap_or(to.pins_departments),
        }
    }
}

impl Provisioning {
    /// As it is stored; `None` when everything is as it is for who has set nothing.
    pub fn to_text(self) -> Option<String> {
        let Breaker {
            is_on,
            share_percent,
            users_min,
        } = self.breaker;
        let (is_on, key) = (u8::from(is_on), self.user_key.name());
        let pins = u8::from(self.pins_departments);
        let text = || format!("{is_on} {share_percent} {users_min} {key} {pins}");
        (self != Self::default()).then(text)
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let settings = Self {
            breaker: Breaker {
                is_on: parts.next()? == "1",
                share_percent: parts.next()?.parse().ok()?,
                users_min: parts.next()?.parse().ok()?,
            },
            user_key: KeySource::parse(parts.next()?)?,
            pins_departments: parts.next()? == "1",
        };
        parts.next().is_none().then_some(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_a_share_is_too_many_if_it_is_many() {
        let breaker = Breaker::default();
        for (left, of, is_too_many) in [
            (19, 19, false),
            (20, 20, true),
            (20, 199, true),
            (20, 200, false),
            (21, 200, true),
            (1_000, 10_000, false),
            (1_001, 10_000, true),
        ] {
            assert_eq!(breaker.trips(left, of), is_too_many, "{left} of {of}");
        }
        let off = Breaker {
            is_on: false,
            ..breaker
        };
        assert!(!off.trips(1_000, 1_000));
    }

    #[test]
    fn what_is_stored_is_read_again_and_nothing_else() {
        let by = TokenId::parse("aa7cf840-9ca9-46a3-9778-9015d6580d50").unwrap();
        for intent in [Intent::Deactivate, Intent::Delete] {
            let at = Timestamp::from_milliseconds(1_764_300_000_000);
            let held = Held { intent, at, by };
            assert_eq!(Held::from_text(&held.to_text()), Some(held));
        }
        assert_eq!(Held::from_text("delete 5"), None);
        assert_eq!(Provisioning::default().to_text(), None);
        for user_key in KeySource::ALL {
            let breaker = Breaker {
                is_on: false,
                share_percent: 25,
                users_min: 3,
            };
            let settings = Provisioning {
                breaker,
                user_key,
                pins_departments: user_key == KeySource::Email,
            };
            let text = settings.to_text().unwrap();
            assert_eq!(Provisioning::from_text(&text), Some(settings));
            assert_eq!(Provisioning::from_text(&format!("{text} x")), None);
        }
    }
}
