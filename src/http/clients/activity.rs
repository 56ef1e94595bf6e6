//! `…/activity`: agents report whom they saw.

use crate::http::answer::Response;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use crate::http::answer::Repeatable;
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
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
    let render = |receipt: &Receipt| once::remembered(&received(receipt));
    let (mut fields, once) = call.fields_once(render).await?;
    let reports = fields.value_if_given("reports");
    fields.finish(&[])?;
    let reports = match reports {
        Some(Value::Array(reports)) if reports.len() <= REPORTS_MAX => reports,
        Some(Value::Array(_)) => {
            let reason = format!("reports must not have more than {REPORTS_MAX} items");
            return Err(Invalid::new("reports", reason).into());
        }
        _ => return Err(Invalid::new("reports", "reports must be a list of reports").into()),
    };
    let sent = reports.into_iter().map(sent_report).collect();
    let done = activity::report(call.app(), &access, sent, once).await?;
    Ok(once::answer(&done, call.path(), received))
}

/// One report, or why it is none: the others are taken in all the same.
fn sent_report(report: Value) -> Sent {
    let Value::Object(mut report) = report else {
        return Err(Rejection::invalid("a report must be an object"));
    };
    let user_key = text_of(&mut report, "user_key")?;
    let user_id = text_of(&mut report, "user_id")?;
    let channel = text_of(&mut report, "channel")?.and_then(|channel| Channel::parse(&channel));
    let at = text_of(&mut report, "at")?.and_then(|at| Timestamp::parse(&at));
    if let Some(unknown) = report.keys().next() {
        let message = format!("{} is not a field of a report", shown(unknown));
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

fn text_of(report: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Rejection> {
    match report.shift_remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Rejection::invalid(format!("{name} must be text"))),
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
