//! `[database]`

use std::{path::PathBuf, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Problem, Secret, SecretError, secret::check_given_once};

/// The PostgreSQL database of the results.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// Host name, address, or the folder of a Unix socket (when it begins with `/`).
    pub host: String,
    /// TCP port, or the number in the socket's name.
    pub port: u16,
    /// Name of the database.
    pub name: String,
    /// Name of the role.
    pub user: String,
    /// The role's password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// A file with the password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Protection of the connection.
    pub tls_mode: TlsMode,
    /// PEM file of the authorities that sign the server's certificate; Mozilla's list when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Maximum number of connections of one process for requests. The aggregator has two more: for announcements of new
    /// reports, and for its readiness.
    pub max_connections: u32,
    /// Time after which waiting for a connection fails.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub connect_timeout: Duration,
    /// Time after which the server cancels a statement.
    #[serde(with = "humantime_serde")]
    #[schemars(with = "String")]
    pub statement_timeout: Duration,
}

/// Protection of a connection, in the words of libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Not encrypted.
    Disable,
    /// Encrypted if the server supports it.
    Prefer,
    /// Encrypted.
    Require,
    /// Encrypted, to a server with a trusted certificate.
    VerifyCa,
    /// Encrypted, to a server with a trusted certificate for this host.
    VerifyFull,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            port: 5432,
            name: "ccx-data-pipeline".into(),
            user: "postgres".into(),
            password: None,
            password_file: None,
            tls_mode: TlsMode::Prefer,
            ca_file: None,
            max_connections: 8,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

impl Database {
    /// Returns the role's password.
    pub fn password(&self) -> Result<Option<Secret>, SecretError> {
        Secret::resolve(self.password.as_ref(), self.password_file.as_ref())
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let (password, file) = (self.password.as_ref(), self.password_file.as_ref());
        problems.extend(check_given_once("database.password", password, file));
        for (key, value) in
            [("database.host", &self.host), ("database.name", &self.name), ("database.user", &self.user)]
        {
            if value.is_empty() {
                problems.push(Problem::new(key, "is empty"));
            }
        }
        self.check_address(problems);
        if self.ca_file.is_some() && self.tls_mode == TlsMode::Disable {
            let reason = "is not used: set database.tls_mode to verify-ca or verify-full, or remove it";
            problems.push(Problem::new("database.ca_file", reason));
        }
        if self.max_connections == 0 {
            problems.push(Problem::new("database.max_connections", "is 0; at least 1 is needed"));
        }
    }

    /// Checks that host and port are two keys. A URL in their place may have a password, which errors would show.
    fn check_address(&self, problems: &mut Vec<Problem>) {
        let host = &self.host;
        let is_socket = host.starts_with('/');
        let is_ipv6 = host.parse::<std::net::Ipv6Addr>().is_ok();
        if !is_socket && host.contains(['/', '@', ' ', '?']) {
            let reason = "is invalid: write the host name or address alone; user, password, port and name of the database have \
                          keys of their own";
            problems.push(Problem::new("database.host", reason));
        } else if !is_socket && !is_ipv6 && host.contains(':') {
            let reason = "is invalid: write the host name or address alone, and the port as database.port";
            problems.push(Problem::new("database.host", reason));
        }
        if self.port == 0 {
            problems.push(Problem::new("database.port", "is 0; choose a port from 1 to 65535"));
        }
    }
}
