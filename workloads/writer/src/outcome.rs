//! A message of a batch, and its outcome.

use ccx_messages::{ErrorClass, Reason};
use ccx_outbox::Request;
use ccx_storage::ConsumerError;
use ccx_transport::Record;
use chrono::{DateTime, Utc};

/// A message on its way through the writer.
#[derive(Debug)]
pub(crate) struct Message<R> {
    pub(crate) record: Record,
    /// Its request, if it could be parsed.
    pub(crate) request: Option<Request>,
    pub(crate) state: State<R>,
}

/// The state of a message.
#[derive(Debug)]
pub(crate) enum State<R> {
    /// Its result is to be stored.
    Pending(Box<R>),
    /// It is processed.
    Done(Outcome),
}

/// The result of processing a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Its result is stored.
    Stored,
    /// A result that is as new or newer is stored.
    Ignored,
    /// Its report is empty, and not stored.
    Empty,
    /// It becomes a dead letter.
    Rejected(Rejection),
}

/// The reason for which a message becomes a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub(crate) class: ErrorClass,
    pub(crate) reason: Reason,
}

impl Rejection {
    pub(crate) fn new(class: ErrorClass, error: &dyn std::error::Error) -> Self {
        Self { class, reason: Reason::from_error(error) }
    }
}

impl<R> Message<R> {
    pub(crate) fn result(&self) -> Option<&R> {
        match &self.state {
            State::Pending(result) => Some(result),
            State::Done(_) => None,
        }
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.state {
            State::Pending(_) => None,
            State::Done(outcome) => Some(outcome),
        }
    }

    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        match self.outcome()? {
            Outcome::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }

    pub(crate) fn finish(&mut self, outcome: Outcome) {
        self.state = State::Done(outcome);
    }

    /// Returns the row of a rejected message.
    pub(crate) fn consumer_error(&self, consumed_at: DateTime<Utc>) -> Option<ConsumerError> {
        let record = &self.record;
        Some(ConsumerError {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            key: record.key.clone(),
            produced_at: record.timestamp_ms.and_then(DateTime::from_timestamp_millis).unwrap_or(consumed_at),
            consumed_at,
            message: record.payload.to_vec(),
            error: self.rejection()?.reason.to_string(),
        })
    }
}
