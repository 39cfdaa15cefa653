//! Whether a client can reach its brokers.

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
