//! The log of an export, which is exported too: one JSON object per line, without times.

use std::fmt::Write as _;

use serde_json::Value;

use crate::export::{Destination, ExportError};

/// The file of the log.
const FILE: &str = "_logs.txt";

/// The steps of an export.
pub(super) struct OperationLog(String);

impl OperationLog {
    /// Begins a log.
    pub(super) fn new(destination: &Destination) -> Self {
        let mut log = Self(String::new());
        log.info(match destination {
            Destination::Folder(_) => "File logger initialized",
            Destination::Bucket { .. } => "Memory logger initialized",
        });
        log
    }

    /// Adds a step.
    pub(super) fn info(&mut self, message: &str) {
        tracing::info!("{message}");
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, r#"{{"level":"info","message":{}}}"#, Value::from(message));
    }

    /// Adds a step of a table.
    pub(super) fn info_of_table(&mut self, table: &str, message: &str) {
        tracing::info!("Table name" = table, "{message}");
        let (table, message) = (Value::from(table), Value::from(message));
        let _ = writeln!(self.0, r#"{{"level":"info","Table name":{table},"message":{message}}}"#);
    }

    /// Stores the log.
    pub(super) async fn store(self, destination: &Destination) -> Result<(), ExportError> {
        destination.store_bytes(FILE, self.0.into_bytes()).await
    }
}
