//! What can go wrong with Kafka, and what to do about it.

use std::time::Duration;

use ccx_config::SecretError;
use ccx_messages::ErrorClass;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use snafu::Snafu;

/// An operation on Kafka failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum KafkaError {
    /// The password's file can't be read.
    #[snafu(display("failed to read the Kafka password"))]
    Password {
        /// Why.
        source: SecretError,
    },

    /// A setting is refused by librdkafka.
    #[snafu(display("failed to create a Kafka client"))]
    Client {
        /// Why.
        source: ClientError,
    },

    /// The system has no thread left.
    #[snafu(display("failed to start the thread of the Kafka consumer"))]
    Thread {
        /// Why.
        source: std::io::Error,
    },

    /// The topic's name is refused.
    #[snafu(display("failed to subscribe to topic {topic}"))]
    Subscribe {
        /// The topic.
        topic: String,
        /// Why.
        source: ClientError,
    },

    /// A message was not acknowledged.
    #[snafu(display("failed to send a message to topic {topic}"))]
    Send {
        /// The topic.
        topic: String,
        /// Why.
        source: ClientError,
    },

    /// Messages were still not acknowledged after the time given.
    #[snafu(display("failed to send all waiting messages within {timeout:?}"))]
    Flush {
        /// The time given.
        timeout: Duration,
        /// Why.
        source: ClientError,
    },

    /// The last commit failed: what was finished since the one before will be delivered again.
    #[snafu(display("failed to commit the offsets of topic {topic}"))]
    Commit {
        /// The topic.
        topic: String,
        /// Why.
        source: ClientError,
    },

    /// The brokers did not answer the farewell in time.
    #[snafu(display("failed to leave the consumer group of topic {topic} within {timeout:?}"))]
    Close {
        /// The topic.
        topic: String,
        /// The time given.
        timeout: Duration,
    },

    /// The brokers did not say what is in the topic.
    #[snafu(display("failed to look up topic {topic}"))]
    Lookup {
        /// The topic.
        topic: String,
        /// Why.
        source: ClientError,
    },

    /// The brokers did not say which topics there are.
    #[snafu(display("failed to ask the brokers for their topics"))]
    Metadata {
        /// Why.
        source: ClientError,
    },

    /// The topic can't be created.
    #[snafu(display("failed to create topic {topic}"))]
    CreateTopic {
        /// The topic.
        topic: String,
        /// Why.
        source: ClientError,
    },

    /// The topic can't get more partitions.
    #[snafu(display("failed to give topic {topic} {partitions} partitions"))]
    GrowTopic {
        /// The topic.
        topic: String,
        /// The number wanted.
        partitions: i32,
        /// Why.
        source: ClientError,
    },

    /// A record could not be read.
    #[snafu(display("failed to read topic {topic}"))]
    Read {
        /// The topic.
        topic: String,
        /// Why.
        source: ClientError,
    },

    /// The topic's end was not reached.
    #[snafu(display("failed to read topic {topic}: nothing arrived for {timeout:?}"))]
    ReadTimeout {
        /// The topic.
        topic: String,
        /// The time given.
        timeout: Duration,
    },
}

impl KafkaError {
    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Password { .. } | Self::Client { .. } | Self::Subscribe { .. } => ErrorClass::Bug,
            Self::Thread { .. } | Self::Close { .. } | Self::ReadTimeout { .. } => ErrorClass::Transient,
            Self::Send { source, .. }
            | Self::Flush { source, .. }
            | Self::Commit { source, .. }
            | Self::Lookup { source, .. }
            | Self::Metadata { source }
            | Self::CreateTopic { source, .. }
            | Self::GrowTopic { source, .. }
            | Self::Read { source, .. } => source.rdkafka_error_code().map_or(ErrorClass::Bug, class_of),
        }
    }
}

/// Only what can't get better by waiting is not transient: brokers are upgraded, moved, and given permissions late.
fn class_of(code: Code) -> ErrorClass {
    match code {
        Code::MessageSizeTooLarge | Code::InvalidMessage | Code::InvalidRecord | Code::InvalidMessageSize => {
            ErrorClass::BadInput
        }
        Code::InvalidArgument | Code::InvalidConfig | Code::InvalidTopic | Code::UnsupportedVersion => {
            ErrorClass::Bug
        }
        _ => ErrorClass::Transient,
    }
}
