//! Writing to standard output.

use std::io::{self, Write as _};

use snafu::{ResultExt as _, Snafu};

use crate::cli_error::CliError;

/// Standard output can't be written to.
#[derive(Debug, Snafu)]
#[snafu(display("failed to write to standard output"))]
pub(crate) struct OutputError {
    source: io::Error,
}

impl CliError for OutputError {}

/// Writes `text`, which ends with a line break. A reader that has seen enough, such as `head`, is not an error.
pub(crate) fn print(text: &str) -> Result<(), OutputError> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context(OutputSnafu),
    }
}
