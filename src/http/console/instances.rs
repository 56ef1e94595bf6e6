//! `/console/instances`: the names under which clients' people are read through the gateway, and the
//! public keys whose tokens each accepts.

use askama::Template;
use hyper::StatusCode;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::client_names::{ClientField, ClientNames, client_of};
use crate::http::console::confirmation::Confirmation;
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::shown::{Part, When, counted};
use crate::http::console::tokens::{refusal, users_of};
use crate::http::console::{Call, Failure, see_other};
use crate::http::query::shown;
use crate::model::id::KeyId;
use crate::model::instance::{Instance, InstanceKey, InstanceName};
use crate::model::invalid::Invalid;
use crate::operations::caller::AdminAccess;
use crate::operations::error::{Error, Noun};
use crate::operations::instances;

const PATH: &str = "/console/instances";

#[derive(Template)]
#[template(path = "instances.html")]
struct Page {
    frame: Frame,
    notice: Option<&'static str>,
    q: String,
    count: String,
    rows: Vec<Row>,
    before: Option<String>,
    behind: Option<String>,
}

struct Row {
    name: String,
    client: String,
    client_address: String,
    created: When,
    keys: Vec<Key>,
}

struct Key {
    id: String,
    audience: String,
    algorithm: &'static str,
    fingerprint: String,
    created: When,
}

#[derive(Template)]
#[template(path = "instance_form.html")]
struct InstanceForm {
    frame: Frame,
    name: String,
    client: ClientField,
    problem: Option<Invalid>,
}

#[derive(Template)]
#[template(path = "instance_key_form.html")]
struct KeyForm {
    frame: Frame,
    instance: String,
    audience: String,
    pem: String,
    problem: Option<Invalid>,
}

/// `GET /console/instances`
pub async fn list(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    let asked = call.query(&["done", "q", "page"])?;
    let number = asked.parsed("page", "a number", |text| text.parse().ok())?;
    let names = ClientNames::of(&call, &access).await?;
    let q = asked.text("q").trim().to_lowercase();
    let is_shown = |row: &Row| {
        let mut texts = [&row.name, &row.client].into_iter();
        texts.any(|text| text.to_lowercase().contains(&q))
    };
    let all = instances::list(call.app(), &access).await?.into_iter();
    let rows = all.map(|(instance, keys)| Row {
        client: names.name(instance.client),
        client_address: users_of(instance.client),
        created: When(instance.created_at),
        name: instance.name.to_string(),
        keys: keys.into_iter().map(Key::from).collect(),
    });
    let part = Part::of(rows.filter(is_shown).collect(), number.unwrap_or(1));
    let (before, behind) = part.beside();
    let beside = |page: String| address(PATH, &[("q", asked.text("q")), ("page", &page)]);
    Ok(page(&Page {
        frame: call.frame("Gateway instances", Place::Instances),
        notice: match asked.text("done") {
            "made" => Some("The instance was made."),
            "deleted" => Some("The instance was deleted, with its keys. The client's people stay."),
            "added" => Some("The key was added: tokens that it signs are accepted from now on."),
            "removed" => Some("The key was removed: tokens that it signs are refused from now on."),
            _ => None,
        },
        q: asked.text("q").to_owned(),
        count: counted(part.count as u64, "instance"),
        rows: part.items,
        before: before.map(beside),
        behind: behind.map(beside),
    }))
}

/// `GET /console/instances/new`
pub async fn form(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    Ok(page(&instance_form(&call, &access, None).await?))
}

/// `POST /console/instances/new`
pub async fn create(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key", "instance", "client"])?;
    let wanted = InstanceName::parse(call.form.text("instance").trim())
        .and_then(|name| Ok((name, client_of(&call)?)));
    let made = match wanted {
        Ok((name, client)) => instances::create(call.app(), &access, name, client).await,
        Err(invalid) => Err(invalid.into()),
    };
    match made {
        Ok(_) => Ok(done("made")),
        Err(error) => {
            let status = status_of(&error);
            let form = instance_form(&call, &access, Some(refusal(error)?)).await?;
            Ok(refused_page(status, &form))
        }
    }
}

/// `GET /console/instances/{instance}/delete`
pub async fn deletion(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let (instance, keys) = found(&call, &access).await?;
    let name = instance.name;
    let keys = counted(keys.len() as u64, "key");
    Ok(Confirmation {
        frame: call.frame(&format!("Delete {name}?"), Place::Instances),
        says: vec![
            format!("Whoever reads people under /{name}/users is answered no more. Its {keys} go with it, and the name is free for somebody else."),
            "The client and its people stay.".to_owned(),
        ],
        ways: None,
        action: format!("{PATH}/{name}/delete"),
        button: Some("Delete the instance".to_owned()),
        is_danger: true,
        back: PATH,
    }
    .asked())
}

/// `POST /console/instances/{instance}/delete`
pub async fn delete(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    instances::delete(call.app(), &access, name_of(&call)?).await?;
    Ok(done("deleted"))
}

/// `GET /console/instances/{instance}/keys/new`
pub async fn key_form(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let (instance, _) = found(&call, &access).await?;
    Ok(page(&form_of_key(&call, &instance.name, None)))
}

/// `POST /console/instances/{instance}/keys/new`
pub async fn add_key(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key", "audience", "key"])?;
    let (instance, _) = found(&call, &access).await?;
    let audience = call.form.text("audience").trim();
    let added = match public_key(call.form.text("key")) {
        Ok(pem) => {
            let name = instance.name.clone();
            instances::add_key(call.app(), &access, name, audience, &pem).await
        }
        Err(invalid) => Err(invalid.into()),
    };
    match added {
        Ok(_) => Ok(done("added")),
        Err(error) => {
            let form = form_of_key(&call, &instance.name, Some(refusal(error)?));
            Ok(refused_page(StatusCode::BAD_REQUEST, &form))
        }
    }
}

/// `GET /console/instances/{instance}/keys/{key_id}/remove`
pub async fn key_removal(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.query(&[])?;
    let (instance, keys) = found(&call, &access).await?;
    let id = call.id(Noun::Key, KeyId::parse)?;
    let known = keys.into_iter().find(|key| key.id == id);
    let key = known.ok_or_else(|| Error::not_found(Noun::Key, id.as_str()))?;
    let name = instance.name;
    Ok(Confirmation {
        frame: call.frame(&format!("Remove a key of {name}?"), Place::Instances),
        says: vec![
            format!("The {} key for {}, id {id}.", key.algorithm.name(), key.audience),
            "Tokens that were signed with its private half are refused at once. It cannot be undone, but the same key can be added again.".to_owned(),
        ],
        ways: None,
        action: format!("{PATH}/{name}/keys/{id}/remove"),
        button: Some("Remove the key".to_owned()),
        is_danger: true,
        back: PATH,
    }
    .asked())
}

/// `POST /console/instances/{instance}/keys/{key_id}/remove`
pub async fn remove_key(call: Call, access: AdminAccess) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.id(Noun::Key, KeyId::parse)?;
    instances::remove_key(call.app(), &access, name_of(&call)?, id).await?;
    Ok(done("removed"))
}

fn done(word: &str) -> Response {
    see_other(&address(PATH, &[("done", word)]))
}

fn status_of(error: &Error) -> StatusCode {
    match error {
        Error::Conflict(_) => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// The instance in the path; a name that is malformed is none's.
fn name_of(call: &Call) -> Result<InstanceName, Error> {
    let text = call.segment("instance");
    InstanceName::parse(&text).map_err(|_| Error::not_found(Noun::Instance, shown(&text)))
}

async fn found(call: &Call, access: &AdminAccess) -> Result<(Instance, Vec<InstanceKey>), Failure> {
    let name = name_of(call)?;
    let mut all = instances::list(call.app(), access).await?.into_iter();
    let known = all.find(|(instance, _)| instance.name == name);
    Ok(known.ok_or_else(|| Error::not_found(Noun::Instance, name.as_str()))?)
}

/// What was pasted, unless it is plainly something else: a private key above all.
fn public_key(pasted: &str) -> Result<String, Invalid> {
    let refused = |reason: &str| Err(Invalid::new("key", reason));
    // Browsers send a line's end as two characters.
    let pem = pasted.replace("\r\n", "\n");
    let pem = pem.trim();
    if pem.is_empty() {
        return refused("paste the public key, with its first and its last line");
    }
    if pem.contains("PRIVATE KEY") {
        return refused(
            "this is a private key, which only who signs may have: paste the public one (openssl pkey -pubout makes it)",
        );
    }
    if pem.contains("CERTIFICATE-----") {
        return refused(
            "this is a certificate: paste the public key in it (openssl x509 -pubkey -noout shows it)",
        );
    }
    Ok(format!("{pem}\n"))
}

impl From<InstanceKey> for Key {
    fn from(key: InstanceKey) -> Self {
        Self {
            id: key.id.to_string(),
            fingerprint: instances::fingerprint(&key),
            algorithm: key.algorithm.name(),
            created: When(key.created_at),
            audience: key.audience.into(),
        }
    }
}

async fn instance_form(
    call: &Call,
    access: &AdminAccess,
    problem: Option<Invalid>,
) -> Result<InstanceForm, Failure> {
    let names = ClientNames::of(call, access).await?;
    Ok(InstanceForm {
        frame: call.frame("Make an instance", Place::Instances),
        name: call.form.text("instance").to_owned(),
        client: names.field(&[("", "Choose")], call.form.text("client")),
        problem,
    })
}

fn form_of_key(call: &Call, instance: &InstanceName, problem: Option<Invalid>) -> KeyForm {
    let pasted = call.form.text("key");
    // A private key is not sent back and forth.
    let is_private = pasted.contains("PRIVATE KEY");
    KeyForm {
        frame: call.frame(&format!("Add a key to {instance}"), Place::Instances),
        instance: instance.to_string(),
        audience: call.form.text("audience").to_owned(),
        pem: if is_private {
            String::new()
        } else {
            pasted.to_owned()
        },
        problem,
    }
}

impl InstanceForm {
    fn problem_of(&self, field: &str) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        (problem.field == field).then_some(&*problem.reason)
    }
}

impl KeyForm {
    fn problem_of(&self, field: &str) -> Option<&str> {
        let problem = self.problem.as_ref()?;
        (problem.field == field).then_some(&*problem.reason)
    }
}
