//! The consumer of `insights-results-aggregator start-service`.

use ccx_compat::aggregator::{Backend, Settings, StorageType, UnknownStorageType};
use ccx_config::{Config, Kafka};
use ccx_service::{Telemetry, error_chain};
use ccx_transport::{KafkaError, TopicAdmin};
use ccx_writer::{Writer, WriterError};
use snafu::{OptionExt, ResultExt, Snafu};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

/// The consumer failed, or can't be started.
#[derive(Debug, Snafu)]
pub(super) enum ConsumerError {
    #[snafu(display("no backend storage selected"))]
    NoBackend,
    #[snafu(transparent)]
    StorageType { source: UnknownStorageType },
    /// The text is that of the original's client.
    #[snafu(display(
        "kafka: client has run out of available brokers to talk to (Is your cluster reachable?)"
    ))]
    NoBroker { source: KafkaError },
    #[snafu(display("the writer has failed"))]
    Writer { source: WriterError },
}

/// Consumes into the storage that the settings name, until `shutdown`. Fails if no broker is reachable at the start.
pub(super) async fn run(
    telemetry: &Telemetry,
    settings: &Settings,
    config: &Config,
    shutdown: &CancellationToken,
) -> Result<(), ConsumerError> {
    let backend = settings.backend().context(NoBackendSnafu)?;
    let storage_type = settings.storage_type(backend)?.context(NoBackendSnafu)?;
    let topic = match backend {
        Backend::OcpRecommendations => &config.kafka.topics.results,
        Backend::DvoRecommendations => &config.kafka.topics.workloads,
    };
    let connected = shutdown.run_until_cancelled(reach_broker(config.kafka.clone(), topic.clone())).await;
    if let Err(cause) = connected.unwrap_or(Ok(())) {
        error!(error = error_chain(&cause), "Failed to connect to broker");
        info!("waiting for consumer to start");
        return Err(cause);
    }
    let shutdown = shutdown.clone();
    match (backend, storage_type) {
        (Backend::OcpRecommendations, StorageType::Sql) => {
            Box::pin(Writer::Reports.run_with(telemetry, config, shutdown)).await.context(WriterSnafu)
        }
        (Backend::DvoRecommendations, StorageType::Sql) => {
            Box::pin(Writer::Workloads.run_with(telemetry, config, shutdown)).await.context(WriterSnafu)
        }
        (Backend::OcpRecommendations, StorageType::Redis) => {
            Box::pin(Writer::Requests.run_with(telemetry, config, shutdown)).await.context(WriterSnafu)
        }
        (Backend::DvoRecommendations, StorageType::Redis) | (_, StorageType::Noop) => NoBackendSnafu.fail(),
    }
}

/// Asks the brokers for a topic, which may not exist.
async fn reach_broker(kafka: Kafka, topic: String) -> Result<(), ConsumerError> {
    let lookup = move || TopicAdmin::connect(&kafka)?.partitions(&topic);
    match tokio::task::spawn_blocking(lookup).await {
        Ok(found) => found.map(|_| ()).context(NoBrokerSnafu),
        // A panic was logged when it happened; the writer connects by itself.
        Err(_) => Ok(()),
    }
}
