//! What people change of a person: the departments, the profile, the state, whether they are there.

use askama::Template;
use hyper::StatusCode;
use serde_json::{Map, Value};

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::form::address;
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::{Call, Failure, see_other, shown};
use crate::model::department::DepartmentView;
use crate::model::id::{DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::page::{DepartmentQuery, Page as Listed};
use crate::model::profile::ProfileField;
use crate::model::profile_json::WORK_STATUSES;
use crate::model::user::{UserDetails, UserView};
use crate::operations::caller::Access;
use crate::operations::changes::label_of;
use crate::operations::error::Error;
use crate::operations::precondition::Precondition;
use crate::operations::{departments, users};

/// Departments that the form offers, and that somebody can be in.
const DEPARTMENTS_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "user_departments.html")]
struct Departments {
    frame: Frame,
    path: String,
    name: String,
    revision: String,
    choices: Vec<Choice>,
    problem: Option<String>,
}

struct Choice {
    id: String,
    name: String,
    description: Option<String>,
    is_chosen: bool,
    is_primary: bool,
}

#[derive(Template)]
#[template(path = "user_profile.html")]
struct Profile {
    frame: Frame,
    path: String,
    name: String,
    revision: String,
    fields: Vec<Input>,
    problem: Option<String>,
}

struct Input {
    path: &'static str,
    label: String,
    value: String,
    is_refused: bool,
    is_time: bool,
    /// What it may be, when that is one of a few.
    choices: Vec<shown::Choice>,
}

#[derive(Template)]
#[template(path = "user_delete.html")]
struct Deletion {
    frame: Frame,
    path: String,
    name: String,
    revision: String,
}

/// What a form of a person's is made from.
struct Known {
    name: String,
    revision: i64,
    departments: Vec<DepartmentId>,
    values: Vec<Option<String>>,
}

impl Known {
    fn of(user: &UserView<'_>) -> Self {
        let value = |field| user.profile.get(field).map(str::to_owned);
        Self {
            name: value(ProfileField::FullName).unwrap_or_else(|| user.username.to_owned()),
            revision: user.revision,
            departments: user.departments.iter().map(|it| it.id).collect(),
            values: ProfileField::ALL.into_iter().map(value).collect(),
        }
    }
}

/// `GET …/users/{user_id}/departments`
pub async fn departments_form(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let known = users::get(call.app(), &access, call.user_id()?, Known::of).await?;
    Ok(page(&departments_page(&call, &access, known, None).await?))
}

/// `POST …/users/{user_id}/departments`
pub async fn set_departments(call: Call, access: Access) -> Result<Response, Failure> {
    call.form
        .only(&["form_key", "revision", "departments", "primary", "pin"])?;
    let id = call.user_id()?;
    let parse = |text: &str| {
        let reason = "departments must be ids of departments";
        DepartmentId::parse(text).ok_or_else(|| Invalid::new("departments", reason))
    };
    let mut wanted = call
        .form
        .all("departments")
        .map(parse)
        .collect::<Result<Vec<_>, _>>()?;
    // The primary one comes first; the others stay in the order in which the person has them.
    let before = users::get(call.app(), &access, id, Known::of).await?;
    let place = |id: &DepartmentId| before.departments.iter().position(|known| known == id);
    wanted.sort_by_key(|id| place(id).unwrap_or(usize::MAX));
    if let Some(primary) = call.form.get("primary").map(parse).transpose()?
        && let Some(place) = wanted.iter().position(|id| *id == primary)
    {
        wanted[..=place].rotate_right(1);
    }
    let pin = call.form.get("pin").map(|_| true);
    let seen = seen(&call)?;
    let changed = users::set_departments(call.app(), &access, id, wanted, pin, seen).await;
    match changed {
        Ok(changed) => Ok(done(&access, id, "departments", &changed)),
        Err(Error::Invalid(invalid)) => {
            let page = departments_page(&call, &access, before, Some(invalid.reason)).await?;
            Ok(refused_page(StatusCode::BAD_REQUEST, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn departments_page(
    call: &Call,
    access: &Access,
    known: Known,
    problem: Option<String>,
) -> Result<Departments, Failure> {
    let query = DepartmentQuery::default();
    let show = |listed: Listed<DepartmentView<'_>>| {
        let choice = |view: &DepartmentView<'_>| Choice {
            id: view.department.id.to_string(),
            name: view.department.name.to_string(),
            description: view.department.description.as_deref().map(str::to_owned),
            is_chosen: known.departments.contains(&view.department.id),
            is_primary: known.departments.first() == Some(&view.department.id),
        };
        listed.items.iter().map(choice).collect()
    };
    let choices = departments::list(call.app(), access, &query, None, DEPARTMENTS_MAX, show);
    Ok(Departments {
        choices: choices.await?,
        frame: frame(call, access, "Departments", &known.name).await?,
        path: path(access, call.user_id()?),
        revision: known.revision.to_string(),
        name: known.name,
        problem,
    })
}

/// `GET …/users/{user_id}/profile`
pub async fn profile_form(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let known = users::get(call.app(), &access, call.user_id()?, Known::of).await?;
    Ok(page(&profile_page(&call, &access, known, None).await?))
}

/// `POST …/users/{user_id}/profile`
pub async fn patch_profile(call: Call, access: Access) -> Result<Response, Failure> {
    let paths = ProfileField::ALL.map(ProfileField::path);
    call.form
        .only(&[&["form_key", "revision", "pin"][..], &paths].concat())?;
    let id = call.user_id()?;
    let before = users::get(call.app(), &access, id, Known::of).await?;
    let mut patch = Map::new();
    for (field, value) in ProfileField::ALL.into_iter().zip(&before.values) {
        let typed = call
            .form
            .get(field.path())
            .map(str::trim)
            .filter(|typed| !typed.is_empty());
        if typed != value.as_deref() {
            put(
                &mut patch,
                field.path(),
                typed.map_or(Value::Null, Into::into),
            );
        }
    }
    let pin = call.form.get("pin").map(|_| true);
    let seen = seen(&call)?;
    match users::patch_profile(call.app(), &access, id, patch, pin, seen).await {
        Ok(changed) => Ok(done(&access, id, "profile", &changed)),
        Err(Error::Invalid(invalid)) => {
            let page = profile_page(&call, &access, before, Some(invalid)).await?;
            Ok(refused_page(StatusCode::BAD_REQUEST, &page))
        }
        Err(error) => Err(error.into()),
    }
}

/// Puts a value where the path leads to.
fn put(patch: &mut Map<String, Value>, path: &str, value: Value) {
    match path.split_once('.') {
        None => drop(patch.insert(path.to_owned(), value)),
        Some((name, rest)) => {
            let inner = patch
                .entry(name)
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// The form with what is known, or with what was typed into it when that was refused.
async fn profile_page(
    call: &Call,
    access: &Access,
    known: Known,
    refused: Option<Invalid>,
) -> Result<Profile, Failure> {
    let field_name = refused.as_ref().map(|refused| refused.field.clone());
    let input = |(field, value): (ProfileField, Option<String>)| {
        let path = field.path();
        let value = match refused {
            Some(_) => call.form.text(path).to_owned(),
            None => value.unwrap_or_default(),
        };
        let choices = match field {
            ProfileField::WorkStatus => {
                let known = WORK_STATUSES.map(|status| (status, status));
                shown::choices(&[&[("", "")], &known[..]].concat(), &value)
            }
            _ => Vec::new(),
        };
        Input {
            choices,
            path,
            label: label_of(path).into_owned(),
            value,
            is_refused: field_name
                .as_deref()
                .is_some_and(|name| name.ends_with(path)),
            is_time: field.is_time(),
        }
    };
    let values = ProfileField::ALL.into_iter().zip(known.values);
    Ok(Profile {
        fields: values.map(input).collect(),
        problem: refused.as_ref().map(|refused| refused.reason.clone()),
        frame: frame(call, access, "Profile", &known.name).await?,
        path: path(access, call.user_id()?),
        revision: known.revision.to_string(),
        name: known.name,
    })
}

/// `POST …/users/{user_id}/state`
pub async fn set_state(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "state"])?;
    let (id, wanted) = (call.user_id()?, call.form.text("state"));
    let patch = Map::from_iter([("state".to_owned(), wanted.into())]);
    let any = Precondition::None;
    let changed = users::patch_profile(call.app(), &access, id, patch, None, any).await?;
    let word = if wanted == "INACTIVE" {
        "deactivated"
    } else {
        "activated"
    };
    Ok(done(&access, id, word, &changed))
}

/// `GET …/users/{user_id}/delete`
pub async fn deletion(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.user_id()?;
    let known = users::get(call.app(), &access, id, Known::of).await?;
    Ok(page(&Deletion {
        frame: frame(&call, &access, "Delete", &known.name).await?,
        path: path(&access, id),
        revision: known.revision.to_string(),
        name: known.name,
    }))
}

/// `POST …/users/{user_id}/delete`
pub async fn delete(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "revision"])?;
    let id = call.user_id()?;
    users::delete(call.app(), &access, id, seen(&call)?).await?;
    Ok(see_other(&address(
        &path(&access, id),
        &[("done", "deleted")],
    )))
}

/// `POST …/users/{user_id}/restore`
pub async fn restore(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key"])?;
    let id = call.user_id()?;
    users::restore(call.app(), &access, id, None).await?;
    Ok(see_other(&address(
        &path(&access, id),
        &[("done", "restored")],
    )))
}

/// The revision that the form was made for: who changed the person meanwhile is not overruled.
fn seen(call: &Call) -> Result<Precondition, Invalid> {
    let revision = call
        .form
        .parsed("revision", "the form's own", |text| text.parse().ok())?;
    let missing = || Invalid::new("revision", "the form's revision is missing");
    Ok(Precondition::Revisions(vec![revision.ok_or_else(missing)?]))
}

fn path(access: &Access, id: UserId) -> String {
    format!("/console/clients/{}/users/{id}", access.client())
}

/// Leads to the person, where it is said what was done and how it is undone.
fn done(access: &Access, id: UserId, word: &str, changed: &UserDetails) -> Response {
    let change = changed.user.revision.to_string();
    see_other(&address(
        &path(access, id),
        &[("done", word), ("change", &change)],
    ))
}

async fn frame(call: &Call, access: &Access, title: &str, name: &str) -> Result<Frame, Failure> {
    call.client_frame(access, &format!("{title}: {name}"), Place::Users)
        .await
}
