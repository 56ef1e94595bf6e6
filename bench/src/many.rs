//! Many clients with a few people each, made through the API as an operator's script would.

use std::{path::Path, thread};

use serde_json::{Value, json};

use crate::{
    http::{Connection, Request},
    people::{self, Person},
    process::Cores,
    random::Random,
    rollcall::{Rollcall, Server, text_of},
};

/// Connections over which they are made.
const CALLERS: usize = 64;

/// A database of many clients.
#[derive(Debug)]
pub struct Many {
    /// The database's URL.
    pub database: String,
    /// A token for all of them.
    pub token: String,
    /// The clients.
    pub clients: Vec<OneOfMany>,
}

/// One client.
#[derive(Debug)]
pub struct OneOfMany {
    /// Its id.
    pub id: String,
    /// Its people's ids.
    pub users: Vec<String>,
    /// Its departments' ids.
    pub departments: Vec<String>,
}

impl Many {
    /// Makes so many clients with so many people and departments each, in a new directory.
    ///
    /// # Errors
    /// When the server refuses anything.
    pub fn create(
        rollcall: &Rollcall,
        directory: &Path,
        clients: usize,
        users: usize,
        departments: usize,
    ) -> Result<Self, String> {
        std::fs::create_dir(directory)
            .map_err(|error| format!("{}: {error}", directory.display()))?;
        let database = format!("sqlite:{}", directory.join("rollcall.db").display());
        let token = rollcall.create_token(&database, None)?;
        let server = rollcall.serve(&database, directory, Cores::Any)?;
        let people = people::generate(users);
        let callers = CALLERS.min(clients);
        let made = thread::scope(|scope| {
            let threads: Vec<_> = (0..callers)
                .map(|caller| {
                    let (server, token, people) = (&server, &token, &people);
                    // Each takes every so manyth client.
                    let count = (clients - caller).div_ceil(callers);
                    scope.spawn(move || fill(server, token, people, count, departments))
                })
                .collect();
            let joined = threads
                .into_iter()
                .map(|thread| thread.join().expect("it does not panic"));
            joined.collect::<Result<Vec<_>, String>>()
        })?;
        Ok(Self {
            database,
            token,
            clients: made.into_iter().flatten().collect(),
        })
    }

    /// The requests for everybody by id, in random order.
    pub fn gets(&self) -> Vec<Request> {
        let mut requests = Vec::new();
        for OneOfMany { id, users, .. } in &self.clients {
            let paths = users
                .iter()
                .map(|user| format!("/v2/clients/{id}/users/{user}"));
            requests.extend(paths.map(|path| Request::get(path, &self.token)));
        }
        Random::new(15).shuffle(&mut requests);
        requests
    }
}

/// What one connection does.
fn fill(
    server: &Server,
    token: &str,
    people: &[Person],
    clients: usize,
    departments: usize,
) -> Result<Vec<OneOfMany>, String> {
    let mut connection = server.connect()?;
    let mut made = Vec::new();
    for _ in 0..clients {
        let id = create(
            &mut connection,
            token,
            "/v2/clients",
            &json!({ "name": "Many" }),
        )?;
        let mut client = OneOfMany {
            id,
            users: Vec::new(),
            departments: Vec::new(),
        };
        let path = format!("/v2/clients/{}/departments", client.id);
        for number in 0..departments {
            let name = json!({ "name": format!("Department {number}") });
            client
                .departments
                .push(create(&mut connection, token, &path, &name)?);
        }
        let path = format!("/v2/clients/{}/users", client.id);
        for person in people {
            let user = json!({ "username": person.username, "user_key": person.user_key });
            client
                .users
                .push(create(&mut connection, token, &path, &user)?);
        }
        made.push(client);
    }
    Ok(made)
}

fn create(
    connection: &mut Connection,
    token: &str,
    path: &str,
    object: &Value,
) -> Result<String, String> {
    let request = Request::sending("POST", path, token, object.to_string());
    text_of(&connection.ask(&request, 201)?.json()?, "id")
}
