//! Kafka, S3 and PostgreSQL of this machine, and the configuration that points to them.

use std::{net::SocketAddr, time::Duration};

use ccx_config::{Authentication, Config, Database};
use ccx_local::{Durability, Kafka, ObjectStorage, Postgres};
use ccx_messages::OrgId;
use snafu::ResultExt as _;
use tokio::sync::OnceCell;

use super::{
    LocalArgs, Progress, address,
    error::{KafkaSnafu, LocalError, MigrateSnafu, ObjectStorageSnafu, PostgresSnafu},
};

const BUCKET: &str = "insights-upload";

/// The topic of checked workloads, unless the configuration names one.
const WORKLOADS: &str = "ccx.dvo.results";

/// The database within the private server.
const DATABASE: &str = "ccx";

/// The servers that the workloads use.
pub(super) struct Backends {
    config: Config,
    postgres: OnceCell<Postgres>,
    // They stop when they are dropped.
    _kafka: Kafka,
    _objects: ObjectStorage,
}

impl Backends {
    /// Starts Kafka and the object storage, which takes milliseconds. The REST API will be served at `api`.
    pub(super) async fn start(
        mut config: Config,
        args: &LocalArgs,
        api: SocketAddr,
        progress: &Progress,
    ) -> Result<Self, LocalError> {
        progress.step("starting Kafka and the object storage");
        if config.kafka.topics.workloads.is_empty() {
            config.kafka.topics.workloads = WORKLOADS.into();
        }
        let topics: Vec<(&str, i32)> = config.topics_in_use().into_iter().map(|name| (name, 1)).collect();
        let kafka = Kafka::start(&topics).context(KafkaSnafu)?;
        let objects = match &args.data_dir {
            Some(folder) => ObjectStorage::start_in(&folder.join("objects"), BUCKET).await,
            None => ObjectStorage::start(BUCKET).await,
        };
        let objects = objects.context(ObjectStorageSnafu)?;
        config.kafka = ccx_config::Kafka { topics: config.kafka.topics, ..kafka.config() };
        config.object_storage = objects.config();
        keep_to_this_machine(&mut config, api, args.org);
        Ok(Self { config, postgres: OnceCell::new(), _kafka: kafka, _objects: objects })
    }

    /// Returns the configuration, without a database.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the configuration with a database.
    pub(super) fn config_with(&self, database: Database) -> Config {
        Config { database, ..self.config.clone() }
    }

    /// Starts PostgreSQL, unless there is one, and migrates the database.
    pub(super) async fn database(
        &self,
        args: &LocalArgs,
        progress: &Progress,
    ) -> Result<Database, LocalError> {
        let database = match &args.database_url {
            Some(url) => url.settings(),
            None => self.private_database(args, progress).await?,
        };
        let connection = ccx_storage::Database::connect(&database).context(MigrateSnafu)?;
        connection.migrate().await.context(MigrateSnafu)?;
        connection.close().await;
        Ok(database)
    }

    async fn private_database(&self, args: &LocalArgs, progress: &Progress) -> Result<Database, LocalError> {
        progress.step("starting a private PostgreSQL");
        let start = async || match &args.data_dir {
            Some(folder) => Postgres::start_in(&folder.join("postgres")).await,
            None => Postgres::start_with(Durability::Lost).await,
        };
        let postgres = self.postgres.get_or_try_init(start).await.context(PostgresSnafu)?;
        postgres.database(DATABASE).await.context(PostgresSnafu)
    }

    /// Shuts PostgreSQL down. Kafka and the object storage stop when they are dropped.
    pub(super) async fn stop(self) {
        let Some(postgres) = self.postgres.into_inner() else { return };
        if let Err(error) = postgres.stop().await {
            tracing::warn!(%error, "failed to stop the private PostgreSQL");
        }
    }
}

/// Binds the workloads to this machine, allows all its users to use the API, and accepts archives of any age.
fn keep_to_this_machine(config: &mut Config, api: SocketAddr, org_id: OrgId) {
    config.pipeline.listen = address::ANY.into();
    config.pipeline.max_record_age = Duration::ZERO;
    config.writer.listen = address::ANY.into();
    config.dvo_writer.listen = address::ANY.into();
    config.writer.org_allowlist_file = None;
    config.aggregator.listen = api;
    config.aggregator.authentication = Authentication::None;
    config.auth = ccx_config::Auth { anonymous_organization: Some(org_id.get()), ..config.auth.clone() };
}
