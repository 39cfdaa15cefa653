//! Results on standard output, notes on standard error.

use std::io::{self, Write as _};

use serde::Serialize;
use snafu::{ResultExt as _, Snafu};

use crate::{CliError, escape_control};

/// A result can't be printed.
#[derive(Debug, Snafu)]
pub enum OutputError {
    /// Standard output can't be written to.
    #[snafu(display("failed to write to standard output"))]
    Write {
        /// The error of the system.
        source: io::Error,
    },
    /// The result is not JSON.
    #[snafu(display("failed to write a result as JSON"))]
    Encode {
        /// The error of the encoder.
        source: serde_json::Error,
    },
}

impl CliError for OutputError {}

/// Prints text for people, and a line break; control characters are escaped.
pub fn print(text: &str) -> Result<(), OutputError> {
    write_line(&escape_control(text))
}

/// Prints a document for programs, such as YAML or a script, byte by byte; it ends with a line break.
pub fn print_document(document: &str) -> Result<(), OutputError> {
    write_line(document.trim_end_matches('\n'))
}

/// Prints a value as one line of JSON.
pub fn print_json(value: &impl Serialize) -> Result<(), OutputError> {
    write_line(&serde_json::to_string(value).context(EncodeSnafu)?)
}

/// Prints a line on standard error; control characters are escaped. When standard error is closed, the line is lost.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{}", escape_control(text));
}

/// A reader that has closed the pipe has seen enough, which is not an error.
fn write_line(text: &str) -> Result<(), OutputError> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context(WriteSnafu),
    }
}
