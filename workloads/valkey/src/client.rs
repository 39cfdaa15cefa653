//! The connection.

use std::time::Duration;

use ccx_config::Valkey;
use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use snafu::{OptionExt as _, ResultExt as _};

use crate::{
    ValkeyError,
    error::{AuthoritiesSnafu, ClientSnafu, CommandSnafu, EndpointSnafu, NotConfiguredSnafu, PasswordSnafu},
};

/// The requests of clusters. Clones share one connection, which is opened with the first command and opened again when it is lost.
#[derive(Clone)]
pub struct RequestStore {
    connection: ConnectionManager,
    /// The time for which requests are kept.
    pub(crate) expiration: Duration,
}

/// Time for which a processed request is kept, unless the writer is configured otherwise.
const EXPIRATION: Duration = Duration::from_hours(24);

/// Delay of the single attempt to connect again that a command makes by itself. Callers retry as they see fit.
const RECONNECT_DELAY: Duration = Duration::from_millis(20);

impl RequestStore {
    /// Prepares a client, without connecting. Needs a tokio runtime.
    pub fn new(settings: &Valkey) -> Result<Self, ValkeyError> {
        let client = client(settings)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(settings.timeout))
            .set_response_timeout(Some(settings.timeout))
            .set_number_of_retries(1)
            .set_min_delay(RECONNECT_DELAY);
        let connection = ConnectionManager::new_lazy_with_config(client, config).context(ClientSnafu)?;
        Ok(Self { connection, expiration: EXPIRATION })
    }

    /// Keeps written requests for `expiration`, in whole seconds.
    #[must_use]
    pub fn with_expiration(self, expiration: Duration) -> Self {
        Self { expiration, ..self }
    }

    /// Checks that the server answers and accepts the credentials.
    pub async fn ping(&self) -> Result<(), ValkeyError> {
        let ping = redis::cmd("PING");
        ping.exec_async(&mut self.connection())
            .await
            .context(CommandSnafu { action: "reach the Valkey server" })
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }
}

fn client(settings: &Valkey) -> Result<Client, ValkeyError> {
    let endpoint = settings.endpoint.as_deref().context(NotConfiguredSnafu)?;
    let (host, port) = endpoint.rsplit_once(':').context(EndpointSnafu)?;
    let host = host.trim_matches(['[', ']']).to_owned();
    let port: u16 = port.parse().ok().context(EndpointSnafu)?;
    let mut login = RedisConnectionInfo::default().set_db(settings.database.into());
    if let Some(username) = &settings.username {
        login = login.set_username(username);
    }
    if let Some(password) = settings.password().context(PasswordSnafu)? {
        login = login.set_password(password.expose());
    }
    let address = |host, insecure| ConnectionAddr::TcpTls { host, port, insecure, tls_params: None };
    if !settings.tls {
        return Client::open(info(ConnectionAddr::Tcp(host, port), login)?).context(ClientSnafu);
    }
    let info = info(address(host, false), login)?;
    let Some(path) = &settings.ca_file else { return Client::open(info).context(ClientSnafu) };
    let root_cert = Some(std::fs::read(path).context(AuthoritiesSnafu { path })?);
    Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert }).context(ClientSnafu)
}

fn info(address: ConnectionAddr, login: RedisConnectionInfo) -> Result<ConnectionInfo, ValkeyError> {
    let info = address.into_connection_info().context(ClientSnafu)?;
    Ok(info.set_redis_settings(login))
}
