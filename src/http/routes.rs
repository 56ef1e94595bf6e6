//! The whole server on one page.
//!
//! One table makes the router, the OpenAPI document's list of paths, and the access test; another one
//! has the console's pages. A route that is in neither does not exist, and what a route needs is
//! checked before its handler runs.

use std::sync::Arc;

use hyper::header::{ALLOW, HeaderValue};
use hyper::{Method, StatusCode};

use crate::http::answer::Response;
use crate::http::clients::failure::Failure;
use crate::http::clients::{
    activity, analytics, changes, clients, departments, imports, provenance, users,
};
use crate::http::console::{self, Reach};
use crate::http::observe::{Observer, RequestId};
pub use crate::http::route::{Needs, Route};
use crate::http::route::{
    of_admin, of_admin_page, of_anybody, of_client, of_console, of_gateway, of_oauth, of_scim,
    of_visitor, open, open_waiting,
};
use crate::http::router::{Asked, Resource, Router};
use crate::http::scim::{self, bulk, discovery, groups, search, users as scim_users};
use crate::http::{Http, answer, documents, gateway, probes, router};
use crate::model::instance::InstanceName;
use crate::model::rate_limit::RouteClass;
use crate::model::scope::Scope;
use crate::operations::error::Error;

/// Every route of the server.
#[rustfmt::skip]
#[allow(clippy::too_many_lines, reason = "the whole server on one page, a line a route")]
pub fn table() -> Vec<Route> {
    use Scope::{Admin, DepartmentsWrite, UsersRead, UsersWrite};
    use scim::{GROUP as SCIM_GROUP, GROUPS as SCIM_GROUPS, USER as SCIM_USER, USERS as SCIM_USERS};
    const CLIENTS: &str = "/v2/clients";
    const CLIENT: &str = "/v2/clients/{client_id}";
    const USERS: &str = "/v2/clients/{client_id}/users";
    const SUMMARY: &str = "/v2/clients/{client_id}/users/summary";
    const USER: &str = "/v2/clients/{client_id}/users/{user_id}";
    const UNDO: &str = "/v2/clients/{client_id}/users/{user_id}/undo";
    const CHANGES: &str = "/v2/clients/{client_id}/changes";
    const RESTORE: &str = "/v2/clients/{client_id}/users/{user_id}/restore";
    const PROFILE: &str = "/v2/clients/{client_id}/users/{user_id}/profile";
    const PROVENANCE: &str = "/v2/clients/{client_id}/users/{user_id}/provenance";
    const USER_ACTIVITY: &str = "/v2/clients/{client_id}/analytics/users/{user_id}/activity";
    const DEPARTMENTS: &str = "/v2/clients/{client_id}/departments";
    const DEPARTMENT: &str = "/v2/clients/{client_id}/departments/{department_id}";
    const MEMBERS: &str = "/v2/clients/{client_id}/departments/{department_id}/members";
    const REMOVE: &str = "/v2/clients/{client_id}/departments/{department_id}/members/remove";
    const IMPORTS: &str = "/v2/clients/{client_id}/imports";
    const IMPORT: &str = "/v2/clients/{client_id}/imports/{import_id}";
    const ACTIVITY: &str = "/v2/clients/{client_id}/activity";
    const SCIM_USERS_SEARCH: &str = "/scim/v2/{client_id}/Users/.search";
    const SCIM_GROUPS_SEARCH: &str = "/scim/v2/{client_id}/Groups/.search";
    let (get, post, patch, delete) = (Method::GET, Method::POST, Method::PATCH, Method::DELETE);
    vec![
        // Product front ends and scripts: tables, profile pages, "View user".
        of_client(&get, USERS, UsersRead, "listUsers", users::list),
        of_client(&get, SUMMARY, UsersRead, "getUsersSummary", users::summary),
        of_client(&get, USER, UsersRead, "getUser", users::get),
        of_client(&get, PROFILE, UsersRead, "getUserProfile", users::profile),
        of_client(&post, USERS, UsersWrite, "createUser", users::create),
        of_client(&patch, USER, UsersWrite, "updateUser", users::update),
        of_client(&delete, USER, UsersWrite, "deleteUser", users::delete),
        of_client(&post, RESTORE, UsersWrite, "restoreUser", users::restore),
        of_client(&post, UNDO, UsersWrite, "undoUserChange", changes::undo),
        of_client(&patch, PROFILE, UsersWrite, "updateUserProfile", users::patch_profile),
        of_client(&get, PROVENANCE, UsersRead, "getUserProvenance", provenance::get),
        of_client(&patch, PROVENANCE, UsersWrite, "updateUserProvenance", provenance::update),
        of_client(&get, USER_ACTIVITY, UsersRead, "getUserActivity", analytics::user_activity),
        of_client(&get, CHANGES, UsersRead, "listChanges", changes::list),
        // Who groups people.
        of_client(&get, DEPARTMENTS, UsersRead, "listDepartments", departments::list),
        of_client(&get, DEPARTMENT, UsersRead, "getDepartment", departments::get),
        of_client(&post, DEPARTMENTS, DepartmentsWrite, "createDepartment", departments::create),
        of_client(&patch, DEPARTMENT, DepartmentsWrite, "updateDepartment", departments::update),
        of_client(&delete, DEPARTMENT, DepartmentsWrite, "deleteDepartment", departments::delete),
        of_client(&post, MEMBERS, DepartmentsWrite, "addMembers", departments::add_members),
        of_client(&post, REMOVE, DepartmentsWrite, "removeMembers", departments::remove_members),
        // Agents on desktops and in browsers.
        of_client(&post, ACTIVITY, Scope::ActivityWrite, "reportActivity", activity::report),
        // Who brings people in files.
        of_client(&get, IMPORTS, UsersRead, "listImports", imports::list),
        of_client(&get, IMPORT, UsersRead, "getImport", imports::get),
        of_client(&post, IMPORTS, UsersWrite, "createImport", imports::create),
        // Who runs the directory.
        of_client(&get, CLIENT, UsersRead, "getClient", clients::get),
        of_client(&patch, CLIENT, Admin, "updateClient", clients::update),
        of_admin(&get, CLIENTS, "listClients", clients::list),
        of_admin(&post, CLIENTS, "createClient", clients::create),
        // The AI assistant's ingestion.
        of_gateway("/{instance}/users", RouteClass::GatewayList, "gatewayListUsers"),
        of_gateway("/{instance}/users/{userId}", RouteClass::GatewayGet, "gatewayGetUser"),
        // Identity providers.
        of_scim(&get, SCIM_USERS, "scimListUsers", scim_users::list),
        of_scim(&get, SCIM_USER, "scimGetUser", scim_users::get),
        of_scim(&post, SCIM_USERS, "scimCreateUser", scim_users::create),
        of_scim(&Method::PUT, SCIM_USER, "scimReplaceUser", scim_users::replace),
        of_scim(&patch, SCIM_USER, "scimPatchUser", scim_users::patch),
        of_scim(&delete, SCIM_USER, "scimDeleteUser", scim_users::delete),
        of_scim(&get, SCIM_GROUPS, "scimListGroups", groups::list),
        of_scim(&get, SCIM_GROUP, "scimGetGroup", groups::get),
        of_scim(&post, SCIM_GROUPS, "scimCreateGroup", groups::create),
        of_scim(&Method::PUT, SCIM_GROUP, "scimReplaceGroup", groups::replace),
        of_scim(&patch, SCIM_GROUP, "scimPatchGroup", groups::patch),
        of_scim(&delete, SCIM_GROUP, "scimDeleteGroup", groups::delete),
        of_scim(&post, SCIM_USERS_SEARCH, "scimSearchUsers", scim_users::search),
        of_scim(&post, SCIM_GROUPS_SEARCH, "scimSearchGroups", groups::search),
        of_scim(&post, "/scim/v2/{client_id}/.search", "scimSearch", search::everything),
        of_scim(&post, "/scim/v2/{client_id}/Bulk", "scimBulk", bulk::make),
        of_scim(&get, "/scim/v2/{client_id}/ServiceProviderConfig", "scimConfiguration", discovery::configuration),
        of_scim(&get, "/scim/v2/{client_id}/ResourceTypes", "scimResourceTypes", discovery::resource_types),
        of_scim(&get, "/scim/v2/{client_id}/ResourceTypes/{name}", "scimResourceType", discovery::resource_type),
        of_scim(&get, "/scim/v2/{client_id}/Schemas", "scimSchemas", discovery::schemas),
        of_scim(&get, "/scim/v2/{client_id}/Schemas/{urn}", "scimSchema", discovery::schema),
        // Machines that exchange a secret for a token that soon ends.
        of_oauth("/oauth2/token", "oauthToken"),
        // Who starts and watches the server.
        open("/healthz", "healthz", |_, _| probes::healthz()),
        open_waiting("/readyz", "readyz", |http| Box::pin(async move { probes::readyz(&http).await })),
        open("/metrics", "metrics", probes::metrics),
        // Documents for people and machines.
        open("/", "index", |_, asked| documents::index(&asked.head.headers)),
        open("/openapi.json", "openapi", |_, asked| documents::openapi(&asked.head.headers)),
        open("/docs", "docs", |_, _| documents::docs_entrance()),
        open("/docs/", "docsPage", |_, asked| documents::docs_file(asked)),
        open("/docs/{file}", "docsFile", |_, asked| documents::docs_file(asked)),
        open("/llms.txt", "llms", |_, asked| documents::llms(&asked.head.headers)),
        open("/llms-full.txt", "llmsFull", |_, asked| documents::llms_full(&asked.head.headers)),
    ]
}

/// Every page of the console, for people in a browser.
#[rustfmt::skip]
#[allow(clippy::too_many_lines, reason = "a line a page")]
pub fn pages() -> Vec<Route<Reach>> {
    use Scope::{UsersRead, UsersWrite};
    use console::{assets, changes, clients, entrance, oidc, people, profile, user};
    use console::{import, instances, oauth_clients, tokens};
    const CONSOLE_SIGN_IN: &str = "/console/sign-in";
    const CONSOLE_USERS: &str = "/console/clients/{client_id}/users";
    const CONSOLE_USER: &str = "/console/clients/{client_id}/users/{user_id}";
    const CONSOLE_USER_DEPARTMENTS: &str = "/console/clients/{client_id}/users/{user_id}/departments";
    const CONSOLE_USER_PROFILE: &str = "/console/clients/{client_id}/users/{user_id}/profile";
    const CONSOLE_USER_STATE: &str = "/console/clients/{client_id}/users/{user_id}/state";
    const CONSOLE_USER_DELETE: &str = "/console/clients/{client_id}/users/{user_id}/delete";
    const CONSOLE_USER_UNDO: &str = "/console/clients/{client_id}/users/{user_id}/undo";
    const CONSOLE_CHANGES: &str = "/console/clients/{client_id}/changes";
    const CONSOLE_CHANGES_EXPORT: &str = "/console/clients/{client_id}/changes/export";
    const CONSOLE_USER_RESTORE: &str = "/console/clients/{client_id}/users/{user_id}/restore";
    // At one glance, and what comes of it.
    use console::{holds, overview, stale};
    const CONSOLE_CLIENT: &str = "/console/clients/{client_id}";
    const CONSOLE_HOLDS: &str = "/console/clients/{client_id}/holds";
    const CONSOLE_HOLDS_DECIDE: &str = "/console/clients/{client_id}/holds/decide";
    const CONSOLE_STALE: &str = "/console/clients/{client_id}/stale";
    const CONSOLE_STALE_DONE: &str = "/console/clients/{client_id}/stale/done";
    const CONSOLE_IMPORT: &str = "/console/clients/{client_id}/import";
    const CONSOLE_IMPORT_RUN: &str = "/console/clients/{client_id}/import/{import_id}";
    const CONSOLE_UPLOAD: &str = "/console/clients/{client_id}/import/uploads/{upload_id}";
    const CONSOLE_UPLOAD_APPLY: &str = "/console/clients/{client_id}/import/uploads/{upload_id}/apply";
    const CONSOLE_UPLOAD_DISCARD: &str = "/console/clients/{client_id}/import/uploads/{upload_id}/discard";
    const CONSOLE_TOKENS: &str = "/console/tokens";
    const CONSOLE_TOKEN_NEW: &str = "/console/tokens/new";
    const CONSOLE_TOKEN_SECRET: &str = "/console/tokens/{token_id}/secret";
    const CONSOLE_TOKEN_ROTATE: &str = "/console/tokens/{token_id}/rotate";
    const CONSOLE_TOKEN_REVOKE: &str = "/console/tokens/{token_id}/revoke";
    const CONSOLE_INSTANCES: &str = "/console/instances";
    const CONSOLE_INSTANCE_NEW: &str = "/console/instances/new";
    const CONSOLE_INSTANCE_DELETE: &str = "/console/instances/{instance}/delete";
    const CONSOLE_KEY_NEW: &str = "/console/instances/{instance}/keys/new";
    const CONSOLE_KEY_REMOVE: &str = "/console/instances/{instance}/keys/{key_id}/remove";
    const CONSOLE_OAUTH_CLIENTS: &str = "/console/oauth-clients";
    const CONSOLE_OAUTH_NEW: &str = "/console/oauth-clients/new";
    const CONSOLE_OAUTH_SECRET: &str = "/console/oauth-clients/{oauth_client_id}/secret";
    const CONSOLE_OAUTH_ROTATE: &str = "/console/oauth-clients/{oauth_client_id}/rotate";
    const CONSOLE_OAUTH_REVOKE: &str = "/console/oauth-clients/{oauth_client_id}/revoke";
    // Departments.
    use Scope::DepartmentsWrite;
    use console::{department, departments};
    const CONSOLE_DEPARTMENTS: &str = "/console/clients/{client_id}/departments";
    const CONSOLE_DEPARTMENT_NEW: &str = "/console/clients/{client_id}/departments/new";
    const CONSOLE_DEPARTMENT: &str = "/console/clients/{client_id}/departments/{department_id}";
    const CONSOLE_DEPARTMENT_EDIT: &str = "/console/clients/{client_id}/departments/{department_id}/edit";
    const CONSOLE_DEPARTMENT_DELETE: &str = "/console/clients/{client_id}/departments/{department_id}/delete";
    const CONSOLE_MEMBERS: &str = "/console/clients/{client_id}/departments/{department_id}/members";
    const CONSOLE_MEMBERS_REMOVE: &str = "/console/clients/{client_id}/departments/{department_id}/members/remove";
    // What the identity provider asked.
    use Scope::Scim;
    use console::{scim_log, scim_request};
    const CONSOLE_SCIM_LOG: &str = "/console/clients/{client_id}/scim-log";
    const CONSOLE_SCIM_REQUEST: &str = "/console/clients/{client_id}/scim-log/{number}";
    const CONSOLE_SCIM_REHEARSAL: &str = "/console/clients/{client_id}/scim-log/{number}/rehearsal";
    let (get, post) = (Method::GET, Method::POST);
    vec![
        // Coming in and going out.
        of_anybody(&get, CONSOLE_SIGN_IN, "consoleSignInPage", entrance::sign_in_page),
        of_anybody(&post, CONSOLE_SIGN_IN, "consoleSignIn", entrance::sign_in),
        of_anybody(&get, "/console/oidc/start", "consoleOidcStart", oidc::start),
        of_anybody(&get, oidc::CALLBACK, "consoleOidcCallback", oidc::callback),
        of_anybody(&get, "/console/assets/{file}", "consoleAsset", assets::file),
        of_visitor(&get, console::ROOT, "console", entrance::home),
        of_visitor(&post, "/console/sign-out", "consoleSignOut", entrance::sign_out),
        of_visitor(&post, "/console/sign-out-everywhere", "consoleSignOutEverywhere", entrance::sign_out_everywhere),
        // Which clients there are.
        of_visitor(&get, "/console/clients", "consoleClients", clients::list),
        // A client at one glance, and what comes of it.
        of_console(&get, CONSOLE_CLIENT, UsersRead, "consoleOverview", overview::get),
        of_console(&get, CONSOLE_HOLDS, UsersRead, "consoleHolds", holds::list),
        of_console(&get, CONSOLE_HOLDS_DECIDE, UsersWrite, "consoleHoldsQuestion", holds::question),
        of_console(&post, CONSOLE_HOLDS_DECIDE, UsersWrite, "consoleHoldsDecide", holds::decide),
        of_console(&get, CONSOLE_STALE, UsersWrite, "consoleStale", stale::preview),
        of_console(&post, CONSOLE_STALE, UsersWrite, "consoleStaleDeactivate", stale::deactivate),
        of_console(&get, CONSOLE_STALE_DONE, UsersWrite, "consoleStaleDone", stale::done),
        of_console(&post, CONSOLE_STALE_DONE, UsersWrite, "consoleStaleReactivate", stale::reactivate),
        // A client's people.
        of_console(&get, CONSOLE_USERS, UsersRead, "consoleUsers", people::list),
        of_console(&get, CONSOLE_USER, UsersRead, "consoleUser", profile::get),
        of_console(&get, CONSOLE_USER_DEPARTMENTS, UsersWrite, "consoleUserDepartmentsForm", user::departments_form),
        of_console(&post, CONSOLE_USER_DEPARTMENTS, UsersWrite, "consoleUserDepartments", user::set_departments),
        of_console(&get, CONSOLE_USER_PROFILE, UsersWrite, "consoleUserProfileForm", user::profile_form),
        of_console(&post, CONSOLE_USER_PROFILE, UsersWrite, "consoleUserProfile", user::patch_profile),
        of_console(&post, CONSOLE_USER_STATE, UsersWrite, "consoleUserState", user::set_state),
        of_console(&get, CONSOLE_USER_DELETE, UsersWrite, "consoleUserDeletion", user::deletion),
        of_console(&post, CONSOLE_USER_DELETE, UsersWrite, "consoleUserDelete", user::delete),
        of_console(&post, CONSOLE_USER_RESTORE, UsersWrite, "consoleUserRestore", user::restore),
        of_console(&post, CONSOLE_USER_UNDO, UsersWrite, "consoleUserUndo", changes::undo),
        // Its departments.
        of_console(&get, CONSOLE_DEPARTMENTS, UsersRead, "consoleDepartments", departments::list),
        of_console(&get, CONSOLE_DEPARTMENT_NEW, DepartmentsWrite, "consoleDepartmentCreation", departments::creation),
        of_console(&post, CONSOLE_DEPARTMENT_NEW, DepartmentsWrite, "consoleDepartmentCreate", departments::create),
        of_console(&get, CONSOLE_DEPARTMENT, UsersRead, "consoleDepartment", department::get),
        of_console(&get, CONSOLE_DEPARTMENT_EDIT, DepartmentsWrite, "consoleDepartmentEditForm", department::edit_form),
        of_console(&post, CONSOLE_DEPARTMENT_EDIT, DepartmentsWrite, "consoleDepartmentEdit", department::edit),
        of_console(&get, CONSOLE_DEPARTMENT_DELETE, DepartmentsWrite, "consoleDepartmentDeletion", department::deletion),
        of_console(&post, CONSOLE_DEPARTMENT_DELETE, DepartmentsWrite, "consoleDepartmentDelete", department::delete),
        of_console(&post, CONSOLE_MEMBERS, DepartmentsWrite, "consoleMemberAdd", department::add_member),
        of_console(&post, CONSOLE_MEMBERS_REMOVE, DepartmentsWrite, "consoleMemberRemove", department::remove_member),
        // What was changed.
        of_console(&get, CONSOLE_CHANGES, UsersRead, "consoleChanges", changes::list),
        of_console(&get, CONSOLE_CHANGES_EXPORT, UsersRead, "consoleChangesExport", changes::export),
        // Files of people.
        of_console(&get, CONSOLE_IMPORT, UsersWrite, "consoleImports", import::list),
        of_console(&post, CONSOLE_IMPORT, UsersWrite, "consoleUpload", import::upload),
        of_console(&get, CONSOLE_IMPORT_RUN, UsersWrite, "consoleImport", import::watch),
        of_console(&get, CONSOLE_UPLOAD, UsersWrite, "consoleRehearsal", import::rehearse),
        of_console(&post, CONSOLE_UPLOAD_APPLY, UsersWrite, "consoleUploadApply", import::apply),
        of_console(&post, CONSOLE_UPLOAD_DISCARD, UsersWrite, "consoleUploadDiscard", import::discard),
        // What callers prove themselves with, for who administers clients.
        of_admin_page(&get, CONSOLE_TOKENS, "consoleTokens", tokens::list),
        of_admin_page(&post, CONSOLE_TOKENS, "consoleTokenCreate", tokens::create),
        of_admin_page(&get, CONSOLE_TOKEN_NEW, "consoleTokenForm", tokens::form),
        of_admin_page(&post, CONSOLE_TOKEN_NEW, "consoleTokenPreview", tokens::preview),
        of_admin_page(&get, CONSOLE_TOKEN_SECRET, "consoleTokenSecret", tokens::secret),
        of_admin_page(&get, CONSOLE_TOKEN_ROTATE, "consoleTokenRotation", tokens::rotation),
        of_admin_page(&post, CONSOLE_TOKEN_ROTATE, "consoleTokenRotate", tokens::rotate),
        of_admin_page(&get, CONSOLE_TOKEN_REVOKE, "consoleTokenRevocation", tokens::revocation),
        of_admin_page(&post, CONSOLE_TOKEN_REVOKE, "consoleTokenRevoke", tokens::revoke),
        of_admin_page(&get, CONSOLE_INSTANCES, "consoleInstances", instances::list),
        of_admin_page(&get, CONSOLE_INSTANCE_NEW, "consoleInstanceForm", instances::form),
        of_admin_page(&post, CONSOLE_INSTANCE_NEW, "consoleInstanceCreate", instances::create),
        of_admin_page(&get, CONSOLE_INSTANCE_DELETE, "consoleInstanceDeletion", instances::deletion),
        of_admin_page(&post, CONSOLE_INSTANCE_DELETE, "consoleInstanceDelete", instances::delete),
        of_admin_page(&get, CONSOLE_KEY_NEW, "consoleKeyForm", instances::key_form),
        of_admin_page(&post, CONSOLE_KEY_NEW, "consoleKeyAdd", instances::add_key),
        of_admin_page(&get, CONSOLE_KEY_REMOVE, "consoleKeyRemoval", instances::key_removal),
        of_admin_page(&post, CONSOLE_KEY_REMOVE, "consoleKeyRemove", instances::remove_key),
        of_admin_page(&get, CONSOLE_OAUTH_CLIENTS, "consoleOauthClients", oauth_clients::list),
        of_admin_page(&get, CONSOLE_OAUTH_NEW, "consoleOauthClientForm", oauth_clients::form),
        of_admin_page(&post, CONSOLE_OAUTH_NEW, "consoleOauthClientCreate", oauth_clients::create),
        of_admin_page(&get, CONSOLE_OAUTH_SECRET, "consoleOauthClientSecret", oauth_clients::secret),
        of_admin_page(&get, CONSOLE_OAUTH_ROTATE, "consoleOauthClientRotation", oauth_clients::rotation),
        of_admin_page(&post, CONSOLE_OAUTH_ROTATE, "consoleOauthClientRotate", oauth_clients::rotate),
        of_admin_page(&get, CONSOLE_OAUTH_REVOKE, "consoleOauthClientRevocation", oauth_clients::revocation),
        of_admin_page(&post, CONSOLE_OAUTH_REVOKE, "consoleOauthClientRevoke", oauth_clients::revoke),
        // What the identity provider asked: its bodies show what only SCIM shows.
        of_console(&get, CONSOLE_SCIM_LOG, Scim, "consoleScimLog", scim_log::list),
        of_console(&get, CONSOLE_SCIM_REQUEST, Scim, "consoleScimRequest", scim_request::get),
        of_console(&post, CONSOLE_SCIM_REHEARSAL, Scim, "consoleScimRehearsal", scim_request::rehearse),
    ]
}

/// The router of all routes. Unknown paths and methods are refused in the dialect of the path.
pub fn router(http: &Arc<Http>) -> Router {
    let (table, pages) = (table(), pages());
    let mut resources: Vec<Resource> = Vec::new();
    for group in by_path(&table) {
        let refuse = match group[0].needs {
            Needs::Gateway(_) => (with(http, gateway_options), with(http, gateway_method)),
            Needs::Scim => (with(http, options), with(http, scim_method)),
            _ => (with(http, options), with(http, method)),
        };
        resources.push(resource(http, &group, refuse));
    }
    for group in by_path(&pages) {
        let refuse = (with(http, options), with(http, console_method));
        resources.push(resource(http, &group, refuse));
    }
    let observer = Observer {
        clock: Arc::clone(http.app.clock()),
        entropy: Arc::clone(http.app.entropy()),
        metrics: Arc::clone(&http.metrics),
        log: Arc::clone(&http.log),
        failure: panicked,
    };
    Router::new(
        observer,
        resources,
        scim::respelled,
        with(http, unknown_path),
    )
}

/// A handler of the router's that is handed the doors.
fn with<F>(http: &Arc<Http>, handler: fn(Arc<Http>, Arc<Asked>) -> F) -> router::Handler
where
    F: Future<Output = Response> + Send + 'static,
{
    let http = Arc::clone(http);
    Box::new(move |asked| Box::pin(handler(Arc::clone(&http), asked)))
}

/// Whether the path is one that we answer in the Clients API's form: those of one segment, and
/// those that begin like ours. Others look like a gateway's.
fn is_ours(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    let (first, second) = (segments.next().unwrap_or_default(), segments.next());
    second.is_none() || InstanceName::parse(first).is_err()
}

/// The answer in the place of a handler that panicked.
fn panicked(request_id: &RequestId, path: &str) -> Response {
    let error = Error::Internal("the handler panicked".to_owned());
    if scim::is_scims(path) {
        scim::Failure::from(error).render()
    } else if console::is_consoles(path) {
        console::panicked(request_id)
    } else if is_ours(path) {
        Failure::from(error).render(request_id)
    } else {
        gateway::Failure::from(error).render()
    }
}

/// The routes of each path together.
fn by_path<N>(table: &[Route<N>]) -> Vec<Vec<&Route<N>>> {
    let mut groups: Vec<Vec<&Route<N>>> = Vec::new();
    for route in table {
        match groups.iter_mut().find(|group| group[0].path == route.path) {
            Some(group) => group.push(route),
            None => groups.push(vec![route]),
        }
    }
    groups
}

/// What answers under a path: its routes, `OPTIONS`, and a refusal of all other methods.
fn resource<N>(
    http: &Arc<Http>,
    routes: &[&Route<N>],
    (options, refuse): (router::Handler, router::Handler),
) -> Resource {
    let mut names: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if names.contains(&"GET") {
        names.push("HEAD");
    }
    names.push("OPTIONS");
    let allow = HeaderValue::from_str(&names.join(", ")).expect("methods are visible ASCII");
    let mut methods: Vec<(Method, router::Handler)> = Vec::new();
    for route in routes {
        let (http, handler) = (Arc::clone(http), Arc::clone(&route.handler));
        let handler = Box::new(move |asked| handler(Arc::clone(&http), asked));
        methods.push((route.method.clone(), handler));
    }
    methods.push((Method::OPTIONS, allowing(options, &allow)));
    Resource {
        template: routes[0].path,
        methods,
        otherwise: allowing(refuse, &allow),
    }
}

/// The same handler, whose answers tell the methods that there are.
fn allowing(handler: router::Handler, allow: &HeaderValue) -> router::Handler {
    let allow = allow.clone();
    Box::new(move |asked| {
        let (answering, allow) = (handler(asked), allow.clone());
        Box::pin(async move {
            let mut response = answering.await;
            response.headers_mut().insert(ALLOW, allow);
            response
        })
    })
}

async fn options(_: Arc<Http>, _: Arc<Asked>) -> Response {
    answer::empty(StatusCode::NO_CONTENT)
}

async fn method(_: Arc<Http>, asked: Arc<Asked>) -> Response {
    Failure::MethodNotAllowed.render(&asked.id)
}

async fn scim_method(http: Arc<Http>, asked: Arc<Asked>) -> Response {
    scim::refuse(&http, &asked, scim::Failure::MethodNotAllowed).await
}

async fn console_method(_: Arc<Http>, asked: Arc<Asked>) -> Response {
    console::refuse(&asked, console::Failure::MethodNotAllowed)
}

async fn gateway_options(http: Arc<Http>, asked: Arc<Asked>) -> Response {
    gateway::options(&http, asked.peer).await
}

async fn gateway_method(http: Arc<Http>, asked: Arc<Asked>) -> Response {
    gateway::refuse(&http, asked.peer, gateway::Failure::MethodNotAllowed).await
}

async fn unknown_path(http: Arc<Http>, asked: Arc<Asked>) -> Response {
    if scim::is_scims(asked.path()) {
        scim::refuse(&http, &asked, scim::Failure::NoSuchPath).await
    } else if console::is_consoles(asked.path()) {
        console::refuse(&asked, console::Failure::NoSuchPage)
    } else if is_ours(asked.path()) {
        Failure::NoSuchPath.render(&asked.id)
    } else {
        gateway::refuse(&http, asked.peer, gateway::Failure::NoSuchPath).await
    }
}
