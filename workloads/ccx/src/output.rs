//! Results on standard output.

use std::io::{self, Write as _};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, LineStyle, Table, TableStyle};
use serde::Serialize;
use snafu::{ResultExt, Snafu};

use crate::failure::Failure;

/// How results look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// A result can't be printed.
#[derive(Debug, Snafu)]
pub(crate) enum OutputError {
    #[snafu(display("failed to write to standard output"))]
    Write { source: io::Error },
    #[snafu(display("failed to write a result as JSON"))]
    Encode { source: serde_json::Error },
}

impl Failure for OutputError {}

/// Prints `text` and a line break.
///
/// Unlike `println!` it is an error, and no panic, when the reader has gone.
pub(crate) fn print(text: &str) -> Result<(), OutputError> {
    writeln!(io::stdout(), "{text}").context(WriteSnafu)
}

/// Prints one line of JSON.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), OutputError> {
    print(&serde_json::to_string(value).context(EncodeSnafu)?)
}

/// One line, below the header.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// An empty table of the house's style.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}
