//! `…/departments`: the table of a client's departments, searched, sorted, a page at a time, and the form
//! that makes one.

use askama::Template;
use hyper::StatusCode;
use hyper::header::HeaderName;

use crate::http::answer::{self, Response};
use crate::http::console::assets;
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page, refused_page};
use crate::http::console::shown::{When, count, counted};
use crate::http::console::{Call, Failure, see_other};
use crate::model::department::{DepartmentView, NewDepartment};
use crate::model::invalid::Invalid;
use crate::model::page::{DepartmentQuery, DepartmentSort, Page as Listed, SortOrder};
use crate::model::scope::Scope;
use crate::model::text::{self, DESCRIPTION_LENGTH_MAX, checked_or_empty, fold};
use crate::operations::caller::Access;
use crate::operations::departments;
use crate::operations::error::Error;
use crate::operations::write::Done;

const PAGE_SIZE: usize = 50;
const FIELDS: [&str; 3] = ["q", "sort_by", "sort_order"];
const COLUMNS: [(&str, DepartmentSort); 3] = [
    ("Name", DepartmentSort::Name),
    ("Members", DepartmentSort::MemberCount),
    ("Created", DepartmentSort::CreatedAt),
];

/// A column's head.
struct Head {
    label: &'static str,
    /// Where a click on it leads.
    address: String,
    /// `ascending` or `descending`, when the table is sorted by it.
    sorted: Option<&'static str>,
}

struct Row {
    name: String,
    description: Option<String>,
    address: String,
    members: String,
    created: When,
}

#[derive(Template)]
#[template(path = "departments.html")]
struct Page {
    frame: Frame,
    path: String,
    q: String,
    sort_by: String,
    sort_order: String,
    heads: Vec<Head>,
    rows: Vec<Row>,
    count: String,
    is_first: bool,
    first: String,
    next: Option<String>,
    may_write: bool,
    notice: Option<&'static str>,
}

/// The form of a department's own fields, new or not.
#[derive(Template)]
#[template(path = "department_form.html")]
pub(super) struct FieldsForm {
    pub(super) frame: Frame,
    pub(super) title: String,
    /// Where it is sent.
    pub(super) action: String,
    /// Where one goes who changes nothing.
    pub(super) back: String,
    pub(super) submit: &'static str,
    pub(super) name: String,
    pub(super) description: String,
    /// What the form was made for; `None` for a department that is not there yet.
    pub(super) revision: Option<String>,
    pub(super) problem: Option<Problem>,
}

/// Why the form was refused, and for which of its fields.
pub(super) struct Problem {
    field: &'static str,
    sentence: String,
}

impl Problem {
    /// The problem that an error is, if whoever filled the form in can mend it, with its status.
    pub(super) fn of(error: Error) -> Result<(StatusCode, Self), Failure> {
        let (status, field, sentence) = match error {
            Error::Invalid(Invalid { field, reason }) => (StatusCode::BAD_REQUEST, field, reason),
            Error::Conflict(Invalid { field, reason }) => (StatusCode::CONFLICT, field, reason),
            error => return Err(error.into()),
        };
        let known = ["name", "description"].into_iter();
        let field = known.into_iter().find(|known| *known == field);
        let field = field.unwrap_or_default();
        Ok((status, Self { field, sentence }))
    }
}

impl FieldsForm {
    fn is_refused(&self, field: &str) -> bool {
        let problem = self.problem.as_ref();
        problem.is_some_and(|problem| problem.field == field)
    }
}

/// `GET /console/clients/{client_id}/departments`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&[&FIELDS[..], &["after", "done"]].concat())?;
    let query = department_query(&asked)?;
    let client = access.client();
    let path = path(&access);
    let purpose = format!("console departments\0{client}\0{query:?}");
    let after = call.position(&asked, &purpose)?;
    let show = |listed: Listed<DepartmentView<'_>>| {
        let rows = listed.items.iter().map(|view| row(&path, view));
        (rows.collect(), listed.total_count, listed.next)
    };
    let listed = departments::list(call.app(), &access, &query, after.as_ref(), PAGE_SIZE, show);
    let (rows, total, next) = listed.await?;
    let next = next.map(|next| call.seal(&next, &purpose));
    let is_done = asked.get("done") == Some("deleted");
    let page_of_departments = Page {
        frame: call
            .client_frame(&access, "Departments", Place::Departments)
            .await?,
        q: asked.text("q").to_owned(),
        sort_by: asked.text("sort_by").to_owned(),
        sort_order: asked.text("sort_order").to_owned(),
        heads: COLUMNS
            .iter()
            .map(|column| head(&path, &asked, &query, column))
            .collect(),
        rows,
        count: counted(total, "department"),
        is_first: after.is_none(),
        first: to(&path, &asked, &[]),
        next: next.map(|next| to(&path, &asked, &[("after", &next)])),
        may_write: call.visitor.may(access.client(), Scope::DepartmentsWrite),
        notice: is_done.then_some("The department was deleted. Nobody's record was."),
        path: path.clone(),
    };
    let mut response = page(&page_of_departments);
    // A search as one types shows the address that it would have had as a link.
    if call.asked.head.headers.contains_key("hx-request") {
        let here = to(&path, &asked, &[("after", asked.text("after"))]);
        let name = HeaderName::from_static("hx-replace-url");
        answer::set(&mut response, name, &here);
    }
    Ok(response)
}

/// `GET /console/clients/{client_id}/departments/new`
pub async fn creation(call: Call, access: Access) -> Result<Response, Failure> {
    call.query(&[])?;
    Ok(page(&new_form(&call, &access, None).await?))
}

/// `POST /console/clients/{client_id}/departments/new`
pub async fn create(call: Call, access: Access) -> Result<Response, Failure> {
    call.form.only(&["form_key", "name", "description"])?;
    let made = async {
        let (name, description) = fields(&call.form)?;
        let new = NewDepartment { name, description };
        departments::create(call.app(), &access, new, None).await
    };
    match made.await {
        Ok(Done::Now(made)) => {
            let made = format!("{}/{}", path(&access), made.id);
            Ok(see_other(&address(&made, &[("done", "created")])))
        }
        Ok(_) => Err(Error::Internal("an answer was remembered without a key".to_owned()).into()),
        Err(error) => {
            let (status, problem) = Problem::of(error)?;
            let form = new_form(&call, &access, Some(problem)).await?;
            Ok(refused_page(status, &form))
        }
    }
}

async fn new_form(
    call: &Call,
    access: &Access,
    problem: Option<Problem>,
) -> Result<FieldsForm, Failure> {
    let (title, back) = ("New department", path(access));
    Ok(FieldsForm {
        frame: call.client_frame(access, title, Place::Departments).await?,
        title: title.to_owned(),
        action: format!("{back}/new"),
        back,
        submit: "Make department",
        name: call.form.text("name").to_owned(),
        description: call.form.text("description").to_owned(),
        revision: None,
        problem,
    })
}

/// The name and the description that were typed. A description holds no line breaks: it is shown in one
/// line of a table.
pub(super) fn fields(form: &Form) -> Result<(Box<str>, Option<Box<str>>), Invalid> {
    let name = text::name("name", form.text("name").trim())?;
    let lines: Vec<&str> = form.text("description").trim().lines().collect();
    let description = lines.join(" ");
    checked_or_empty("description", &description, DESCRIPTION_LENGTH_MAX)?;
    let description = (!description.is_empty()).then(|| description.into());
    Ok((name, description))
}

/// Where the list is.
pub(super) fn path(access: &Access) -> String {
    format!("/console/clients/{}/departments", access.client())
}

fn department_query(asked: &Form) -> Result<DepartmentQuery, Failure> {
    let sort = |text: &str| {
        let sorts = COLUMNS.into_iter().map(|(_, sort)| sort);
        sorts.into_iter().find(|sort| sort.name() == text)
    };
    let sort = asked.parsed("sort_by", "a column that one can sort by", sort)?;
    let order = asked.parsed("sort_order", "asc or desc", SortOrder::parse)?;
    Ok(DepartmentQuery {
        q: asked.get("q").map(|q| fold(q.trim()).into()),
        sort: sort.unwrap_or_default(),
        order: order.unwrap_or_default(),
    })
}

fn row(path: &str, view: &DepartmentView<'_>) -> Row {
    let department = view.department;
    Row {
        name: department.name.to_string(),
        description: department.description.as_deref().map(str::to_owned),
        address: format!("{path}/{}", department.id),
        members: count(view.member_count),
        created: When(department.created_at),
    }
}

fn head(
    path: &str,
    asked: &Form,
    query: &DepartmentQuery,
    (label, sort): &(&'static str, DepartmentSort),
) -> Head {
    let is_sorted = *sort == query.sort;
    // One looks for the largest and for the latest.
    let first = match sort {
        DepartmentSort::Name => SortOrder::Ascending,
        _ => SortOrder::Descending,
    };
    let order = if is_sorted {
        query.order.reversed()
    } else {
        first
    };
    let sorted = match query.order {
        SortOrder::Ascending => "ascending",
        SortOrder::Descending => "descending",
    };
    let instead = [("sort_by", sort.name()), ("sort_order", order.name())];
    Head {
        label,
        address: to(path, asked, &instead),
        sorted: is_sorted.then_some(sorted),
    }
}

/// The same list, with these fields instead.
fn to(path: &str, asked: &Form, instead: &[(&str, &str)]) -> String {
    let same = FIELDS.into_iter().map(|field| (field, asked.text(field)));
    let is_same = |(field, _): &(&str, &str)| instead.iter().all(|(name, _)| name != field);
    let fields: Vec<(&str, &str)> = same
        .filter(is_same)
        .chain(instead.iter().copied())
        .collect();
    address(path, &fields)
}
