//! Creation of topics.

use std::sync::Arc;
use std::time::Duration;

use ccx_config::Kafka;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication, TopicResult};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode as Code};
use rdkafka::metadata::Metadata;
use rdkafka::producer::{FutureProducer, Producer as _};
use snafu::ResultExt;

use super::connectivity::Monitor;
use super::error::{ClientSnafu, CreateTopicSnafu, GrowTopicSnafu, LookupSnafu, MetadataSnafu};
use super::events::Events;
use super::{KafkaError, settings};

/// Longest wait for an answer of the brokers.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// Longest wait for the brokers to apply a change.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(30);

/// Lets the brokers choose: `num.partitions` and `default.replication.factor` of their configuration.
const BROKER_DEFAULT: i32 = -1;

/// The desired state of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSettings {
    /// Its name.
    pub name: String,
    /// Least number of partitions; the brokers' default when absent.
    pub partitions: Option<i32>,
    /// Copies of a new topic's records; the brokers' default when absent.
    pub replication_factor: Option<i32>,
}

/// The change that was made to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicOutcome {
    /// It was created.
    Created,
    /// Partitions were added.
    Grown {
        /// Partitions before.
        from: i32,
        /// Partitions now.
        to: i32,
    },
    /// It already had the desired state.
    Unchanged {
        /// Its partitions.
        partitions: i32,
    },
}

/// Looks up and creates topics.
pub struct TopicAdmin {
    admin: AdminClient<Events>,
    /// For queries: in contrast to the admin client it has a thread that serves events, from which the cause of a failure
    /// is known.
    queries: FutureProducer<Events>,
    monitor: Arc<Monitor>,
}

impl TopicAdmin {
    /// Creates the clients, without talking to the brokers.
    pub fn connect(settings: &Kafka) -> Result<Self, KafkaError> {
        let (events, monitor) = Events::new("admin");
        let config = settings::admin(settings)?;
        let admin =
            config.create_with_context(Events { monitor: Arc::clone(&monitor) }).context(ClientSnafu)?;
        let queries = config.create_with_context(events).context(ClientSnafu)?;
        Ok(Self { admin, queries, monitor })
    }

    /// Returns the number of partitions; `None` if the topic does not exist. Blocks until the brokers answer, at most ten
    /// seconds.
    pub fn partitions(&self, topic: &str) -> Result<Option<i32>, KafkaError> {
        // Asking for one topic by its name could create it.
        let metadata = self.queries.client().fetch_metadata(None, LOOKUP_TIMEOUT);
        let metadata = metadata.map_err(|source| self.monitor.explain(source)).context(MetadataSnafu)?;
        let partitions = partitions_of(&metadata, topic);
        partitions.map_err(|source| self.monitor.explain(source)).context(LookupSnafu { topic })
    }

    /// Creates a topic that does not exist, and adds partitions to one that has too few. A topic never shrinks.
    ///
    /// Safe to call concurrently.
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
        match first(self.admin.create_topics([&topic], &options()).await) {
            Ok(()) | Err(ClientError::AdminOp(Code::TopicAlreadyExists)) => Ok(TopicOutcome::Created),
            Err(error) => Err(self.monitor.explain(error)).context(CreateTopicSnafu { topic: name }),
        }
    }

    async fn grow(&self, topic: &str, from: i32, to: i32) -> Result<TopicOutcome, KafkaError> {
        let count = usize::try_from(to).expect("more than the topic has, which is not negative");
        first(self.admin.create_partitions([&NewPartitions::new(topic, count)], &options()).await)
            .map_err(|source| self.monitor.explain(source))
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

/// Returns the result of a request for one topic.
fn first(answer: Result<Vec<TopicResult>, ClientError>) -> Result<(), ClientError> {
    match answer?.into_iter().next() {
        Some(Err((_, code))) => Err(ClientError::AdminOp(code)),
        Some(Ok(_)) | None => Ok(()),
    }
}
