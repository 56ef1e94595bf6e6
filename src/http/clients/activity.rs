//! `…/activity`: agents report whom they saw.

use std::borrow::Cow;

use hyper::StatusCode;
use serde::de::{MapAccess, SeqAccess};
use serde_json::{Value, json};

use crate::http::answer::{Repeatable, Response};
use crate::http::body::{self, BodyError};
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::kinds::{ByKind, Kind, Text};
use crate::http::once;
use crate::http::query::shown;
use crate::model::activity::Channel;
use crate::model::id::UserId;
use crate::model::invalid::Invalid;
use crate::model::text;
use crate::model::timestamp::Timestamp;
use crate::operations::activity::{
    self, REPORTS_MAX, Receipt, Rejection, Sent, SentReport, Subject,
};
use crate::operations::caller::Access;

/// `POST …/activity`
pub async fn report(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let body = call.body().await?;
    let Kind(asked) = body::json::<Kind<Asked>>(call.headers(), &body, &["application/json"])?;
    let Asked::Object { reports, unknown } = asked else {
        return Err(BodyError::not_an_object().into());
    };
    let render = |receipt: &Receipt| once::remembered(&received(receipt));
    let once = once::of_request(call.headers(), call.path(), &body, render)?;
    if let Some(unknown) = unknown {
        return Err(body::unknown_field(&unknown).into());
    }
    let sent = match reports {
        List::Reports(sent) => sent,
        List::TooLong => {
            let reason = format!("reports must not have more than {REPORTS_MAX} items");
            return Err(Invalid::new("reports", reason).into());
        }
        List::Other => {
            return Err(Invalid::new("reports", "reports must be a list of reports").into());
        }
    };
    let done = activity::report(call.app(), &access, sent, once).await?;
    Ok(once::answer(&done, call.path(), received))
}

/// The body.
enum Asked {
    Object {
        reports: List,
        /// The first field that is none of ours.
        unknown: Option<String>,
    },
    Other,
}

impl<'de> ByKind<'de> for Asked {
    fn of_other() -> Self {
        Self::Other
    }

    fn of_object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut reports, mut unknown) = (List::Other, None);
        while let Some(name) = object.next_key::<String>()? {
            if name == "reports" {
                Kind(reports) = object.next_value()?;
            } else {
                object.next_value::<Value>()?;
                unknown.get_or_insert(name);
            }
        }
        Ok(Self::Object { reports, unknown })
    }
}

/// The body's `reports`.
enum List {
    Reports(Vec<Sent>),
    TooLong,
    Other,
}

impl<'de> ByKind<'de> for List {
    fn of_other() -> Self {
        Self::Other
    }

    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut reports = Vec::new();
        while let Some(Kind(Given(sent))) = list.next_element()? {
            // One too many says it all: what follows must be JSON, but need not be kept.
            if reports.len() <= REPORTS_MAX {
                reports.push(sent);
            }
        }
        let is_too_long = reports.len() > REPORTS_MAX;
        Ok(if is_too_long {
            Self::TooLong
        } else {
            Self::Reports(reports)
        })
    }
}

/// One report, or why it is none: the others are taken in all the same.
struct Given(Sent);

impl<'de> ByKind<'de> for Given {
    fn of_other() -> Self {
        Self(Err(Rejection::invalid("a report must be an object")))
    }

    fn of_object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut fields = Fields::default();
        while let Some(Kind(Text::Text(name))) = object.next_key()? {
            let field = match &*name {
                "user_key" => &mut fields.user_key,
                "user_id" => &mut fields.user_id,
                "channel" => &mut fields.channel,
                "at" => &mut fields.at,
                _ => {
                    object.next_value::<Value>()?;
                    fields.unknown.get_or_insert(name);
                    continue;
                }
            };
            let Kind(value) = object.next_value()?;
            *field = Some(value);
        }
        Ok(Self(sent_report(fields)))
    }
}

/// The fields of a report.
#[derive(Default)]
struct Fields<'de> {
    user_key: Option<Text<'de>>,
    user_id: Option<Text<'de>>,
    channel: Option<Text<'de>>,
    at: Option<Text<'de>>,
    /// The name of the first field that is none of these.
    unknown: Option<Cow<'de, str>>,
}

fn sent_report(fields: Fields<'_>) -> Sent {
    let user_key = text_of(fields.user_key, "user_key")?;
    let user_id = text_of(fields.user_id, "user_id")?;
    let channel = text_of(fields.channel, "channel")?.and_then(|name| Channel::parse(&name));
    let at = text_of(fields.at, "at")?.and_then(|at| Timestamp::parse(&at));
    if let Some(unknown) = fields.unknown {
        let message = format!("{} is not a field of a report", shown(&unknown));
        return Err(Rejection::invalid(message));
    }
    let subject = match (user_key, user_id) {
        (Some(key), None) => Subject::Key(
            text::name("user_key", &key).map_err(|error| Rejection::invalid(error.reason))?,
        ),
        (None, Some(id)) => Subject::Id(UserId::parse(&id).ok_or_else(|| Rejection {
            code: "not_found",
            message: "User not found".into(),
        })?),
        _ => {
            return Err(Rejection::invalid(
                "a report names either user_key or user_id",
            ));
        }
    };
    let channel = channel.ok_or_else(|| Rejection::invalid("channel must be desktop or web"))?;
    let at = at.ok_or_else(|| Rejection::invalid("at must be a time like 2026-02-24T21:23:53Z"))?;
    Ok(SentReport {
        subject,
        channel,
        at,
    })
}

fn text_of<'de>(field: Option<Text<'de>>, name: &str) -> Result<Option<Cow<'de, str>>, Rejection> {
    match field {
        None => Ok(None),
        Some(Text::Text(text)) => Ok(Some(text)),
        Some(Text::Other) => Err(Rejection::invalid(format!("{name} must be text"))),
    }
}

fn received(receipt: &Receipt) -> Repeatable {
    let rejected = receipt.rejected.iter().map(|(index, rejection)| {
        json!({ "index": index, "code": rejection.code, "message": rejection.message })
    });
    let body = json!({
        "accepted": receipt.accepted,
        "rejected": rejected.collect::<Vec<_>>(),
    });
    let status = StatusCode::ACCEPTED.as_u16();
    Repeatable {
        status,
        etag: None,
        made: None,
        body: body.to_string(),
    }
}
