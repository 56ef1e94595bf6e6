//! Sessions of the console: the secret that a browser keeps, and the record of who is signed in.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::model::id::TokenId;
use crate::model::timestamp::Timestamp;
use crate::model::token::TokenHash;

/// How long a session lasts, in milliseconds: a working day. It is not prolonged.
pub const SESSION_LIFETIME_MS: i64 = 12 * 60 * 60 * 1_000;
/// Sessions that one owner has at a time. One more, and the oldest ends.
pub const SESSIONS_MAX: usize = 100;

/// 32 random bytes in hexadecimal digits, which a browser keeps in a cookie. Never printed by `Debug`,
/// never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSecret(TokenHash);

impl SessionSecret {
    /// The secret that these random bytes are.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(TokenHash(bytes))
    }

    /// The secret in a cookie; `None` for what we never made.
    pub fn parse(text: &str) -> Option<Self> {
        let is_ours = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        TokenHash::from_hex(text).filter(|_| is_ours).map(Self)
    }

    /// The secret itself, for the cookie.
    pub fn reveal(&self) -> String {
        self.0.to_hex()
    }

    /// All that is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.0).into())
    }

    /// What every form of the session carries, so that no other site's page can send one. It follows
    /// from the secret and does not tell it.
    pub fn form_key(&self) -> String {
        let digest = Sha256::new().chain_update(b"form\0").chain_update(self.0.0);
        TokenHash(digest.finalize().into()).to_hex()
    }

    /// Whether that is the key of the session's forms. It takes as long whatever it is.
    pub fn is_form_key(&self, given: &str) -> bool {
        let expected = self.form_key();
        let differences = expected.bytes().zip(given.bytes());
        let difference = differences.fold(0, |all, (one, other)| all | (one ^ other));
        given.len() == expected.len() && difference == 0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("session …")
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// The bearer of a token, which is asked anew at every request what it may.
    Token(TokenId),
    /// A person, who may what their groups may at every request.
    Operator(Operator),
}

/// A person as their OpenID provider describes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// The provider.
    pub issuer: Box<str>,
    /// Who they are there, for ever.
    pub subject: Box<str>,
    /// What they are called.
    pub name: Option<Box<str>>,
    /// Those of their groups that something was granted to when they signed in.
    pub groups: Vec<Box<str>>,
}

impl Operator {
    /// The id by which the log names them. It follows from who they are, so that no node has to ask.
    pub fn id(&self) -> TokenId {
        let digest = Sha256::new()
            .chain_update(&*self.issuer)
            .chain_update(b"\0")
            .chain_update(&*self.subject)
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // Version 8 (RFC 9562 5.8): bits that mean something to us alone.
        TokenId(uuid::Builder::from_custom_bytes(bytes).into_uuid().into())
    }
}

impl Holder {
    /// What all sessions of the same holder have in common.
    pub fn owner(&self) -> String {
        match self {
            Self::Token(id) => id.as_str().to_owned(),
            Self::Operator(operator) => operator.id().as_str().to_owned(),
        }
    }

    /// The text that is stored.
    pub fn to_text(&self) -> String {
        let value = match self {
            Self::Token(id) => json!({ "token": id }),
            Self::Operator(operator) => json!({ "operator": operator }),
        };
        value.to_string()
    }

    /// Reads what [`Self::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut value: Value = serde_json::from_str(text).ok()?;
        if let Some(operator) = value.get_mut("operator") {
            let operator = serde_json::from_value(operator.take()).ok()?;
            return Some(Self::Operator(operator));
        }
        TokenId::parse(value.get("token")?.as_str()?).map(Self::Token)
    }
}

/// The record of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Of its secret.
    pub hash: TokenHash,
    /// Who is signed in.
    pub holder: Holder,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_written_and_nothing_else_is_one() {
        let secret = SessionSecret::from_random([0xa7; 32]);
        assert_eq!(SessionSecret::parse(&secret.reveal()), Some(secret.clone()));
        let upper = secret.reveal().to_uppercase();
        for text in ["", "a7", &upper, &"é".repeat(32), &"+1".repeat(32)] {
            assert_eq!(SessionSecret::parse(text), None, "{text:?}");
        }
        assert_eq!(format!("{secret:?}"), "session …");
    }

    #[test]
    fn a_holder_is_read_as_it_was_written() {
        let token = TokenId::parse("a1d97031-04e2-4907-a249-093f7436207b").unwrap();
        let operator = Operator {
            issuer: "https://id.example".into(),
            subject: "7".into(),
            name: Some("Ada".into()),
            groups: vec!["admins".into()],
        };
        let namesake = Operator {
            subject: "8".into(),
            ..operator.clone()
        };
        assert_ne!(operator.id(), namesake.id());
        for holder in [Holder::Token(token), Holder::Operator(operator)] {
            assert_eq!(Holder::from_text(&holder.to_text()), Some(holder));
        }
        assert_eq!(Holder::from_text("{}"), None);
    }

    #[test]
    fn the_key_of_forms_is_the_sessions_own_and_not_its_secret() {
        let [one, other] = [[1; 32], [2; 32]].map(SessionSecret::from_random);
        assert!(one.is_form_key(&one.form_key()));
        for given in [
            other.form_key(),
            one.reveal(),
            one.hash().to_hex(),
            String::new(),
        ] {
            assert!(!one.is_form_key(&given), "{given}");
        }
    }
}
