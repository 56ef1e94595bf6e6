//! What a command says on standard output: text for people, or with `--json` one object a line.

use std::io::{self, BufWriter, ErrorKind, Write};

use serde_json::Value;

use crate::cli::failure::Failure;

/// Standard output, in one of two languages.
pub struct Output {
    is_json: bool,
    writer: BufWriter<Box<dyn Write>>,
}

impl Output {
    /// Standard output, as JSON or as text.
    pub fn new(is_json: bool) -> Self {
        Self::to(is_json, Box::new(io::stdout()))
    }

    fn to(is_json: bool, writer: Box<dyn Write>) -> Self {
        Self {
            is_json,
            writer: BufWriter::new(writer),
        }
    }

    /// Whether objects are asked for.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// A line of text.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.writer, "{text}").map_err(|error| failed(&error))
    }

    /// The object on a line of its own, or the text that says the same.
    pub fn say(&mut self, object: &Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.is_json {
            self.line(&object.to_string())
        } else {
            self.line(&text())
        }
    }

    /// A table with columns as wide as their widest cell.
    pub fn table<const N: usize>(
        &mut self,
        header: [&str; N],
        rows: &[[String; N]],
    ) -> Result<(), Failure> {
        let mut widths = header.map(|cell| cell.chars().count());
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let header = header.map(str::to_owned);
        for row in std::iter::once(&header).chain(rows) {
            let cells = row.iter().zip(widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            self.line(padded.join("  ").trim_end())?;
        }
        Ok(())
    }

    /// Standard output itself, for what is no line.
    pub fn writer(&mut self) -> &mut impl Write {
        &mut self.writer
    }

    /// Writes out what is still held back.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.writer.flush().map_err(|error| failed(&error))
    }
}

/// What a failed write to standard output means.
pub fn failed(error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        Failure::NobodyReads
    } else {
        Failure::because(format!("cannot write to standard output: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_who_went_away_is_no_error_to_tell() {
        let mut output = Output::to(false, Box::new(Closed));
        output.line("hello").unwrap();
        assert_eq!(output.flush(), Err(Failure::NobodyReads));
    }
}
