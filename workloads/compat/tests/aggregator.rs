//! Loading and translating the configuration of `insights-results-aggregator`.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use ccx_compat::{
    Clowder,
    aggregator::{Backend, CONFIG_FILE_VARIABLE, Settings, StorageType},
};
use ccx_config::{Authentication, LogFormat, SaslMechanism, SecurityProtocol, TlsMode};

const FILE: &str = r#"
[broker]
address = "kafka-1:9092,kafka-2"
security_protocol = "SASL_SSL"
cert_path = "/etc/kafka/ca.pem"
sasl_mechanism = "SCRAM-SHA-512"
sasl_username = "writer"
sasl_password = "secret of kafka"
topic = "ccx.ocp.results"
timeout = "1m30s"
payload_tracker_topic = "platform.payload-status"
dead_letter_queue_topic = "letters"
service_name = "results-writer"
group = "writers"
enabled = true
enable_org_allowlist = true

[server]
address = ":8080"
api_prefix = "/api/v1/"
debug = true
auth = true
auth_type = "xrh"
maximum_feedback_message_length = 1000
org_overview_limit_hours = 2

[processing]
org_allowlist_file = "allowed.csv"

[ocp_recommendations_storage]
db_driver = "postgres"
pg_username = "user"
pg_password = "secret of postgres"
pg_host = "db"
pg_port = 5433
pg_db_name = "aggregator"
pg_params = "sslmode=verify-full sslrootcert=/etc/db/ca.pem"
type = "sql"

[storage_backend]
use = "ocp_recommendations"

[logging]
log_level = "WARNING"

[metrics]
namespace = "writer"
enabled = true

[content]
path = "/rules-content"
"#;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn load(file: &str, pairs: &[(&str, &str)]) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), file).unwrap();
    Settings::load(folder.path(), &variables(pairs)).unwrap()
}

fn refused(file: &str, pairs: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.toml"), file).unwrap();
    Settings::load(folder.path(), &variables(pairs)).unwrap_err().to_string()
}

#[test]
fn file_with_every_key_is_translated() {
    let settings = load(FILE, &[]);
    assert!(settings.broker.enabled);
    assert_eq!(settings.backend(), Some(Backend::OcpRecommendations));
    assert_eq!(settings.used_backends().unwrap(), [(Backend::OcpRecommendations, StorageType::Sql)]);
    let config = settings.config(Backend::OcpRecommendations).unwrap();

    let kafka = &config.kafka;
    assert_eq!(kafka.bootstrap_servers, ["kafka-1:9092", "kafka-2:9092"]);
    assert_eq!(kafka.security_protocol, SecurityProtocol::SaslSsl);
    assert_eq!(kafka.sasl_mechanism, SaslMechanism::ScramSha512);
    assert_eq!(kafka.sasl_username.as_deref(), Some("writer"));
    assert_eq!(kafka.sasl_password.as_ref().unwrap().expose(), "secret of kafka");
    assert_eq!(kafka.ca_file.as_deref(), Some(Path::new("/etc/kafka/ca.pem")));
    assert_eq!(kafka.topics.results_dead_letters, "letters");
    // "1m30s" is longer than it makes sense to wait for one broker.
    assert_eq!(kafka.properties["socket.connection.setup.timeout.ms"], "60000");
    assert_eq!(config.writer.group, "writers");
    assert_eq!(config.writer.service_name, "results-writer");
    assert_eq!(config.writer.metrics_namespace, "writer");
    assert_eq!(config.writer.org_allowlist_file.as_deref(), Some(Path::new("allowed.csv")));

    assert_eq!(config.aggregator.listen, "[::]:8080".parse().unwrap());
    assert_eq!(config.aggregator.api_prefix, "/api/v1/");
    assert_eq!(config.aggregator.authentication, Authentication::XRhIdentity);
    assert_eq!(config.aggregator.org_overview_limit, Duration::from_hours(2));
    assert!(config.aggregator.debug);
    assert_eq!(config.aggregator.max_feedback_bytes, 1000);

    let database = &config.database;
    assert_eq!((database.host.as_str(), database.port), ("db", 5433));
    assert_eq!((database.user.as_str(), database.name.as_str()), ("user", "aggregator"));
    assert_eq!(database.tls_mode, TlsMode::VerifyFull);
    assert_eq!(database.ca_file.as_deref(), Some(Path::new("/etc/db/ca.pem")));
    assert_eq!((config.logging.level.as_str(), config.logging.format), ("warn", LogFormat::Json));
}

#[test]
fn variable_overrides_the_file() {
    let settings = load(
        FILE,
        &[
            ("INSIGHTS_RESULTS_AGGREGATOR__BROKER__ADDRESSES", "other:1"),
            ("INSIGHTS_RESULTS_AGGREGATOR__BROKER__ENABLED", "false"),
            ("INSIGHTS_RESULTS_AGGREGATOR__BROKER__TIMEOUT", "300s"),
            ("INSIGHTS_RESULTS_AGGREGATOR__OCP_RECOMMENDATIONS_STORAGE__PG_PORT", "5444"),
            ("INSIGHTS_RESULTS_AGGREGATOR__SERVER__AUTH", "false"),
            ("INSIGHTS_RESULTS_AGGREGATOR__SERVER__API_PREFIX", "/"),
            ("INSIGHTS_RESULTS_AGGREGATOR__METRICS__ENABLED", "true"),
            ("INSIGHTS_RESULTS_AGGREGATOR__UNKNOWN__KEY", "x"),
        ],
    );
    assert!(!settings.broker.enabled);
    let config = settings.config(Backend::OcpRecommendations).unwrap();
    assert_eq!(config.kafka.bootstrap_servers, ["other:1"]);
    assert_eq!(config.database.port, 5444);
    assert_eq!(config.aggregator.authentication, Authentication::None);
    assert_eq!(config.aggregator.api_prefix, "/");
}

#[test]
fn variables_without_a_file_are_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let pairs = [
        ("INSIGHTS_RESULTS_AGGREGATOR__STORAGE_BACKEND__USE", "dvo_recommendations"),
        ("INSIGHTS_RESULTS_AGGREGATOR__DVO_RECOMMENDATIONS_STORAGE__TYPE", "sql"),
        ("INSIGHTS_RESULTS_AGGREGATOR__DVO_RECOMMENDATIONS_STORAGE__PG_HOST", "dvo-db"),
    ];
    let settings = Settings::load(folder.path(), &variables(&pairs)).unwrap();
    assert_eq!(settings.backend(), Some(Backend::DvoRecommendations));
    assert_eq!(settings.config(Backend::DvoRecommendations).unwrap().database.host, "dvo-db");
}

#[test]
fn older_names_of_keys_and_sections_are_accepted() {
    let old = "[storage]\npg_host = \"old\"\ntype = \"sql\"\n[broker]\naddress = \"kafka:1\"\n";
    let settings = load(old, &[]);
    assert_eq!(settings.ocp_recommendations_storage.pg_host, "old");
    assert_eq!(settings.backend(), Some(Backend::OcpRecommendations));
    assert_eq!(settings.broker.addresses, "kafka:1");

    let both =
        format!("{old}[ocp_recommendations_storage]\npg_host = \"new\"\n[storage_backend]\nuse = \"\"");
    let settings = load(&both, &[("INSIGHTS_RESULTS_AGGREGATOR__STORAGE__PG_HOST", "old")]);
    assert_eq!((settings.ocp_recommendations_storage.pg_host.as_str(), settings.backend()), ("new", None));
}

#[test]
fn writer_of_workloads_reads_their_topic() {
    let settings = load(
        FILE,
        &[
            ("INSIGHTS_RESULTS_AGGREGATOR__STORAGE_BACKEND__USE", "dvo_recommendations"),
            ("INSIGHTS_RESULTS_AGGREGATOR__BROKER__TOPIC", "ccx.dvo.results"),
        ],
    );
    let config = settings.config(Backend::DvoRecommendations).unwrap();
    let topics = &config.kafka.topics;
    assert_eq!(
        (topics.workloads.as_str(), topics.workloads_dead_letters.as_str()),
        ("ccx.dvo.results", "letters")
    );
    assert_eq!(topics.results, ccx_config::Config::default().kafka.topics.results);
    assert_eq!(config.dvo_writer.group, "writers");
    assert_eq!(config.dvo_writer.metrics_namespace, "writer");
}

#[test]
fn redis_storage_is_translated() {
    let settings = load(
        "[redis]\nendpoint = \"valkey:6379\"\ndatabase = 3\nusername = \"u\"\npassword = \"p\"\ntimeout_seconds = 30",
        &[
            ("INSIGHTS_RESULTS_AGGREGATOR__OCP_RECOMMENDATIONS_STORAGE__TYPE", "redis"),
            ("INSIGHTS_RESULTS_AGGREGATOR__BROKER__GROUP", "valkey_writer_app"),
        ],
    );
    assert_eq!(settings.storage_type(Backend::OcpRecommendations).unwrap(), Some(StorageType::Redis));
    assert_eq!(settings.storage_type(Backend::DvoRecommendations).unwrap(), None);
    let config = settings.config(Backend::OcpRecommendations).unwrap();
    let valkey = &config.valkey;
    assert_eq!((valkey.endpoint.as_deref(), valkey.database), (Some("valkey:6379"), 3));
    assert_eq!(valkey.username.as_deref(), Some("u"));
    assert_eq!(valkey.password.as_ref().unwrap().expose(), "p");
    assert_eq!(valkey.timeout, Duration::from_secs(30));
    assert_eq!(config.valkey_writer.group, "valkey_writer_app");
}

#[test]
fn unknown_type_of_storage_is_an_error() {
    let settings = load("[dvo_recommendations_storage]\ntype = \"mongo\"", &[]);
    let error = settings.used_backends().unwrap_err().to_string();
    assert_eq!(error, "Unknown storage type 'mongo'");
}

#[test]
fn invalid_value_is_named_by_the_key_of_the_original() {
    for (key, value, expected) in [
        ("BROKER__TOPIC", "a b", "configuration key broker.topic is invalid"),
        ("SERVER__API_PREFIX", "/{x}/", "configuration key server.api_prefix must begin and end with /"),
        ("BROKER__ADDRESSES", "kafka:port", "configuration key broker.addresses has an invalid item"),
        ("BROKER__DEAD_LETTER_QUEUE_TOPIC", "ccx.ocp.results", "is the same as"),
    ] {
        let settings = load(FILE, &[(&format!("INSIGHTS_RESULTS_AGGREGATOR__{key}"), value)]);
        let error = settings.config(Backend::OcpRecommendations).unwrap_err().to_string();
        assert!(error.contains(expected), "{key}: {error}");
    }
}

#[test]
fn sql_statements_are_logged_when_the_storage_asks_for_it() {
    let settings =
        load(FILE, &[("INSIGHTS_RESULTS_AGGREGATOR__OCP_RECOMMENDATIONS_STORAGE__LOG_SQL_QUERIES", "true")]);
    assert_eq!(settings.log_settings().level, "warn,sqlx::query=debug");
}

#[test]
fn named_file_is_read_regardless_of_its_extension() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("other.toml"), FILE).unwrap();
    for name in ["other.toml", "./other", "other.tom"] {
        let settings = Settings::load(folder.path(), &variables(&[(CONFIG_FILE_VARIABLE, name)])).unwrap();
        assert!(settings.broker.enabled, "{name}");
    }
    let missing = variables(&[(CONFIG_FILE_VARIABLE, "./it-does-not-exist.toml")]);
    let message = Settings::load(folder.path(), &missing).unwrap_err().to_string();
    assert!(
        message.starts_with("fatal error config file: Config File \"it-does-not-exist\" Not Found in \"["),
        "{message}"
    );
}

#[test]
fn error_has_the_place_and_never_the_value() {
    let syntax = refused("[broker]\nsasl_password = secret", &[]);
    assert!(syntax.starts_with("fatal error config file: While parsing config: "), "{syntax}");
    assert!(syntax.ends_with("line 2") && !syntax.contains("secret"), "{syntax}");
    let number = refused("[ocp_recommendations_storage]\npg_port = \"secret\"", &[]);
    assert!(number.contains("ocp_recommendations_storage") && !number.contains("secret"), "{number}");
    let variable = refused("", &[("INSIGHTS_RESULTS_AGGREGATOR__BROKER__ENABLED", "secret")]);
    assert!(
        variable.contains("broker.enabled: expected true or false") && !variable.contains("secret"),
        "{variable}"
    );
}

#[test]
fn printed_configuration_has_the_original_names_and_no_secrets() {
    let json = load(FILE, &[]).to_json();
    let lines: Vec<&str> = json.lines().take(5).collect();
    assert_eq!(
        lines,
        [
            "{",
            "    \"Broker\": {",
            "        \"Addresses\": \"kafka-1:9092,kafka-2\",",
            "        \"SecurityProtocol\": \"SASL_SSL\",",
            "        \"CertPath\": \"/etc/kafka/ca.pem\",",
        ]
    );
    assert!(!json.contains("secret of"), "{json}");
    for name in ["OCPRecommendationsStorage", "PGDBName", "Timeout\": 90000000000", "SentryLoggingConf"] {
        assert!(json.contains(name), "{name} is missing in {json}");
    }
}

const CLOWDER: &str = r#"{
  "kafka": {
    "brokers": [
      {"hostname": "kafka-a", "port": 9096, "authtype": "sasl", "cacert": "PEM of kafka",
       "sasl": {"username": "u", "password": "p", "saslMechanism": "SCRAM-SHA-512", "securityProtocol": "SASL_SSL"}},
      {"hostname": "kafka-b", "port": 9096}
    ],
    "topics": [{"requestedName": "ccx.ocp.results", "name": "env-1.results"},
               {"requestedName": "letters", "name": "env-1.letters"}]
  },
  "database": {"hostname": "rds", "port": 6432, "username": "ru", "password": "rp", "name": "rn",
               "rdsCa": "PEM of rds", "sslMode": "verify-full", "adminUsername": "x", "adminPassword": "y"},
  "inMemoryDb": {"hostname": "redis", "port": 6379},
  "webPort": 8000
}"#;

#[test]
fn clowder_document_overrides_file_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("cdappconfig.json");
    fs::write(&document, CLOWDER).unwrap();
    let clowder = Clowder::load(document.to_str()).unwrap().unwrap();
    let mut settings = load(FILE, &[]);
    let messages = settings.apply(&clowder, folder.path()).unwrap();
    assert_eq!(messages, ["warning: no kafka mapping found for topic platform.payload-status"]);

    let config = settings.config(Backend::OcpRecommendations).unwrap();
    assert_eq!(config.kafka.bootstrap_servers, ["kafka-a:9096", "kafka-b:9096"]);
    assert_eq!(config.kafka.security_protocol, SecurityProtocol::SaslSsl);
    assert_eq!(config.kafka.sasl_password.as_ref().unwrap().expose(), "p");
    assert_eq!(fs::read_to_string(config.kafka.ca_file.unwrap()).unwrap(), "PEM of kafka");
    assert_eq!(config.kafka.topics.results, "env-1.results");
    assert_eq!(config.kafka.topics.results_dead_letters, "env-1.letters");
    assert_eq!(config.kafka.topics.payload_status, "platform.payload-status");
    assert_eq!((config.database.host.as_str(), config.database.port), ("rds", 6432));
    assert_eq!(config.database.tls_mode, TlsMode::VerifyFull);
    assert_eq!(fs::read_to_string(config.database.ca_file.unwrap()).unwrap(), "PEM of rds");
}

/// Certificates of authorities would contradict a connection without encryption.
#[test]
fn certificates_of_clowder_are_not_used_for_a_database_without_encryption() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("cdappconfig.json");
    fs::write(&document, CLOWDER.replace("verify-full", "disable")).unwrap();
    let clowder = Clowder::load(document.to_str()).unwrap().unwrap();
    let mut settings = load(FILE, &[]);
    settings.apply(&clowder, folder.path()).unwrap();
    let database = settings.config(Backend::OcpRecommendations).unwrap().database;
    assert_eq!((database.tls_mode, database.ca_file), (TlsMode::Disable, None));
}

#[test]
fn clowder_document_without_parts_is_reported() {
    let mut settings = load(FILE, &[]);
    let messages = settings.apply(&Clowder::default(), Path::new("/nowhere")).unwrap();
    assert_eq!(
        messages,
        [
            "No Kafka configuration available in Clowder, using default one",
            "warning: no storage section in Clowder config",
        ]
    );
    assert!(Clowder::load(None).unwrap().is_none());
}

#[test]
fn invalid_clowder_document_is_an_error_without_its_text() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("cdappconfig.json");
    fs::write(&document, r#"{"database": {"password": 12345}}"#).unwrap();
    let message = Clowder::load(document.to_str()).unwrap_err().to_string();
    assert!(message.contains("cdappconfig.json") && message.contains("line 1"), "{message}");
    assert!(!message.contains("12345"), "{message}");
}
