//! The columns of the table of people.

use crate::http::console::profile::state_of;
use crate::http::console::shown::When;
use crate::model::page::UserSort;
use crate::model::profile::ProfileField;
use crate::model::timestamp::Timestamp;
use crate::model::user::UserView;

/// A column that can be chosen. The first one, with the name, is always there.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    /// What a click on its head sorts by.
    pub(super) sort: Option<UserSort>,
    pub(super) is_usual: bool,
    pub(super) show: fn(&UserView<'_>) -> Cell,
}

pub(super) const COLUMNS: [Column; 11] = [
    column("user_key", "User key", None, false, |user| {
        text(user.user_key)
    }),
    column("email", "E-mail address", None, false, |user| {
        profile(user, ProfileField::EmailAddr)
    }),
    column("external_id", "External id", None, false, |user| {
        user.external_id.map_or(Cell::None, text)
    }),
    column("role", "Role", None, false, |user| {
        profile(user, ProfileField::Role)
    }),
    column("departments", "Departments", None, true, |user| {
        let names: Vec<&str> = user.departments.iter().map(|it| &*it.name).collect();
        if names.is_empty() {
            Cell::None
        } else {
            Cell::Text(names.join(", "))
        }
    }),
    column("state", "State", None, true, state),
    column(
        "last_seen",
        "Last seen",
        Some(UserSort::LastActivity),
        true,
        |user| {
            user.last_activity
                .at()
                .map_or(Cell::Never, |at| Cell::Moment(When(at)))
        },
    ),
    column("desktop", "On desktop", None, false, |user| {
        moment(user.last_activity.desktop_at)
    }),
    column("web", "In browser", None, false, |user| {
        moment(user.last_activity.web_at)
    }),
    column(
        "created",
        "Created",
        Some(UserSort::CreatedAt),
        false,
        |user| moment(Some(user.created_at)),
    ),
    column("updated", "Changed", None, false, |user| {
        moment(Some(user.updated_at))
    }),
];

const fn column(
    name: &'static str,
    label: &'static str,
    sort: Option<UserSort>,
    is_usual: bool,
    show: fn(&UserView<'_>) -> Cell,
) -> Column {
    Column {
        name,
        label,
        sort,
        is_usual,
        show,
    }
}

/// What a cell shows.
pub(super) enum Cell {
    None,
    Never,
    Text(String),
    State(&'static str, &'static str),
    Moment(When),
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn profile(user: &UserView<'_>, field: ProfileField) -> Cell {
    user.profile.get(field).map_or(Cell::None, text)
}

fn moment(at: Option<Timestamp>) -> Cell {
    at.map_or(Cell::None, |at| Cell::Moment(When(at)))
}

fn state(user: &UserView<'_>) -> Cell {
    let (class, label) = state_of(user);
    Cell::State(class, label)
}
