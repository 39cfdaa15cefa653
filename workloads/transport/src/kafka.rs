//! Records from and to Kafka.

mod connectivity;
mod consumer;
mod dead_letter;
mod error;
mod events;
mod offsets;
mod producer;
mod record;
mod settings;
mod statistics;
mod topic_reader;
mod topics;

pub use connectivity::Connectivity;
pub use consumer::Consumer;
pub use dead_letter::dead_letter;
pub use error::KafkaError;
pub use offsets::OffsetTracker;
pub use producer::{Outgoing, Producer};
pub use record::{Headers, Position, Record};
pub use topic_reader::TopicReader;
pub use topics::{TopicAdmin, TopicOutcome, TopicSettings};
