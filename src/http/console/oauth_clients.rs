//! `/console/oauth-clients`: machines that exchange a secret for tokens that soon end.

use askama::Template;
use hyper::StatusCode;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::client_names::{ClientField, ClientNames, client_of};
use crate::http::console::confirmation::{Confirmation, Ways};
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::shown::{Choice, Part, When, choices, counted};
use crate::http::console::tokens::{
    ScopeChoice, name_of, refusal, scope_choices, scopes_of, users_of,
};
use crate::http::console::{Call, Failure, secret, see_other};
use crate::model::id::OauthClientId;
use crate::model::invalid::Invalid;
use crate::model::oauth::{NewOauthClient, OauthClient, OauthSecret};
use crate::model::rate_limit::Limits;
use crate::model::scope::Scope;
use crate::model::timestamp::Timestamp;
use crate::operations::caller::AdminAccess;
use crate::operations::error::Noun;
use crate::operations::oauth;

const PATH: &str = "/console/oauth-clients";
const STATES: [(&str, &str); 3] = [("", "In use"), ("revoked", "Revoked"), ("all", "All")];
const HOUR_MS: i64 = 60 * 60 * 1_000;
/// How long former secrets stay valid beside a new one, in hours.
const OVERLAPS: [(&str, &str); 4] = [
    (
        "0",
        "Not at all: it and the tokens that were issued for it end at once",
    ),
    ("1", "For an hour"),
    ("24", "For a day"),
    ("168", "For a week"),
];

#[derive(Template)]
#[template(path = "oauth_clients.html")]
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
    client: String,
    client_address: String,
    scopes: Vec<(&'static str, &'static str)>,
    created: When,
    last_used: Option<When>,
    revoked: Option<When>,
    /// When each secret that can be exchanged was made, and when it ends.
    secrets: Vec<(When, Option<When>)>,
}

#[derive(Template)]
#[template(path = "oauth_client_form.html")]
struct OauthForm {
    frame: Frame,
    name: String,
    client: ClientField,
    scopes: Vec<ScopeChoice>,
    problem: Option<Invalid>,
}

/// `GET /console/oauth-clients`
pub async fn list(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    let asked = call.query(&["done", "q", "state", "page"])?;
    let state = asked.text("state");
    let number = asked.parsed("page", "a number", |text| text.parse().ok())?;
    let names = ClientNames::of(&call, &access).await?;
    let now = call.app().now();
    let q = asked.text("q").trim().to_lowercase();
    let is_shown = |row: &Row| {
        let is_of_state = match state {
            "" => row.revoked.is_none(),
            "revoked" => row.revoked.is_some(),
            _ => true,
        };
        let texts = [&row.name, &row.client, &row.id];
        is_of_state && texts.iter().any(|text| text.to_lowercase().contains(&q))
    };
    let all = oauth::list(call.app(), &access).await?.into_iter().rev();
    let rows = all.map(|(oauth_client, secrets)| row_of(&oauth_client, &secrets, &names, now));
    let part = Part::of(rows.filter(is_shown).collect(), number.unwrap_or(1));
    let (before, behind) = part.beside();
    let beside = |page: String| {
        address(
            PATH,
            &[("q", asked.text("q")), ("state", state), ("page", &page)],
        )
    };
    Ok(page(&Page {
        frame: call.frame("OAuth clients", Place::OauthClients),
        notice: (asked.text("done") == "revoked").then_some(
            "The OAuth client was revoked, with its secrets and all tokens that were issued to it.",
        ),
        q: asked.text("q").to_owned(),
        states: choices(&STATES, state),
        is_filtered: asked.get("q").is_some() || !state.is_empty(),
        count: counted(part.count as u64, "OAuth client"),
        rows: part.items,
        before: before.map(beside),
        behind: behind.map(beside),
    }))
}

/// `GET /console/oauth-clients/new`
pub async fn form(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    Ok(page(&oauth_form(&call, &access, None).await?))
}

/// `POST /console/oauth-clients/new`
pub async fn create(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key", "name", "client", "scope"])?;
    let made = match wanted(&call) {
        Ok(new) => oauth::create(call.app(), &access, new).await,
        Err(invalid) => Err(invalid.into()),
    };
    match made {
        Ok((oauth_client, made)) => Ok(to_secret(&call, oauth_client.id, &made)),
        Err(error) => {
            let form = oauth_form(&call, &access, Some(refusal(error)?)).await?;
            Ok(refused_page(StatusCode::BAD_REQUEST, &form))
        }
    }
}

/// `GET /console/oauth-clients/{oauth_client_id}/secret`
pub async fn secret(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let found = found(&call, &access).await?;
    let title = format!("OAuth client {}", called(&found));
    Ok(secret::shown(&secret::Page {
        frame: call.frame(&title, Place::OauthClients),
        secret: secret::waiting(&call, found.id.as_str()),
        facts: vec![
            ("client_id", found.id.to_string()),
            ("Where it is exchanged", "POST /oauth2/token".to_owned()),
            ("grant_type", "client_credentials".to_owned()),
        ],
        says: "The machine sends its client_id and this as its client_secret, and is given a token that lasts an hour.",
        back: PATH,
    }))
}

/// `GET /console/oauth-clients/{oauth_client_id}/rotate`
pub async fn rotation(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let found = found(&call, &access).await?;
    let title = format!("Give {} another secret?", called(&found));
    Ok(Confirmation {
        frame: call.frame(&title, Place::OauthClients),
        says: vec!["The new secret is shown once. Choose a time in which the machine can be given it. When somebody else may have the former one, let it end at once.".to_owned()],
        ways: Some(Ways {
            name: "overlap",
            legend: "The former secret stays valid",
            choices: choices(&OVERLAPS, "24"),
        }),
        action: format!("{PATH}/{}/rotate", found.id),
        button: Some("Make another secret".to_owned()),
        is_danger: false,
        back: PATH,
    }
    .asked())
}

/// `POST /console/oauth-clients/{oauth_client_id}/rotate`
pub async fn rotate(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key", "overlap"])?;
    let chosen = call.form.text("overlap");
    let offered = OVERLAPS.iter().find(|(value, _)| *value == chosen);
    let hours = offered.and_then(|(value, _)| value.parse::<i64>().ok());
    let refused = || Invalid::new("overlap", "choose how long the former secret stays valid");
    let overlap_ms = hours.ok_or_else(refused)? * HOUR_MS;
    let id = call.id(Noun::OauthClient, OauthClientId::parse)?;
    let (_, made) = oauth::rotate(call.app(), &access, id, overlap_ms).await?;
    Ok(to_secret(&call, id, &made))
}

/// `GET /console/oauth-clients/{oauth_client_id}/revoke`
pub async fn revocation(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let found = found(&call, &access).await?;
    let title = format!("Revoke {}?", called(&found));
    Ok(Confirmation {
        frame: call.frame(&title, Place::OauthClients),
        says: vec!["Its secrets and all tokens that were issued to it end at once. It cannot be undone: a machine that still needs access needs a new OAuth client.".to_owned()],
        ways: None,
        action: format!("{PATH}/{}/revoke", found.id),
        button: Some("Revoke the OAuth client".to_owned()),
        is_danger: true,
        back: PATH,
    }
    .asked())
}

/// `POST /console/oauth-clients/{oauth_client_id}/revoke`
pub async fn revoke(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.id(Noun::OauthClient, OauthClientId::parse)?;
    oauth::revoke(call.app(), &access, id).await?;
    Ok(see_other(&address(PATH, &[("done", "revoked")])))
}

fn to_secret(call: &Call, id: OauthClientId, made: &crate::model::token::Secret) -> Response {
    secret::lead_to(call, &format!("{PATH}/{id}/secret"), id.as_str(), made)
}

async fn found(call: &Call, access: &AdminAccess) -> Result<OauthClient, Failure> {
    let id = call.id(Noun::OauthClient, OauthClientId::parse)?;
    Ok(oauth::get(call.app(), access, id).await?)
}

fn called(oauth_client: &OauthClient) -> String {
    let name = oauth_client.name.as_deref().map(str::to_owned);
    name.unwrap_or_else(|| format!("OAuth client {}", &oauth_client.id.as_str()[..8]))
}

fn row_of(
    oauth_client: &OauthClient,
    secrets: &[OauthSecret],
    names: &ClientNames,
    now: Timestamp,
) -> Row {
    let valid = secrets.iter().filter(|secret| secret.is_valid(now));
    Row {
        id: oauth_client.id.to_string(),
        name: called(oauth_client),
        client: names.name(oauth_client.client),
        client_address: users_of(oauth_client.client),
        scopes: oauth_client
            .scopes
            .iter()
            .map(|scope| (scope.name(), scope.meaning()))
            .collect(),
        created: When(oauth_client.created_at),
        last_used: oauth_client.last_used_at.map(When),
        revoked: oauth_client.revoked_at.map(When),
        secrets: valid
            .map(|secret| (When(secret.created_at), secret.expires_at.map(When)))
            .collect(),
    }
}

fn wanted(call: &Call) -> Result<NewOauthClient, Invalid> {
    Ok(NewOauthClient {
        name: Some(name_of(call)?),
        client: client_of(call)?,
        scopes: scopes_of(call)?,
        limits: Limits::default(),
    })
}

async fn oauth_form(
    call: &Call,
    access: &AdminAccess,
    problem: Option<Invalid>,
) -> Result<OauthForm, Failure> {
    let names = ClientNames::of(call, access).await?;
    let is_offered = |scope| !matches!(scope, Scope::Admin | Scope::Console);
    Ok(OauthForm {
        frame: call.frame("Make an OAuth client", Place::OauthClients),
        name: call.form.text("name").to_owned(),
        client: names.field(&[("", "Choose")], call.form.text("client")),
        scopes: scope_choices(call, is_offered),
        problem,
    })
}

impl OauthForm {
    fn problem_of(&self, field: &str) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        (problem.field == field).then_some(&*problem.reason)
    }
}
