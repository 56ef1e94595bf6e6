//! `/console/tokens`: what callers prove themselves with. One is made after it was shown what it would
//! reach, and its secret is shown once.

use askama::Template;
use hyper::StatusCode;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::client_names::{ClientField, ClientNames, client_of};
use crate::http::console::confirmation::Confirmation;
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::shown::{Choice, Part, When, choices, count, counted};
use crate::http::console::{Call, Failure, secret, see_other};
use crate::model::id::{ClientId, TokenId};
use crate::model::invalid::Invalid;
use crate::model::rate_limit::Limits;
use crate::model::scope::Scope;
use crate::model::session::Holder;
use crate::model::text::{NAME_LENGTH_MAX, checked};
use crate::model::timestamp::Timestamp;
use crate::model::token::{ClientSet, NewToken, Token};
use crate::operations::caller::AdminAccess;
use crate::operations::error::{Error, Noun};
use crate::operations::tokens;

const PATH: &str = "/console/tokens";
const ALL_CLIENTS: &str = "all";
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a token may last, in days.
const LIVES: [(&str, &str); 6] = [
    ("1", "A day"),
    ("7", "A week"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "A year"),
    ("never", "Until it is revoked"),
];
const FIELDS: [&str; 5] = ["form_key", "name", "client", "scope", "expires"];
const STATES: [(&str, &str); 3] = [
    ("", "Valid"),
    ("over", "Revoked or expired"),
    ("all", "All"),
];

#[derive(Template)]
#[template(path = "tokens.html")]
struct Page {
    frame: Frame,
    notice: Option<&'static str>,
    q: String,
    states: Vec<Choice>,
    is_filtered: bool,
    count: String,
    rows: Vec<Row>,
    before: Option<String>,
    behind: Option<String>,
}

struct Row {
    id: String,
    name: String,
    clients: String,
    client_address: Option<String>,
    scopes: Vec<(&'static str, &'static str)>,
    created: When,
    expires: Option<When>,
    last_used: Option<When>,
    revoked: Option<When>,
    is_valid: bool,
    is_mine: bool,
}

#[derive(Template)]
#[template(path = "token_form.html")]
struct TokenForm {
    frame: Frame,
    name: String,
    client: ClientField,
    scopes: Vec<ScopeChoice>,
    lives: Vec<Choice>,
    problem: Option<Invalid>,
}

/// A scope as a form offers it.
pub(super) struct ScopeChoice {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) is_chosen: bool,
}

#[derive(Template)]
#[template(path = "token_preview.html")]
struct Preview {
    frame: Frame,
    name: String,
    client: String,
    expires: String,
    expires_at: Option<When>,
    people: String,
    clients: Vec<String>,
    clients_beside: String,
    is_of_all: bool,
    allowed: Vec<(&'static str, &'static str)>,
}

/// `GET /console/tokens`
pub async fn list(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    let asked = call.query(&["done", "q", "state", "page"])?;
    let state = asked.text("state");
    let number = asked.parsed("page", "a number", |text| text.parse().ok())?;
    let names = ClientNames::of(&call, &access).await?;
    let now = call.app().now();
    let q = asked.text("q").trim().to_lowercase();
    let is_shown = |row: &Row| {
        let is_of_state = match state {
            "" => row.is_valid,
            "over" => !row.is_valid,
            _ => true,
        };
        let texts = [&row.name, &row.clients, &row.id];
        is_of_state && texts.iter().any(|text| text.to_lowercase().contains(&q))
    };
    // The newest first. What OAuth clients were issued ends within the hour, and with them.
    let all = tokens::list(call.app(), &access).await?.into_iter().rev();
    let own = all.filter(|token| token.oauth_client.is_none());
    let rows = own.map(|token| row_of(&call, &token, &names, now));
    let part = Part::of(rows.filter(is_shown).collect(), number.unwrap_or(1));
    let (before, behind) = part.beside();
    let beside = |page: String| {
        address(
            PATH,
            &[("q", asked.text("q")), ("state", state), ("page", &page)],
        )
    };
    Ok(page(&Page {
        frame: call.frame("Tokens", Place::Tokens),
        notice: (asked.text("done") == "revoked")
            .then_some("The token was revoked. Whoever asks with it is refused from now on."),
        q: asked.text("q").to_owned(),
        states: choices(&STATES, state),
        is_filtered: asked.get("q").is_some() || !state.is_empty(),
        count: counted(part.count as u64, "token"),
        rows: part.items,
        before: before.map(beside),
        behind: behind.map(beside),
    }))
}

/// `GET /console/tokens/new`
pub async fn form(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    Ok(page(&token_form(&call, &access, None).await?))
}

/// `POST /console/tokens/new`: what the token would reach, or the form once more.
pub async fn preview(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&[&FIELDS[..], &["step"]].concat())?;
    if call.form.get("step").is_some() {
        return Ok(page(&token_form(&call, &access, None).await?));
    }
    let new = match wanted(&call) {
        Ok(new) => new,
        Err(invalid) => return refused(&call, &access, invalid.into()).await,
    };
    match tokens::preview(call.app(), &access, &new).await {
        Ok(reach) => {
            let named = reach.clients.into_iter().map(|(_, name)| name.into());
            let clients: Vec<String> = named.collect();
            let beside = reach.client_count.saturating_sub(clients.len() as u64);
            Ok(page(&Preview {
                frame: call.frame("Is this the token that you want?", Place::Tokens),
                name: call.form.text("name").to_owned(),
                client: call.form.text("client").to_owned(),
                expires: call.form.text("expires").to_owned(),
                expires_at: new.expires_at.map(When),
                people: counted_people(reach.people),
                clients_beside: if beside > 0 {
                    format!(" and {} more", count(beside))
                } else {
                    String::new()
                },
                clients,
                is_of_all: new.clients == ClientSet::All,
                allowed: reach
                    .allowed
                    .into_iter()
                    .map(|(scope, meaning)| (scope.name(), meaning))
                    .collect(),
            }))
        }
        Err(error) => refused(&call, &access, error).await,
    }
}

/// `POST /console/tokens`
pub async fn create(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&FIELDS)?;
    let new = match wanted(&call) {
        Ok(new) => new,
        Err(invalid) => return refused(&call, &access, invalid.into()).await,
    };
    match tokens::create(call.app(), &access, new).await {
        Ok((token, made)) => {
            let path = format!("{PATH}/{}/secret", token.id);
            Ok(secret::lead_to(&call, &path, token.id.as_str(), &made))
        }
        Err(error) => refused(&call, &access, error).await,
    }
}

/// `GET /console/tokens/{token_id}/secret`
pub async fn secret(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let token = found(&call, &access).await?;
    let title = format!("Token {}", called(&token));
    Ok(secret::shown(&secret::Page {
        frame: call.frame(&title, Place::Tokens),
        secret: secret::waiting(&call, token.id.as_str()),
        facts: vec![("Token's id", token.id.to_string())],
        says: "Programs send it in the header Authorization, behind the word Bearer.",
        back: PATH,
    }))
}

/// `GET /console/tokens/{token_id}/rotate`
pub async fn rotation(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let token = found(&call, &access).await?;
    let says = if is_mine(&call, token.id) {
        "You are signed in with this token, and would be signed out before you saw the new secret. Sign in with another one first, or use rollcall token rotate on the command line."
    } else {
        "A new token with the same rights and the same end is made, and its secret is shown once. This one is revoked at once: whoever uses it is refused until they have the new secret."
    };
    let title = format!("Rotate {}?", called(&token));
    Ok(Confirmation {
        frame: call.frame(&title, Place::Tokens),
        says: vec![says.to_owned()],
        ways: None,
        action: format!("{PATH}/{}/rotate", token.id),
        button: (!is_mine(&call, token.id)).then(|| "Rotate the token".to_owned()),
        is_danger: true,
        back: PATH,
    }
    .asked())
}

/// `POST /console/tokens/{token_id}/rotate`
pub async fn rotate(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.id(Noun::Token, TokenId::parse)?;
    if is_mine(&call, id) {
        let reason = "you are signed in with this token";
        return Err(Error::conflict("token_id", reason).into());
    }
    let (token, made) = tokens::rotate(call.app(), &access, id).await?;
    let path = format!("{PATH}/{}/secret", token.id);
    Ok(secret::lead_to(&call, &path, token.id.as_str(), &made))
}

/// `GET /console/tokens/{token_id}/revoke`
pub async fn revocation(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let token = found(&call, &access).await?;
    let mut says = vec![
        "Whoever asks with it is refused from then on, on every node. It cannot be undone: who still needs one needs a new token."
            .to_owned(),
    ];
    if is_mine(&call, token.id) {
        says.push("You are signed in with this very token: you will be signed out.".to_owned());
    }
    let title = format!("Revoke {}?", called(&token));
    Ok(Confirmation {
        frame: call.frame(&title, Place::Tokens),
        says,
        ways: None,
        action: format!("{PATH}/{}/revoke", token.id),
        button: Some("Revoke the token".to_owned()),
        is_danger: true,
        back: PATH,
    }
    .asked())
}

/// `POST /console/tokens/{token_id}/revoke`
pub async fn revoke(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.id(Noun::Token, TokenId::parse)?;
    tokens::revoke(call.app(), &access, id).await?;
    Ok(see_other(&address(PATH, &[("done", "revoked")])))
}

async fn found(call: &Call, access: &AdminAccess) -> Result<Token, Failure> {
    let id = call.id(Noun::Token, TokenId::parse)?;
    Ok(tokens::get(call.app(), access, id).await?)
}

/// What people know a token by.
fn called(token: &Token) -> String {
    let name = token.name.as_deref().map(str::to_owned);
    name.unwrap_or_else(|| format!("token {}", &token.id.as_str()[..8]))
}

fn is_mine(call: &Call, id: TokenId) -> bool {
    matches!(call.visitor.session().holder, Holder::Token(own) if own == id)
}

fn row_of(call: &Call, token: &Token, names: &ClientNames, now: Timestamp) -> Row {
    let (clients, client_address) = match token.clients {
        ClientSet::All => ("All clients".to_owned(), None),
        ClientSet::One(id) => (names.name(id), Some(users_of(id))),
    };
    Row {
        id: token.id.to_string(),
        name: called(token),
        clients,
        client_address,
        scopes: token
            .scopes
            .iter()
            .map(|scope| (scope.name(), scope.meaning()))
            .collect(),
        created: When(token.created_at),
        expires: token.expires_at.map(When),
        last_used: token.last_used_at.map(When),
        revoked: token.revoked_at.map(When),
        is_valid: token.is_valid(now),
        is_mine: is_mine(call, token.id),
    }
}

pub(super) fn users_of(client: ClientId) -> String {
    format!("/console/clients/{client}/users")
}

fn counted_people(number: u64) -> String {
    match number {
        1 => "1 person".to_owned(),
        number => format!("{} people", count(number)),
    }
}

/// What the form asks for.
fn wanted(call: &Call) -> Result<NewToken, Invalid> {
    let clients = match call.form.text("client") {
        ALL_CLIENTS => ClientSet::All,
        _ => ClientSet::One(client_of(call)?),
    };
    Ok(NewToken {
        name: Some(name_of(call)?),
        clients,
        scopes: scopes_of(call)?,
        limits: Limits::default(),
        expires_at: end_of(call)?,
    })
}

/// The name that a form gives: without one, nobody would know later whose it is.
pub(super) fn name_of(call: &Call) -> Result<Box<str>, Invalid> {
    let name = call.form.text("name").trim();
    if name.is_empty() {
        return Err(Invalid::new("name", "name it after what will use it"));
    }
    checked("name", name, NAME_LENGTH_MAX).map(Into::into)
}

/// The scopes that a form has chosen.
pub(super) fn scopes_of(call: &Call) -> Result<Vec<Scope>, Invalid> {
    let parse = |text: &str| {
        let refused = || Invalid::new("scope", "choose among the scopes that are offered");
        Scope::parse(text).ok_or_else(refused)
    };
    call.form.all("scope").map(parse).collect()
}

/// The scopes as a form offers them.
pub(super) fn scope_choices(call: &Call, offered: impl Fn(Scope) -> bool) -> Vec<ScopeChoice> {
    let offered = Scope::ALL.into_iter().filter(|scope| offered(*scope));
    offered
        .map(|scope| ScopeChoice {
            name: scope.name(),
            meaning: scope.meaning(),
            is_chosen: call.form.all("scope").any(|name| name == scope.name()),
        })
        .collect()
}

fn end_of(call: &Call) -> Result<Option<Timestamp>, Invalid> {
    let chosen = call.form.text("expires");
    let is_offered = LIVES.iter().any(|(value, _)| *value == chosen);
    match chosen.parse::<i64>() {
        Ok(days) if is_offered => Ok(Some(call.app().now().plus_milliseconds(days * DAY_MS))),
        Err(_) if is_offered => Ok(None),
        _ => Err(Invalid::new("expires", "choose how long it is valid")),
    }
}

/// What is refused of a form, if that is what went wrong.
pub(super) fn refusal(error: Error) -> Result<Invalid, Failure> {
    match error {
        Error::Invalid(invalid) | Error::Conflict(invalid) => Ok(invalid),
        Error::NotFound(Noun::Client, _) => {
            Ok(Invalid::new("client", "there is no client of that id"))
        }
        error => Err(error.into()),
    }
}

async fn refused(call: &Call, access: &AdminAccess, error: Error) -> Result<Response, Failure> {
    let form = token_form(call, access, Some(refusal(error)?)).await?;
    Ok(refused_page(StatusCode::BAD_REQUEST, &form))
}

async fn token_form(
    call: &Call,
    access: &AdminAccess,
    problem: Option<Invalid>,
) -> Result<TokenForm, Failure> {
    let names = ClientNames::of(call, access).await?;
    let before = [("", "Choose"), (ALL_CLIENTS, "All clients, later ones too")];
    Ok(TokenForm {
        frame: call.frame("Make a token", Place::Tokens),
        name: call.form.text("name").to_owned(),
        client: names.field(&before, call.form.text("client")),
        scopes: scope_choices(call, |_| true),
        lives: choices(&LIVES, call.form.get("expires").unwrap_or("90")),
        problem,
    })
}

impl TokenForm {
    fn problem_of(&self, field: &str) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        (problem.field == field).then_some(&*problem.reason)
    }
}
