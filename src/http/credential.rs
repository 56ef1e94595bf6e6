//! The credential of a request, where machines are lenient about how they send it.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;

use crate::operations::error::Error;

/// `Authorization: Bearer …`, or the credential as the whole value.
pub fn bearer_or_bare(headers: &HeaderMap) -> Result<&str, Error> {
    let missing = Error::Unauthorized("Bearer token missing.");
    let malformed = Error::Unauthorized("The token is malformed.");
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(missing);
    };
    let value = value.to_str().map_err(|_| malformed.clone())?.trim();
    let credential = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim(),
        Some(_) => return Err(malformed),
        None if value.eq_ignore_ascii_case("Bearer") => "",
        None => value,
    };
    if credential.is_empty() {
        return Err(missing);
    }
    Ok(credential)
}
