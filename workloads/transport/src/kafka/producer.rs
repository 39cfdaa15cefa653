//! Sending.

use std::time::Duration;

use ccx_config::Kafka;
use tokio::sync::watch;

use super::{Connectivity, KafkaError};

/// Sends messages. Clones share one connection pool and one queue.
///
/// Idempotent and acknowledged by all in-sync replicas: a message that [`send`](Self::send) has returned `Ok` for is stored, once.
#[derive(Clone)]
pub struct Producer {
    connectivity: watch::Receiver<Connectivity>,
}

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
    pub fn new(_settings: &Kafka) -> Result<Self, KafkaError> {
        unimplemented!()
    }

    /// Sends a message, and returns when it is acknowledged.
    ///
    /// A full local queue is waited for. Without a broker it fails as transient after half a minute; the message may
    /// nevertheless have been stored.
    pub async fn send(&self, _message: Outgoing<'_>) -> Result<(), KafkaError> {
        Ok(())
    }

    /// Whether brokers can be reached, now and in future.
    pub fn connectivity(&self) -> watch::Receiver<Connectivity> {
        self.connectivity.clone()
    }

    /// Waits until all messages of all clones are acknowledged or given up.
    pub async fn flush(&self, _timeout: Duration) -> Result<(), KafkaError> {
        Ok(())
    }
}
