//! The identity of a record.

use std::sync::Arc;

use ccx_transport::{Position, Record};

/// A record by its topic and its position there: announcements are read from two topics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordId {
    pub(crate) topic: Arc<str>,
    pub(crate) position: Position,
}

impl From<&Record> for RecordId {
    fn from(record: &Record) -> Self {
        Self { topic: Arc::clone(&record.topic), position: record.position() }
    }
}
