//! Making sure that topics exist.

use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication, TopicResult};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use snafu::ResultExt;

use super::error::{ClientSnafu, CreateTopicSnafu, GrowTopicSnafu, LookupSnafu, MetadataSnafu};
use super::{KafkaError, settings};

/// How long brokers may take to answer.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the brokers may take to agree on a change.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Lets the brokers choose: `num.partitions` and `default.replication.factor` of their configuration.
const BROKER_DEFAULT: i32 = -1;

/// A topic as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// The name.
    pub name: String,
    /// At least so many partitions; the brokers' default when absent.
    pub partitions: Option<i32>,
    /// Copies of a new topic's records; the brokers' default when absent.
    pub replication_factor: Option<i32>,
}

/// What had to be done for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicOutcome {
    /// It did not exist.
    Created,
    /// It had too few partitions.
    Grown {
        /// Partitions before.
        from: i32,
        /// Partitions now.
        to: i32,
    },
    /// Nothing.
    Unchanged {
        /// Its partitions.
        partitions: i32,
    },
}

/// Topics of a cluster, to look at and to create.
pub struct TopicAdmin {
    client: AdminClient<DefaultClientContext>,
}

impl TopicAdmin {
    /// Prepares a client, without talking to the brokers.
    pub fn connect(settings: &Kafka) -> Result<Self, KafkaError> {
        Ok(Self { client: settings::client(settings)?.create().context(ClientSnafu)? })
    }

    /// The number of partitions; `None` when there is no such topic. Asks the brokers, and waits for their answer.
    pub fn partitions(&self, topic: &str) -> Result<Option<i32>, KafkaError> {
        // Asking for one topic by its name could create it.
        let metadata = self.client.inner().fetch_metadata(None, LOOKUP_TIMEOUT).context(MetadataSnafu)?;
        partitions_of(&metadata, topic).context(LookupSnafu { topic })
    }

    /// Creates a topic that does not exist, and adds partitions to one that has too few. A topic never shrinks.
    ///
    /// Two that do this at the same time do no harm.
    pub async fn ensure(&self, topic: &TopicSettings) -> Result<TopicOutcome, KafkaError> {
        match (self.partitions(&topic.name)?, topic.partitions) {
            (None, _) => self.create(topic).await,
            (Some(from), Some(to)) if from < to => self.grow(&topic.name, from, to).await,
            (Some(partitions), _) => Ok(TopicOutcome::Unchanged { partitions }),
        }
    }

    async fn create(
        &self,
        TopicSettings { name, partitions, replication_factor }: &TopicSettings,
    ) -> Result<TopicOutcome, KafkaError> {
        let replication = TopicReplication::Fixed(replication_factor.unwrap_or(BROKER_DEFAULT));
        let topic = NewTopic::new(name, partitions.unwrap_or(BROKER_DEFAULT), replication);
        match first(self.client.create_topics([&topic], &options()).await) {
            Ok(()) | Err(ClientError::AdminOp(Code::TopicAlreadyExists)) => Ok(TopicOutcome::Created),
            Err(error) => Err(error).context(CreateTopicSnafu { topic: name }),
        }
    }

    async fn grow(&self, topic: &str, from: i32, to: i32) -> Result<TopicOutcome, KafkaError> {
        let count = usize::try_from(to).expect("more than the topic has, which is not negative");
        first(self.client.create_partitions([&NewPartitions::new(topic, count)], &options()).await)
            .context(GrowTopicSnafu { topic, partitions: to })?;
        Ok(TopicOutcome::Grown { from, to })
    }
}

fn partitions_of(metadata: &Metadata, topic: &str) -> Result<Option<i32>, ClientError> {
    let Some(found) = metadata.topics().iter().find(|found| found.name() == topic) else { return Ok(None) };
    match found.error().map(Code::from) {
        Some(Code::UnknownTopic | Code::UnknownTopicOrPartition) => Ok(None),
        Some(code) => Err(ClientError::MetadataFetch(code)),
        None => Ok(Some(i32::try_from(found.partitions().len()).unwrap_or(i32::MAX))),
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(CHANGE_TIMEOUT)).request_timeout(Some(CHANGE_TIMEOUT))
}

/// The outcome for the one topic that was asked for.
fn first(answer: Result<Vec<TopicResult>, ClientError>) -> Result<(), ClientError> {
    match answer?.into_iter().next() {
        Some(Err((_, code))) => Err(ClientError::AdminOp(code)),
        Some(Ok(_)) | None => Ok(()),
    }
}
