//! One transaction, on whichever database: every query of ours goes through here.
//!
//! The rules that keep one text good for both: `$1` placeholders, TEXT, BIGINT and BOOLEAN columns,
//! `ON CONFLICT DO NOTHING` and counted rows instead of errors of uniqueness.

use crate::model::id::{
    ClientId, DepartmentId, ImportId, KeyId, OauthClientId, TokenId, UploadId, UserId,
};
use crate::model::timestamp::Timestamp;
use crate::store::error::Error;
use crate::store::postgres::Session;

/// A value for a placeholder.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// NULL.
    Null,
    /// TEXT.
    Text(&'a str),
    /// BIGINT.
    Number(i64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a Box<str>> for Value<'a> {
    fn from(text: &'a Box<str>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(moment: Timestamp) -> Self {
        Self::Number(moment.milliseconds())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! value_of_ids {
    ($($id:ident),*) => {
        $(impl<'a> From<&'a $id> for Value<'a> {
            fn from(id: &'a $id) -> Self {
                Self::Text(id.as_str())
            }
        })*
    };
}
value_of_ids!(
    ClientId,
    UserId,
    DepartmentId,
    TokenId,
    OauthClientId,
    KeyId,
    UploadId,
    ImportId
);

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Owned::Null),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Number(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
        })
    }
}

/// One row of an answer, lent while it is read.
pub enum Row<'r> {
    /// A row of SQLite.
    Sqlite(&'r rusqlite::Row<'r>),
    /// A row of PostgreSQL.
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// TEXT that is never NULL, in column `index`.
    pub fn text(&self, index: usize) -> Result<&str, Error> {
        self.optional_text(index)?
            .ok_or_else(|| Error::Failed(format!("column {index} is NULL")))
    }

    /// TEXT or NULL.
    pub fn optional_text(&self, index: usize) -> Result<Option<&str>, Error> {
        match self {
            Self::Sqlite(row) => row
                .get_ref(index)?
                .as_str_or_null()
                .map_err(|error| Error::Failed(format!("column {index}: {error}"))),
            Self::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    /// BIGINT that is never NULL.
    pub fn number(&self, index: usize) -> Result<i64, Error> {
        self.optional_number(index)?
            .ok_or_else(|| Error::Failed(format!("column {index} is NULL")))
    }

    /// BIGINT or NULL.
    pub fn optional_number(&self, index: usize) -> Result<Option<i64>, Error> {
        match self {
            Self::Sqlite(row) => row
                .get_ref(index)?
                .as_i64_or_null()
                .map_err(|error| Error::Failed(format!("column {index}: {error}"))),
            Self::Postgres(row) => Ok(row.try_get(index)?),
        }
    }

    /// A moment that is never NULL.
    pub fn moment(&self, index: usize) -> Result<Timestamp, Error> {
        self.number(index).map(Timestamp::from_milliseconds)
    }

    /// A moment or NULL.
    pub fn optional_moment(&self, index: usize) -> Result<Option<Timestamp>, Error> {
        Ok(self
            .optional_number(index)?
            .map(Timestamp::from_milliseconds))
    }

    /// TEXT that `parse` must understand, or NULL.
    pub fn optional_parsed<T>(
        &self,
        index: usize,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        match self.optional_text(index)? {
            None => Ok(None),
            Some(_) => self.parsed(index, parse).map(Some),
        }
    }

    /// TEXT that `parse` must understand: we wrote it.
    pub fn parsed<T>(
        &self,
        index: usize,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Error> {
        let text = self.text(index)?;
        parse(text).ok_or_else(|| Error::Failed(format!("column {index}: cannot read {text:?}")))
    }
}

/// A transaction in progress. It ends when the closure that it was lent to does.
pub enum Tx<'c> {
    /// On SQLite: the connection that the transaction was begun on.
    Sqlite(&'c rusqlite::Connection),
    /// On PostgreSQL: the session that it was begun in.
    Postgres(&'c Session<'c>),
}

impl Tx<'_> {
    /// Runs a statement and says how many rows it touched.
    pub fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<usize, Error> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                bind(&mut statement, values)?;
                Ok(statement.raw_execute()?)
            }
            Self::Postgres(session) => session.execute(sql, values),
        }
    }

    /// Runs a statement once for each row of values, and says how many rows it touched in all.
    pub fn execute_many<'v>(
        &mut self,
        sql: &str,
        rows: impl IntoIterator<Item = impl AsRef<[Value<'v>]>>,
    ) -> Result<usize, Error> {
        let mut rows = rows.into_iter().peekable();
        // Most writes leave most tables alone: no statement is looked for then.
        if rows.peek().is_none() {
            return Ok(0);
        }
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let placeholders = Placeholders::of(&statement)?;
                let mut touched = 0;
                for values in rows {
                    placeholders.bind(&mut statement, values.as_ref())?;
                    touched += statement.raw_execute()?;
                }
                Ok(touched)
            }
            Self::Postgres(session) => session.execute_many(sql, rows),
        }
    }

    /// Asks a query once for each row of values, many in one round trip, and hands the rows of all
    /// the answers to `each`, in order.
    pub fn each_many<'v, E: From<Error>>(
        &mut self,
        sql: &str,
        questions: impl IntoIterator<Item = impl AsRef<[Value<'v>]>>,
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(Error::from)?;
                let placeholders = Placeholders::of(&statement)?;
                for values in questions {
                    placeholders.bind(&mut statement, values.as_ref())?;
                    let mut rows = statement.raw_query();
                    while let Some(row) = rows.next().map_err(Error::from)? {
                        each(&Row::Sqlite(row))?;
                    }
                }
                Ok(())
            }
            Self::Postgres(session) => {
                session.each_many(sql, questions, |row| each(&Row::Postgres(row)))
            }
        }
    }

    /// As [`Self::each_many`], and reads all the rows.
    pub fn all_many<'v, T>(
        &mut self,
        sql: &str,
        questions: impl IntoIterator<Item = impl AsRef<[Value<'v>]>>,
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        self.each_many(sql, questions, |row| {
            items.push(read(row)?);
            Ok::<(), Error>(())
        })?;
        Ok(items)
    }

    /// Runs a query and hands each row to `each`, in order.
    pub fn each<E: From<Error>>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut each: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql).map_err(Error::from)?;
                bind(&mut statement, values)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next().map_err(Error::from)? {
                    each(&Row::Sqlite(row))?;
                }
                Ok(())
            }
            Self::Postgres(session) => session.each(sql, values, |row| each(&Row::Postgres(row))),
        }
    }

    /// Runs a query and reads all its rows.
    pub fn all<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        mut read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        self.each(sql, values, |row| {
            items.push(read(row)?);
            Ok::<(), Error>(())
        })?;
        Ok(items)
    }

    /// Runs a query that answers one row or none.
    pub fn one<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.all(sql, values, read)?.pop())
    }

    /// As [`Self::one`], and locks that row until the transaction ends. On SQLite whoever writes has
    /// the whole database locked since their transaction began.
    pub fn one_locked<T>(
        &mut self,
        sql: &str,
        values: &[Value<'_>],
        read: impl FnMut(&Row<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        match self {
            Self::Sqlite(_) => self.one(sql, values, read),
            Self::Postgres(_) => self.one(&format!("{sql} FOR UPDATE"), values, read),
        }
    }

    /// Has the next queries planned by how large the tables are by now, for who fills them.
    /// PostgreSQL goes on with plans from when a table was empty until it is told that it grew, which
    /// may take a minute: such a plan reads all of a client's rows to find one of them. SQLite's plans
    /// do not depend on it.
    pub fn plan_anew(&mut self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(session) => session.plan_anew(),
        }
    }

    /// Runs statements without values: migrations.
    pub fn script(&mut self, sql: &str) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => Ok(connection.execute_batch(sql)?),
            Self::Postgres(session) => session.script(sql),
        }
    }
}

/// `$1` is a *name* to SQLite, numbered by first appearance: bound by name, it means what it says.
struct Placeholders {
    /// SQLite's own numbers of `$1`, `$2`, …; 0 behind the last.
    numbers: [usize; Self::NAMES.len()],
    count: usize,
}

impl Placeholders {
    const NAMES: [&str; 15] = [
        "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14",
        "$15",
    ];

    fn of(statement: &rusqlite::CachedStatement<'_>) -> Result<Self, Error> {
        let count = statement.parameter_count();
        let mut numbers = [0; Self::NAMES.len()];
        for (number, name) in numbers.iter_mut().zip(Self::NAMES).take(count) {
            *number = statement
                .parameter_index(name)?
                .ok_or_else(|| Error::Failed(format!("the statement has no placeholder {name}")))?;
        }
        Ok(Self { numbers, count })
    }

    fn bind(
        &self,
        statement: &mut rusqlite::CachedStatement<'_>,
        values: &[Value<'_>],
    ) -> Result<(), Error> {
        if values.len() != self.count || self.count > Self::NAMES.len() {
            return Err(Error::Failed(
                "placeholders and values differ in number".to_owned(),
            ));
        }
        for (number, value) in self.numbers.iter().zip(values) {
            statement.raw_bind_parameter(*number, value)?;
        }
        Ok(())
    }
}

fn bind(statement: &mut rusqlite::CachedStatement<'_>, values: &[Value<'_>]) -> Result<(), Error> {
    Placeholders::of(statement)?.bind(statement, values)
}
