//! The client context of clients that are not members of a group.

use std::sync::Arc;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError as ClientError;

use super::connectivity::Monitor;
use super::statistics::Statistics;

/// Passes every event to a [`Monitor`].
pub(super) struct Events {
    pub(super) monitor: Arc<Monitor>,
}

impl Events {
    /// Creates the context of a `client` of that kind, and its monitor.
    pub(super) fn new(client: &'static str) -> (Self, Arc<Monitor>) {
        let monitor = Arc::new(Monitor::new(client));
        (Self { monitor: Arc::clone(&monitor) }, monitor)
    }
}

impl ClientContext for Events {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.monitor.log(level, facility, line);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        if let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) {
            self.monitor.report(&statistics);
        }
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.monitor.error(&error, reason);
    }
}

impl ConsumerContext for Events {}
