//! Records from and to Kafka.

mod admin;
mod connectivity;
mod consumer;
mod dead_letter;
mod error;
mod offsets;
mod producer;
mod record;
mod settings;
mod topic_reader;

pub use admin::create_missing_topics;
pub use connectivity::Connectivity;
pub use consumer::Consumer;
pub use dead_letter::dead_letter;
pub use error::KafkaError;
pub use offsets::OffsetTracker;
pub use producer::{Outgoing, Producer};
pub use record::{Headers, Position, Record};
pub use topic_reader::TopicReader;
