//! What all sections share: the plan, and what is made once.

use std::{
    cell::{Cell, OnceCell},
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use crate::{
    bare::Bare,
    dataset::Dataset,
    http::{Answer, Request},
    ldap::{self, LdapLoad, RunningSlapd, Slapd, message::Query},
    people::{self, Fields, Person},
    process::Cores,
    rollcall::{Rollcall, Server},
    rounds::{Contender, Plan},
    wrk::Load,
};

/// Requests of one load in a run that is to be over soon: wrk reads them before each round.
const REQUESTS_QUICK: usize = 20_000;

/// How long a round of slapd lasts at least: it must come to more than its first answers.
const SLAPD_MIN: Duration = Duration::from_millis(400);

/// One run.
#[derive(Debug)]
pub struct Bench {
    /// The product.
    pub rollcall: Rollcall,
    /// How often and how long.
    pub plan: Plan,
    /// Whether it is to be over soon.
    pub quick: bool,
    /// How many people there are.
    pub users: usize,
    /// Where oha is, if it is installed.
    pub oha: PathBuf,
    directory: PathBuf,
    files: Cell<usize>,
    people: OnceCell<Rc<Vec<Person>>>,
    main: OnceCell<Dataset>,
    slapd: OnceCell<Slapd>,
}

impl Bench {
    /// A run whose files are in this directory.
    pub fn new(
        rollcall: Rollcall,
        plan: Plan,
        quick: bool,
        users: usize,
        oha: PathBuf,
        directory: &Path,
    ) -> Self {
        Self {
            rollcall,
            plan,
            quick,
            users,
            oha,
            directory: directory.to_owned(),
            files: Cell::new(0),
            people: OnceCell::new(),
            main: OnceCell::new(),
            slapd: OnceCell::new(),
        }
    }

    /// A path that nothing has yet, for a file or a directory.
    pub fn new_path(&self, name: &str) -> PathBuf {
        self.files.set(self.files.get() + 1);
        self.directory.join(format!("{}-{name}", self.files.get()))
    }

    /// The people that most sections ask for.
    pub fn people(&self) -> Rc<Vec<Person>> {
        let people = || Rc::new(people::generate(self.users));
        Rc::clone(self.people.get_or_init(people))
    }

    /// These people with all fields, in a database that nobody writes to.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn main(&self) -> Result<&Dataset, String> {
        if self.main.get().is_none() {
            println!("  importing {} people", self.users);
            let directory = self.new_path("main");
            let main = Dataset::create(&self.rollcall, &directory, self.people(), Fields::Full)?;
            // Nobody else can have set it meanwhile.
            let _ = self.main.set(main);
        }
        Ok(self.main.get().expect("it was set just above"))
    }

    /// A server on these people's database that has them in memory already.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self, dataset: &Dataset, cores: Cores) -> Result<Server, String> {
        let server = self
            .rollcall
            .serve(&dataset.database, &dataset.directory, cores)?;
        server
            .connect()?
            .ask(&dataset.get("/users?page_size=1"), 200)?;
        Ok(server)
    }

    /// A running slapd with the same people; none when it is not installed.
    ///
    /// # Errors
    /// When it cannot be loaded or does not start.
    pub fn slapd(&self, cores: Cores) -> Result<Option<RunningSlapd>, String> {
        if ldap::version().is_none() {
            return Ok(None);
        }
        if self.slapd.get().is_none() {
            println!("  loading them into slapd");
            let slapd = Slapd::load(&self.new_path("slapd"), &self.people())?;
            // Nobody else can have set it meanwhile.
            let _ = self.slapd.set(slapd);
        }
        self.slapd.get().map(|slapd| slapd.start(cores)).transpose()
    }

    /// Load of these requests.
    ///
    /// # Errors
    /// When they cannot be written down.
    pub fn load(&self, address: &str, requests: &[Request], cores: Cores) -> Result<Load, String> {
        let count = if self.quick {
            REQUESTS_QUICK
        } else {
            usize::MAX
        };
        let requests = &requests[..requests.len().min(count)];
        let load = Load::of(address, requests, &self.new_path("requests"))?;
        Ok(if cores == Cores::Any {
            load.unpinned()
        } else {
            load
        })
    }

    /// These requests to Rollcall as something that is compared.
    ///
    /// # Errors
    /// When they cannot be written down.
    pub fn ours<'a>(
        &self,
        name: &str,
        server: &'a Server,
        requests: &[Request],
        cores: Cores,
    ) -> Result<Contender<'a>, String> {
        let load = self.load(&server.address, requests, cores)?;
        Ok(Contender::rollcall(name, server, load, self.plan))
    }

    /// The same requests to a bare server.
    ///
    /// # Errors
    /// As [`Self::ours`].
    pub fn bares<'a>(
        &self,
        name: &str,
        bare: &'a Bare,
        requests: &[Request],
        cores: Cores,
    ) -> Result<Contender<'a>, String> {
        let load = self.load(&bare.address, requests, cores)?;
        Ok(Contender::load(name, &bare.running, load, self.plan))
    }

    /// Questions to slapd over so many connections.
    ///
    /// # Errors
    /// As [`Self::ours`].
    pub fn slapds<'a>(
        &self,
        name: &str,
        slapd: &'a RunningSlapd,
        queries: &[Query],
        connections: usize,
    ) -> Result<Contender<'a>, String> {
        let file = self.new_path("queries");
        let load = LdapLoad::of(&slapd.address, queries, connections, &file)?;
        // Some of its answers take half a second.
        let duration = self.plan.duration.max(SLAPD_MIN);
        Ok(Contender::new(name, Some(&slapd.running), move |_| {
            load.run(duration)
        }))
    }

    /// A bare server that answers like this.
    ///
    /// # Errors
    /// When it does not start.
    pub fn bare(&self, answer: &Answer, cores: Cores) -> Result<Bare, String> {
        Bare::start(answer, &self.new_path("answer"), cores)
    }
}
