//! A database full of people, and what must be known of it to ask for them.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    rc::Rc,
};

use serde_json::Value;

use crate::{
    http::{Connection, Request},
    people::{self, Fields, Person},
    random::Random,
    rollcall::{INSTANCE, Rollcall, Server, text_of},
};

/// One client's people in a database of their own.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Where the files are.
    pub directory: PathBuf,
    /// The database's URL.
    pub database: String,
    /// The client's id.
    pub client: String,
    /// A token that may do everything with it.
    pub token: String,
    /// The people.
    pub people: Rc<Vec<Person>>,
}

impl Dataset {
    /// Makes the database `rollcall.db` in a new directory and imports these people.
    ///
    /// # Errors
    /// When the directory cannot be written, or a command fails.
    pub fn create(
        rollcall: &Rollcall,
        directory: &Path,
        people: Rc<Vec<Person>>,
        fields: Fields,
    ) -> Result<Self, String> {
        let dataset = Self::create_empty(rollcall, directory, people)?;
        let file = dataset.write_csv(fields)?;
        rollcall.import(&dataset.database, &dataset.client, &file)?;
        Ok(dataset)
    }

    /// Makes the database with its client and token, and nobody in it yet.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_empty(
        rollcall: &Rollcall,
        directory: &Path,
        people: Rc<Vec<Person>>,
    ) -> Result<Self, String> {
        let made = fs::create_dir(directory);
        made.map_err(|error| format!("{}: {error}", directory.display()))?;
        let database = url(directory);
        Self::in_database(rollcall, directory, database, people)
    }

    /// As [`Self::create_empty`], in a database that is there already, and empty.
    ///
    /// # Errors
    /// When a command fails.
    pub fn in_database(
        rollcall: &Rollcall,
        directory: &Path,
        database: String,
        people: Rc<Vec<Person>>,
    ) -> Result<Self, String> {
        let client = rollcall.create_client(&database)?;
        let token = rollcall.create_token(&database, Some(&client))?;
        Ok(Self {
            directory: directory.to_owned(),
            database,
            client,
            token,
            people,
        })
    }

    /// Writes the file that its people are imported from.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_csv(&self, fields: Fields) -> Result<PathBuf, String> {
        let file = self.directory.join("people.csv");
        let written = fs::write(&file, people::to_csv(&self.people, fields));
        written.map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(file)
    }

    /// The same in a new directory, to be written to. No server may run on this one meanwhile.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy(&self, directory: &Path) -> Result<Self, String> {
        let failed = |error| format!("{}: {error}", directory.display());
        fs::create_dir(directory).map_err(failed)?;
        for file in ["rollcall.db", "rollcall.db-wal"] {
            let from = self.directory.join(file);
            if from.exists() {
                let to = directory.join(file);
                fs::copy(from, &to).map_err(failed)?;
                // Else the first commit that is measured would wait for all of it to be written.
                let copied = File::open(to).and_then(|file| file.sync_all());
                copied.map_err(failed)?;
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            database: url(directory),
            ..self.clone()
        })
    }

    /// The client's part of the Clients API.
    pub fn path(&self, rest: &str) -> String {
        format!("/v2/clients/{}{rest}", self.client)
    }

    /// A question to the Clients API.
    pub fn get(&self, rest: &str) -> Request {
        Request::get(self.path(rest), &self.token)
    }

    /// A question to the gateway.
    pub fn gateway(&self, rest: &str) -> Request {
        Request::get(format!("/{INSTANCE}{rest}"), &self.token)
    }

    /// Everybody's id, in random order.
    ///
    /// # Errors
    /// When the list cannot be walked.
    pub fn ids(&self, server: &Server) -> Result<Vec<String>, String> {
        let mut ids = Vec::new();
        let mut connection = server.connect()?;
        walk(&mut connection, &self.get("/users?page_size=500"), |page| {
            for user in page["data"].as_array().into_iter().flatten() {
                ids.push(text_of(user, "id")?);
            }
            Ok(cursor(page, "next_cursor", "&cursor="))
        })?;
        if ids.len() != self.people.len() {
            return Err(format!(
                "the list has {} of {} people",
                ids.len(),
                self.people.len()
            ));
        }
        Random::new(11).shuffle(&mut ids);
        Ok(ids)
    }

    /// The requests for everybody by id, in random order.
    ///
    /// # Errors
    /// When the list cannot be walked.
    pub fn gets(&self, server: &Server) -> Result<Vec<Request>, String> {
        let ids = self.ids(server)?;
        Ok(ids
            .iter()
            .map(|id| self.get(&format!("/users/{id}")))
            .collect())
    }

    /// The same through the gateway, by the ids of the source system.
    pub fn gateway_gets(&self) -> Vec<Request> {
        let numbers = self.people.iter().map(|person| person.external_id());
        let requests = numbers.map(|id| self.gateway(&format!("/users/{id}")));
        let mut requests: Vec<Request> = requests.collect();
        Random::new(12).shuffle(&mut requests);
        requests
    }
}

/// Walks a list, and returns the request of each page, in random order.
///
/// # Errors
/// When a page is an error.
pub fn walk(
    connection: &mut Connection,
    first: &Request,
    mut next: impl FnMut(&Value) -> Result<Option<String>, String>,
) -> Result<Vec<Request>, String> {
    let mut requests = Vec::new();
    let mut request = first.clone();
    loop {
        let page = connection.ask(&request, 200)?.json()?;
        requests.push(request);
        match next(&page)? {
            Some(behind) => request = first.clone().extended(&behind),
            None => break,
        }
    }
    Random::new(13).shuffle(&mut requests);
    Ok(requests)
}

/// What asks for the page behind this one, as the list writes it.
pub fn cursor(page: &Value, name: &str, parameter: &str) -> Option<String> {
    let cursor = page[name].as_str()?;
    Some(format!("{parameter}{cursor}"))
}

fn url(directory: &Path) -> String {
    format!("sqlite:{}", directory.join("rollcall.db").display())
}
