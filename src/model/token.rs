//! Tokens: the secret that is shown once, and the record that is kept.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::id::{ClientId, OauthClientId, TokenId};
use crate::model::rate_limit::Limits;
use crate::model::scope::{Scope, Scopes};
use crate::model::timestamp::Timestamp;

const PREFIX: &str = "rc_";
const RANDOM_LENGTH: usize = 30;
const CHECKSUM_LENGTH: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `rc_`, 30 random base62 characters and 6 of checksum. Never printed by `Debug`, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// The secret that these random bytes make. Bytes of 248 and more are passed over, so that each
    /// character is equally likely; `None` when too few are left.
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        let mut text = String::from(PREFIX);
        let even = bytes.iter().filter(|byte| **byte < 248).take(RANDOM_LENGTH);
        text.extend(even.map(|byte| char::from(BASE62[usize::from(byte % 62)])));
        if text.len() < PREFIX.len() + RANDOM_LENGTH {
            return None;
        }
        text.extend(checksum(&text).map(char::from));
        Some(Self(text.into()))
    }

    /// The hash of a secret that somebody presents; `None` for anything that we never made. No
    /// look-up is spent on those.
    pub fn hash_of(text: &str) -> Option<TokenHash> {
        let random_end = PREFIX.len() + RANDOM_LENGTH;
        let well_formed = text.len() == random_end + CHECKSUM_LENGTH
            && text.starts_with(PREFIX)
            && text[PREFIX.len()..]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric())
            && checksum(&text[..random_end]) == text.as_bytes()[random_end..];
        well_formed.then(|| TokenHash(Sha256::digest(text.as_bytes()).into()))
    }

    /// The SHA-256, which is all that is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The secret itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("rc_…")
    }
}

fn checksum(text: &str) -> [u8; CHECKSUM_LENGTH] {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [0; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

/// The SHA-256 of a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// 64 hexadecimal digits, as it is stored.
    pub fn to_hex(self) -> String {
        use fmt::Write;
        self.0
            .iter()
            .fold(String::with_capacity(64), |mut text, byte| {
                write!(text, "{byte:02x}").expect("a String takes all that is written to it");
                text
            })
    }

    /// Reads what [`Self::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

/// Whose data a token may touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientSet {
    /// One client's.
    One(ClientId),
    /// Every client's.
    All,
}

impl ClientSet {
    /// Whether the client is among them.
    pub fn contains(self, client: ClientId) -> bool {
        match self {
            Self::One(own) => own == client,
            Self::All => true,
        }
    }
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The id, by which it is listed, rotated and revoked.
    pub id: TokenId,
    /// What its maker calls it.
    pub name: Option<Box<str>>,
    /// The hash of its secret.
    pub hash: TokenHash,
    /// Whose data it may touch.
    pub clients: ClientSet,
    /// What it may do.
    pub scopes: Scopes,
    /// How often it may ask, where that was set.
    pub limits: Limits,
    /// The OAuth client that it was issued to, which the log names and the limits count instead.
    pub oauth_client: Option<OauthClientId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to within a minute or two.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// Whom the log names and the limits count: the token, or the OAuth client that it was issued to.
    pub fn bearer(&self) -> TokenId {
        self.oauth_client
            .map_or(self.id, |client| TokenId(client.0))
    }

    /// Whether it is neither revoked nor over at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What a new token is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What its maker calls it.
    pub name: Option<Box<str>>,
    /// Whose data it may touch.
    pub clients: ClientSet,
    /// What it may do; never empty.
    pub scopes: Vec<Scope>,
    /// How often it may ask, where that is set.
    pub limits: Limits,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_one_wrong_character_is_noticed() {
        let secret = Secret::from_random(&[7; 64]).unwrap();
        assert_eq!(secret.reveal().len(), 39);
        assert_eq!(Secret::hash_of(secret.reveal()), Some(secret.hash()));
        assert_eq!(
            TokenHash::from_hex(&secret.hash().to_hex()),
            Some(secret.hash())
        );
        let wrong = secret.reveal().replacen('7', "8", 1);
        for text in [wrong.as_str(), "", "rc_", "rc_ü", &secret.reveal()[..38]] {
            assert_eq!(Secret::hash_of(text), None, "{text}");
        }
        assert_eq!(Secret::from_random(&[255; 64]), None);
        assert_eq!(format!("{secret:?}"), "rc_…");
    }
}
