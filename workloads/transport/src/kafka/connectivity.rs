//! Connectivity of a client to its brokers.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::error::ClientFailure;
use super::statistics::{Connections, Statistics};

/// Connectivity of a Kafka client, as far as librdkafka has noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// The client has just started.
    Connecting,
    /// At least one broker is connected and has accepted the credentials, and the subscribed topic exists.
    Up,
    /// No broker is connected, or the subscribed topic can't be read; the cause in librdkafka's words.
    Down(String),
}

impl Connectivity {
    /// Returns whether the client can do its work.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up)
    }
}

/// Derives [`Connectivity`] and log events from librdkafka's events: one log event for each change, not for each attempt.
///
/// An unavailable broker shows as an error when its connection breaks, and as a report without a connection. An
/// available one shows as a report with a connection, or as a record.
#[derive(Debug)]
pub(super) struct Monitor {
    /// The kind of client, for the log.
    client: &'static str,
    connectivity: watch::Sender<Connectivity>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    brokers: Connectivity,
    /// The cause for which the subscribed topic can't be read.
    subscription_problem: Option<String>,
    /// The last error of a connection; more precise than "all brokers are down".
    last_error: Option<String>,
    /// Errors that were logged since brokers were last connected, without digits.
    logged: BTreeSet<String>,
    /// Reports in a row without a connection. One may be between two connections.
    unconnected_reports: u32,
    /// Brokers have rejected the credentials since they were last connected.
    is_rejected: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            brokers: Connectivity::Connecting,
            subscription_problem: None,
            last_error: None,
            logged: BTreeSet::new(),
            unconnected_reports: 0,
            is_rejected: false,
        }
    }
}

/// Reports in a row without a connection after which brokers are unavailable.
const UNCONNECTED_REPORTS: u32 = 3;

/// Most different errors that are remembered as logged. Further ones are logged at debug level.
const MAX_LOGGED: usize = 32;

impl Monitor {
    pub(super) fn new(client: &'static str) -> Self {
        Self { client, connectivity: watch::Sender::new(Connectivity::Connecting), state: Mutex::default() }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Connectivity> {
        self.connectivity.subscribe()
    }

    /// A broker has answered.
    pub(super) fn up(&self) {
        let mut state = self.state();
        if state.brokers.is_up() {
            return;
        }
        *state = State {
            brokers: Connectivity::Up,
            subscription_problem: state.subscription_problem.take(),
            ..State::default()
        };
        self.publish(&state);
    }

    /// The subscribed topic can be read.
    pub(super) fn subscribed(&self) {
        let mut state = self.state();
        if state.subscription_problem.take().is_some() {
            self.publish(&state);
        }
    }

    /// The subscribed topic can't be read: it does not exist, or access is denied.
    pub(super) fn subscription_failed(&self, reason: &str) {
        let mut state = self.state();
        if state.subscription_problem.as_deref() != Some(reason) {
            state.subscription_problem = Some(reason.into());
            self.publish(&state);
        }
    }

    /// librdkafka reports an error, which it retries by itself.
    pub(super) fn error(&self, error: &ClientError, reason: &str) {
        let reason = &*with_hint(without_times(reason));
        let code = error.rdkafka_error_code();
        if code == Some(Code::Fatal) {
            error!(client = self.client, reason, "kafka client failed permanently");
        }
        let mut state = self.state();
        if matches!(code, Some(Code::AllBrokersDown | Code::Fatal)) {
            let known = state.last_error.clone();
            self.set_down(&mut state, known.unwrap_or_else(|| reason.into()));
            return;
        }
        state.is_rejected |= code.is_some_and(is_rejection);
        state.last_error = Some(reason.into());
        if state.is_new(reason) {
            warn!(client = self.client, reason, "kafka error");
        } else {
            debug!(client = self.client, reason, "kafka error repeated");
        }
    }

    /// librdkafka's periodic report.
    pub(super) fn report(&self, statistics: &Statistics) {
        match statistics.connections() {
            Connections::Some => self.up(),
            Connections::Idle => {}
            Connections::None => {
                let mut state = self.state();
                state.unconnected_reports += 1;
                if state.unconnected_reports >= UNCONNECTED_REPORTS {
                    let known = state.last_error.clone();
                    self.set_down(&mut state, known.unwrap_or_else(|| "no broker is connected".into()));
                }
            }
        }
    }

    /// A line of librdkafka's own log. Its errors come a second time, to [`error`](Self::error).
    pub(super) fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                error!(client = self.client, facility, line, "librdkafka");
            }
            // librdkafka reports a connection that a broker closes, or on which it doesn't answer, only here.
            RDKafkaLogLevel::Warning if facility == "FAIL" => self.connection_failed(line),
            // `kafka.properties` are passed to consumers and producers alike; each warns of those of the other.
            RDKafkaLogLevel::Warning if facility != "CONFWARN" && self.state().is_new(line) => {
                warn!(client = self.client, facility, line, "librdkafka");
            }
            _ => debug!(client = self.client, facility, line, "librdkafka"),
        }
    }

    /// A connection failed: `[thrd:HOST:PORT/bootstrap]: HOST:PORT/bootstrap: CAUSE (after …)`.
    fn connection_failed(&self, line: &str) {
        let reason = line.split_once("]: ").map_or(line, |(_, reason)| reason);
        let reason = with_hint(without_times(reason));
        let mut state = self.state();
        let is_new = state.is_new(&reason);
        state.last_error.get_or_insert_with(|| reason.clone().into_owned());
        if is_new {
            warn!(client = self.client, reason = &*reason, "kafka error");
        } else {
            debug!(client = self.client, reason = &*reason, "kafka error repeated");
        }
    }

    /// Returns whether brokers have rejected the credentials or the certificate.
    pub(super) fn is_rejected(&self) -> bool {
        self.state().is_rejected
    }

    /// Returns whether an error of a connection is known.
    pub(super) fn has_cause(&self) -> bool {
        self.state().last_error.is_some()
    }

    /// Adds the last error of the connections to an error that only says that there was no answer.
    pub(super) fn explain(&self, source: ClientError) -> ClientFailure {
        let is_silence = source.rdkafka_error_code().is_some_and(is_silence);
        let state = self.state();
        let connection = state.last_error.clone().filter(|_| is_silence && !state.brokers.is_up());
        ClientFailure::new(source, connection)
    }

    fn set_down(&self, state: &mut State, reason: String) {
        if !matches!(state.brokers, Connectivity::Down(_)) {
            state.brokers = Connectivity::Down(reason);
            self.publish(state);
        }
    }

    fn publish(&self, state: &State) {
        let connectivity = match (&state.brokers, &state.subscription_problem) {
            (Connectivity::Up, Some(problem)) => Connectivity::Down(problem.clone()),
            (brokers, _) => brokers.clone(),
        };
        if *self.connectivity.borrow() == connectivity {
            return;
        }
        match &connectivity {
            Connectivity::Connecting => {}
            Connectivity::Up => info!(client = self.client, "kafka connected"),
            Connectivity::Down(reason) => warn!(client = self.client, reason, "kafka unavailable"),
        }
        self.connectivity.send_replace(connectivity);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns whether `text` is not logged yet, apart from its ports, counts and times.
    fn is_new(&mut self, text: &str) -> bool {
        let key: String = text.chars().filter(|character| !character.is_ascii_digit()).collect();
        self.logged.len() < MAX_LOGGED && self.logged.insert(key)
    }
}

fn is_rejection(code: Code) -> bool {
    matches!(code, Code::Authentication | Code::SaslAuthenticationFailed | Code::SSL)
}

/// Removes librdkafka's note about the duration of an attempt and about repetitions, which differs each time:
/// `(after 3ms in state CONNECT, 1 identical error(s) suppressed)`.
fn without_times(reason: &str) -> &str {
    match reason.rsplit_once(" (after ") {
        Some((cause, note)) if note.contains("in state ") && note.ends_with(')') => cause,
        _ => reason,
    }
}

/// Adds what to check to a cause that a wrong address or protocol has; removes librdkafka's advice about it, which misleads.
fn with_hint(reason: &str) -> Cow<'_, str> {
    const CLOSED: &str = "Disconnected: connection closed by peer";
    if let Some((cause, _)) = reason.split_once(CLOSED) {
        return format!("{cause}{CLOSED}; does the listener need TLS or SASL (kafka.security_protocol)?")
            .into();
    }
    let foreign = ["Invalid response size", "ApiVersionRequest failed"];
    let Some(start) = foreign.iter().find_map(|part| reason.find(part)) else { return reason.into() };
    let end = reason[start..].find(": ").map_or(reason.len(), |end| start + end);
    format!("{}; is a Kafka broker at this address and port?", &reason[..end]).into()
}

/// Returns whether the code says that no broker answered, and nothing about the cause.
fn is_silence(code: Code) -> bool {
    matches!(
        code,
        Code::MessageTimedOut
            | Code::OperationTimedOut
            | Code::TimedOutQueue
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::Resolve
            | Code::WaitingForCoordinator
            | Code::QueueFull
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cause_of_a_wrong_port_or_protocol_has_a_hint() {
        let closed = "k:9093/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN";
        assert_eq!(
            with_hint(closed),
            "k:9093/bootstrap: Disconnected: connection closed by peer; does the listener need TLS or SASL (kafka.security_protocol)?"
        );
        for foreign in [
            "k:5432/bootstrap: Receive failed: Invalid response size 1157627904 (0..100000000): increase receive.message.max.bytes",
            "k:80/bootstrap: ApiVersionRequest failed: Local: Timed out: probably due to broker version < 0.10 (see api.version.request)",
        ] {
            let told = with_hint(foreign);
            assert!(told.ends_with("; is a Kafka broker at this address and port?"), "{told}");
            assert!(!told.contains("increase") && !told.contains("probably"), "{told}");
        }
        assert_eq!(with_hint(REFUSED), REFUSED);
        let monitor = Monitor::new("test");
        monitor.log(
            RDKafkaLogLevel::Warning,
            "FAIL",
            &format!("[thrd:k:9093/bootstrap]: {closed} (after 0ms in state UP)"),
        );
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        let Connectivity::Down(reason) = monitor.subscribe().borrow().clone() else { panic!() };
        assert!(reason.contains("closed by peer; does the listener need"), "{reason}");
    }

    const REFUSED: &str = "kafka:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused";

    fn report(state: &str) -> Statistics {
        let json = format!(r#"{{"brokers": {{"a": {{"state": "{state}", "source": "configured"}}}}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn state(monitor: &Monitor) -> Connectivity {
        monitor.subscribe().borrow().clone()
    }

    #[test]
    fn client_without_events_is_connecting() {
        assert_eq!(state(&Monitor::new("test")), Connectivity::Connecting);
    }

    #[test]
    fn all_brokers_down_is_down_with_the_preceding_error() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::BrokerTransportFailure), REFUSED);
        assert_eq!(state(&monitor), Connectivity::Connecting);
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(state(&monitor), Connectivity::Down(REFUSED.into()));
    }

    #[test]
    fn report_with_a_connection_is_up() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        monitor.report(&report("UP"));
        assert_eq!(state(&monitor), Connectivity::Up);
    }

    #[test]
    fn three_reports_without_a_connection_are_down() {
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
    fn first_reason_is_kept_until_brokers_are_connected() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        let mut changes = monitor.subscribe();
        changes.mark_unchanged();
        monitor.error(&ClientError::Global(Code::BrokerTransportFailure), REFUSED);
        monitor.error(&ClientError::Global(Code::AllBrokersDown), "2/2 brokers are down");
        assert!(!changes.has_changed().unwrap());
    }

    #[test]
    fn missing_topic_is_down_although_brokers_are_connected() {
        let monitor = Monitor::new("test");
        monitor.subscription_failed("topic a does not exist");
        assert_eq!(state(&monitor), Connectivity::Connecting);
        monitor.up();
        assert_eq!(state(&monitor), Connectivity::Down("topic a does not exist".into()));
        monitor.subscribed();
        assert_eq!(state(&monitor), Connectivity::Up);
    }

    #[test]
    fn note_about_the_duration_of_an_attempt_is_not_part_of_the_cause() {
        let monitor = Monitor::new("test");
        let noted = format!("{REFUSED} (after 3ms in state CONNECT, 1 identical error(s) suppressed)");
        monitor.error(&ClientError::Global(Code::BrokerTransportFailure), &noted);
        let timed_out = monitor.explain(ClientError::MessageProduction(Code::MessageTimedOut));
        assert_eq!(timed_out.to_string(), REFUSED);
    }

    #[test]
    fn error_that_was_logged_is_not_new_whatever_comes_between() {
        let mut state = State::default();
        assert!(state.is_new("a:9092: refused (after 12ms)"));
        assert!(state.is_new("a:9092: disconnected"));
        assert!(!state.is_new("a:9093: refused (after 7ms)"));
    }

    #[test]
    fn silence_is_explained_by_the_last_error_of_a_connection() {
        let monitor = Monitor::new("test");
        monitor.error(&ClientError::Global(Code::BrokerTransportFailure), REFUSED);
        let timed_out = monitor.explain(ClientError::MessageProduction(Code::MessageTimedOut));
        assert_eq!(timed_out.to_string(), REFUSED);
        let too_large = monitor.explain(ClientError::MessageProduction(Code::MessageSizeTooLarge));
        assert!(too_large.to_string().contains("too large"), "{too_large}");
        monitor.up();
        let later = monitor.explain(ClientError::MessageProduction(Code::MessageTimedOut));
        assert!(!later.to_string().contains(REFUSED), "{later}");
    }
}
