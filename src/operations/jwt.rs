//! JSON Web Tokens of the legacy gateways: verification only (Identity Gateway, Authentication).
//!
//! The key decides how a token must be signed; what the token's header says is not believed.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::Engine;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::{Deserialize, Deserializer};

use crate::directory::registry::KnownKey;
use crate::model::instance::SigningAlgorithm;
use crate::model::timestamp::Timestamp;
use crate::operations::error::Error;

/// Who signs them.
const ISSUER: &str = "moveworks";
/// From `iat` to `exp` at most.
const LIFETIME_S_MAX: i64 = 2 * 60 * 60;
/// How far the signer's clock may be from ours.
const LEEWAY_S: i64 = 60;
/// The smallest RSA public key of 2048 bits, in bytes of DER.
const RSA_2048_DER_BYTES: usize = 270;

#[derive(Deserialize)]
struct Claims {
    #[serde(deserialize_with = "seconds")]
    iat: i64,
    #[serde(deserialize_with = "seconds")]
    exp: i64,
    #[serde(default, deserialize_with = "optional_seconds")]
    nbf: Option<i64>,
}

/// The published sample has its times as JSON strings, RFC 7519 has numbers: both are read.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Fraction(f64),
    Text(String),
}

impl Seconds {
    fn read<E: serde::de::Error>(self) -> Result<i64, E> {
        match self {
            Self::Number(seconds) => Some(seconds),
            // Whole seconds are enough to compare by; absurd ones saturate and are refused.
            Self::Fraction(seconds) if seconds.is_finite() => Some(seconds as i64),
            Self::Fraction(_) => None,
            Self::Text(text) => text.parse().ok(),
        }
        .filter(|seconds| (0..=253_402_300_799).contains(seconds))
        .ok_or_else(|| E::custom("not a time in seconds"))
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Seconds::deserialize(deserializer)?.read()
}

fn optional_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Option::<Seconds>::deserialize(deserializer)?
        .map(Seconds::read)
        .transpose()
}

/// The key that signed the token, if all that it claims holds at `now`.
pub(super) fn verify<'k>(
    token: &str,
    keys: &'k [KnownKey],
    now: Timestamp,
) -> Result<&'k KnownKey, Error> {
    let signer = keys
        .iter()
        .find_map(|known| Some((known, claims(token, known)?)));
    let refused = Error::Unauthorized("The token is not one that this gateway accepts.");
    let (known, claims) = signer.ok_or(refused)?;
    let now = now.seconds();
    if claims.exp + LEEWAY_S <= now {
        return Err(Error::Unauthorized("The token has expired."));
    }
    if claims.iat.max(claims.nbf.unwrap_or(0)) > now + LEEWAY_S {
        return Err(Error::Unauthorized("The token is not valid yet."));
    }
    if claims.exp - claims.iat > LIFETIME_S_MAX {
        return Err(Error::Unauthorized("The token lives longer than 2 hours."));
    }
    Ok(known)
}

/// What the token claims, if the key signed it for its audience.
fn claims(token: &str, known: &KnownKey) -> Option<Claims> {
    let pem = known.key.pem.as_bytes();
    let (algorithm, key) = match known.key.algorithm {
        SigningAlgorithm::Es256 => (Algorithm::ES256, DecodingKey::from_ec_pem(pem).ok()?),
        SigningAlgorithm::Rs256 => (Algorithm::RS256, DecodingKey::from_rsa_pem(pem).ok()?),
    };
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[&*known.key.audience]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["iss", "aud"]);
    // The times may be strings, which the library does not read, and the clock is ours.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    decode::<Claims>(token, &key, &validation)
        .ok()
        .map(|token| token.claims)
}

/// How tokens of this public key are signed; `None` when it is none that we accept.
pub(super) fn algorithm_of(pem: &str) -> Option<SigningAlgorithm> {
    let der = der_of(pem)?;
    let is_p256 = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &der).is_ok();
    if is_p256 && DecodingKey::from_ec_pem(pem.as_bytes()).is_ok() {
        return Some(SigningAlgorithm::Es256);
    }
    let is_rsa = DecodingKey::from_rsa_pem(pem.as_bytes()).is_ok();
    (is_rsa && der.len() >= RSA_2048_DER_BYTES).then_some(SigningAlgorithm::Rs256)
}

/// What stands between a PEM's first and last line.
pub(super) fn der_of(pem: &str) -> Option<Vec<u8>> {
    let body: String = pem
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .collect();
    base64::engine::general_purpose::STANDARD
        .decode(body.trim())
        .ok()
}
