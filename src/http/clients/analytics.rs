//! `…/analytics`: what was counted, day by day.

use hyper::StatusCode;
use serde_json::json;

use crate::http::answer::{self, Response};
use crate::http::call::Call;
use crate::http::clients::failure::Failure;
use crate::http::query::Query;
use crate::model::activity::Channel;
use crate::model::days::{Day, Period};
use crate::model::invalid::Invalid;
use crate::operations::caller::Access;
use crate::operations::days;

/// `GET …/analytics/users/{user_id}/activity`
pub async fn user_activity(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["granularity", "start_date", "end_date", "channel"])?;
    query.parsed("granularity", "day", |text| (text == "day").then_some(()))?;
    let channel = query.parsed("channel", "desktop or web", Channel::parse)?;
    let period = period(&query, Day::of(call.app().now()))?;
    let seen = days::of_user(call.app(), &access, call.user_id()?).await?;
    let data = period.days().map(|day| {
        let channels = Channel::ALL.into_iter();
        let asked = channels.filter(|one| channel.is_none_or(|asked| asked == *one));
        let value = asked.filter(|one| seen.on(*one).contains(day)).count();
        json!({ "date": day, "value": value })
    });
    let body = json!({
        "metric": "activity",
        "label": "Activity",
        "period": { "start": period.start(), "end": period.end() },
        "data": data.collect::<Vec<_>>(),
    });
    Ok(answer::json(StatusCode::OK, &body))
}

fn period(query: &Query, today: Day) -> Result<Period, Invalid> {
    let date = |name| query.parsed(name, "a date like 2026-02-24", Day::parse);
    Period::of(date("start_date")?, date("end_date")?, today)
}
