//! Errors of Kafka clients, and their classes.

use std::fmt;
use std::time::Duration;

use ccx_config::SecretError;
use ccx_messages::ErrorClass;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use snafu::Snafu;

/// A client could not be created. The text does not contain the value of a property, which may be a secret.
#[derive(Debug)]
pub struct ClientCreationError(String);

impl From<ClientError> for ClientCreationError {
    fn from(error: ClientError) -> Self {
        Self(match error {
            ClientError::ClientConfig(_, reason, property, value) => {
                let reason = if value.is_empty() { reason } else { reason.replace(&value, "…") };
                let reason =
                    if reason.contains(&property) { reason } else { format!("{reason} ({property})") };
                format!("{reason}; see kafka.properties")
            }
            error => error.to_string(),
        })
    }
}

impl fmt::Display for ClientCreationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ClientCreationError {}

/// An operation on Kafka failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(super)))]
#[non_exhaustive]
pub enum KafkaError {
    /// The file with the password can't be read.
    #[snafu(display("failed to read the Kafka password"))]
    Password {
        /// The cause.
        source: SecretError,
    },

    /// librdkafka rejects a setting.
    #[snafu(display("failed to create a Kafka client"))]
    Client {
        /// The cause.
        #[snafu(source(from(ClientError, ClientCreationError::from)))]
        source: ClientCreationError,
    },

    /// The system has no thread left.
    #[snafu(display("failed to start the thread of the Kafka consumer"))]
    Thread {
        /// The cause.
        source: std::io::Error,
    },

    /// The topic's name is invalid.
    #[snafu(display("failed to subscribe to topic {topic}"))]
    Subscribe {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientError,
    },

    /// A message was not acknowledged.
    #[snafu(display("failed to send a message to topic {topic}"))]
    Send {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientFailure,
    },

    /// Messages were still not acknowledged after the time given.
    #[snafu(display("failed to send all waiting messages within {timeout:?}"))]
    Flush {
        /// The time given.
        timeout: Duration,
        /// The cause.
        source: ClientFailure,
    },

    /// The last commit failed: records that were finished since the one before will be delivered again.
    #[snafu(display("failed to commit the offsets of topic {topic}"))]
    Commit {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientError,
    },

    /// The thread of the consumer ended, by a fatal error of librdkafka or a panic. Records are delivered no more.
    #[snafu(display("the consumer of topic {topic} has ended: {reason}"))]
    ConsumerEnded {
        /// The topic.
        topic: String,
        /// The cause.
        reason: String,
    },

    /// The brokers did not confirm in time that the member has left its group.
    #[snafu(display("failed to leave the consumer group of topic {topic} within {timeout:?}"))]
    Close {
        /// The topic.
        topic: String,
        /// The time given.
        timeout: Duration,
    },

    /// The brokers did not return the partitions or offsets of the topic.
    #[snafu(display("failed to look up topic {topic}"))]
    Lookup {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientFailure,
    },

    /// The brokers did not return the list of topics.
    #[snafu(display("failed to ask the brokers for their topics"))]
    Metadata {
        /// The cause.
        source: ClientFailure,
    },

    /// The topic can't be created.
    #[snafu(display("failed to create topic {topic}"))]
    CreateTopic {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientFailure,
    },

    /// The topic can't get more partitions.
    #[snafu(display("failed to give topic {topic} {partitions} partitions"))]
    GrowTopic {
        /// The topic.
        topic: String,
        /// The number wanted.
        partitions: i32,
        /// The cause.
        source: ClientFailure,
    },

    /// A record could not be read.
    #[snafu(display("failed to read topic {topic}"))]
    Read {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientFailure,
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
    /// Returns whether a message is larger than the producer or the topic allows.
    pub fn is_too_large(&self) -> bool {
        matches!(self, Self::Send { source, .. } if source.is_too_large())
    }

    /// Returns the class of the error.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Password { .. } | Self::Client { .. } | Self::Subscribe { .. } => ErrorClass::Bug,
            Self::Thread { .. }
            | Self::Close { .. }
            | Self::ReadTimeout { .. }
            | Self::ConsumerEnded { .. } => ErrorClass::Transient,
            Self::Send { source, .. }
            | Self::Flush { source, .. }
            | Self::Lookup { source, .. }
            | Self::Metadata { source }
            | Self::CreateTopic { source, .. }
            | Self::GrowTopic { source, .. }
            | Self::Read { source, .. } => source.class(),
            Self::Commit { source, .. } => class_of(source),
        }
    }
}

/// An error of librdkafka, with the last error of the connections if it only says that no broker answered.
#[derive(Clone, Debug)]
pub struct ClientFailure(Box<Failure>);

#[derive(Clone, Debug)]
struct Failure {
    error: ClientError,
    connection: Option<String>,
}

impl ClientFailure {
    pub(super) fn new(error: ClientError, connection: Option<String>) -> Self {
        Self(Box::new(Failure { error, connection }))
    }

    fn class(&self) -> ErrorClass {
        class_of(&self.0.error)
    }

    fn is_too_large(&self) -> bool {
        let code = self.0.error.rdkafka_error_code();
        matches!(code, Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize))
    }
}

impl fmt::Display for ClientFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.connection {
            Some(reason) => f.write_str(reason),
            None => fmt::Display::fmt(&self.0.error, f),
        }
    }
}

impl std::error::Error for ClientFailure {}

/// Only errors about the message itself are bad input. Everything else is the fault of the brokers or of their
/// configuration, never of a message: a topic that does not exist yet, a permission that is missing.
fn class_of(error: &ClientError) -> ErrorClass {
    match error.rdkafka_error_code() {
        Some(
            Code::MessageSizeTooLarge | Code::InvalidMessage | Code::InvalidRecord | Code::InvalidMessageSize,
        ) => ErrorClass::BadInput,
        Some(_) => ErrorClass::Transient,
        None => ErrorClass::Bug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(code: Code) -> ErrorClass {
        class_of(&ClientError::MessageProduction(code))
    }

    #[test]
    fn only_errors_about_the_message_are_bad_input() {
        assert_eq!(class(Code::MessageSizeTooLarge), ErrorClass::BadInput);
        assert_eq!(class(Code::InvalidRecord), ErrorClass::BadInput);
        for code in
            [Code::InvalidTopic, Code::UnknownTopic, Code::TopicAuthorizationFailed, Code::MessageTimedOut]
        {
            assert_eq!(class(code), ErrorClass::Transient, "{code:?}");
        }
    }
}
