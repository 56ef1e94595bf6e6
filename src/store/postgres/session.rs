//! One transaction on one connection, asked synchronously: what [`Tx`](crate::store::Tx) runs its
//! statements on. It is used on threads that may wait.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::ClientWrapper;
use futures_util::future::{join, try_join_all};
use futures_util::stream::{StreamExt, TryStreamExt};
use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::store::error::Error;
use crate::store::tx::Value;

/// How long a statement's next rows may take to come. The server gives up earlier by itself; this
/// is for one that cannot even say so.
const SILENCE_MAX: Duration = Duration::from_secs(70);
/// How long a commit may take. It waits for a synchronous standby for ever, and nobody else should:
/// whoever asked is told that it is not known whether it was done.
const COMMIT_MAX: Duration = Duration::from_secs(15);
/// Rows that are read before they are handed on.
const ROWS_AT_ONCE: usize = 512;
/// Statements that are sent before the first one's answer is waited for.
const PIPELINED: usize = 256;

/// What a failed statement means for its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Somebody else was in the way: the same work, run again, may succeed.
    Collided,
    /// The connection is of no use any more.
    Broken,
    /// A lock, or the statement's end, was waited for as long as a session may. Whoever comes behind
    /// with the same lock in mind would wait as long again.
    Late,
    /// The statement itself was wrong.
    Refused,
}

/// A transaction in progress on a connection.
pub struct Session<'c> {
    client: &'c ClientWrapper,
    runtime: Handle,
    /// Sent ahead of the next statement, in the same round trip.
    prologue: RefCell<String>,
    /// What the first failed statement meant; all that follow fail because of it.
    fault: Cell<Option<Fault>>,
}

impl<'c> Session<'c> {
    /// A session that will begin with `begin`, once there is a statement to run.
    pub(super) fn new(client: &'c ClientWrapper, runtime: Handle, begin: &str) -> Self {
        Self {
            client,
            runtime,
            prologue: RefCell::new(begin.to_owned()),
            fault: Cell::new(None),
        }
    }

    /// Has `sql` run ahead of the next statement.
    pub(super) fn before_next(&self, sql: &str) {
        self.prologue.borrow_mut().push_str(sql);
    }

    /// Has the next queries planned by how large the tables are by now.
    pub fn plan_anew(&self) {
        self.before_next("DISCARD PLANS;");
    }

    /// What went wrong so far.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    /// Rolls back by `sql`, and forgets what went wrong. A connection on which even that fails is
    /// broken.
    pub(super) fn undo(&self, sql: &str) -> Result<(), Error> {
        self.fault.set(None);
        self.script(sql).inspect_err(|_| self.note(Fault::Broken))
    }

    /// Whether the transaction has not even begun: no statement was run.
    pub(super) fn is_untouched(&self) -> bool {
        self.prologue.borrow().starts_with("BEGIN")
    }

    /// Runs a statement and says how many rows it touched.
    pub fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        let count = self.wait(async {
            let statement = self.client.prepare_cached(sql).await?;
            self.client.execute_raw(&statement, values).await
        })?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Runs a statement once for each of `rows`, many in one round trip.
    pub fn execute_many<'v>(
        &self,
        sql: &str,
        rows: impl IntoIterator<Item = impl AsRef<[Value<'v>]>>,
    ) -> Result<usize, Error> {
        let mut count = 0;
        let mut rows = rows.into_iter();
        loop {
            let rows: Vec<_> = rows.by_ref().take(PIPELINED).collect();
            if rows.is_empty() {
                return Ok(usize::try_from(count).unwrap_or(usize::MAX));
            }
            let counts = self.wait(async {
                let statement = self.client.prepare_cached(sql).await?;
                let each = rows
                    .iter()
                    .map(|values| self.client.execute_raw(&statement, values.as_ref()));
                try_join_all(each).await
            })?;
            count += counts.iter().sum::<u64>();
        }
    }

    /// Runs a query and hands each row to `each`, in order, while later ones are on their way.
    pub fn each<E: From<Error>>(
        &self,
        sql: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(&tokio_postgres::Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let rows = self.wait(async {
            let statement = self.client.prepare_cached(sql).await?;
            self.client.query_raw(&statement, values).await
        })?;
        let mut chunks = pin!(rows.ready_chunks(ROWS_AT_ONCE));
        loop {
            let chunk = self.wait(async {
                let chunk = chunks.next().await.unwrap_or_default();
                futures_util::stream::iter(chunk)
                    .try_collect::<Vec<_>>()
                    .await
            })?;
            if chunk.is_empty() {
                return Ok(());
            }
            chunk.iter().try_for_each(&mut each)?;
        }
    }

    /// Asks a query once for each of `questions`, many in one round trip, and hands the rows of all
    /// the answers to `each`, in order.
    pub fn each_many<'v, E: From<Error>>(
        &self,
        sql: &str,
        questions: impl IntoIterator<Item = impl AsRef<[Value<'v>]>>,
        mut each: impl FnMut(&tokio_postgres::Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut questions = questions.into_iter();
        loop {
            let questions: Vec<_> = questions.by_ref().take(PIPELINED).collect();
            if questions.is_empty() {
                return Ok(());
            }
            let answers = self.wait(async {
                let statement = self.client.prepare_cached(sql).await?;
                let answer = async |values: &[Value<'_>]| {
                    let rows = self.client.query_raw(&statement, values).await?;
                    rows.try_collect::<Vec<_>>().await
                };
                try_join_all(questions.iter().map(|values| answer(values.as_ref()))).await
            })?;
            answers.iter().flatten().try_for_each(&mut each)?;
        }
    }

    /// Runs statements without values.
    pub fn script(&self, sql: &str) -> Result<(), Error> {
        self.wait(self.client.batch_execute(sql))
    }

    /// Commits. On an error it may have been done, or not.
    pub(super) fn commit(&self) -> Result<(), Error> {
        self.wait_for(COMMIT_MAX, self.client.batch_execute("COMMIT"))
    }

    fn wait<T>(
        &self,
        question: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        self.wait_for(SILENCE_MAX, question)
    }

    /// Waits for an answer, and notes what a failure means.
    fn wait_for<T>(
        &self,
        silence_max: Duration,
        question: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        let prologue = self.prologue.take();
        let answer = self.runtime.block_on(async {
            tokio::time::timeout(silence_max, async {
                if prologue.is_empty() {
                    return question.await;
                }
                let (begun, answer) = join(self.client.batch_execute(&prologue), question).await;
                begun.and(answer)
            })
            .await
        });
        let error = match answer {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => {
                self.note(fault_of(&error));
                error.into()
            }
            Err(_elapsed) => {
                self.note(Fault::Broken);
                Error::Busy("PostgreSQL does not answer".to_owned())
            }
        };
        Err(error)
    }

    fn note(&self, fault: Fault) {
        if self.fault.get().is_none() || fault == Fault::Broken {
            self.fault.set(Some(fault));
        }
    }
}

fn fault_of(error: &tokio_postgres::Error) -> Fault {
    match error.code() {
        // A unique key is checked under the client's lock, or by ON CONFLICT. Met all the same, it
        // was taken by somebody whom this transaction could not see yet.
        Some(code)
            if *code == SqlState::T_R_SERIALIZATION_FAILURE
                || *code == SqlState::T_R_DEADLOCK_DETECTED
                || *code == SqlState::UNIQUE_VIOLATION =>
        {
            Fault::Collided
        }
        Some(code) if is_going_away(code) => Fault::Broken,
        Some(code)
            if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::QUERY_CANCELED =>
        {
            Fault::Late
        }
        None if is_of_the_connection(error) => Fault::Broken,
        _ => Fault::Refused,
    }
}

fn is_of_the_connection(error: &tokio_postgres::Error) -> bool {
    let source = std::error::Error::source(error);
    error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>())
}

/// The server ends, or became a standby: another connection is what helps.
fn is_going_away(code: &SqlState) -> bool {
    let code = code.code();
    // 57P0x: operator intervention. 08: connection exceptions. 25006: a read-only server.
    code.starts_with("57P") || code.starts_with("08") || code == "25006"
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(database_error) = error.as_db_error() else {
            let source = std::error::Error::source(&error);
            let source = source.map(|source| format!(": {source}"));
            let text = format!("{error}{}", source.unwrap_or_default());
            return match is_of_the_connection(&error) {
                true => Self::Busy(text),
                false => Self::Failed(text),
            };
        };
        let code = database_error.code();
        // The detail of an error may hold people's data, and stays out.
        let text = format!("{} ({})", database_error.message(), code.code());
        // 53: too many connections, disk full.
        let is_worth_another_try = (fault_of(&error) != Fault::Refused
            && *code != SqlState::UNIQUE_VIOLATION)
            || code.code().starts_with("53");
        match is_worth_another_try {
            true => Self::Busy(text),
            false => Self::Failed(text),
        }
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Number(number) => number.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::INT8)
    }

    to_sql_checked!();
}
