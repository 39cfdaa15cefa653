//! The configuration file, key by key.
//!
//! Every struct is read with the keys of the file and printed with the names that `print-config` shows. Unknown keys are
//! ignored, as the original does: deployments set keys of releases before and after.

use ccx_config::Secret;
use serde::{Deserialize, Serialize};
use snafu::Snafu;

use crate::{duration::GoDuration, weak};

/// The type of a storage is unknown.
#[derive(Debug, Snafu)]
#[snafu(display("Unknown storage type '{type}'"))]
pub struct UnknownStorageType {
    r#type: String,
}

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Settings {
    /// Kafka; without it the program is the REST API.
    #[serde(rename(serialize = "Broker"))]
    pub broker: Broker,
    /// The HTTP server.
    #[serde(rename(serialize = "Server"))]
    pub server: Server,
    #[serde(rename(serialize = "Processing"))]
    pub(crate) processing: Processing,
    /// The database of schema `public`.
    #[serde(rename(serialize = "OCPRecommendationsStorage"))]
    pub ocp_recommendations_storage: Storage,
    /// The database of schema `dvo`.
    #[serde(rename(serialize = "DVORecommendationsStorage"))]
    pub dvo_recommendations_storage: Storage,
    #[serde(rename(serialize = "StorageBackend"))]
    pub(crate) storage_backend: StorageBackend,
    #[serde(rename(serialize = "Logging"))]
    pub(crate) logging: Logging,
    #[serde(rename(serialize = "CloudWatch"))]
    pub(crate) cloudwatch: CloudWatch,
    #[serde(rename(serialize = "Redis"))]
    pub(crate) redis: Redis,
    #[serde(rename(serialize = "Metrics"))]
    pub(crate) metrics: Metrics,
    #[serde(rename(serialize = "SentryLoggingConf"))]
    pub(crate) sentry: Sentry,
}

/// `[broker]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all(serialize = "PascalCase"))]
pub struct Broker {
    /// `host:port` of the brokers, separated by commas.
    #[serde(alias = "address")]
    pub addresses: String,
    pub(crate) security_protocol: String,
    pub(crate) cert_path: String,
    pub(crate) sasl_mechanism: String,
    pub(crate) sasl_username: String,
    pub(crate) sasl_password: Secret,
    /// The topic that is consumed.
    pub topic: String,
    /// Timeout of connections to a broker.
    pub(crate) timeout: GoDuration,
    pub(crate) payload_tracker_topic: String,
    pub(crate) dead_letter_queue_topic: String,
    pub(crate) service_name: String,
    pub(crate) group: String,
    /// Whether the program consumes; otherwise it is the REST API alone.
    #[serde(deserialize_with = "weak::boolean")]
    pub enabled: bool,
    #[serde(rename(serialize = "OrgAllowlistEnabled"), deserialize_with = "weak::boolean")]
    pub(crate) enable_org_allowlist: bool,
    #[serde(rename(serialize = "ClientID"))]
    pub(crate) client_id: String,
    #[serde(deserialize_with = "weak::boolean")]
    pub(crate) display_message_with_wrong_structure: bool,
}

/// `[server]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all(serialize = "PascalCase"))]
pub struct Server {
    /// `host:port` or `:port`.
    pub address: String,
    #[serde(rename(serialize = "APIPrefix"))]
    pub(crate) api_prefix: String,
    #[serde(rename(serialize = "APISpecFile"))]
    pub(crate) api_spec_file: String,
    /// Whether the endpoints for debugging are served.
    #[serde(deserialize_with = "weak::boolean")]
    pub(crate) debug: bool,
    #[serde(deserialize_with = "weak::boolean")]
    pub(crate) auth: bool,
    pub(crate) auth_type: String,
    /// Size in bytes.
    #[serde(deserialize_with = "weak::number")]
    pub(crate) maximum_feedback_message_length: u32,
    #[serde(deserialize_with = "weak::number")]
    pub(crate) org_overview_limit_hours: u32,
}

/// `[processing]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all(serialize = "PascalCase"))]
pub(crate) struct Processing {
    pub(crate) org_allowlist_file: String,
}

/// `[ocp_recommendations_storage]` and `[dvo_recommendations_storage]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Storage {
    #[serde(rename(serialize = "Driver"))]
    /// `postgres`; also when it is empty.
    pub db_driver: String,
    /// Whether statements are logged.
    #[serde(rename(serialize = "LogSQLQueries"), deserialize_with = "weak::boolean")]
    pub log_sql_queries: bool,
    #[serde(rename(serialize = "PGUsername"))]
    /// Name of the role.
    pub pg_username: String,
    #[serde(rename(serialize = "PGPassword"))]
    pub(crate) pg_password: Secret,
    /// Host of the server.
    #[serde(rename(serialize = "PGHost"))]
    pub pg_host: String,
    #[serde(rename(serialize = "PGPort"), deserialize_with = "weak::number")]
    /// Port; 0 is the default.
    pub pg_port: u16,
    #[serde(rename(serialize = "PGDBName"))]
    /// Name of the database.
    pub pg_db_name: String,
    /// `key=value` pairs as in a connection string, separated by blanks or `&`.
    #[serde(rename(serialize = "PGParams"))]
    pub(crate) pg_params: String,
    /// `sql`, `redis` or `noop`; empty means that this storage is not used.
    #[serde(rename(serialize = "Type"))]
    pub r#type: String,
}

/// `[storage_backend]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all(serialize = "PascalCase"))]
pub(crate) struct StorageBackend {
    pub(crate) r#use: String,
}

/// The value of `storage_backend.use` for schema `public`.
pub(super) const OCP_RECOMMENDATIONS: &str = "ocp_recommendations";

/// The value of `storage_backend.use` for schema `dvo`.
const DVO_RECOMMENDATIONS: &str = "dvo_recommendations";

/// The kind of a storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageType {
    /// PostgreSQL.
    Sql,
    /// Valkey or Redis: the requests of on-demand data gathering.
    Redis,
    /// None: what is consumed is checked and dropped.
    Noop,
}

/// The schema that the program writes and migrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Schema `public`.
    OcpRecommendations,
    /// Schema `dvo`.
    DvoRecommendations,
}

/// `[logging]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all(serialize = "PascalCase"))]
pub(crate) struct Logging {
    /// Whether lines are formatted for people instead of as JSON.
    #[serde(deserialize_with = "weak::boolean")]
    pub(crate) debug: bool,
    pub(crate) log_level: String,
    #[serde(
        rename(deserialize = "logging_to_cloud_watch_enabled", serialize = "LoggingToCloudWatchEnabled"),
        deserialize_with = "weak::boolean"
    )]
    pub(crate) to_cloud_watch: bool,
    #[serde(
        rename(deserialize = "logging_to_sentry_enabled", serialize = "LoggingToSentryEnabled"),
        deserialize_with = "weak::boolean"
    )]
    pub(crate) to_sentry: bool,
}

/// `[cloudwatch]`, which is read and not used: the log goes to standard error.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct CloudWatch {
    #[serde(rename(serialize = "AWSAccessID"))]
    aws_access_id: Secret,
    #[serde(rename(serialize = "AWSSecretKey"))]
    aws_secret_key: Secret,
    #[serde(rename(serialize = "AWSSessionToken"))]
    aws_session_token: Secret,
    #[serde(rename(serialize = "AWSRegion"))]
    aws_region: String,
    #[serde(rename(serialize = "LogGroup"))]
    log_group: String,
    #[serde(rename(serialize = "StreamName"))]
    stream_name: String,
    #[serde(rename(serialize = "CreateStreamIfNotExists"), deserialize_with = "weak::boolean")]
    create_stream_if_not_exists: bool,
    #[serde(rename(serialize = "Debug"), deserialize_with = "weak::boolean")]
    debug: bool,
}

/// `[redis]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Redis {
    #[serde(rename(serialize = "RedisEndpoint"))]
    pub(crate) endpoint: String,
    #[serde(rename(serialize = "RedisDatabase"), deserialize_with = "weak::number")]
    pub(crate) database: u16,
    #[serde(rename(serialize = "RedisTimeoutSeconds"), deserialize_with = "weak::number")]
    pub(crate) timeout_seconds: u32,
    #[serde(rename(serialize = "RedisUsername"))]
    pub(crate) username: String,
    #[serde(rename(serialize = "RedisPassword"))]
    pub(crate) password: Secret,
}

/// `[metrics]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all(serialize = "PascalCase"))]
pub(crate) struct Metrics {
    pub(crate) namespace: String,
}

/// `[sentry]`, which is read and not used.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Sentry {
    #[serde(rename(serialize = "SentryDSN"))]
    dsn: Secret,
    #[serde(rename(serialize = "SentryEnvironment"))]
    environment: String,
}

impl Settings {
    /// Returns the configuration as `print-config` shows it: JSON, indented by four blanks. Secrets are masked.
    pub fn to_json(&self) -> String {
        let mut json = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut serializer = serde_json::Serializer::with_formatter(&mut json, formatter);
        // Texts, numbers and booleans under fixed names: serialization can't fail.
        let _ = self.serialize(&mut serializer);
        String::from_utf8_lossy(&json).into_owned()
    }

    /// Returns the schema that the program writes and migrates; `None` when the file names none.
    pub fn backend(&self) -> Option<Backend> {
        match self.storage_backend.r#use.as_str() {
            OCP_RECOMMENDATIONS => Some(Backend::OcpRecommendations),
            DVO_RECOMMENDATIONS => Some(Backend::DvoRecommendations),
            _ => None,
        }
    }

    /// Returns the storages that the program uses: those with a type.
    pub fn used_backends(&self) -> Result<Vec<(Backend, StorageType)>, UnknownStorageType> {
        let mut used = Vec::new();
        for backend in [Backend::OcpRecommendations, Backend::DvoRecommendations] {
            if let Some(storage_type) = self.storage_type(backend)? {
                used.push((backend, storage_type));
            }
        }
        Ok(used)
    }

    /// Returns the type of a storage; `None` when it is not used.
    pub fn storage_type(&self, backend: Backend) -> Result<Option<StorageType>, UnknownStorageType> {
        match self.storage(backend).r#type.as_str() {
            "" => Ok(None),
            "sql" => Ok(Some(StorageType::Sql)),
            "redis" => Ok(Some(StorageType::Redis)),
            "noop" => Ok(Some(StorageType::Noop)),
            unknown => UnknownStorageTypeSnafu { r#type: unknown }.fail(),
        }
    }

    /// Returns the storage of a schema.
    pub fn storage(&self, backend: Backend) -> &Storage {
        match backend {
            Backend::OcpRecommendations => &self.ocp_recommendations_storage,
            Backend::DvoRecommendations => &self.dvo_recommendations_storage,
        }
    }
}
