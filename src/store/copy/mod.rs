//! Whole tables, as [`crate::operations::migrate`] carries them from one database to another.
//!
//! Every table and every column that the migrations make is listed here (a test compares), for
//! every client at once; what they mean is not known here. Some tables stay where they are:
//! `schema_steps`, which the other database's own migrations fill, `leases`, which are the
//! running servers', and `uploads` with their parts, which are forgotten within the hour.

mod tables;

use std::mem::size_of;

use sha2::{Digest as _, Sha256};

pub use tables::{Kind, TABLES, Table};

use crate::store::error::Error;
use crate::store::tx::{Row, Tx, Value};

/// Rows that are read at once.
const PAGE_ROWS: usize = 256;
/// Bytes that are read at once, about: a row may be large.
const PAGE_BYTES: usize = 1024 * 1024;

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// NULL.
    Null,
    /// TEXT.
    Text(Box<str>),
    /// BIGINT.
    Number(i64),
}

impl<'a> From<&'a Cell> for Value<'a> {
    fn from(cell: &'a Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Text(text) => Self::Text(text),
            Cell::Number(number) => Self::Number(*number),
        }
    }
}

/// Some rows of one table, in the order of its key.
#[derive(Debug)]
pub struct Page {
    table: &'static Table,
    /// Row after row.
    cells: Vec<Cell>,
}

impl Page {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.cells.len() / self.table.columns.len()
    }
}

/// What a whole table came to: the same rows give the same sum, on either database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// How many rows there are.
    pub rows: i64,
    /// The SHA-256 of all of them, in the order of the key.
    pub digest: [u8; 32],
}

/// How many rows each table has, in the order of [`TABLES`].
pub fn counts(tx: &mut Tx<'_>) -> Result<Vec<i64>, Error> {
    let count = |table: &Table| {
        let sql = format!("SELECT COUNT(*) FROM {}", table.name);
        let count = tx.one(&sql, &[], |row| row.number(0))?;
        count.ok_or_else(|| Error::Failed(format!("{}: a count has no row", table.name)))
    };
    TABLES.iter().map(count).collect()
}

/// Reads a whole table in the order of its key, a page at a time.
pub fn read<E: From<Error>>(
    tx: &mut Tx<'_>,
    table: &'static Table,
    mut take: impl FnMut(Page) -> Result<(), E>,
) -> Result<Sum, E> {
    let mut hash = Sha256::new();
    let (mut rows, mut after) = (0, Vec::new());
    loop {
        let page = page(tx, table, &after)?;
        let Some(last) = page.cells.chunks_exact(table.columns.len()).next_back() else {
            let digest = hash.finalize().into();
            return Ok(Sum { rows, digest });
        };
        after = last[..table.key].to_vec();
        rows += i64::try_from(page.rows()).expect("a page has few rows");
        for cell in &page.cells {
            digest_cell(&mut hash, cell);
        }
        take(page)?;
    }
}

/// The rows after the one of that key, or from the first on.
fn page(tx: &mut Tx<'_>, table: &'static Table, after: &[Cell]) -> Result<Page, Error> {
    let columns = names(table.columns);
    let key = names(&table.columns[..table.key]);
    let condition = match after.len() {
        0 => String::new(),
        count => format!("WHERE ({key}) > ({})", placeholders(count)),
    };
    let name = table.name;
    let sql = format!("SELECT {columns} FROM {name} {condition} ORDER BY {key} LIMIT {PAGE_ROWS}");
    let after: Vec<Value<'_>> = after.iter().map(Value::from).collect();
    let (mut cells, mut bytes) = (Vec::new(), 0);
    tx.each(&sql, &after, |row| {
        // What is too much for this page begins the next one.
        if bytes < PAGE_BYTES {
            for (index, (_, kind)) in table.columns.iter().enumerate() {
                let cell = cell(row, index, *kind)?;
                bytes += size_of::<Cell>() + text_bytes(&cell);
                cells.push(cell);
            }
        }
        Ok::<(), Error>(())
    })?;
    Ok(Page { table, cells })
}

fn cell(row: &Row<'_>, index: usize, kind: Kind) -> Result<Cell, Error> {
    Ok(match kind {
        Kind::Text => row
            .optional_text(index)?
            .map_or(Cell::Null, |text| Cell::Text(text.into())),
        Kind::Number => row.optional_number(index)?.map_or(Cell::Null, Cell::Number),
    })
}

fn text_bytes(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.len(),
        Cell::Null | Cell::Number(_) => 0,
    }
}

/// Adds a page's rows to its table. Fails when one is there already.
pub fn insert(tx: &mut Tx<'_>, page: &Page) -> Result<(), Error> {
    let Page { table, cells } = page;
    let width = table.columns.len();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        names(table.columns),
        placeholders(width)
    );
    let values: Vec<Value<'_>> = cells.iter().map(Value::from).collect();
    tx.execute_many(&sql, values.chunks_exact(width))?;
    Ok(())
}

/// Removes every row of a table.
pub fn clear(tx: &mut Tx<'_>, table: &Table) -> Result<(), Error> {
    tx.execute(&format!("DELETE FROM {}", table.name), &[])?;
    Ok(())
}

/// One digest of all tables' sums, in hexadecimal.
pub fn digest(sums: &[Sum]) -> String {
    let mut hash = Sha256::new();
    for (table, sum) in TABLES.iter().zip(sums) {
        digest_cell(&mut hash, &Cell::Text(table.name.into()));
        digest_cell(&mut hash, &Cell::Number(sum.rows));
        hash.update(sum.digest);
    }
    let bytes = hash.finalize();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every cell says what it is and how long, so that no two rows are written alike.
fn digest_cell(hash: &mut Sha256, cell: &Cell) {
    match cell {
        Cell::Null => hash.update([0]),
        Cell::Text(text) => {
            hash.update([1]);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Cell::Number(number) => {
            hash.update([2]);
            hash.update(number.to_be_bytes());
        }
    }
}

fn names(columns: &[(&'static str, Kind)]) -> String {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

fn placeholders(count: usize) -> String {
    let placeholders: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    placeholders.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_rows_have_the_same_digest() {
        let text = |text: &str| Cell::Text(text.into());
        let rows = [
            vec![],
            vec![Cell::Null],
            vec![Cell::Null, Cell::Null],
            vec![text("")],
            vec![text(""), text("")],
            vec![text(""), Cell::Null],
            vec![Cell::Null, text("")],
            vec![text("\0")],
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![text("abc")],
            vec![text("abc"), text("")],
            vec![text("0")],
            vec![Cell::Number(0)],
            vec![Cell::Number(1)],
            vec![Cell::Number(-1)],
            vec![Cell::Number(256)],
            vec![text("\0\0\0\0\0\0\0\0")],
        ];
        let mut seen = HashSet::new();
        for row in &rows {
            let mut hash = Sha256::new();
            for cell in row {
                digest_cell(&mut hash, cell);
            }
            let digest: [u8; 32] = hash.finalize().into();
            assert!(seen.insert(digest), "{row:?}");
        }
    }

    #[test]
    fn the_digest_of_all_tables_tells_which_table_has_the_rows() {
        let (none, some) = (
            Sum {
                rows: 0,
                digest: [0; 32],
            },
            Sum {
                rows: 1,
                digest: [1; 32],
            },
        );
        assert_ne!(digest(&[none, some]), digest(&[some, none]));
        assert_ne!(digest(&[some]), digest(&[some, none]));
        assert_eq!(digest(&[some, none]).len(), 64);
    }
}
