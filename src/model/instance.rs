//! Instances: the names under which a client's people are read through the Identity Gateway.

use std::fmt;

use crate::model::id::{ClientId, KeyId};
use crate::model::invalid::Invalid;
use crate::model::timestamp::Timestamp;

/// First path segments that are our own, now or by the design; no instance may take one.
const OWN_SEGMENTS: [&str; 18] = [
    "api", "assets", "console", "docs", "favicon", "gateway", "health", "healthz", "livez", "llms",
    "metrics", "oauth2", "openapi", "readyz", "robots", "scim", "static", "v2",
];

/// `[a-z0-9][a-z0-9-]{0,62}`, never one of our own first path segments (Identity Gateway, Base).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceName(Box<str>);

impl InstanceName {
    /// Reads a name; the reason says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let well_formed = (1..=63).contains(&text.len())
            && !text.starts_with('-')
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !well_formed {
            return Err(Invalid::new(
                "instance",
                "an instance is named with 1 to 63 of a-z, 0-9 and -, and does not begin with -",
            ));
        }
        if OWN_SEGMENTS.contains(&text) {
            return Err(Invalid::new(
                "instance",
                format!("{text} is a path of the server itself"),
            ));
        }
        Ok(Self(text.into()))
    }

    /// The name as it stands in the path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One client's gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The first segment of its paths.
    pub name: InstanceName,
    /// Whose people it shows.
    pub client: ClientId,
    /// When it was made.
    pub created_at: Timestamp,
}

/// How a key's tokens are signed. The key decides, never the token's own header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SigningAlgorithm {
    /// ECDSA on P-256 with SHA-256, the gateways' default.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl SigningAlgorithm {
    /// The name of RFC 7518.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Es256, Self::Rs256]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

/// A public key whose private half signs JSON Web Tokens for an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceKey {
    /// The id.
    pub id: KeyId,
    /// The instance that accepts its tokens.
    pub instance: InstanceName,
    /// What the tokens' `aud` must name: the gateway's URL.
    pub audience: Box<str>,
    /// How its tokens are signed.
    pub algorithm: SigningAlgorithm,
    /// The public key, PEM.
    pub pem: Box<str>,
    /// When it was added.
    pub created_at: Timestamp,
}
