//! The handle through which everything reaches PostgreSQL.

use std::{
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use ccx_config::TlsMode;
use snafu::ResultExt;
use sqlx::{
    Connection, PgConnection, PgPool, Postgres,
    error::DatabaseError,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::sync::Mutex;

use crate::{
    QueryObserver, StorageError,
    error::{AllInUseSnafu, ConnectSnafu, PasswordSnafu},
    observe::Statements,
    sqlstate,
};

/// The name of our sessions in `pg_stat_activity`.
const APPLICATION_NAME: &str = "ccx";

/// Longest wait for a statement when the server has no limit (`statement_timeout = 0`): the end of a connection whose other
/// end has vanished.
const UNLIMITED_STATEMENT: Duration = Duration::from_hours(1);

/// Longest time to find out why the pool has no connection.
const DIAGNOSIS_LIMIT: Duration = Duration::from_secs(1);

/// The database. Clones share their connections.
#[derive(Clone)]
pub struct Database {
    settings: Arc<ccx_config::Database>,
    pool: PgPool,
    /// Held while it is found out why the pool has no connection.
    diagnosis: Arc<Mutex<()>>,
    statements: Statements,
    /// Whether the tables of our own are known to exist.
    own_tables_exist: Arc<AtomicBool>,
}

impl Database {
    /// Creates the pool. Connections are opened on demand, so that this succeeds while the server is unavailable.
    pub fn connect(settings: &ccx_config::Database) -> Result<Self, StorageError> {
        let pool = pool(settings, settings.max_connections)?;
        Ok(Self {
            settings: Arc::new(settings.clone()),
            pool,
            diagnosis: Arc::default(),
            statements: Statements::default(),
            own_tables_exist: Arc::default(),
        })
    }

    /// Returns the same database over one connection of its own, which no request of another clone can occupy.
    ///
    /// For what must not wait behind requests: the check of readiness, and the announcements of new reports.
    pub fn with_own_connection(&self) -> Result<Self, StorageError> {
        Ok(Self { pool: pool(&self.settings, 1)?, ..self.clone() })
    }

    /// Sets an observer that gets the name and the duration of every statement.
    #[must_use]
    pub fn with_query_observer(self, observer: QueryObserver) -> Self {
        Self { statements: Statements::observed_by(observer), ..self }
    }

    /// Checks that the server answers.
    pub async fn ping(&self) -> Result<(), StorageError> {
        let mut connection = self.acquire().await?;
        connection.ping().await.context(ConnectSnafu { address: self.address() })
    }

    /// Returns the major version of the server.
    pub async fn server_major_version(&self) -> Result<u16, StorageError> {
        let mut connection = self.acquire().await?;
        let version =
            sqlx::query_scalar::<_, i32>("SELECT current_setting('server_version_num')::int / 10000");
        let version =
            self.statements.run("read the server's version", version.fetch_one(&mut *connection)).await?;
        Ok(u16::try_from(version).unwrap_or_default())
    }

    /// Closes all connections, after the statements that are running.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Returns a connection of the pool. Every statement outside this file starts here.
    ///
    /// When the server refuses the password, its file is read again: it may have been rotated.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, StorageError> {
        match self.pool.acquire().await {
            Err(error) if self.settings.password_file.is_some() && is_login_refused(&error) => {
                self.pool.set_connect_options(connect_options(&self.settings)?);
                self.pool.acquire().await.context(ConnectSnafu { address: self.address() })
            }
            Err(sqlx::Error::PoolTimedOut) => Err(self.why_no_connection().await),
            result => result.context(ConnectSnafu { address: self.address() }),
        }
    }

    /// Finds out by one more attempt why the pool has no connection. It retries refused connections and a starting server until
    /// its timeout, and then has no cause to report.
    ///
    /// One attempt at a time: when all connections are in use, the server needs no more work.
    async fn why_no_connection(&self) -> StorageError {
        let address = self.address();
        let no_cause =
            || StorageError::Connect { address: address.clone(), source: sqlx::Error::PoolTimedOut.into() };
        let Ok(_one_at_a_time) = self.diagnosis.try_lock() else { return no_cause() };
        match tokio::time::timeout(DIAGNOSIS_LIMIT, self.connect_outside_pool(&[])).await {
            Ok(Ok(connection)) => {
                // Its outcome changes nothing.
                let _ = connection.close().await;
                let connections = self.pool.options().get_max_connections();
                AllInUseSnafu { connections, limit: self.settings.connect_timeout }.build()
            }
            Ok(Err(error)) => error,
            Err(_) => no_cause(),
        }
    }

    /// Returns where the server is, as in `localhost:5432` or `/run/postgresql`.
    fn address(&self) -> String {
        let ccx_config::Database { host, port, .. } = &*self.settings;
        if host.starts_with('/') { host.clone() } else { format!("{host}:{port}") }
    }

    /// Opens a connection outside the pool, with `session` settings beside the usual ones.
    pub(crate) async fn connect_outside_pool(
        &self,
        session: &[(&'static str, &'static str)],
    ) -> Result<PgConnection, StorageError> {
        let options = connect_options(&self.settings)?.options(session.iter().copied());
        // Boxed: its state would be the largest part of everything that waits for it.
        let connecting = Box::pin(PgConnection::connect_with(&options));
        let limit = self.settings.connect_timeout;
        match tokio::time::timeout(limit, connecting).await {
            Ok(connected) => connected.context(ConnectSnafu { address: self.address() }),
            Err(_) => Err(StorageError::NoAnswer { action: "connect to the database", limit }),
        }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(crate) fn own_tables_exist(&self) -> &AtomicBool {
        &self.own_tables_exist
    }

    pub(crate) fn statements(&self) -> &Statements {
        &self.statements
    }

    /// Returns the longest time that the server works on one statement, for waits of the client.
    pub(crate) fn statement_timeout(&self) -> Duration {
        match self.settings.statement_timeout {
            Duration::ZERO => UNLIMITED_STATEMENT,
            timeout => timeout,
        }
    }
}

fn pool(settings: &ccx_config::Database, max_connections: u32) -> Result<PgPool, StorageError> {
    let options = connect_options(settings)?;
    let pool = PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(settings.connect_timeout)
        // A round trip before every statement costs a fifth of the throughput; a dead connection fails its statement anyway.
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(pool)
}

fn is_login_refused(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| sqlstate::is_login_refused(&code))
}

fn connect_options(settings: &ccx_config::Database) -> Result<PgConnectOptions, StorageError> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&settings.host)
        .port(settings.port)
        .database(&settings.name)
        .username(&settings.user)
        .ssl_mode(ssl_mode(settings.tls_mode))
        .application_name(APPLICATION_NAME)
        .options([
            ("statement_timeout", settings.statement_timeout.as_millis().to_string()),
            ("timezone", "UTC".to_owned()),
            // Migrations would log "already exists, skipping" for each object.
            ("client_min_messages", "warning".to_owned()),
        ]);
    if settings.host.starts_with('/') {
        options = options.socket(&settings.host);
    }
    if let Some(password) = settings.password().context(PasswordSnafu)? {
        options = options.password(password.expose());
    }
    if let Some(ca_file) = &settings.ca_file {
        options = options.ssl_root_cert(ca_file);
    }
    Ok(options)
}

fn ssl_mode(mode: TlsMode) -> PgSslMode {
    match mode {
        TlsMode::Disable => PgSslMode::Disable,
        TlsMode::Prefer => PgSslMode::Prefer,
        TlsMode::Require => PgSslMode::Require,
        TlsMode::VerifyCa => PgSslMode::VerifyCa,
        TlsMode::VerifyFull => PgSslMode::VerifyFull,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn unavailable_server_fails_the_first_statement() {
        let settings = ccx_config::Database {
            host: "127.0.0.1".into(),
            port: 1,
            connect_timeout: Duration::from_millis(50),
            ..ccx_config::Database::default()
        };
        let database = Database::connect(&settings).expect("connecting waits for the first statement");
        let error = database.ping().await.unwrap_err();
        assert_eq!(error.class(), ccx_messages::ErrorClass::Transient);
        let report = snafu::Report::from_error(error).to_string();
        assert!(report.contains("failed to connect to the database at 127.0.0.1:1"), "{report}");
        assert!(report.contains("Connection refused"), "{report}");
    }

    #[tokio::test]
    async fn missing_password_file_is_named() {
        let settings =
            ccx_config::Database { password_file: Some("/nonexistent/pw".into()), ..Default::default() };
        let error = Database::connect(&settings).err().unwrap();
        assert!(snafu::Report::from_error(error).to_string().contains("/nonexistent/pw"));
    }

    #[tokio::test]
    async fn unlimited_statement_has_an_hour_on_the_client() {
        let wait = |statement_timeout| {
            let settings = ccx_config::Database { statement_timeout, ..ccx_config::Database::default() };
            Database::connect(&settings).unwrap().statement_timeout()
        };
        assert_eq!(wait(Duration::ZERO), Duration::from_hours(1));
        assert_eq!(wait(Duration::from_secs(5)), Duration::from_secs(5));
    }
}
