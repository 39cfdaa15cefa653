//! Kafka, S3 and PostgreSQL, and the configuration that points to them.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use ccx_config::{Authentication, Config, Database};
use ccx_local::{Kafka, ObjectStorage, Postgres};
use snafu::ResultExt as _;
use tokio::sync::OnceCell;

use super::{
    LocalArgs, Progress,
    error::{KafkaSnafu, LocalError, MigrateSnafu, ObjectStorageSnafu, PortSnafu, PostgresSnafu, TakenSnafu},
};

const BUCKET: &str = "insights-upload";

/// The database within the private server.
const DATABASE: &str = "ccx";

/// Where the REST API is served unless the port is taken.
const USUAL_ADDRESS: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 8080);

/// Any free port of this machine, for what nobody is told about.
const ANY_ADDRESS: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// What the workloads run on.
pub(super) struct Parts {
    config: Config,
    postgres: OnceCell<Postgres>,
    // Kept because they end when they are dropped.
    _kafka: Kafka,
    _objects: ObjectStorage,
}

impl Parts {
    /// Starts what starts at once: Kafka and the object storage.
    pub(super) async fn start(mut config: Config, args: &LocalArgs, progress: &Progress) -> Result<Self, LocalError> {
        progress.step("starting Kafka and the object storage");
        let topics = &config.kafka.topics;
        let names = [
            &topics.announce,
            &topics.results,
            &topics.payload_status,
            &topics.announce_dead_letters,
            &topics.results_dead_letters,
        ];
        let topics: Vec<(&str, i32)> = names.iter().filter(|name| !name.is_empty()).map(|name| (name.as_str(), 1)).collect();
        let kafka = Kafka::start(&topics).context(KafkaSnafu)?;
        let objects = match &args.data_dir {
            Some(folder) => ObjectStorage::start_in(&folder.join("objects"), BUCKET).await,
            None => ObjectStorage::start(BUCKET).await,
        };
        let objects = objects.context(ObjectStorageSnafu)?;
        config.kafka = ccx_config::Kafka { topics: config.kafka.topics, ..kafka.config() };
        config.object_storage = objects.config();
        keep_to_this_machine(&mut config, api_address(args.listen)?);
        Ok(Self { config, postgres: OnceCell::new(), _kafka: kafka, _objects: objects })
    }

    /// The configuration, without a database.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// The configuration with a database.
    pub(super) fn config_with(&self, database: Database) -> Config {
        Config { database, ..self.config.clone() }
    }

    /// Starts PostgreSQL, unless there is one, and migrates the database.
    pub(super) async fn database(&self, args: &LocalArgs, progress: &Progress) -> Result<Database, LocalError> {
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
            None => Postgres::start().await,
        };
        let postgres = self.postgres.get_or_try_init(start).await.context(PostgresSnafu)?;
        postgres.database(DATABASE).await.context(PostgresSnafu)
    }

    /// Stops PostgreSQL in order; the others need none.
    pub(super) async fn stop(self) {
        let Some(postgres) = self.postgres.into_inner() else { return };
        if let Err(error) = postgres.stop().await {
            tracing::warn!(%error, "failed to stop the private PostgreSQL");
        }
    }
}

/// Nothing but the API is reachable, that by everyone on the machine, and archives are taken whatever their age.
fn keep_to_this_machine(config: &mut Config, api_address: SocketAddr) {
    config.pipeline.listen = ANY_ADDRESS.into();
    config.pipeline.max_record_age = Duration::ZERO;
    config.writer.listen = ANY_ADDRESS.into();
    config.writer.org_allowlist_file = None;
    config.aggregator.listen = api_address;
    config.aggregator.authentication = Authentication::None;
}

/// The wanted address, else the usual one, else one with a free port.
fn api_address(wanted: Option<SocketAddr>) -> Result<SocketAddr, LocalError> {
    if let Some(address) = wanted {
        return free_address(address).context(TakenSnafu { address });
    }
    free_address(USUAL_ADDRESS.into()).or_else(|_| free_address(ANY_ADDRESS.into())).context(PortSnafu)
}

/// The address, with a port in place of 0, if nobody listens there.
fn free_address(address: SocketAddr) -> std::io::Result<SocketAddr> {
    TcpListener::bind(address)?.local_addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_address_is_refused_when_wanted_and_avoided_otherwise() {
        let taken = TcpListener::bind(SocketAddr::from(ANY_ADDRESS)).unwrap();
        let address = taken.local_addr().unwrap();
        let error = api_address(Some(address)).unwrap_err().to_string();
        assert_eq!(error, format!("the address {address} for the REST API is taken"));
        let _usual = TcpListener::bind(SocketAddr::from(USUAL_ADDRESS));
        assert_ne!(api_address(None).unwrap().port(), 8080);
    }
}
