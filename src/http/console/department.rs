//! `…/departments/{department_id}`: what it is and who belongs to it, and changing both.

use askama::Template;

use crate::http::answer::Response;
use crate::http::console::assets;
use crate::http::console::departments::{self as lists, FieldsForm, Problem, fields};
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::profile::state_of;
use crate::http::console::shown::{When, counted};
use crate::http::console::{Call, Failure, see_other};
use crate::model::department::{DepartmentChange, DepartmentView};
use crate::model::id::{DepartmentId, UserId};
use crate::model::invalid::Invalid;
use crate::model::page::{Page as Listed, UserQuery};
use crate::model::profile::ProfileField;
use crate::model::scope::Scope;
use crate::model::text::fold;
use crate::model::user::UserView;
use crate::operations::caller::Access;
use crate::operations::departments::{self, Membership};
use crate::operations::error::{Error, Noun};
use crate::operations::precondition::Precondition;
use crate::operations::users;
use crate::operations::write::Done;

const PAGE_SIZE: usize = 50;
/// People that a search for new members shows.
const FOUND_MAX: usize = 10;

/// A department as its pages show it.
struct Known {
    name: String,
    description: Option<String>,
    members: u64,
    created: When,
    updated: When,
    external_id: Option<String>,
    revision: String,
}

impl Known {
    fn of(view: &DepartmentView<'_>) -> Self {
        let department = view.department;
        let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        Self {
            name: department.name.to_string(),
            description: text(&department.description),
            members: view.member_count,
            created: When(department.created_at),
            updated: When(department.updated_at),
            external_id: text(&department.external_id),
            revision: department.revision.to_string(),
        }
    }
}

/// Somebody who belongs to it, or may come to.
struct Person {
    id: String,
    name: String,
    username: String,
    state: (&'static str, &'static str),
    seen: Option<When>,
    is_member: bool,
}

impl Person {
    fn of(user: &UserView<'_>, department: DepartmentId) -> Self {
        Self {
            id: user.id.to_string(),
            name: name_of(user),
            username: user.username.to_owned(),
            state: state_of(user),
            seen: user.last_activity.at().map(When),
            is_member: user.departments.iter().any(|it| it.id == department),
        }
    }
}

/// What was done, and to whom, with what takes it back.
struct Notice {
    sentence: String,
    undo: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "department.html")]
struct Page {
    frame: Frame,
    path: String,
    people: String,
    department: Known,
    count: String,
    members: Vec<Person>,
    is_first: bool,
    next: Option<String>,
    find: String,
    found: Vec<Person>,
    has_more_found: bool,
    may_write: bool,
    notice: Option<Notice>,
}

#[derive(Template)]
#[template(path = "department_delete.html")]
struct Deletion {
    frame: Frame,
    path: String,
    name: String,
    /// How many leave it: `3 members leave`; empty when nobody does.
    members: String,
    revision: String,
}

/// `GET /console/clients/{client_id}/departments/{department_id}`
pub async fn get(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&["find", "after", "done", "who"])?;
    let (app, id) = (call.app(), call.department_id()?);
    let department = departments::get(app, &access, id, Known::of).await?;
    let query = UserQuery {
        department: Some(id),
        ..UserQuery::default()
    };
    let purpose = format!("console members\0{}\0{id}", access.client());
    let after = call.position(&asked, &purpose)?;
    let show = |listed: Listed<UserView<'_>>| {
        let people = listed.items.iter().map(|user| Person::of(user, id));
        (people.collect(), listed.next)
    };
    let listed = users::list(app, &access, &query, after.as_ref(), PAGE_SIZE, show);
    let (members, next) = listed.await?;
    let next = next.map(|next| call.seal(&next, &purpose));
    let path = path(&access, id);
    let may_write = call.visitor.may(access.client(), Scope::DepartmentsWrite);
    let find = asked.text("find").trim().to_owned();
    let (found, has_more_found) = match may_write && !find.is_empty() {
        true => found(&call, &access, id, &find).await?,
        false => (Vec::new(), false),
    };
    Ok(page(&Page {
        frame: call
            .client_frame(&access, &department.name, Place::Departments)
            .await?,
        notice: notice(&call, &access, &asked, may_write).await?,
        people: format!("/console/clients/{}/users", access.client()),
        count: counted(department.members, "member"),
        department,
        members,
        is_first: after.is_none(),
        next: next.map(|next| address(&path, &[("after", &next)])),
        find,
        found,
        has_more_found,
        may_write,
        path,
    }))
}

/// People whose name or key contains a text, and whether there are more than are shown.
async fn found(
    call: &Call,
    access: &Access,
    id: DepartmentId,
    text: &str,
) -> Result<(Vec<Person>, bool), Failure> {
    let query = UserQuery {
        q: Some(fold(text).into()),
        ..UserQuery::default()
    };
    let show = |listed: Listed<UserView<'_>>| {
        let people = listed.items.iter().map(|user| Person::of(user, id));
        (people.collect(), listed.next.is_some())
    };
    Ok(users::list(call.app(), access, &query, None, FOUND_MAX, show).await?)
}

async fn notice(
    call: &Call,
    access: &Access,
    asked: &Form,
    may_write: bool,
) -> Result<Option<Notice>, Failure> {
    let (verb, back) = match asked.text("done") {
        "created" => return Ok(Some(Notice::plain("The department was made."))),
        "changed" => return Ok(Some(Notice::plain("The department was changed."))),
        "added" => ("was added", "members/remove"),
        "removed" => ("was removed", "members"),
        _ => return Ok(None),
    };
    let who = asked.parsed("who", "the id of a user", UserId::parse)?;
    let Some(who) = who else {
        return Ok(None);
    };
    // Whoever was deleted meanwhile is not spoken of.
    let name = match users::get(call.app(), access, who, name_of).await {
        Ok(name) => name,
        Err(Error::NotFound(Noun::User, _)) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Notice {
        sentence: format!("{name} {verb}."),
        undo: may_write.then(|| (back, who.to_string())),
    }))
}

impl Notice {
    fn plain(sentence: &str) -> Self {
        Self {
            sentence: sentence.to_owned(),
            undo: None,
        }
    }
}

/// `POST …/departments/{department_id}/members`
pub async fn add_member(call: Call, access: Access) -> Result<Response, Failure> {
    change_member(&call, &access, Membership::Member, "added").await
}

/// `POST …/departments/{department_id}/members/remove`
pub async fn remove_member(call: Call, access: Access) -> Result<Response, Failure> {
    change_member(&call, &access, Membership::NoMember, "removed").await
}

async fn change_member(
    call: &Call,
    access: &Access,
    membership: Membership,
    word: &str,
) -> Result<Response, Failure> {
    call.form.only(&["form_key", "user_id", "find"])?;
    let (id, who) = (call.department_id()?, call.form.text("user_id").to_owned());
    let users = vec![who.clone()];
    let done = departments::change_members(call.app(), access, id, users, membership, None).await?;
    if let Done::Now(changed) = &done
        && !changed.failed.is_empty()
    {
        return Err(Error::not_found(Noun::User, who).into());
    }
    // Who searches for one often adds others of the same search.
    let fields = [
        ("find", call.form.text("find")),
        ("done", word),
        ("who", &who),
    ];
    Ok(see_other(&address(&path(access, id), &fields)))
}

/// `GET …/departments/{department_id}/edit`
pub async fn edit_form(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.department_id()?;
    let known = departments::get(call.app(), &access, id, Known::of).await?;
    let description = known.description.unwrap_or_default();
    let typed = (known.name.clone(), description, known.revision);
    Ok(page(&form(&call, &access, &known.name, typed, None).await?))
}

/// `POST …/departments/{department_id}/edit`
pub async fn edit(call: Call, access: Access) -> Result<Response, Failure> {
    call.form
        .only(&["form_key", "revision", "name", "description"])?;
    let (id, seen) = (call.department_id()?, seen(&call.form)?);
    let changed = async {
        let (name, description) = fields(&call.form)?;
        let change = DepartmentChange {
            name: Some(name),
            description: Some(description),
        };
        departments::update(call.app(), &access, id, change, seen).await
    };
    let Err(error) = changed.await else {
        let path = path(&access, id);
        return Ok(see_other(&address(&path, &[("done", "changed")])));
    };
    let (status, problem) = Problem::of(error)?;
    let known = departments::get(call.app(), &access, id, Known::of).await?;
    let text = |name| call.form.text(name).to_owned();
    let typed = (text("name"), text("description"), text("revision"));
    let form = form(&call, &access, &known.name, typed, Some(problem)).await?;
    Ok(refused_page(status, &form))
}

async fn form(
    call: &Call,
    access: &Access,
    called: &str,
    (name, description, revision): (String, String, String),
    problem: Option<Problem>,
) -> Result<FieldsForm, Failure> {
    let (title, back) = (
        format!("Change {called}"),
        path(access, call.department_id()?),
    );
    Ok(FieldsForm {
        frame: call
            .client_frame(access, &title, Place::Departments)
            .await?,
        title,
        action: format!("{back}/edit"),
        back,
        submit: "Save",
        name,
        description,
        revision: Some(revision),
        problem,
    })
}

/// `GET …/departments/{department_id}/delete`
pub async fn deletion(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    let id = call.department_id()?;
    let known = departments::get(call.app(), &access, id, Known::of).await?;
    let title = format!("Delete: {}", known.name);
    Ok(page(&Deletion {
        frame: call
            .client_frame(&access, &title, Place::Departments)
            .await?,
        path: path(&access, id),
        members: match known.members {
            0 => String::new(),
            1 => "1 member leaves".to_owned(),
            many => format!("{} leave", counted(many, "member")),
        },
        name: known.name,
        revision: known.revision,
    }))
}

/// `POST …/departments/{department_id}/delete`
pub async fn delete(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "revision"])?;
    let (id, seen) = (call.department_id()?, seen(&call.form)?);
    departments::delete(call.app(), &access, id, seen).await?;
    let list = lists::path(&access);
    Ok(see_other(&address(&list, &[("done", "deleted")])))
}

/// The revision that the form was made for: who changed the department meanwhile is not overruled.
fn seen(form: &Form) -> Result<Precondition, Invalid> {
    let revision = form.parsed("revision", "the form's own", |text| text.parse().ok())?;
    let missing = || Invalid::new("revision", "the form's revision is missing");
    Ok(Precondition::Revisions(vec![revision.ok_or_else(missing)?]))
}

fn name_of(user: &UserView<'_>) -> String {
    let full_name = user.profile.get(ProfileField::FullName);
    full_name.unwrap_or(user.username).to_owned()
}

fn path(access: &Access, id: DepartmentId) -> String {
    format!("{}/{id}", lists::path(access))
}
