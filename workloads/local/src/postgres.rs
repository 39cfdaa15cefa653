//! A private PostgreSQL server.

mod account;
mod binaries;
mod cluster;
mod error;
mod server;

use std::{
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ccx_config::{Database, TlsMode};
use snafu::{OptionExt as _, ResultExt as _};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};

pub use error::PostgresError;
use error::{ConnectSnafu, CreateDatabaseSnafu, EndedSnafu, FolderSnafu};

use crate::{folder::Folder, secret::random_hex};
use account::Account;
use binaries::Binaries;
use cluster::Cluster;
use server::Server;

/// The role that owns everything in the server.
const SUPERUSER: &str = "postgres";

/// Durability of committed transactions when the machine loses power, and of all data when the server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Data are kept, as in production.
    Kept,
    /// Data may be lost: faster, and sufficient for tests.
    Lost,
}

/// A private PostgreSQL server on a free port of 127.0.0.1, with a random password.
///
/// It runs from the binaries found on the machine, in its own folder. It ends with the handle, and also when
/// the process ends for any reason: a shell process holds one end of a pipe, and stops the server when the
/// other end closes.
///
/// PostgreSQL refuses to run as root; for root, it runs as `postgres` or `nobody`.
#[derive(Debug)]
pub struct Postgres {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    cluster: Cluster,
    durability: Durability,
    port: u16,
    server: Mutex<Option<Server>>,
    // The last field, so that it is dropped after the server.
    folder: Folder,
}

impl Postgres {
    /// Starts a server with temporary data.
    pub async fn start() -> Result<Self, PostgresError> {
        Self::start_with(Durability::Kept).await
    }

    /// Starts a server with temporary data and this durability.
    pub async fn start_with(durability: Durability) -> Result<Self, PostgresError> {
        blocking(move || {
            let folder = Folder::temporary("ccx-postgres-").context(FolderSnafu)?;
            Self::launch(folder, durability)
        })
        .await
    }

    /// Starts a server with the data in `folder`, which are kept for the next one.
    pub async fn start_in(folder: &Path) -> Result<Self, PostgresError> {
        let path = folder.to_owned();
        blocking(move || Self::launch(Folder::given(&path).context(FolderSnafu)?, Durability::Kept)).await
    }

    fn launch(folder: Folder, durability: Durability) -> Result<Self, PostgresError> {
        let account = Account::find()?;
        let binaries = Binaries::find(cluster::major_version(folder.path()))?;
        let cluster = Cluster::open(folder.path(), binaries, account)?;
        let server = Server::start_on_free_port(&cluster, durability)?;
        tracing::debug!(port = server.port(), version = cluster.binaries.version, "PostgreSQL started");
        let port = server.port();
        Ok(Self {
            parts: Arc::new(Parts { cluster, durability, port, server: Mutex::new(Some(server)), folder }),
        })
    }

    /// Returns the output of `postgres --version`.
    pub fn version(&self) -> &str {
        &self.parts.cluster.binaries.version
    }

    /// Returns the settings of the server's own database, `postgres`.
    pub fn config(&self) -> Database {
        Database {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: self.parts.port,
            name: "postgres".into(),
            user: SUPERUSER.into(),
            password: Some(self.parts.cluster.password.clone().into()),
            tls_mode: TlsMode::Disable,
            ..Database::default()
        }
    }

    /// Creates an empty database with a unique name.
    pub async fn create_database(&self) -> Result<Database, PostgresError> {
        self.database(&format!("ccx_{}", random_hex())).await
    }

    /// Returns the database `name`; creates it if it does not exist.
    pub async fn database(&self, name: &str) -> Result<Database, PostgresError> {
        let config = self.config();
        let options = PgConnectOptions::new_without_pgpass()
            .host(&config.host)
            .port(config.port)
            .username(&config.user)
            .password(&self.parts.cluster.password)
            .database(&config.name);
        let mut connection = PgConnection::connect_with(&options).await.context(ConnectSnafu)?;
        let known = sqlx::query("SELECT FROM pg_database WHERE datname = $1")
            .bind(name)
            .fetch_optional(&mut connection)
            .await;
        if known.context(CreateDatabaseSnafu { name })?.is_none() {
            let create = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
            sqlx::raw_sql(AssertSqlSafe(create))
                .execute(&mut connection)
                .await
                .context(CreateDatabaseSnafu { name })?;
        }
        Ok(Database { name: name.to_owned(), ..config })
    }

    /// Stops the server and keeps its files, until [`Postgres::end_outage`]: an outage for tests.
    pub async fn start_outage(&self) -> Result<(), PostgresError> {
        let parts = Arc::clone(&self.parts);
        blocking(move || {
            parts.server().take().context(EndedSnafu)?.pause();
            Ok(())
        })
        .await
    }

    /// Ends the outage that [`Postgres::start_outage`] began, on the same port.
    pub async fn end_outage(&self) -> Result<(), PostgresError> {
        let parts = Arc::clone(&self.parts);
        blocking(move || {
            let server = Server::start(&parts.cluster, parts.durability, parts.port)?;
            *parts.server() = Some(server);
            Ok(())
        })
        .await
    }

    /// Stops the server and waits for its end, and for that of a temporary folder.
    pub async fn stop(self) -> Result<(), PostgresError> {
        blocking(move || {
            if let Some(server) = self.parts.server().take() {
                server.stop();
            }
            if let Some(parts) = Arc::into_inner(self.parts) {
                parts.folder.close();
            }
            Ok(())
        })
        .await
    }
}

impl Parts {
    fn server(&self) -> MutexGuard<'_, Option<Server>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PostgresError> + Send + 'static,
) -> Result<T, PostgresError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| EndedSnafu.fail())
}

#[cfg(test)]
mod tests;
