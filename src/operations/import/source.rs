//! The file's bytes: counted, and never more of them in one row than a row may have.

use std::io::{self, BufRead, BufReader, Read};

use crate::operations::import::ROW_BYTES_MAX;

const BUFFER_BYTES: usize = 64 * 1024;

/// A file that is read once, from its beginning to its end.
pub(super) struct Source<R> {
    inner: BufReader<R>,
    bytes: u64,
    /// Reading through [`Read`] fails at this byte.
    stop_at: u64,
    last: u8,
    ended: bool,
}

/// What [`Source::line`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// A line.
    Line,
    /// A line that is longer than it may be: it was passed over.
    TooLong,
    /// The end of the file.
    End,
}

impl<R: Read> Source<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            inner: BufReader::with_capacity(BUFFER_BYTES, file),
            bytes: 0,
            stop_at: 0,
            last: b'\n',
            ended: false,
        }
    }

    /// How many bytes were taken.
    pub(super) fn taken(&self) -> u64 {
        self.bytes
    }

    /// Allows one more row to be read through [`Read`].
    pub(super) fn allow_row(&mut self) {
        self.stop_at = self.bytes + ROW_BYTES_MAX as u64;
    }

    /// Whether [`Read`] failed because a row is too long.
    pub(super) fn is_stopped(&self) -> bool {
        self.bytes >= self.stop_at
    }

    /// Whether the file was read to its end, and does not end with the end of a line.
    pub(super) fn ends_within_a_line(&self) -> bool {
        self.ended && self.last != b'\n'
    }

    /// Reads a line, without its end, into `line`, which it empties first.
    pub(super) fn line(&mut self, line: &mut Vec<u8>) -> io::Result<Piece> {
        line.clear();
        let (start, mut is_too_long) = (self.bytes, false);
        loop {
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                let piece = match self.bytes == start {
                    true => Piece::End,
                    false if is_too_long => Piece::TooLong,
                    false => Piece::Line,
                };
                return Ok(piece);
            }
            let end = memchr::memchr(b'\n', buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            is_too_long |= line.len() + part.len() > ROW_BYTES_MAX;
            if is_too_long {
                line.clear();
            } else {
                line.extend_from_slice(part);
            }
            if let Some(last) = buffer[..end.map_or(buffer.len(), |end| end + 1)].last() {
                self.last = *last;
            }
            let count = part.len() + usize::from(end.is_some());
            self.inner.consume(count);
            self.bytes += count as u64;
            if end.is_some() {
                return Ok(if is_too_long {
                    Piece::TooLong
                } else {
                    Piece::Line
                });
            }
        }
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_stopped() {
            return Err(io::Error::other("a row is too long"));
        }
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
        match buffer[..count].last() {
            Some(last) => self.last = *last,
            None => self.ended = !buffer.is_empty(),
        }
        Ok(count)
    }
}
