//! Readiness, as far as Kafka is concerned.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ccx_service::Condition;
use ccx_transport::{Connectivity, Consumer, Producer};
use tokio::sync::watch;

/// Combines the connectivity of a workload's clients with the messages that Kafka does not accept. Clones are the same.
#[derive(Clone)]
pub struct KafkaReadiness {
    shared: Arc<Shared>,
}

struct Shared {
    condition: Condition,
    state: Mutex<State>,
}

struct State {
    producer: watch::Receiver<Connectivity>,
    consumer: Option<watch::Receiver<Connectivity>>,
    /// Causes for which messages wait, by message.
    unsent: BTreeMap<u64, String>,
    next_id: u64,
}

/// A message that Kafka does not accept: the workload is not ready until it is dropped.
pub(crate) struct Unsent {
    readiness: KafkaReadiness,
    id: u64,
}

impl KafkaReadiness {
    /// Reports to `condition`; call [`update`](Self::update) once a second.
    pub fn new(condition: Condition, producer: &Producer) -> Self {
        let state =
            State { producer: producer.connectivity(), consumer: None, unsent: BTreeMap::new(), next_id: 0 };
        Self { shared: Arc::new(Shared { condition, state: Mutex::new(state) }) }
    }

    /// Follows a consumer from now on, or none.
    pub fn follow(&self, consumer: Option<&Consumer>) {
        self.state().consumer = consumer.map(Consumer::connectivity);
        self.update();
    }

    /// Sets the condition by the current state.
    pub fn update(&self) {
        let state = self.state();
        let condition = &self.shared.condition;
        match state.problem() {
            None => condition.ready(),
            Some(Problem::Connecting(cause)) => condition.connecting(cause),
            Some(Problem::Unavailable(cause)) => condition.not_ready(cause),
        }
    }

    /// Makes the workload not ready because of a message that waits for another attempt.
    pub(crate) fn unsent(&self, cause: String) -> Unsent {
        let mut state = self.state();
        let id = state.next_id;
        state.next_id += 1;
        state.unsent.insert(id, cause);
        drop(state);
        self.update();
        Unsent { readiness: self.clone(), id }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.readiness.state().unsent.remove(&self.id);
        self.readiness.update();
    }
}

/// The cause for which Kafka can't be used.
enum Problem {
    /// The first attempt has not ended yet.
    Connecting(String),
    Unavailable(String),
}

impl State {
    fn problem(&self) -> Option<Problem> {
        let consumer = self.consumer.as_ref().and_then(|client| problem("consumer", client));
        let unsent = || self.unsent.values().next().cloned().map(Problem::Unavailable);
        consumer.or_else(|| problem("producer", &self.producer)).or_else(unsent)
    }
}

fn problem(client: &str, connectivity: &watch::Receiver<Connectivity>) -> Option<Problem> {
    match &*connectivity.borrow() {
        Connectivity::Up => None,
        Connectivity::Connecting => Some(Problem::Connecting(format!("the {client} is connecting"))),
        Connectivity::Down(reason) => {
            Some(Problem::Unavailable(format!("the {client} is unavailable: {reason}")))
        }
    }
}
