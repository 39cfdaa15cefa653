//! Brokers in this process.

use std::{sync::mpsc, thread, time::Duration};

use rdkafka::{error::KafkaError as ClientError, mocking::MockCluster};
use snafu::{ResultExt, Snafu};

/// Session timeout of group members. The mock waits almost as long in each later rebalance, so it is short.
const SESSION_TIMEOUT: Duration = Duration::from_secs(6);

/// Maximum wait of a fetch. The mock answers an empty fetch only after this time, even if a message arrives
/// meanwhile.
const FETCH_WAIT_MS: &str = "10";

/// The mock cluster cannot be started.
#[derive(Debug, Snafu)]
pub enum KafkaError {
    /// The brokers cannot be started.
    #[snafu(display("failed to start the embedded Kafka"))]
    Start {
        /// The cause.
        source: ClientError,
    },
    /// A topic cannot be created.
    #[snafu(display("failed to create the topic {topic} in the embedded Kafka"))]
    CreateTopic {
        /// The topic.
        topic: String,
        /// The cause.
        source: ClientError,
    },
    /// The brokers' thread has ended.
    #[snafu(display("the embedded Kafka has ended"))]
    Ended,
}

/// librdkafka's mock cluster with one broker.
///
/// Groups, idempotent producers and other processes are supported; persistence, TLS, SASL and the
/// administration of topics are not. The first member of a new group waits 3 s for others, as on a real
/// broker with default settings.
#[derive(Debug)]
pub struct Kafka {
    bootstrap_servers: String,
    commands: mpsc::Sender<Command>,
}

/// Requests to the thread that owns the cluster, which is not `Send`.
enum Command {
    CreateTopic { topic: String, partitions: i32, answer: mpsc::Sender<Result<(), ClientError>> },
    Reachable { reachable: bool, answer: mpsc::Sender<Result<(), ClientError>> },
}

/// The id of the only broker.
const BROKER: i32 = 1;

impl Kafka {
    /// Starts a broker with these topics and their numbers of partitions. It ends when the handle is dropped.
    pub fn start(topics: &[(&str, i32)]) -> Result<Self, KafkaError> {
        let (commands, requests) = mpsc::channel();
        let (started, start) = mpsc::channel();
        thread::spawn(move || run(&requests, &started));
        let bootstrap_servers = start.recv().map_err(|_| KafkaError::Ended)?.context(StartSnafu)?;
        let kafka = Self { bootstrap_servers, commands };
        for (topic, partitions) in topics {
            kafka.create_topic(topic, *partitions)?;
        }
        Ok(kafka)
    }

    /// Returns the settings of a client.
    pub fn config(&self) -> ccx_config::Kafka {
        ccx_config::Kafka {
            bootstrap_servers: self.bootstrap_servers.split(',').map(str::to_owned).collect(),
            session_timeout: SESSION_TIMEOUT,
            properties: [("fetch.wait.max.ms".to_owned(), FETCH_WAIT_MS.to_owned())].into(),
            ..ccx_config::Kafka::default()
        }
    }

    /// Adds a topic.
    pub fn create_topic(&self, topic: &str, partitions: i32) -> Result<(), KafkaError> {
        let created =
            self.ask(|answer| Command::CreateTopic { topic: topic.to_owned(), partitions, answer })?;
        created.context(CreateTopicSnafu { topic })
    }

    /// Closes all connections and refuses new ones until [`Kafka::end_outage`]: an outage for tests.
    pub fn start_outage(&self) -> Result<(), KafkaError> {
        self.ask(|answer| Command::Reachable { reachable: false, answer })?.context(StartSnafu)
    }

    /// Ends the outage that [`Kafka::start_outage`] began. Topics and offsets are as they were.
    pub fn end_outage(&self) -> Result<(), KafkaError> {
        self.ask(|answer| Command::Reachable { reachable: true, answer })?.context(StartSnafu)
    }

    fn ask<T>(&self, command: impl FnOnce(mpsc::Sender<T>) -> Command) -> Result<T, KafkaError> {
        let (answer, answered) = mpsc::channel();
        self.commands.send(command(answer)).map_err(|_| KafkaError::Ended)?;
        answered.recv().map_err(|_| KafkaError::Ended)
    }
}

/// Owns the cluster until the handle, which holds the other end of `requests`, is dropped.
fn run(requests: &mpsc::Receiver<Command>, started: &mpsc::Sender<Result<String, ClientError>>) {
    let cluster = match MockCluster::new(BROKER) {
        Ok(cluster) => cluster,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let _ = started.send(Ok(cluster.bootstrap_servers()));
    for request in requests {
        match request {
            Command::CreateTopic { topic, partitions, answer } => {
                let _ = answer.send(cluster.create_topic(&topic, partitions, 1));
            }
            Command::Reachable { reachable, answer } => {
                let _ = answer.send(if reachable {
                    cluster.broker_up(BROKER)
                } else {
                    cluster.broker_down(BROKER)
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rdkafka::{
        ClientConfig,
        consumer::{BaseConsumer, Consumer as _},
        producer::{FutureProducer, FutureRecord},
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn client(kafka: &Kafka) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", kafka.config().bootstrap_servers.join(","));
        client
    }

    #[test]
    fn start_creates_topics_with_their_partitions() {
        let kafka = Kafka::start(&[("one", 1), ("three", 3)]).unwrap();
        let consumer: BaseConsumer = client(&kafka).create().unwrap();
        for (topic, partitions) in [("one", 1), ("three", 3)] {
            let metadata = consumer.fetch_metadata(Some(topic), PATIENCE).unwrap();
            assert_eq!(metadata.topics()[0].partitions().len(), partitions, "{topic}");
        }
    }

    #[tokio::test]
    async fn outage_loses_no_message() {
        let kafka = Kafka::start(&[("topic", 1)]).unwrap();
        let producer: FutureProducer = client(&kafka).set("enable.idempotence", "true").create().unwrap();
        let send = async |payload: &str| {
            producer.send(FutureRecord::<(), _>::to("topic").payload(payload), PATIENCE).await
        };
        send("before").await.unwrap();
        kafka.start_outage().unwrap();
        let during = tokio::spawn({
            let producer = producer.clone();
            async move {
                producer.send(FutureRecord::<(), _>::to("topic").payload("during"), PATIENCE).await.map(drop)
            }
        });
        kafka.end_outage().unwrap();
        during.await.unwrap().unwrap();
        let consumer: BaseConsumer = client(&kafka).create().unwrap();
        assert_eq!(consumer.fetch_watermarks("topic", 0, PATIENCE).unwrap(), (0, 2));
    }
}
