//! Running work in transactions, and again when others were in the way.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use deadpool_postgres::{Object, Pool};
use tokio::runtime::Handle;

use crate::store::error::Error;
use crate::store::postgres::session::{Fault, Session};
use crate::store::tx::Tx;

/// What a request's work made, or the error that undoes it.
pub(super) type Outcome = Result<Box<dyn Any + Send>, Box<dyn Any + Send>>;
/// A request's work. It may be run again.
pub(super) type Work = Box<dyn Fn(&mut Tx<'_>) -> Outcome + Send>;

/// How often work is run that others were in the way of.
const ATTEMPTS: usize = 8;

/// What a transaction sees, and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isolation {
    /// One moment; what it writes is undone.
    Moment,
    /// Each statement what is committed by then: after waiting for a lock, what the one before made
    /// of it.
    Latest,
}

impl Isolation {
    fn begin(self) -> &'static str {
        match self {
            // A large client takes a while to read, and nobody waits for who reads.
            Self::Moment => {
                "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL statement_timeout = '10min';"
            }
            Self::Latest => "BEGIN ISOLATION LEVEL READ COMMITTED;",
        }
    }
}

/// How a transaction ended.
pub(super) struct Transacted {
    /// In the order of the works.
    pub(super) outcomes: Vec<Result<Outcome, Error>>,
    /// It was waited for a connection or for a lock, in vain: to wait again for the same would take
    /// as long.
    pub(super) was_in_vain: bool,
}

/// Runs all of `works` in one transaction on a connection of the pool's; each one's error undoes it
/// alone.
pub(super) async fn transact(pool: Pool, isolation: Isolation, works: Vec<Work>) -> Transacted {
    let count = works.len();
    let failed = |error: &Error, was_in_vain| Transacted {
        outcomes: (0..count).map(|_| Err(error.again())).collect(),
        was_in_vain,
    };
    let connection = match pool.get().await {
        Ok(connection) => connection,
        Err(error) => return failed(&error.into(), true),
    };
    let runtime = Handle::current();
    let run = move || run(connection, &runtime, isolation, &works);
    match tokio::task::spawn_blocking(run).await {
        Ok(transacted) => transacted,
        Err(error) => failed(&Error::Failed(error.to_string()), false),
    }
}

/// How one attempt ended.
enum Attempt {
    Ended(Vec<Result<Outcome, Error>>),
    /// A lock was waited for in vain.
    Late(Vec<Result<Outcome, Error>>),
    /// Others were in the way; how the works would be answered if this was the last attempt.
    Collided(Vec<Result<Outcome, Error>>),
}

fn run(connection: Object, runtime: &Handle, isolation: Isolation, works: &[Work]) -> Transacted {
    let ended = |outcomes| Transacted {
        outcomes,
        was_in_vain: false,
    };
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        let session = Session::new(&connection, runtime.clone(), isolation.begin());
        let attempt = attempt(&session, isolation, works);
        let is_broken = session.fault() == Some(Fault::Broken);
        if is_broken {
            // Whatever state it is in, nobody gets it again.
            drop(Object::take(connection));
            let (Attempt::Ended(outcomes) | Attempt::Late(outcomes) | Attempt::Collided(outcomes)) =
                attempt;
            return ended(outcomes);
        }
        match attempt {
            Attempt::Ended(outcomes) => return ended(outcomes),
            Attempt::Late(outcomes) => {
                return Transacted {
                    outcomes,
                    was_in_vain: true,
                };
            }
            Attempt::Collided(outcomes) if attempts == 0 => return ended(outcomes),
            Attempt::Collided(_) => {}
        }
    }
}

fn attempt(session: &Session<'_>, isolation: Isolation, works: &[Work]) -> Attempt {
    let is_shared = works.len() > 1;
    let mut outcomes = Vec::with_capacity(works.len());
    for (index, work) in works.iter().enumerate() {
        if is_shared {
            session.before_next("SAVEPOINT work;");
        }
        let outcome = apart(session, work);
        let fault = session.fault();
        let is_undone = fault.is_some() || !matches!(outcome, Ok(Ok(_)));
        outcomes.push(outcome);
        match fault {
            Some(Fault::Collided | Fault::Broken | Fault::Late) => {
                return given_up(session, outcomes, &works[index + 1..], fault);
            }
            Some(Fault::Refused) | None if is_undone && is_shared => {
                if session.undo("ROLLBACK TO work; RELEASE work;").is_err() {
                    return given_up(session, outcomes, &works[index + 1..], session.fault());
                }
            }
            Some(Fault::Refused) | None if is_undone => {
                // Alone: the transaction goes with it.
                roll_back(session);
                return Attempt::Ended(outcomes);
            }
            Some(Fault::Refused) | None if is_shared => session.before_next("RELEASE work;"),
            Some(Fault::Refused) | None => {}
        }
    }
    end(session, isolation, outcomes)
}

/// Runs one work, and keeps its panic to itself. One that ignored a failure of the database's has
/// failed all the same.
fn apart(session: &Session<'_>, work: &Work) -> Result<Outcome, Error> {
    let run = AssertUnwindSafe(|| work(&mut Tx::Postgres(session)));
    match std::panic::catch_unwind(run) {
        Ok(Ok(_)) if session.fault().is_some() => {
            Err(Error::Failed("a failed statement was ignored".to_owned()))
        }
        Ok(outcome) => Ok(outcome),
        Err(_panic) => Err(Error::Failed("a transaction panicked".to_owned())),
    }
}

/// Ends the whole transaction because of one work's fault. Those before it are undone with it.
fn given_up(
    session: &Session<'_>,
    mut outcomes: Vec<Result<Outcome, Error>>,
    rest: &[Work],
    fault: Option<Fault>,
) -> Attempt {
    let own = outcomes.pop();
    let others = outcomes.len();
    let busy = || Err(Error::Busy("the transaction could not be ended".to_owned()));
    let mut outcomes: Vec<_> = (0..others).map(|_| busy()).collect();
    outcomes.extend(own);
    outcomes.extend(rest.iter().map(|_| busy()));
    match fault {
        Some(Fault::Collided) => {
            roll_back(session);
            Attempt::Collided(outcomes)
        }
        Some(Fault::Late) => {
            roll_back(session);
            Attempt::Late(outcomes)
        }
        Some(Fault::Broken | Fault::Refused) | None => Attempt::Ended(outcomes),
    }
}

fn end(
    session: &Session<'_>,
    isolation: Isolation,
    outcomes: Vec<Result<Outcome, Error>>,
) -> Attempt {
    if session.is_untouched() {
        return Attempt::Ended(outcomes);
    }
    if isolation == Isolation::Moment {
        roll_back(session);
        return Attempt::Ended(outcomes);
    }
    let Err(error) = session.script("COMMIT") else {
        return Attempt::Ended(outcomes);
    };
    // Lost on the way, it may have been done: whoever asked must ask, or try, again.
    let answers = outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Ok(Ok(_)) => Err(error.again()),
            undone => undone,
        })
        .collect();
    match session.fault() {
        Some(Fault::Collided) => Attempt::Collided(answers),
        _ => Attempt::Ended(answers),
    }
}

/// Undoes the whole transaction. When that fails the connection is broken, which undoes it too.
fn roll_back(session: &Session<'_>) {
    if !session.is_untouched() {
        drop(session.undo("ROLLBACK"));
    }
}
