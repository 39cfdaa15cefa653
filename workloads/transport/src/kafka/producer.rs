//! Sending.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::util::Timeout;
use snafu::ResultExt;
use tokio::sync::watch;
use tracing::warn;

use super::connectivity::Monitor;
use super::error::{ClientSnafu, FlushSnafu, SendSnafu};
use super::events::Events;
use super::{Connectivity, KafkaError, settings};

/// Sends messages. Clones share one connection pool and one queue.
///
/// Idempotent and acknowledged by all in-sync replicas: a message that [`send`](Self::send) has returned `Ok` for is stored, once.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Kafka,
    client: RwLock<Client>,
    monitor: Arc<Monitor>,
}

type Client = FutureProducer<Events>;

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Where to.
    pub topic: &'a str,
    /// Messages of one key keep their order; without a key the partition is any.
    pub key: Option<&'a [u8]>,
    /// The headers, in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The value.
    pub payload: &'a [u8],
}

impl Producer {
    /// Prepares to send. Succeeds without a broker.
    pub fn new(settings: &Kafka) -> Result<Self, KafkaError> {
        let monitor = Arc::new(Monitor::new("producer"));
        let client = RwLock::new(connect(settings, &monitor)?);
        Ok(Self { shared: Arc::new(Shared { settings: settings.clone(), client, monitor }) })
    }

    /// Sends a message, and returns when it is acknowledged.
    ///
    /// A full local queue is waited for. Without a broker it fails as transient after half a minute; the message may
    /// nevertheless have been stored.
    pub async fn send(&self, message: Outgoing<'_>) -> Result<(), KafkaError> {
        let client = self.shared.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut record = FutureRecord::<[u8], [u8]>::to(message.topic)
            .payload(message.payload)
            .headers(owned_headers(message.headers));
        record.key = message.key;
        match client.send(record, Timeout::Never).await {
            Ok(_) => {
                self.shared.monitor.up();
                Ok(())
            }
            Err((source, _)) => {
                if source.rdkafka_error_code() == Some(Code::Fatal) {
                    self.shared.replace(&client)?;
                }
                Err(source).context(SendSnafu { topic: message.topic })
            }
        }
    }

    /// Whether brokers can be reached, now and in future.
    pub fn connectivity(&self) -> watch::Receiver<Connectivity> {
        self.shared.monitor.subscribe()
    }

    /// Waits until all messages of all clones are acknowledged or given up.
    pub async fn flush(&self, timeout: Duration) -> Result<(), KafkaError> {
        let client = self.shared.client.read().unwrap_or_else(PoisonError::into_inner).clone();
        let flushed = tokio::task::spawn_blocking(move || client.flush(timeout)).await;
        flushed.unwrap_or(Err(ClientError::Canceled)).context(FlushSnafu { timeout })
    }
}

impl Shared {
    /// Puts a new client in the place of one that has failed for good, as an idempotent one does when brokers have lost what
    /// they knew of it. Messages that failed with it are sent again by whoever sent them.
    fn replace(&self, failed: &Client) -> Result<(), KafkaError> {
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        let is_current = client.client().native_ptr() == failed.client().native_ptr();
        if is_current {
            warn!("replacing the kafka producer, which has failed for good");
            *client = connect(&self.settings, &self.monitor)?;
        }
        Ok(())
    }
}

fn connect(settings: &Kafka, monitor: &Arc<Monitor>) -> Result<Client, KafkaError> {
    let events = Events { monitor: Arc::clone(monitor) };
    settings::producer(settings)?.create_with_context(events).context(ClientSnafu)
}

fn owned_headers(headers: &[(&str, &[u8])]) -> OwnedHeaders {
    let empty = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(empty, |all, (key, value)| all.insert(Header { key, value: Some(*value) }))
}
