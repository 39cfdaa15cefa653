//! Translation of the original's keys to the typed configuration.

use std::{path::PathBuf, time::Duration};

use ccx_config::{Authentication, Config, LogFormat, Logging, SaslMechanism, SecurityProtocol, TlsMode};
use snafu::{OptionExt, Snafu};

use super::{Backend, Settings, Storage};
use crate::translation::listen_address;
/// Time for work in flight to finish. The original's test suite kills a process that runs for 10 s after SIGTERM.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(8);

/// The librdkafka property of the timeout of connections to a broker.
const CONNECT_TIMEOUT: &str = "socket.connection.setup.timeout.ms";

/// The least value of [`CONNECT_TIMEOUT`].
const MIN_CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A broker that accepts no connection for a minute is unavailable: others are tried.
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_mins(1);

/// A value has no equivalent in the typed configuration.
#[derive(Debug, Snafu)]
pub enum TranslateError {
    /// The value is invalid.
    #[snafu(display("configuration key {key}: expected {expected}"))]
    Invalid {
        /// The original's key.
        key: &'static str,
        /// The accepted values.
        expected: &'static str,
    },
    /// The values are out of range or contradict each other.
    #[snafu(display("configuration key {key} {reason}"))]
    Problem {
        /// The original's key; ours if it has none.
        key: String,
        /// The problem, without the value.
        reason: String,
    },
}

/// Our keys whose checks can fail, beside the original's.
const ORIGINAL_KEYS: [(&str, &str); 16] = [
    ("kafka.bootstrap_servers", "broker.addresses"),
    ("kafka.client_id", "broker.client_id"),
    ("kafka.topics.results", "broker.topic"),
    ("kafka.topics.workloads", "broker.topic"),
    ("kafka.topics.results_dead_letters", "broker.dead_letter_queue_topic"),
    ("kafka.topics.workloads_dead_letters", "broker.dead_letter_queue_topic"),
    ("kafka.topics.payload_status", "broker.payload_tracker_topic"),
    ("writer.group", "broker.group"),
    ("dvo_writer.group", "broker.group"),
    ("valkey.endpoint", "redis.endpoint"),
    ("valkey.timeout", "redis.timeout_seconds"),
    ("database.host", "pg_host"),
    ("database.port", "pg_port"),
    ("writer.metrics_namespace", "metrics.namespace"),
    ("aggregator.api_prefix", "server.api_prefix"),
    ("logging.level", "logging.log_level"),
];

/// Fails with the first problem of the typed configuration, under the original's key.
fn check(config: &Config) -> Result<(), TranslateError> {
    let Some(problem) = config.problems().into_iter().next() else { return Ok(()) };
    let key = ORIGINAL_KEYS.into_iter().find(|(ours, _)| *ours == problem.key);
    let key = key.map_or(problem.key, |(_, original)| original.to_owned());
    ProblemSnafu { key, reason: problem.reason }.fail()
}

impl Settings {
    /// Returns the equivalent typed configuration, for the database of `backend`.
    ///
    /// Settings without a key in the original have their default. A new consumer group begins at the oldest message, where the
    /// original misses earlier ones.
    pub fn config(&self, backend: Backend) -> Result<Config, TranslateError> {
        let mut config = Config::default();
        self.fill_kafka(&mut config)?;
        self.fill_consumer(&mut config, backend);
        config.database = self.database(backend)?;
        self.fill_valkey(&mut config);
        self.fill_server(&mut config)?;
        self.fill_metrics(&mut config);
        config.logging = self.log_settings();
        check(&config)?;
        Ok(config)
    }

    fn fill_kafka(&self, config: &mut Config) -> Result<(), TranslateError> {
        let (broker, kafka) = (&self.broker, &mut config.kafka);
        let addresses = broker.addresses.split(',').map(str::trim).filter(|address| !address.is_empty());
        let addresses: Vec<String> = addresses.map(with_default_port).collect();
        if !addresses.is_empty() {
            kafka.bootstrap_servers = addresses;
        }
        kafka.security_protocol = match broker.security_protocol.to_ascii_uppercase().as_str() {
            "" | "PLAINTEXT" => SecurityProtocol::Plaintext,
            "SSL" => SecurityProtocol::Ssl,
            "SASL_PLAINTEXT" => SecurityProtocol::SaslPlaintext,
            "SASL_SSL" => SecurityProtocol::SaslSsl,
            _ => return expected("broker.security_protocol", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
        };
        if kafka.security_protocol.authenticates() {
            kafka.sasl_mechanism = match broker.sasl_mechanism.to_ascii_uppercase().as_str() {
                "" | "PLAIN" => SaslMechanism::Plain,
                "SCRAM-SHA-256" => SaslMechanism::ScramSha256,
                "SCRAM-SHA-512" => SaslMechanism::ScramSha512,
                _ => return expected("broker.sasl_mechanism", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"),
            };
            kafka.sasl_username = Some(broker.sasl_username.clone());
            kafka.sasl_password = Some(broker.sasl_password.clone());
        }
        if kafka.security_protocol.encrypts() {
            kafka.ca_file = file(&broker.cert_path);
        }
        replace(&mut kafka.client_id, &broker.client_id);
        if broker.timeout.0 > Duration::ZERO {
            let milliseconds = broker.timeout.0.clamp(MIN_CONNECT_TIMEOUT, MAX_CONNECT_TIMEOUT).as_millis();
            kafka.properties.insert(CONNECT_TIMEOUT.to_owned(), milliseconds.to_string());
        }
        Ok(())
    }

    /// Fills topics and consumer groups. The name of a group applies to the writer of the backend.
    fn fill_consumer(&self, config: &mut Config, backend: Backend) {
        let (broker, topics) = (&self.broker, &mut config.kafka.topics);
        let (topic, dead_letters, group) = match backend {
            Backend::OcpRecommendations => {
                (&mut topics.results, &mut topics.results_dead_letters, &mut config.writer.group)
            }
            Backend::DvoRecommendations => {
                (&mut topics.workloads, &mut topics.workloads_dead_letters, &mut config.dvo_writer.group)
            }
        };
        replace(topic, &broker.topic);
        replace(dead_letters, &broker.dead_letter_queue_topic);
        replace(group, &broker.group);
        replace(&mut config.valkey_writer.group, &broker.group);
        for service_name in [
            &mut config.writer.service_name,
            &mut config.dvo_writer.service_name,
            &mut config.valkey_writer.service_name,
        ] {
            replace(service_name, &broker.service_name);
        }
        topics.payload_status.clone_from(&broker.payload_tracker_topic);
        if broker.enable_org_allowlist {
            let named = file(&self.processing.org_allowlist_file);
            config.writer.org_allowlist_file = Some(named.unwrap_or_else(|| "org_allowlist.csv".into()));
        }
        config.writer.shutdown_timeout = SHUTDOWN_TIMEOUT;
        // The REST API's server answers for health and metrics of the writer, too.
        for listen in [
            &mut config.pipeline.listen,
            &mut config.writer.listen,
            &mut config.dvo_writer.listen,
            &mut config.valkey_writer.listen,
        ] {
            listen.set_port(0);
        }
    }

    fn fill_valkey(&self, config: &mut Config) {
        let (redis, valkey) = (&self.redis, &mut config.valkey);
        valkey.endpoint = (!redis.endpoint.is_empty()).then(|| redis.endpoint.clone());
        valkey.database = redis.database;
        valkey.username = (!redis.username.is_empty()).then(|| redis.username.clone());
        valkey.password = (!redis.password.expose().is_empty()).then(|| redis.password.clone());
        if redis.timeout_seconds != 0 {
            valkey.timeout = Duration::from_secs(redis.timeout_seconds.into());
        }
    }

    /// Returns the equivalent settings of the log.
    ///
    /// An empty level is `info`, where the original logs everything. SQL statements are logged without their values.
    pub fn log_settings(&self) -> Logging {
        let mut settings = log_settings(&self.logging.log_level, self.logging.debug);
        let storages = [&self.ocp_recommendations_storage, &self.dvo_recommendations_storage];
        let logs_sql = storages.into_iter().any(|storage| storage.log_sql_queries && storage.r#type == "sql");
        if logs_sql {
            settings.level.push_str(",sqlx::query=debug");
        }
        settings
    }

    fn fill_metrics(&self, config: &mut Config) {
        let namespace = &self.metrics.namespace;
        config.writer.metrics_namespace.clone_from(namespace);
        config.dvo_writer.metrics_namespace.clone_from(namespace);
        config.valkey_writer.metrics_namespace.clone_from(namespace);
        config.aggregator.metrics_namespace.clone_from(namespace);
    }

    /// Returns the connection to the database of `backend`.
    pub fn database(&self, backend: Backend) -> Result<ccx_config::Database, TranslateError> {
        self.storage(backend).database()
    }

    fn fill_server(&self, config: &mut Config) -> Result<(), TranslateError> {
        let (server, aggregator) = (&self.server, &mut config.aggregator);
        if !server.address.is_empty() {
            aggregator.listen = listen_address(&server.address)
                .context(InvalidSnafu { key: "server.address", expected: "host:port or :port" })?;
        }
        aggregator.api_prefix = format!("/{}/", server.api_prefix.trim_matches('/')).replace("//", "/");
        aggregator.authentication = match (server.auth, server.auth_type.as_str()) {
            (false, _) => Authentication::None,
            (true, "" | "xrh") => Authentication::XRhIdentity,
            (true, _) => return expected("server.auth_type", "xrh"),
        };
        aggregator.debug = server.debug;
        aggregator.shutdown_timeout = SHUTDOWN_TIMEOUT;
        if let Ok(bytes @ 1..) = usize::try_from(server.maximum_feedback_message_length) {
            aggregator.max_feedback_bytes = bytes;
        }
        if server.org_overview_limit_hours != 0 {
            let hours = u64::from(server.org_overview_limit_hours);
            aggregator.org_overview_limit = Duration::from_secs(hours * 3600);
        }
        Ok(())
    }
}

impl Storage {
    /// Returns the connection to the database.
    pub fn database(&self) -> Result<ccx_config::Database, TranslateError> {
        let mut database = ccx_config::Database::default();
        if !matches!(self.db_driver.as_str(), "" | "postgres") {
            return expected("db_driver", "postgres");
        }
        replace(&mut database.host, &self.pg_host);
        replace(&mut database.name, &self.pg_db_name);
        replace(&mut database.user, &self.pg_username);
        if self.pg_port != 0 {
            database.port = self.pg_port;
        }
        database.password = Some(self.pg_password.clone());
        for parameter in self.pg_params.split(['&', ' ']).filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match key {
                "sslmode" => database.tls_mode = tls_mode(value)?,
                "sslrootcert" => database.ca_file = file(value),
                // Others, such as application_name, have no effect here.
                _ => {}
            }
        }
        // Clowder gives certificates of authorities to deployments that do not encrypt, too.
        database.ca_file.take_if(|_| database.tls_mode == TlsMode::Disable);
        Ok(database)
    }
}

/// Overrides a value, unless the key is absent.
fn replace(target: &mut String, value: &str) {
    if !value.is_empty() {
        value.clone_into(target);
    }
}

fn file(path: &str) -> Option<PathBuf> {
    (!path.is_empty()).then(|| path.into())
}

fn expected<T>(key: &'static str, expected: &'static str) -> Result<T, TranslateError> {
    InvalidSnafu { key, expected }.fail()
}

/// Appends the default port to a host without a port, as Kafka's clients do.
fn with_default_port(address: &str) -> String {
    if address.contains(':') { address.to_owned() } else { format!("{address}:9092") }
}

fn tls_mode(mode: &str) -> Result<TlsMode, TranslateError> {
    match mode {
        "disable" => Ok(TlsMode::Disable),
        "prefer" | "allow" => Ok(TlsMode::Prefer),
        "require" => Ok(TlsMode::Require),
        "verify-ca" => Ok(TlsMode::VerifyCa),
        "verify-full" => Ok(TlsMode::VerifyFull),
        _ => expected("pg_params", "sslmode=disable, prefer, require, verify-ca or verify-full"),
    }
}

/// Returns the settings of the log for the original's level and its switch between JSON and text.
pub(crate) fn log_settings(level: &str, is_text: bool) -> Logging {
    Logging {
        level: log_level(level).into(),
        format: if is_text { LogFormat::Text } else { LogFormat::Json },
    }
}

/// Returns the level for one of zerolog's.
fn log_level(level: &str) -> &'static str {
    match level.to_ascii_lowercase().as_str() {
        "trace" => "trace",
        "debug" => "debug",
        "warn" | "warning" => "warn",
        "error" | "fatal" | "panic" | "critical" => "error",
        _ => "info",
    }
}
