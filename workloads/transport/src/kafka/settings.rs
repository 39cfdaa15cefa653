//! From our settings to librdkafka's properties.

use std::time::Duration;

use ccx_config::{Kafka, StartOffset};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use snafu::ResultExt;

use super::KafkaError;
use super::error::PasswordSnafu;

/// How old connectivity and lag may be. It is the finest that librdkafka does; a report of 64 partitions costs about 0.1 ms.
const STATISTICS_INTERVAL: Duration = Duration::from_secs(1);

/// A broker that stays away is tried again this often: an outage of an hour shall not cost a minute more.
const MAX_RECONNECT_BACKOFF: Duration = Duration::from_secs(3);

/// An answer that takes longer is not going to come: a half-open connection shall not stand for the default minute.
const SOCKET_TIMEOUT: Duration = Duration::from_secs(20);

/// A topic or partition that is created after we have subscribed is noticed within this time (the default is five minutes).
const METADATA_REFRESH_INTERVAL: Duration = Duration::from_secs(10);

/// The time between two signs of life of a group member. Brokers want three in a session; more often is only noise.
const MAX_HEARTBEAT_INTERVAL: Duration = Duration::from_secs(3);

/// Memory for records that librdkafka has fetched ahead: some thousand announcements, a fraction of the default of 64 MiB.
const PREFETCH_KIBIBYTES: u32 = 4096;

/// With a small prefetch the default pause of a second, once it is full, would leave us idle.
const FULL_PREFETCH_BACKOFF: Duration = Duration::from_millis(10);

/// How long a message waits for others to be sent with it. Brokers like batches, and people wait for an answer; under load
/// batches form anyway while the previous one is on its way.
const LINGER: Duration = Duration::from_millis(1);

/// How long the producer tries to get a message acknowledged, before the caller is told and decides.
pub(super) const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// Largest message that is offered to brokers. They refuse what is too large for them after compression, and only they know:
/// 1 MiB by default, and often more.
const MAX_MESSAGE_BYTES: usize = 16 << 20;

/// Messages that wait to be acknowledged, in all. A sender waits when they are this large, or librdkafka's 100,000 many.
const MAX_QUEUED_KIBIBYTES: u32 = 64 << 10;

/// The properties of a member of a consumer group.
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

/// The properties of a client that reads chosen partitions, outside of any group.
pub(super) fn reader(settings: &Kafka) -> Result<ClientConfig, KafkaError> {
    let mut config = client(settings)?;
    // librdkafka wants a group's name before it reads anything; without commits and subscriptions no broker hears of it.
    config
        .set("group.id", "ccx-reader")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "earliest");
    add_prefetch(&mut config);
    Ok(overridden(config, settings))
}

/// The properties of a producer.
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

/// The properties of every client.
pub(super) fn client(settings: &Kafka) -> Result<ClientConfig, KafkaError> {
    let mut config = ClientConfig::new();
    config
        .set_log_level(RDKafkaLogLevel::Info)
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
    // "probe" looks where the distributions keep their authorities.
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

/// What the operator says in librdkafka's own words comes last and wins.
pub(super) fn overridden(mut config: ClientConfig, settings: &Kafka) -> ClientConfig {
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
    fn the_defaults_make_all_three_clients() {
        let settings = Kafka::default();
        consumer(&settings, "group").unwrap().create_native_config().unwrap();
        producer(&settings).unwrap().create_native_config().unwrap();
        reader(&settings).unwrap().create_native_config().unwrap();
    }

    #[test]
    fn encryption_and_authentication_are_built_in() {
        let config = client(&secured()).unwrap();
        assert_eq!(value(&config, "security.protocol"), Some("SASL_SSL"));
        assert_eq!(value(&config, "sasl.mechanisms"), Some("SCRAM-SHA-256"));
        assert_eq!(value(&config, "sasl.username"), Some("ccx"));
        assert_eq!(value(&config, "sasl.password"), Some("hunter2"));
        assert_eq!(value(&config, "ssl.ca.location"), Some("/etc/kafka/ca.crt"));
        config.create_native_config().unwrap();
    }

    #[test]
    fn a_plain_connection_carries_no_password() {
        let settings = Kafka { security_protocol: SecurityProtocol::Plaintext, ..secured() };
        let config = client(&settings).unwrap();
        assert_eq!((value(&config, "sasl.password"), value(&config, "ssl.ca.location")), (None, None));
    }

    #[test]
    fn the_systems_authorities_are_looked_for_when_none_are_given() {
        let settings = Kafka { ca_file: None, ..secured() };
        assert_eq!(value(&client(&settings).unwrap(), "ssl.ca.location"), Some("probe"));
    }

    #[test]
    fn a_new_group_starts_where_the_settings_say() {
        let start = |start_offset| {
            let config = consumer(&Kafka { start_offset, ..Kafka::default() }, "group").unwrap();
            value(&config, "auto.offset.reset").map(str::to_owned)
        };
        assert_eq!(start(StartOffset::Oldest).as_deref(), Some("earliest"));
        assert_eq!(start(StartOffset::Newest).as_deref(), Some("latest"));
    }

    #[test]
    fn further_properties_win() {
        let properties = [("linger.ms".to_owned(), "50".to_owned())].into();
        let config = producer(&Kafka { properties, ..Kafka::default() }).unwrap();
        assert_eq!(value(&config, "linger.ms"), Some("50"));
    }

    #[test]
    fn a_missing_password_file_is_reported() {
        let settings = Kafka { sasl_password_file: Some("/nowhere/password".into()), ..secured() };
        assert!(matches!(client(&settings), Err(KafkaError::Password { .. })));
    }
}
