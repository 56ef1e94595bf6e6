//! Request bodies: read within limits of size and time, understood strictly, field by field.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::HeaderMap;
use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use hyper::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::query::shown;
use crate::model::invalid::Invalid;

/// The longest body, in bytes.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A request's body, whoever sends it. Most requests have none, and cost no box.
#[derive(Default)]
pub struct Body(Option<UnsyncBoxBody<Bytes, BoxError>>);

impl Body {
    /// The body that these frames make.
    pub fn new<B>(frames: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let is_empty = frames.is_end_stream();
        Self((!is_empty).then(|| frames.map_err(Into::into).boxed_unsync()))
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        Self::new(Full::new(bytes.into()))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            None => Poll::Ready(None),
            Some(frames) => Pin::new(frames).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let frames = self.0.as_ref();
        frames.map_or(SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

/// Why a body could not be read.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than [`BODY_BYTES_MAX`].
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// It is not of a type that the resource takes.
    UnsupportedMediaType,
    /// It is a file, and longer than a file may be: so many bytes.
    FileTooLarge(usize),
    /// It is of no type that files are of.
    NotAFile,
    /// It was cut off, or is not what it should be.
    Invalid(Invalid),
}

impl BodyError {
    /// It is JSON, but no object.
    pub fn not_an_object() -> Self {
        Self::Invalid(Invalid::new("body", "the body must be a JSON object"))
    }
}

/// Reads a whole body.
pub async fn read(headers: &HeaderMap, body: Body, timeout: Duration) -> Result<Bytes, BodyError> {
    if announced(headers).is_some_and(|length| length > BODY_BYTES_MAX as u64) {
        return Err(BodyError::TooLarge);
    }
    let collected = tokio::time::timeout(timeout, Limited::new(body, BODY_BYTES_MAX).collect());
    match collected.await {
        Err(_elapsed) => Err(BodyError::TooSlow),
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Ok(Err(_)) => Err(cut_off()),
    }
}

/// How long a body is to be, as far as its head says.
fn announced(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(hyper::header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

fn cut_off() -> BodyError {
    BodyError::Invalid(Invalid::new("body", "the body was cut off"))
}

/// A long body, which is never in memory as a whole.
pub struct Pieces {
    body: Limited<Body>,
    bytes_max: usize,
    timeout: Duration,
}

impl Pieces {
    /// The pieces of a body of up to `bytes_max` bytes, each of which may take `timeout` to arrive.
    pub fn of(
        headers: &HeaderMap,
        body: Body,
        bytes_max: usize,
        timeout: Duration,
    ) -> Result<Self, BodyError> {
        if announced(headers).is_some_and(|length| length > bytes_max as u64) {
            return Err(BodyError::FileTooLarge(bytes_max));
        }
        Ok(Self {
            body: Limited::new(body, bytes_max),
            bytes_max,
            timeout,
        })
    }

    /// The next piece, of about [`BODY_BYTES_MAX`] bytes: so whoever sends a byte now and then is not
    /// waited for. `None` behind the last.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, BodyError> {
        let mut piece = Vec::new();
        let body = &mut self.body;
        let collecting = async {
            while piece.len() < BODY_BYTES_MAX {
                match body.frame().await {
                    None => break,
                    Some(frame) => piece.extend(frame?.into_data().unwrap_or_default()),
                }
            }
            Ok::<(), BoxError>(())
        };
        match tokio::time::timeout(self.timeout, collecting).await {
            Err(_elapsed) => Err(BodyError::TooSlow),
            Ok(Ok(())) => Ok((!piece.is_empty()).then_some(piece)),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                Err(BodyError::FileTooLarge(self.bytes_max))
            }
            Ok(Err(_)) => Err(cut_off()),
        }
    }
}

/// Understands a body as JSON of one of the media types.
pub fn json<'a, T: Deserialize<'a>>(
    headers: &HeaderMap,
    body: &'a [u8],
    media_types: &[&str],
) -> Result<T, BodyError> {
    assert_media_type(headers, media_types)?;
    serde_json::from_slice(body).map_err(|error| {
        let reason = format!("the body is not JSON: {error}");
        BodyError::Invalid(Invalid::new("body", reason))
    })
}

/// Refuses a body that does not say that it is of one of the media types, in UTF-8.
pub fn assert_media_type(headers: &HeaderMap, media_types: &[&str]) -> Result<(), BodyError> {
    let given = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = given.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let charset_is_fine = parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.eq_ignore_ascii_case("charset")
            || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let known = media_types
        .iter()
        .any(|known| known.eq_ignore_ascii_case(media_type));
    if !known || !charset_is_fine {
        return Err(BodyError::UnsupportedMediaType);
    }
    Ok(())
}

/// Understands a body as a JSON object of one of the media types.
pub fn object(headers: &HeaderMap, body: &[u8], media_types: &[&str]) -> Result<Fields, BodyError> {
    match json(headers, body, media_types)? {
        Value::Object(fields) => Ok(Fields(fields)),
        _ => Err(BodyError::not_an_object()),
    }
}

/// That a field is none of the resource's.
pub fn unknown_field(name: &str) -> Invalid {
    let name = shown(name);
    let reason = format!("{name} is not a field of this resource");
    Invalid::new(name, reason)
}

/// The fields of a body, taken out one by one; what is left over is unknown.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// A field that must be there and be text.
    pub fn text(&mut self, name: &str) -> Result<String, Invalid> {
        match self.0.shift_remove(name) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Invalid::new(name, format!("{name} must be text"))),
            None => Err(Invalid::new(name, format!("{name} is required"))),
        }
    }

    /// A field that may be absent, but is text when it is there.
    pub fn text_if_given(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        if self.0.contains_key(name) {
            self.text(name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A field that may be absent (`None`), null (`Some(None)`) or text.
    pub fn text_or_null_if_given(&mut self, name: &str) -> Result<Option<Option<String>>, Invalid> {
        if self.0.get(name).is_some_and(Value::is_null) {
            self.0.shift_remove(name);
            return Ok(Some(None));
        }
        Ok(self.text_if_given(name)?.map(Some))
    }

    /// A field of any kind, if it is there.
    pub fn value_if_given(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name)
    }

    /// A list of texts, at most `most` of them, if it is there.
    pub fn texts_if_given(
        &mut self,
        name: &str,
        most: usize,
    ) -> Result<Option<Vec<String>>, Invalid> {
        let refused = |reason: String| Err(Invalid::new(name, reason));
        let items = match self.0.shift_remove(name) {
            None => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return refused(format!("{name} must be a list of texts")),
        };
        if items.len() > most {
            return refused(format!("{name} must not have more than {most} items"));
        }
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::String(text) => texts.push(text),
                _ => return refused(format!("{name} must be a list of texts")),
            }
        }
        Ok(Some(texts))
    }

    /// Refuses what was not taken out; `system_managed` fields by that reason.
    pub fn finish(self, system_managed: &[&str]) -> Result<(), Invalid> {
        let Some(name) = self.0.keys().next() else {
            return Ok(());
        };
        if !system_managed.contains(&name.as_str()) {
            return Err(unknown_field(name));
        }
        Err(Invalid::new(
            name,
            format!("{name} is managed by the system"),
        ))
    }

    /// All of it.
    pub fn into_object(self) -> Map<String, Value> {
        self.0
    }
}
