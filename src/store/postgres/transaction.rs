//! Running work in transactions, and again when others were in the way.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use parking_lot::Mutex;
use tokio::runtime::Handle;

use crate::store::error::Error;
use crate::store::postgres::session::{Fault, Session};
use crate::store::tx::Tx;

/// What a request's work made, or the error that undoes it.
pub(super) type Outcome = Result<Box<dyn Any + Send>, Box<dyn Any + Send>>;
/// A request's work. It may be run again.
pub(super) type Work = Box<dyn Fn(&mut Tx<'_>) -> Outcome + Send>;

/// How long work waits that others were in the way of, before it is run again. Each pause is twice
/// as long as the one before: whoever was let pass must get by before the next collision.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// After this one it is given up: eight attempts in all.
const LAST_PAUSE: Duration = Duration::from_millis(128);

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

/// What became of works that shared a transaction.
pub(super) struct Transacted {
    /// In the order of the works.
    pub(super) outcomes: Vec<Result<Outcome, Error>>,
    /// How it ended for all of them.
    pub(super) end: End,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// All was done, or undone, that could be.
    Reached,
    /// Others were in the way.
    Collided,
    /// The connection was lost before the commit.
    Lost,
    /// It was waited for a connection or a lock, in vain: to wait again for the same would take as
    /// long.
    InVain,
}

/// Runs all of `works` in one transaction on a connection of the pool's; each one's error undoes it
/// alone.
pub(super) async fn transact(pool: Pool, isolation: Isolation, works: Vec<Work>) -> Transacted {
    let works = Arc::new(Mutex::new(works));
    let transacted = on_a_connection(&pool, isolation, &works).await;
    match transacted.end {
        // It may have been lost since it was last used, which only using it tells. Nothing was
        // committed: another one gets a try.
        End::Lost => on_a_connection(&pool, isolation, &works).await,
        End::Reached | End::Collided | End::InVain => transacted,
    }
}

async fn on_a_connection(
    pool: &Pool,
    isolation: Isolation,
    works: &Arc<Mutex<Vec<Work>>>,
) -> Transacted {
    let failed = |error: &Error, end| {
        let count = works.lock().len();
        Transacted {
            outcomes: (0..count).map(|_| Err(error.clone())).collect(),
            end,
        }
    };
    let connection = match pool.get().await {
        Ok(connection) => connection,
        Err(error) => return failed(&error.into(), End::InVain),
    };
    let runtime = Handle::current();
    let works_there = Arc::clone(works);
    let run = move || run(connection, &runtime, isolation, &works_there.lock());
    match tokio::task::spawn_blocking(run).await {
        Ok(transacted) => transacted,
        Err(error) => failed(&Error::Failed(error.to_string()), End::Reached),
    }
}

fn run(connection: Object, runtime: &Handle, isolation: Isolation, works: &[Work]) -> Transacted {
    let mut pause = FIRST_PAUSE;
    loop {
        let session = Session::new(&connection, runtime.clone(), isolation.begin());
        let transacted = attempt(&session, isolation, works);
        if session.fault() == Some(Fault::Broken) {
            // Whatever state it is in, nobody gets it again.
            drop(Object::take(connection));
            return transacted;
        }
        if pause > LAST_PAUSE || transacted.end != End::Collided {
            return transacted;
        }
        std::thread::sleep(pause);
        pause *= 2;
    }
}

fn attempt(session: &Session<'_>, isolation: Isolation, works: &[Work]) -> Transacted {
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
                return Transacted {
                    outcomes,
                    end: End::Reached,
                };
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
) -> Transacted {
    let own = outcomes.pop();
    let others = outcomes.len();
    let busy = || Err(Error::Busy("the transaction could not be ended".to_owned()));
    let mut outcomes: Vec<_> = (0..others).map(|_| busy()).collect();
    outcomes.extend(own);
    outcomes.extend(rest.iter().map(|_| busy()));
    let end = match fault {
        Some(Fault::Collided) => End::Collided,
        Some(Fault::Late) => End::InVain,
        Some(Fault::Broken | Fault::Refused) | None => End::Lost,
    };
    if end != End::Lost {
        roll_back(session);
    }
    Transacted { outcomes, end }
}

fn end(
    session: &Session<'_>,
    isolation: Isolation,
    outcomes: Vec<Result<Outcome, Error>>,
) -> Transacted {
    let mut ended = Transacted {
        outcomes,
        end: End::Reached,
    };
    if session.is_untouched() {
        return ended;
    }
    if isolation == Isolation::Moment {
        roll_back(session);
        return ended;
    }
    if let Err(error) = session.commit() {
        // Lost on the way, it may have been done: whoever asked must ask, or try, again.
        for outcome in &mut ended.outcomes {
            if matches!(outcome, Ok(Ok(_))) {
                *outcome = Err(error.clone());
            }
        }
        if session.fault() == Some(Fault::Collided) {
            ended.end = End::Collided;
        }
    }
    ended
}

/// Undoes the whole transaction. When that fails the connection is broken, which undoes it too.
fn roll_back(session: &Session<'_>) {
    if !session.is_untouched() {
        drop(session.undo("ROLLBACK"));
    }
}
