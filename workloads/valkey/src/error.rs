//! Errors of the server.

use ccx_messages::ErrorClass;
use snafu::Snafu;

/// A request to the server failed.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ValkeyError {
    /// No server is configured.
    #[snafu(display("no Valkey server is configured; set valkey.endpoint"))]
    NotConfigured,
    /// The endpoint is not `host:port`.
    #[snafu(display("valkey.endpoint is not host:port"))]
    Endpoint,
    /// The file with the password can't be read.
    #[snafu(display("failed to read the password of the Valkey server"))]
    Password {
        /// The file and the cause.
        source: ccx_config::SecretError,
    },
    /// The file with the authorities can't be read.
    #[snafu(display("failed to read the authorities of the Valkey server from {}", path.display()))]
    Authorities {
        /// The file.
        path: std::path::PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The client can't be created.
    #[snafu(display("failed to prepare the connection to the Valkey server"))]
    Client {
        /// The cause.
        source: redis::RedisError,
    },
    /// A command failed, or there is no connection.
    #[snafu(display("failed to {action}"))]
    Command {
        /// The purpose of the command.
        action: &'static str,
        /// The cause.
        source: redis::RedisError,
    },
}

impl ValkeyError {
    /// Returns whether a retry can help.
    ///
    /// The server accepts any key and value, so that a failed command is never the fault of a message.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Command { .. } | Self::Password { .. } | Self::Authorities { .. } => ErrorClass::Transient,
            Self::NotConfigured | Self::Endpoint | Self::Client { .. } => ErrorClass::Bug,
        }
    }
}
