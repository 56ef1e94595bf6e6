//! `…/holds`: what identity providers asked for and is held back, and a person's word on it.

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::overview::people;
use crate::http::console::shown::{When, counted};
use crate::http::console::{Call, Failure, see_other};
use crate::model::id::{TokenId, UserId};
use crate::model::invalid::Invalid;
use crate::model::provisioning::Intent;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::operations::caller::Access;
use crate::operations::provisioning::holds::{self, Hold, Wave, Whom, Word};

const PAGE_SIZE: usize = 50;

#[derive(Template)]
#[template(path = "holds.html")]
struct Page {
    frame: Frame,
    path: String,
    overview: String,
    waves: Vec<WaveView>,
    rows: Vec<Row>,
    is_first: bool,
    next: Option<String>,
    may_write: bool,
    notice: Option<String>,
}

struct WaveView {
    name: String,
    asked: String,
    first: When,
    last: When,
    approve: String,
    reject: String,
}

struct Row {
    id: String,
    username: String,
    address: String,
    intent: &'static str,
    source: String,
    at: When,
}

#[derive(Template)]
#[template(path = "holds_decide.html")]
struct Question {
    frame: Frame,
    path: String,
    word: &'static str,
    verb: &'static str,
    is_approval: bool,
    /// How many people it is about; empty when nobody was chosen.
    whom: String,
    source: Option<String>,
    asked: String,
    names: Vec<(String, &'static str)>,
    /// What the form says beside the word.
    fields: Vec<(&'static str, String)>,
}

/// `GET …/holds`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let query = call.query(&["after", "done", "count"])?;
    let app = call.app();
    let after = query.parsed("after", "a user's id", UserId::parse)?;
    let waves = holds::waves(app, &access).await?;
    // One more than is shown tells whether there is another page.
    let mut found = holds::page(app, &access, after, PAGE_SIZE + 1).await?;
    let has_more = found.len() > PAGE_SIZE;
    found.truncate(PAGE_SIZE);
    let overview = format!("/console/clients/{}", access.client());
    let path = format!("{overview}/holds");
    let last = found.last().filter(|_| has_more);
    let next = last.map(|hold| address(&path, &[("after", hold.user.as_str())]));
    let notice = match query.get("done") {
        Some("approve") => Some("Approved"),
        Some("reject") => Some("Rejected"),
        _ => None,
    };
    let count = query.parsed("count", "a number", |text| text.parse().ok())?;
    let notice = notice.zip(count).map(|(done, count)| {
        let whom = people(count);
        format!("{done} what was held of {whom}.")
    });
    Ok(page(&Page {
        waves: waves.into_iter().map(|it| wave(&path, it)).collect(),
        rows: found.into_iter().map(|it| row(&overview, it)).collect(),
        is_first: after.is_none(),
        next,
        may_write: call.visitor.may(access.client(), Scope::UsersWrite),
        notice,
        frame: call
            .client_frame(&access, "Held back", Place::Overview)
            .await?,
        path,
        overview,
    }))
}

/// `GET …/holds/decide`: says what the word would come to, and asks for it.
pub async fn question(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&["word", "source", "until", "users"])?;
    let (word, whom) = (word_in(&asked)?, whom_in(&asked)?);
    let mut question = Question {
        frame: call
            .client_frame(&access, "Held back", Place::Overview)
            .await?,
        path: format!("/console/clients/{}/holds", access.client()),
        word: asked_for(word),
        verb: match word {
            Word::Approve => "Approve",
            Word::Reject => "Reject",
        },
        is_approval: word == Word::Approve,
        whom: String::new(),
        source: None,
        asked: String::new(),
        names: Vec::new(),
        fields: Vec::new(),
    };
    match whom {
        Whom::OfSource(by, until) => {
            let mut waves = holds::waves(call.app(), &access).await?.into_iter();
            let wave = waves.find(|wave| wave.by == by);
            if let Some(wave) = wave {
                question.whom = people(wave.deactivations + wave.deletions);
                question.asked = asked_of(&wave);
                question.source = Some(name_of(wave.name, by));
                // What came after the page was made was not looked at.
                let until = until.min(wave.last_at).milliseconds();
                question.fields = vec![("source", by.to_string()), ("until", until.to_string())];
            }
        }
        Whom::Named(users) if !users.is_empty() => {
            let found = holds::of_users(call.app(), &access, users).await?;
            question.whom = people(found.len());
            for hold in found {
                question.fields.push(("users", hold.user.to_string()));
                let intent = past(hold.held.intent);
                question.names.push((hold.username.into(), intent));
            }
        }
        Whom::Named(_) | Whom::All => {}
    }
    Ok(page(&question))
}

/// `POST …/holds/decide`
pub async fn decide(call: Call, access: Access) -> Result<Response, Failure> {
    call.form
        .only(&["form_key", "word", "source", "until", "users"])?;
    let (word, whom) = (word_in(&call.form)?, whom_in(&call.form)?);
    let count = holds::decide(call.app(), &access, word, whom).await?;
    let path = format!("/console/clients/{}/holds", access.client());
    let count = count.to_string();
    Ok(see_other(&address(
        &path,
        &[("done", asked_for(word)), ("count", &count)],
    )))
}

fn asked_for(word: Word) -> &'static str {
    match word {
        Word::Approve => "approve",
        Word::Reject => "reject",
    }
}

fn word_in(form: &Form) -> Result<Word, Invalid> {
    let words = [Word::Approve, Word::Reject];
    let parse = |text: &str| words.into_iter().find(|word| asked_for(*word) == text);
    let word = form.parsed("word", "approve or reject", parse)?;
    word.ok_or_else(|| Invalid::new("word", "word is missing"))
}

/// Whom a form is about: a source's people up to a moment, or those who are named.
fn whom_in(form: &Form) -> Result<Whom, Invalid> {
    let Some(source) = form.parsed("source", "the id of a token", TokenId::parse)? else {
        let parse = |text| {
            let refused = || Invalid::new("users", "users must be ids of users");
            UserId::parse(text).ok_or_else(refused)
        };
        let users: Result<Vec<_>, _> = form.all("users").map(parse).collect();
        return users.map(Whom::Named);
    };
    let moment = |text: &str| text.parse().ok().map(Timestamp::from_milliseconds);
    let until = form.parsed("until", "a moment in milliseconds", moment)?;
    let until = until.ok_or_else(|| Invalid::new("until", "until is missing"))?;
    Ok(Whom::OfSource(source, until))
}

fn name_of(name: Option<Box<str>>, by: TokenId) -> String {
    name.map_or_else(|| by.to_string(), String::from)
}

fn asked_of(wave: &Wave) -> String {
    let parts = [
        ("deactivate", wave.deactivations),
        ("delete", wave.deletions),
    ];
    let parts = parts.into_iter().filter(|(_, count)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(verb, count)| format!("{verb} {}", counted(count as u64, "user")))
        .collect();
    parts.join(" and ")
}

fn past(intent: Intent) -> &'static str {
    match intent {
        Intent::Deactivate => "deactivated",
        Intent::Delete => "deleted",
    }
}

fn wave(path: &str, wave: Wave) -> WaveView {
    let (source, until) = (wave.by.as_str(), wave.last_at.milliseconds().to_string());
    let decide = |word| {
        let fields = [("word", word), ("source", source), ("until", &*until)];
        address(&format!("{path}/decide"), &fields)
    };
    WaveView {
        approve: decide("approve"),
        reject: decide("reject"),
        asked: asked_of(&wave),
        first: When(wave.first_at),
        last: When(wave.last_at),
        name: name_of(wave.name, wave.by),
    }
}

fn row(overview: &str, hold: Hold) -> Row {
    Row {
        id: hold.user.to_string(),
        username: hold.username.into(),
        address: format!("{overview}/users/{}", hold.user),
        intent: hold.held.intent.name(),
        source: name_of(hold.source, hold.held.by),
        at: When(hold.held.at),
    }
}
