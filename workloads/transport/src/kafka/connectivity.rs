//! Whether a client can reach its brokers.

use std::sync::{Mutex, PoisonError};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::statistics::{Connections, Statistics};

/// Whether a Kafka client can reach its brokers, as far as librdkafka has noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// Not known yet: the client has just started.
    Connecting,
    /// At least one broker is connected and has let us in.
    Up,
    /// No broker is connected; the reason in words.
    Down(String),
}

impl Connectivity {
    /// Whether at least one broker is connected.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up)
    }
}

/// Turns what librdkafka tells of itself into [`Connectivity`] and log events: one for each change, not for each attempt.
///
/// A broker that is away shows as an error when its connection breaks, and as a report without a connection. One that is back
/// shows as a report with a connection, or as a record.
#[derive(Debug)]
pub(super) struct Monitor {
    /// Whose connections they are, for the log.
    client: &'static str,
    connectivity: watch::Sender<Connectivity>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    /// What broke last; a better reason than "all brokers are down".
    last_error: Option<String>,
    /// Reports in a row without a connection. One may be between two connections.
    unconnected_reports: u32,
}

/// So many reports in a row without a connection mean that brokers are away.
const UNCONNECTED_REPORTS: u32 = 3;

impl Monitor {
    pub(super) fn new(client: &'static str) -> Self {
        Self { client, connectivity: watch::Sender::new(Connectivity::Connecting), memory: Mutex::default() }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Connectivity> {
        self.connectivity.subscribe()
    }

    /// A broker has answered.
    pub(super) fn up(&self) {
        if self.connectivity.borrow().is_up() {
            return;
        }
        *self.memory() = Memory::default();
        self.change(Connectivity::Up);
    }

    /// librdkafka reports an error, which it has dealt with or is dealing with.
    pub(super) fn error(&self, error: &ClientError, reason: &str) {
        let code = error.rdkafka_error_code();
        if code == Some(Code::Fatal) {
            error!(client = self.client, reason, "kafka client has failed for good");
        }
        if matches!(code, Some(Code::AllBrokersDown | Code::Fatal)) {
            let known = self.memory().last_error.clone();
            self.down(known.unwrap_or_else(|| reason.into()));
            return;
        }
        let repeated = self
            .memory()
            .last_error
            .replace(reason.into())
            .is_some_and(|last| without_digits(&last) == without_digits(reason));
        match code {
            _ if repeated => debug!(client = self.client, reason, "kafka error again"),
            _ => warn!(client = self.client, reason, "kafka error"),
        }
    }

    /// librdkafka's regular report.
    pub(super) fn report(&self, statistics: &Statistics) {
        let unconnected_reports = match statistics.connections() {
            Connections::Some => return self.up(),
            Connections::Idle => return,
            Connections::None => {
                let mut memory = self.memory();
                memory.unconnected_reports += 1;
                memory.unconnected_reports
            }
        };
        if unconnected_reports >= UNCONNECTED_REPORTS {
            let known = self.memory().last_error.clone();
            self.down(known.unwrap_or_else(|| "no broker is connected".into()));
        }
    }

    /// A line of librdkafka's own log. Its errors come a second time, to [`error`](Self::error).
    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                error!(client = self.client, facility, line, "librdkafka");
            }
            // `kafka.properties` go to consumers and producers alike; each says of those of the other that it does not know them.
            RDKafkaLogLevel::Warning if facility == "CONFWARN" => {
                debug!(client = self.client, facility, line, "librdkafka");
            }
            RDKafkaLogLevel::Warning => warn!(client = self.client, facility, line, "librdkafka"),
            _ => debug!(client = self.client, facility, line, "librdkafka"),
        }
    }

    fn down(&self, reason: String) {
        let is_known = matches!(*self.connectivity.borrow(), Connectivity::Down(_));
        if !is_known {
            self.change(Connectivity::Down(reason));
        }
    }

    fn change(&self, connectivity: Connectivity) {
        if let Connectivity::Down(reason) = &connectivity {
            warn!(client = self.client, reason, "kafka is away");
        } else {
            info!(client = self.client, "kafka is connected");
        }
        self.connectivity.send_replace(connectivity);
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Errors that differ in a port, a count or a time are the same news.
fn without_digits(reason: &str) -> String {
    reason.chars().filter(|character| !character.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: &str = "kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused";

    fn report(state: &str) -> Statistics {
        let json = format!(r#"{{"brokers": {{"a": {{"state": "{state}", "source": "configured"}}}}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn state(monitor: &Monitor) -> Connectivity {
        monitor.subscribe().borrow().clone()
    }

    #[test]
    fn a_client_starts_without_knowing() {
        assert_eq!(state(&Monitor::new("test")), Connectivity::Connecting);
    }

    #[test]
    fn all_brokers_down_is_down_for_the_reason_that_came_before() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::BrokerTransportFailure), REFUSED);
        assert_eq!(state(&monitor), Connectivity::Connecting);
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(state(&monitor), Connectivity::Down(REFUSED.into()));
    }

    #[test]
    fn a_report_with_a_connection_is_up() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        monitor.report(&report("UP"));
        assert_eq!(state(&monitor), Connectivity::Up);
    }

    #[test]
    fn one_report_without_a_connection_is_not_yet_down_and_three_are() {
        let monitor = Monitor::new("test");
        monitor.up();
        monitor.report(&report("CONNECT"));
        assert_eq!(state(&monitor), Connectivity::Up);
        monitor.report(&report("DOWN"));
        monitor.report(&report("CONNECT"));
        assert_eq!(state(&monitor), Connectivity::Down("no broker is connected".into()));
    }

    #[test]
    fn idle_connections_change_nothing() {
        let monitor = Monitor::new("test");
        monitor.up();
        (0..10).for_each(|_| monitor.report(&report("INIT")));
        assert_eq!(state(&monitor), Connectivity::Up);
    }

    #[test]
    fn the_first_reason_stays_while_brokers_are_away() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        let mut changes = monitor.subscribe();
        changes.mark_unchanged();
        monitor.error(&ClientError::Global(Code::BrokerTransportFailure), REFUSED);
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "2/2 brokers are down");
        assert!(!changes.has_changed().unwrap());
    }

    #[test]
    fn ports_and_times_do_not_make_an_error_new() {
        assert_eq!(without_digits("refused (after 12ms)"), without_digits("refused (after 7ms)"));
    }
}
