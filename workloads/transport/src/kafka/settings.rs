//! The properties of librdkafka from the configuration.

use std::time::Duration;

use ccx_config::{Kafka, StartOffset};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use snafu::ResultExt;

use super::KafkaError;
use super::error::PasswordSnafu;

/// Interval of librdkafka's reports, the age of connectivity and lag. A report of 64 partitions costs about 0.1 ms.
const STATISTICS_INTERVAL: Duration = Duration::from_secs(1);

/// Longest pause between two attempts to connect to an unavailable broker: after an outage of an hour, work continues
/// within seconds.
const MAX_RECONNECT_BACKOFF: Duration = Duration::from_secs(3);

/// Longest wait for an answer. A half-open connection is closed after this time instead of the default minute.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(20);

/// Longest time until a new topic or partition is noticed (the default is five minutes).
const METADATA_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// Longest interval of the heartbeats of a group member. Brokers expect three in a session.
const MAX_HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// Memory of prefetched records: some thousand announcements, a fraction of the default of 64 MiB.
const PREFETCH_KIBIBYTES: u32 = 4096;

/// Pause of fetching when the prefetch is full. With a small prefetch, the default of a second would leave the workers idle.
const FULL_PREFETCH_BACKOFF: Duration = Duration::from_millis(10);

/// Longest wait of a message for others to be sent with it. Under load batches form anyway, while the previous one is in
/// flight.
const LINGER: Duration = Duration::from_millis(1);

/// Longest time in which the producer retries a message, before its caller decides.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Largest message that is sent to brokers. They reject one that is larger than their own limit after compression: 1 MiB
/// by default, and often more.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Most memory of messages that wait to be acknowledged. Senders wait when it is full, or at 100,000 messages.
const MAX_QUEUED_KIBIBYTES: u32 = 64 << 10;

/// Returns the properties of a member of a consumer group.
pub(super) fn consumer(settings: &Kafka, group: &str) -> Result<ClientConfig, KafkaError> {
    let start = match settings.start_offset {
        StartOffset::Oldest => "earliest",
        StartOffset::Newest => "latest",
    };
    let heartbeat = (settings.session_timeout / 3).min(MAX_HEARTBEAT_INTERVAL);
    let mut config = client(settings)?;
    config
        .set("group.id", group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", start)
        .set("session.timeout.ms", millis(settings.session_timeout))
        .set("heartbeat.interval.ms", millis(heartbeat));
    add_prefetch(&mut config);
    Ok(overridden(config, settings))
}

/// Returns the properties of a client that reads chosen partitions, outside of any group.
pub(super) fn reader(settings: &Kafka) -> Result<ClientConfig, KafkaError> {
    let mut config = client(settings)?;
    // librdkafka requires the name of a group; without commits and subscriptions it is not sent to a broker.
    config
        .set("group.id", "ccx-reader")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest");
    add_prefetch(&mut config);
    Ok(overridden(config, settings))
}

/// Returns the properties of a client for administration.
pub(super) fn admin(settings: &Kafka) -> Result<ClientConfig, KafkaError> {
    Ok(overridden(client(settings)?, settings))
}

/// Returns the properties of a producer.
pub(super) fn producer(settings: &Kafka) -> Result<ClientConfig, KafkaError> {
    let mut config = client(settings)?;
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "zstd")
        .set("linger.ms", millis(LINGER))
        .set("message.timeout.ms", millis(SEND_TIMEOUT))
        .set("message.max.bytes", MAX_MESSAGE_BYTES.to_string())
        .set("queue.buffering.max.kbytes", MAX_QUEUED_KIBIBYTES.to_string());
    Ok(overridden(config, settings))
}

/// Returns the properties that all clients share.
fn client(settings: &Kafka) -> Result<ClientConfig, KafkaError> {
    let mut config = ClientConfig::new();
    // librdkafka's lines for its property `debug` have the level debug, in our log as well.
    let is_debugged = settings.properties.contains_key("debug");
    config
        .set_log_level(if is_debugged { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info })
        .set("bootstrap.servers", settings.bootstrap_servers.join(","))
        .set("client.id", &settings.client_id)
        .set("security.protocol", settings.security_protocol.as_str())
        .set("statistics.interval.ms", millis(STATISTICS_INTERVAL))
        .set("reconnect.backoff.max.ms", millis(MAX_RECONNECT_BACKOFF))
        .set("socket.timeout.ms", millis(SOCKET_TIMEOUT))
        .set("socket.keepalive.enable", "true")
        .set("topic.metadata.refresh.interval.ms", millis(METADATA_REFRESH_INTERVAL));
    if settings.security_protocol.encrypts() {
        add_encryption(&mut config, settings);
    }
    if settings.security_protocol.authenticates() {
        add_authentication(&mut config, settings)?;
    }
    Ok(config)
}

fn add_encryption(config: &mut ClientConfig, settings: &Kafka) {
    // "probe" searches the places where distributions keep their authorities.
    let authorities = settings.ca_file.as_ref().map_or("probe".into(), |file| file.to_string_lossy());
    config.set("ssl.ca.location", authorities);
    if let Some(file) = &settings.certificate_file {
        config.set("ssl.certificate.location", file.to_string_lossy());
    }
    if let Some(file) = &settings.key_file {
        config.set("ssl.key.location", file.to_string_lossy());
    }
}

fn add_authentication(config: &mut ClientConfig, settings: &Kafka) -> Result<(), KafkaError> {
    config.set("sasl.mechanisms", settings.sasl_mechanism.as_str());
    if let Some(username) = &settings.sasl_username {
        config.set("sasl.username", username);
    }
    if let Some(password) = settings.password().context(PasswordSnafu)? {
        config.set("sasl.password", password.expose());
    }
    Ok(())
}

fn add_prefetch(config: &mut ClientConfig) {
    config
        .set("queued.max.messages.kbytes", PREFETCH_KIBIBYTES.to_string())
        .set("fetch.queue.backoff.ms", millis(FULL_PREFETCH_BACKOFF));
}

/// Adds the properties of `kafka.properties`, which override all others.
fn overridden(mut config: ClientConfig, settings: &Kafka) -> ClientConfig {
    for (key, value) in &settings.properties {
        config.set(key, value);
    }
    config
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use ccx_config::{SaslMechanism, Secret, SecurityProtocol};

    use super::*;

    fn value<'a>(config: &'a ClientConfig, key: &str) -> Option<&'a str> {
        config.get(key)
    }

    fn secured() -> Kafka {
        Kafka {
            security_protocol: SecurityProtocol::SaslSsl,
            sasl_mechanism: SaslMechanism::ScramSha256,
            sasl_username: Some("ccx".into()),
            sasl_password: Some(Secret::from("hunter2".to_owned())),
            ca_file: Some("/etc/kafka/ca.crt".into()),
            ..Kafka::default()
        }
    }

    #[test]
    fn default_settings_are_accepted_by_every_client() {
        let settings = Kafka::default();
        consumer(&settings, "group").unwrap().create_native_config().unwrap();
        producer(&settings).unwrap().create_native_config().unwrap();
        reader(&settings).unwrap().create_native_config().unwrap();
    }

    #[test]
    fn secured_client_has_encryption_and_authentication() {
        let config = client(&secured()).unwrap();
        assert_eq!(value(&config, "security.protocol"), Some("SASL_SSL"));
        assert_eq!(value(&config, "sasl.mechanisms"), Some("SCRAM-SHA-256"));
        assert_eq!(value(&config, "sasl.username"), Some("ccx"));
        assert_eq!(value(&config, "sasl.password"), Some("hunter2"));
        assert_eq!(value(&config, "ssl.ca.location"), Some("/etc/kafka/ca.crt"));
        config.create_native_config().unwrap();
    }

    #[test]
    fn plaintext_client_has_no_password() {
        let settings = Kafka { security_protocol: SecurityProtocol::Plaintext, ..secured() };
        let config = client(&settings).unwrap();
        assert_eq!((value(&config, "sasl.password"), value(&config, "ssl.ca.location")), (None, None));
    }

    #[test]
    fn system_authorities_are_used_without_a_ca_file() {
        let settings = Kafka { ca_file: None, ..secured() };
        assert_eq!(value(&client(&settings).unwrap(), "ssl.ca.location"), Some("probe"));
    }

    #[test]
    fn new_group_starts_at_the_configured_offset() {
        let start = |start_offset| {
            let config = consumer(&Kafka { start_offset, ..Kafka::default() }, "group").unwrap();
            value(&config, "auto.offset.reset").map(str::to_owned)
        };
        assert_eq!(start(StartOffset::Oldest).as_deref(), Some("earliest"));
        assert_eq!(start(StartOffset::Newest).as_deref(), Some("latest"));
    }

    #[test]
    fn further_properties_override() {
        let properties = [("linger.ms".to_owned(), "50".to_owned())].into();
        let config = producer(&Kafka { properties, ..Kafka::default() }).unwrap();
        assert_eq!(value(&config, "linger.ms"), Some("50"));
    }

    #[test]
    fn missing_password_file_is_reported() {
        let settings = Kafka { sasl_password_file: Some("/nowhere/password".into()), ..secured() };
        assert!(matches!(client(&settings), Err(KafkaError::Password { .. })));
    }
}
