//! Sending of messages.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer as _};
use rdkafka::util::Timeout;
use snafu::ResultExt;
use tokio::sync::watch;
use tracing::{info, warn};

use super::connectivity::Monitor;
use super::credentials::Credentials;
use super::error::{ClientSnafu, FlushSnafu, SendSnafu};
use super::events::Events;
use super::{Connectivity, KafkaError, settings};

/// Sends messages. Clones share one connection pool and one queue.
///
/// Idempotent and acknowledged by all in-sync replicas: a message for which [`send`](Self::send) has returned `Ok` is
/// stored once.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    settings: Kafka,
    client: RwLock<Client>,
    monitor: Arc<Monitor>,
}

#[derive(Clone)]
struct Client {
    native: FutureProducer<Events>,
    credentials: Credentials,
}

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its key: messages of one key keep their order. Without a key the partition is random.
    pub key: Option<&'a [u8]>,
    /// Its headers, in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// Its value.
    pub payload: &'a [u8],
}

impl Producer {
    /// Creates a producer. Succeeds without a broker.
    pub fn new(settings: &Kafka) -> Result<Self, KafkaError> {
        let monitor = Arc::new(Monitor::new("producer"));
        let client = RwLock::new(connect(settings, &monitor)?);
        Ok(Self { shared: Arc::new(Shared { settings: settings.clone(), client, monitor }) })
    }

    /// Sends a message, and returns when it is acknowledged.
    ///
    /// Waits for room in a full local queue. Without a broker it fails as transient after half a minute; the message may
    /// have been stored nevertheless.
    pub async fn send(&self, message: Outgoing<'_>) -> Result<(), KafkaError> {
        self.shared.renew_credentials()?;
        let client = self.shared.client();
        let mut record = FutureRecord::<[u8], [u8]>::to(message.topic)
            .payload(message.payload)
            .headers(owned_headers(message.headers));
        record.key = message.key;
        match client.native.send(record, Timeout::Never).await {
            Ok(_) => {
                self.shared.monitor.up();
                Ok(())
            }
            Err((source, _)) => {
                if source.rdkafka_error_code() == Some(Code::Fatal) {
                    warn!("kafka producer failed permanently, replacing it");
                    self.shared.replace(&client)?;
                }
                Err(self.shared.monitor.explain(source)).context(SendSnafu { topic: message.topic })
            }
        }
    }

    /// Watches the connection to the brokers.
    pub fn connectivity(&self) -> watch::Receiver<Connectivity> {
        self.shared.monitor.subscribe()
    }

    /// Waits until all messages of all clones are acknowledged or have failed.
    pub async fn flush(&self, timeout: Duration) -> Result<(), KafkaError> {
        let client = self.shared.client();
        let flushed = tokio::task::spawn_blocking(move || client.native.flush(timeout)).await;
        let flushed = flushed.unwrap_or(Err(ClientError::Canceled));
        flushed.map_err(|source| self.shared.monitor.explain(source)).context(FlushSnafu { timeout })
    }
}

impl Shared {
    fn client(&self) -> Client {
        self.client.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces a client that can't be used any more, unless another call has done so. An idempotent client fails
    /// permanently when brokers have lost its state. Senders retry the messages that failed with it.
    fn replace(&self, failed: &Client) -> Result<(), KafkaError> {
        let mut client = self.client.write().unwrap_or_else(PoisonError::into_inner);
        let is_current = client.native.client().native_ptr() == failed.native.client().native_ptr();
        if is_current {
            *client = connect(&self.settings, &self.monitor)?;
        }
        Ok(())
    }

    /// Replaces a client whose credentials brokers have rejected, if its files have new ones.
    fn renew_credentials(&self) -> Result<(), KafkaError> {
        if !self.monitor.is_rejected() {
            return Ok(());
        }
        let client = self.client();
        if Credentials::read(&self.settings) != client.credentials {
            info!("kafka credentials were replaced, connecting again");
            self.replace(&client)?;
        }
        Ok(())
    }
}

fn connect(settings: &Kafka, monitor: &Arc<Monitor>) -> Result<Client, KafkaError> {
    let events = Events { monitor: Arc::clone(monitor) };
    let credentials = Credentials::read(settings);
    let native = settings::producer(settings)?.create_with_context(events).context(ClientSnafu)?;
    Ok(Client { native, credentials })
}

fn owned_headers(headers: &[(&str, &[u8])]) -> OwnedHeaders {
    let empty = OwnedHeaders::new_with_capacity(headers.len());
    headers.iter().fold(empty, |all, (key, value)| all.insert(Header { key, value: Some(*value) }))
}
