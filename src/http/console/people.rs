//! `…/users`: the table of a client's people, searched, filtered, sorted, a page at a time. Its address
//! says all of that, so it can be shared.

use askama::Template;
use hyper::header::HeaderName;

use crate::http::answer::{self, Response};
use crate::http::console::assets;
use crate::http::console::columns::{COLUMNS, Cell, Column};
use crate::http::console::form::{Form, address};
use crate::http::console::frame::{Frame, Place, page};
use crate::http::console::shown::{Choice, choices, counted};
use crate::http::console::{Call, Failure};
use crate::model::department::DepartmentView;
use crate::model::id::DepartmentId;
use crate::model::invalid::Invalid;
use crate::model::page::{
    DepartmentQuery, Page as Listed, SortOrder, StateFilter, UserQuery, UserSort,
};
use crate::model::profile::ProfileField;
use crate::model::text::fold;
use crate::model::timestamp::Timestamp;
use crate::model::user::UserView;
use crate::operations::app::App;
use crate::operations::caller::Access;
use crate::operations::{departments, users};

const PAGE_SIZE: usize = 50;
/// Departments that the filter offers. Of a client that has more, the others are found on their page.
const DEPARTMENTS_SHOWN: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const FIELDS: [&str; 8] = [
    "q",
    "department_id",
    "state",
    "seen",
    "sort_by",
    "sort_order",
    "columns",
    "after",
];

/// A column's head.
struct Head {
    label: &'static str,
    /// Where a click on it leads, when one can sort by it.
    address: Option<String>,
    /// `ascending` or `descending`, when the table is sorted by it.
    sorted: Option<&'static str>,
}

struct Row {
    name: String,
    username: String,
    address: String,
    cells: Vec<(&'static str, Cell)>,
}

#[derive(Template)]
#[template(path = "users.html")]
struct Page {
    frame: Frame,
    path: String,
    q: String,
    sort_by: String,
    sort_order: String,
    departments: Vec<Choice>,
    states: Vec<Choice>,
    seen: Vec<Choice>,
    columns: Vec<Choice>,
    heads: Vec<Head>,
    rows: Vec<Row>,
    count: String,
    is_filtered: bool,
    is_first: bool,
    next: Option<String>,
    first: String,
}

/// `GET /console/clients/{client_id}/users`
pub async fn list(call: Call, access: Access) -> Result<Response, Failure> {
    let asked = call.query(&FIELDS)?;
    let filter = user_query(call.app(), &asked)?;
    let path = format!("/console/clients/{}/users", access.client());
    let columns = chosen(&asked)?;
    // What was asked for and not what came of it: "within a day" is another moment with every page.
    let purpose = format!(
        "console users\0{}\0{}",
        access.client(),
        words(&asked, &FIELDS[..6])
    );
    let after = call.position(&asked, &purpose)?;
    let show = |listed: Listed<UserView<'_>>| {
        let rows = listed
            .items
            .iter()
            .map(|user| row(&path, user, &columns))
            .collect::<Vec<_>>();
        (rows, listed.total_count, listed.next)
    };
    let listed = users::list(
        call.app(),
        &access,
        &filter,
        after.as_ref(),
        PAGE_SIZE,
        show,
    );
    let (rows, count, next) = listed.await?;
    let next = next.map(|next| call.seal(&next, &purpose));
    let link = Link {
        path: &path,
        asked: &asked,
        columns: &columns,
    };
    let page_of_users = Page {
        q: asked.text("q").to_owned(),
        sort_by: asked.text("sort_by").to_owned(),
        sort_order: asked.text("sort_order").to_owned(),
        departments: department_choices(&call, &access, &asked).await?,
        states: choices(&STATES, asked.text("state")),
        seen: choices(&SEEN, asked.text("seen")),
        columns: column_choices(&columns),
        heads: heads(&link, &filter, &columns),
        rows,
        count: counted(count, "user"),
        is_filtered: FIELDS[..4].iter().any(|field| asked.get(field).is_some()),
        is_first: after.is_none(),
        next: next.map(|next| link.to(&[("after", &next)])),
        first: link.to(&[]),
        frame: call.client_frame(&access, "Users", Place::Users).await?,
        path: path.clone(),
    };
    let mut response = page(&page_of_users);
    // A search as one types shows the address that it would have had as a link.
    if call.asked.head.headers.contains_key("hx-request") {
        let here = link.to(&[("after", asked.text("after"))]);
        let name = HeaderName::from_static("hx-replace-url");
        answer::set(&mut response, name, &here);
    }
    Ok(response)
}

const STATES: [(&str, &str); 4] = [
    ("", "Any state"),
    ("active", "Active"),
    ("inactive", "Inactive"),
    ("deleted", "Deleted"),
];

const SEEN: [(&str, &str); 10] = [
    ("", "Seen at any time"),
    ("within-1", "Seen within a day"),
    ("within-2", "Seen within 2 days"),
    ("within-7", "Seen within 7 days"),
    ("within-30", "Seen within 30 days"),
    ("not-2", "Not seen for 2 days"),
    ("not-7", "Not seen for 7 days"),
    ("not-30", "Not seen for 30 days"),
    ("not-90", "Not seen for 90 days"),
    ("never", "Never seen"),
];

fn user_query(app: &App, asked: &Form) -> Result<UserQuery, Failure> {
    let department = asked.parsed("department_id", "a department's id", DepartmentId::parse)?;
    let state = asked.parsed("state", "active, inactive or deleted", StateFilter::parse)?;
    let known = |seen: &str| SEEN.into_iter().find(|(value, _)| *value == seen);
    let seen = asked.parsed("seen", "one of the choices", known)?;
    let days_ago = |days: &str| {
        let days: i64 = days.parse().expect("the choices are numbers of days");
        app.now().plus_milliseconds(-days * DAY_MS)
    };
    let seen = seen.map_or("", |(value, _)| value);
    let stale_since = match seen.strip_prefix("not-") {
        Some(days) => Some(days_ago(days)),
        // Whoever was seen was seen at the earliest moment or later.
        None if seen == "never" => Some(Timestamp::from_milliseconds(i64::MIN)),
        None => None,
    };
    let sort = asked.parsed("sort_by", "a column that one can sort by", UserSort::parse)?;
    let order = asked.parsed("sort_order", "asc or desc", SortOrder::parse)?;
    Ok(UserQuery {
        q: asked.get("q").map(|q| fold(q.trim()).into()),
        department,
        state,
        active_since: seen.strip_prefix("within-").map(days_ago),
        stale_since,
        sort: sort.unwrap_or_default(),
        order: order.unwrap_or_default(),
        ..UserQuery::default()
    })
}

/// The columns that are asked for, or else the usual ones, in their order.
fn chosen(asked: &Form) -> Result<Vec<&'static Column>, Failure> {
    let names: Vec<&str> = asked
        .all("columns")
        .flat_map(|names| names.split(','))
        .collect();
    for name in &names {
        let is_known = COLUMNS.iter().any(|column| column.name == *name);
        let reason = "columns must be names of columns";
        is_known
            .then_some(())
            .ok_or_else(|| Invalid::new("columns", reason))?;
    }
    let is_shown = |column: &&Column| {
        if names.is_empty() {
            column.is_usual
        } else {
            names.contains(&column.name)
        }
    };
    Ok(COLUMNS.iter().filter(is_shown).collect())
}

fn row(path: &str, user: &UserView<'_>, columns: &[&'static Column]) -> Row {
    let full_name = user.profile.get(ProfileField::FullName);
    Row {
        name: full_name.unwrap_or(user.username).to_owned(),
        username: user.username.to_owned(),
        address: format!("{path}/{}", user.id),
        cells: columns
            .iter()
            .map(|column| (column.label, (column.show)(user)))
            .collect(),
    }
}

/// Links to the same table, shown differently.
struct Link<'l> {
    path: &'l str,
    asked: &'l Form,
    columns: &'l [&'static Column],
}

impl Link<'_> {
    /// The same filters, order and columns, with these fields instead.
    fn to(&self, instead: &[(&str, &str)]) -> String {
        let names: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let usual = COLUMNS
            .iter()
            .filter(|column| column.is_usual)
            .map(|column| column.name);
        let columns = if usual.eq(names.iter().copied()) {
            String::new()
        } else {
            names.join(",")
        };
        let mut fields: Vec<(&str, &str)> = FIELDS[..6]
            .iter()
            .map(|field| (*field, self.asked.text(field)))
            .collect();
        fields.push(("columns", &columns));
        for (name, value) in instead {
            fields.retain(|(known, _)| known != name);
            fields.push((name, value));
        }
        address(self.path, &fields)
    }
}

/// The values of these fields, so that no two ways to fill them are alike.
fn words(asked: &Form, fields: &[&str]) -> String {
    let values: Vec<&str> = fields.iter().map(|field| asked.text(field)).collect();
    format!("{values:?}")
}

fn heads(link: &Link<'_>, filter: &UserQuery, columns: &[&'static Column]) -> Vec<Head> {
    let name = ("Name", Some(UserSort::Username));
    let others = columns.iter().map(|column| (column.label, column.sort));
    std::iter::once(name)
        .chain(others)
        .map(|(label, sort)| {
            let is_sorted = sort == Some(filter.sort);
            // Whom one looks for by activity is who was seen last.
            let first = match sort {
                Some(UserSort::Username) | None => SortOrder::Ascending,
                Some(_) => SortOrder::Descending,
            };
            let order = if is_sorted {
                filter.order.reversed()
            } else {
                first
            };
            let sorted = match filter.order {
                SortOrder::Ascending => "ascending",
                SortOrder::Descending => "descending",
            };
            Head {
                label,
                address: sort
                    .map(|sort| link.to(&[("sort_by", sort.name()), ("sort_order", order.name())])),
                sorted: is_sorted.then_some(sorted),
            }
        })
        .collect()
}

fn column_choices(columns: &[&'static Column]) -> Vec<Choice> {
    let choices = COLUMNS.iter().map(|column| Choice {
        value: column.name.to_owned(),
        label: column.label.to_owned(),
        is_chosen: columns.iter().any(|chosen| chosen.name == column.name),
    });
    choices.collect()
}

async fn department_choices(
    call: &Call,
    access: &Access,
    asked: &Form,
) -> Result<Vec<Choice>, Failure> {
    let (query, chosen) = (DepartmentQuery::default(), asked.text("department_id"));
    let show = |listed: Listed<DepartmentView<'_>>| {
        let choices = listed.items.iter().map(|view| Choice {
            value: view.department.id.to_string(),
            label: view.department.name.to_string(),
            is_chosen: view.department.id.as_str() == chosen,
        });
        choices.collect::<Vec<_>>()
    };
    let listed = departments::list(call.app(), access, &query, None, DEPARTMENTS_SHOWN, show);
    let mut choices = listed.await?;
    choices.insert(
        0,
        Choice {
            value: String::new(),
            label: "Any department".to_owned(),
            is_chosen: chosen.is_empty(),
        },
    );
    Ok(choices)
}
