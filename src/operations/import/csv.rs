//! Rows of CSV: the header decides what the cells mean.

use std::io::Read;

use ::csv::{ByteRecord, Position, Reader, ReaderBuilder, Terminator};
use serde_json::{Map, Value};

use crate::model::invalid::Invalid;
use crate::model::profile::ProfileField;
use crate::model::profile_json::{CUSTOM_ATTRIBUTES, checked_value};
use crate::model::text::name;
use crate::model::timestamp::Timestamp;
use crate::operations::import::row::{
    DepartmentReference, Row, UserRow, department_text, seen_at, state, time, user_id,
};
use crate::operations::import::source::Source;
use crate::operations::import::{Batches, ROW_BYTES_MAX, Stop};

/// What divides the names of departments in their cell.
const DEPARTMENTS_DIVIDER: char = ';';
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What a column's cells say.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    Id,
    Username,
    UserKey,
    ExternalId,
    Departments,
    State,
    CreatedAt,
    UpdatedAt,
    DeletedAt,
    /// The later of the channels: it follows from them.
    ActivityAt,
    DesktopAt,
    WebAt,
    Profile(ProfileField),
    CustomAttributes,
    CustomAttribute(String),
}

impl Column {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Id,
            "username" => Self::Username,
            "user_key" => Self::UserKey,
            "external_id" => Self::ExternalId,
            "departments" => Self::Departments,
            "created_at" => Self::CreatedAt,
            "updated_at" => Self::UpdatedAt,
            "deleted_at" => Self::DeletedAt,
            "last_activity.at" => Self::ActivityAt,
            "last_activity.desktop_at" => Self::DesktopAt,
            "last_activity.web_at" => Self::WebAt,
            _ => return Self::of_profile(name.strip_prefix("user.").unwrap_or(name)),
        })
    }

    fn of_profile(path: &str) -> Option<Self> {
        if let Some(field) = ProfileField::from_path(path) {
            return Some(Self::Profile(field));
        }
        match path.strip_prefix(CUSTOM_ATTRIBUTES) {
            Some("") => Some(Self::CustomAttributes),
            Some(rest) => {
                let name = rest.strip_prefix('.').filter(|name| !name.is_empty());
                name.map(|name| Self::CustomAttribute(name.to_owned()))
            }
            None => (path == "state").then_some(Self::State),
        }
    }

    fn names_a_user(&self) -> bool {
        matches!(
            self,
            Self::Id | Self::Username | Self::UserKey | Self::ExternalId
        )
    }
}

/// The columns by their names as the header writes them.
struct Header(Vec<(String, Column)>);

impl Header {
    fn parse(cells: &ByteRecord) -> Result<Self, Invalid> {
        let mut columns: Vec<(String, Column)> = Vec::with_capacity(cells.len());
        for cell in cells {
            let text = String::from_utf8_lossy(cell);
            let name = text.trim_start_matches(BYTE_ORDER_MARK).trim();
            let column = Column::parse(name).ok_or_else(|| {
                Invalid::new(name, format!("There is no column {name:?} to import"))
            })?;
            if columns.iter().any(|(_, known)| *known == column) {
                let reason = format!("The column {name:?} is there twice");
                return Err(Invalid::new(name, reason));
            }
            columns.push((name.to_owned(), column));
        }
        if !columns.iter().any(|(_, column)| column.names_a_user()) {
            let reason = "The header must name a column that says who is meant: user_key, \
                          username, external_id or id";
            return Err(Invalid::new("header", reason));
        }
        Ok(Self(columns))
    }
}

/// Reads the file to its end.
pub(super) fn read<R: Read>(
    source: &mut Source<R>,
    batches: &mut Batches,
    latest_activity: Timestamp,
) -> Result<(), Stop> {
    let mut rows = Rows::new(source, 1);
    let header = match rows.next()? {
        Next::Row(_) => Header::parse(&rows.record).map_err(Stop::Refused)?,
        Next::TooLong(_) | Next::End => {
            let reason = "The file must begin with a row of column names";
            return Err(Stop::Refused(Invalid::new("header", reason)));
        }
    };
    loop {
        match rows.next()? {
            Next::Row(lines) => {
                let row = read_row(&header, &rows.record, lines, latest_activity);
                let row = row.map(|row| Row::User(Box::new(row)));
                batches.push(lines.0, row, rows.reader.get_ref().taken())?;
            }
            Next::TooLong(lines) => {
                // The csv reader is spoilt; a new one goes on at the next line.
                drop(rows);
                source.line(&mut Vec::new())?;
                batches.push(lines.0, Err(too_long(lines)), source.taken())?;
                rows = Rows::new(source, lines.1 + 1);
            }
            Next::End => return batches.flush(),
        }
    }
}

/// The first and the last line of a row.
type Lines = (u64, u64);

enum Next {
    /// It stands in [`Rows::record`].
    Row(Lines),
    TooLong(Lines),
    End,
}

/// The rows with their lines. The csv crate's own count is of the line that it began to *look* for
/// the row on, which empty lines make another one.
struct Rows<'s, R> {
    reader: Reader<&'s mut Source<R>>,
    /// The line and the byte of the file that are the reader's first.
    first_line: u64,
    first_byte: u64,
    record: ByteRecord,
}

impl<'s, R: Read> Rows<'s, R> {
    fn new(source: &'s mut Source<R>, first_line: u64) -> Self {
        let first_byte = source.taken();
        // Ending rows at `\n` alone keeps its count of lines right; cells are trimmed of the `\r`.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .terminator(Terminator::Any(b'\n'))
            .from_reader(source);
        Self {
            reader,
            first_line,
            first_byte,
            record: ByteRecord::new(),
        }
    }

    fn next(&mut self) -> Result<Next, Stop> {
        loop {
            self.reader.get_mut().allow_row();
            let read = self.reader.read_byte_record(&mut self.record);
            let position = self.reader.position();
            let line = self.first_line + position.line() - 1;
            let source = self.reader.get_ref();
            match read {
                Ok(true) => {}
                Ok(false) => return Ok(Next::End),
                Err(_) if source.is_stopped() => {
                    let began = self.record.position().map_or(1, Position::line);
                    return Ok(Next::TooLong((self.first_line + began - 1, line)));
                }
                Err(error) => return Err(std::io::Error::from(error).into()),
            }
            let is_blank = self.record.len() == 1 && self.record[0].trim_ascii().is_empty();
            if is_blank {
                continue;
            }
            // Behind a row the count is one further, unless the file ended without a line's end.
            let is_last = self.first_byte + position.byte() >= source.taken();
            let ended = u64::from(!(is_last && source.ends_within_a_line()));
            let inside = memchr::memchr_iter(b'\n', self.record.as_slice()).count() as u64;
            return Ok(Next::Row((line - ended - inside, line - ended)));
        }
    }
}

fn too_long((first, last): Lines) -> Invalid {
    let reason = if first == last {
        format!("The row is longer than {ROW_BYTES_MAX} bytes")
    } else {
        format!(
            "The row is longer than {ROW_BYTES_MAX} bytes, up to line {last}: is a quote not \
             closed?"
        )
    };
    Invalid::new("", reason)
}

fn read_row(
    header: &Header,
    record: &ByteRecord,
    (first, last): Lines,
    latest_activity: Timestamp,
) -> Result<UserRow, Invalid> {
    if record.len() != header.0.len() {
        let (cells, columns) = (record.len(), header.0.len());
        let mut reason = format!("The row has {cells} cells, and the header names {columns}");
        if first != last {
            reason += &format!(". It goes on to line {last}: is a quote not closed?");
        }
        return Err(Invalid::new("", reason));
    }
    let mut reading = Reading {
        row: UserRow::default(),
        patch: Map::new(),
        custom: Map::new(),
        latest_activity,
    };
    for ((name, column), cell) in header.0.iter().zip(record) {
        let cell = std::str::from_utf8(cell)
            .map_err(|_| Invalid::new(name, format!("{name} is not UTF-8")))?
            .trim();
        if !cell.is_empty() {
            reading.cell(name, column, cell)?;
        }
    }
    reading.finish()
}

/// A row of which some cells were read.
struct Reading {
    row: UserRow,
    patch: Map<String, Value>,
    custom: Map<String, Value>,
    latest_activity: Timestamp,
}

impl Reading {
    fn cell(&mut self, field: &str, column: &Column, cell: &str) -> Result<(), Invalid> {
        let row = &mut self.row;
        match column {
            Column::Id => row.id = Some(user_id(field, cell)?),
            Column::Username => row.username = Some(name(field, cell)?),
            Column::UserKey => row.user_key = Some(name(field, cell)?),
            Column::ExternalId => row.external_id = Some(Some(name(field, cell)?)),
            Column::Departments => row.departments = Some(departments(field, cell)?),
            Column::State => row.state = Some(state(field, cell)?),
            Column::CreatedAt => row.created_at = Some(time(field, cell)?),
            Column::UpdatedAt => row.updated_at = Some(time(field, cell)?),
            Column::DeletedAt => row.deleted_at = Some(time(field, cell)?),
            Column::ActivityAt => drop(time(field, cell)?),
            Column::DesktopAt => {
                row.last_activity.desktop_at = Some(seen_at(field, cell, self.latest_activity)?);
            }
            Column::WebAt => {
                row.last_activity.web_at = Some(seen_at(field, cell, self.latest_activity)?);
            }
            Column::Profile(profile_field) => {
                let value = checked_value(*profile_field, cell).map_err(|invalid| Invalid {
                    field: field.to_owned(),
                    ..invalid
                })?;
                self.patch
                    .insert(profile_field.path().to_owned(), value.into());
            }
            Column::CustomAttributes => {
                let object: Map<String, Value> = serde_json::from_str(cell).map_err(|_| {
                    Invalid::new(field, format!("{field} must be the text of a JSON object"))
                })?;
                for (key, value) in object {
                    // A column for one attribute alone says it more exactly.
                    self.custom.entry(key).or_insert(value);
                }
            }
            Column::CustomAttribute(key) => {
                self.custom.insert(key.clone(), cell.into());
            }
        }
        Ok(())
    }

    fn finish(mut self) -> Result<UserRow, Invalid> {
        if !self.custom.is_empty() {
            let custom = Value::Object(self.custom);
            self.patch.insert(CUSTOM_ATTRIBUTES.to_owned(), custom);
        }
        self.row.set_patch(self.patch, "")?;
        Ok(self.row)
    }
}

fn departments(field: &str, cell: &str) -> Result<Vec<DepartmentReference>, Invalid> {
    let names = cell.split(DEPARTMENTS_DIVIDER).map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(|name| department_text(field, name))
        .collect()
}
