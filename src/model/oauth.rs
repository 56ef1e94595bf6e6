//! OAuth 2.0 clients: machines that exchange a secret for tokens that soon end (RFC 6749 4.4).

use crate::model::id::{ClientId, OauthClientId};
use crate::model::rate_limit::Limits;
use crate::model::scope::{Scope, Scopes};
use crate::model::timestamp::Timestamp;
use crate::model::token::TokenHash;

/// How long a token that was exchanged for a secret is valid, in seconds.
pub const TOKEN_LIFETIME_S: i64 = 3_600;
/// Tokens of one OAuth client that are valid at once. A careful one needs one or two.
pub const LIVE_TOKENS_MAX: usize = 1_000;
/// Secrets of one OAuth client that are valid at once.
pub const SECRETS_MAX: usize = 10;

/// What is kept of an OAuth client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthClient {
    /// The id, which is the `client_id` of RFC 6749.
    pub id: OauthClientId,
    /// What its maker calls it.
    pub name: Option<Box<str>>,
    /// Whose data its tokens may touch.
    pub client: ClientId,
    /// What its tokens may do at most.
    pub scopes: Scopes,
    /// How often it may ask, with all its tokens together, where that was set.
    pub limits: Limits,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When a token of its was last used, to within a minute or two.
    pub last_used_at: Option<Timestamp>,
}

/// What is kept of one of its secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OauthSecret {
    /// The secret's hash.
    pub hash: TokenHash,
    /// Whose it is.
    pub owner: OauthClientId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends: once another one is in its place.
    pub expires_at: Option<Timestamp>,
}

impl OauthSecret {
    /// Whether it can be exchanged at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// What a new OAuth client is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOauthClient {
    /// What its maker calls it.
    pub name: Option<Box<str>>,
    /// Whose data its tokens may touch.
    pub client: ClientId,
    /// What its tokens may do at most; never empty.
    pub scopes: Vec<Scope>,
    /// How often it may ask, where that is set.
    pub limits: Limits,
}
