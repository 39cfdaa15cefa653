//! Records from and to Kafka.

mod connectivity;
mod consumer;
mod credentials;
mod error;
mod events;
mod group_offsets;
mod headers;
mod offsets;
mod producer;
mod record;
mod settings;
mod statistics;
mod topic_reader;
mod topics;

pub use connectivity::Connectivity;
pub use consumer::Consumer;
pub use error::{ClientFailure, KafkaError};
pub use group_offsets::{CommittedOffset, GroupOffsets};
pub use headers::{Headers, is_reading_header};
pub use offsets::OffsetTracker;
pub use producer::{Outgoing, Producer};
pub use record::{Position, Record};
pub use topic_reader::TopicReader;
pub use topics::{TopicAdmin, TopicOutcome, TopicSettings};
