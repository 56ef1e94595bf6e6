//! What all sections share: the plan, and what is made once.

use std::{
    cell::{Cell, OnceCell},
    path::{Path, PathBuf},
    rc::Rc,
};

use crate::{
    bare::Bare,
    dataset::Dataset,
    http::{Answer, Request},
    ldap::{self, Slapd},
    people::{self, Fields, Person},
    process::Cores,
    rollcall::Rollcall,
    rounds::Plan,
    wrk::Load,
};

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
    slapd: OnceCell<Option<Slapd>>,
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

    /// slapd with the same people; none when it is not installed.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn slapd(&self) -> Result<Option<&Slapd>, String> {
        if self.slapd.get().is_none() {
            let mut slapd = None;
            if ldap::version().is_some() {
                println!("  loading them into slapd");
                slapd = Some(Slapd::load(&self.new_path("slapd"), &self.people())?);
            }
            // Nobody else can have set it meanwhile.
            let _ = self.slapd.set(slapd);
        }
        Ok(self.slapd.get().and_then(Option::as_ref))
    }

    /// Load of these requests.
    ///
    /// # Errors
    /// When they cannot be written down.
    pub fn load(&self, address: &str, requests: &[Request], cores: Cores) -> Result<Load, String> {
        let load = Load::of(address, requests, &self.new_path("requests"))?;
        Ok(if cores == Cores::Any { load.unpinned() } else { load })
    }

    /// A bare server that answers like this.
    ///
    /// # Errors
    /// When it does not start.
    pub fn bare(&self, answer: &Answer, cores: Cores) -> Result<Bare, String> {
        Bare::start(answer, &self.new_path("answer"), cores)
    }
}
