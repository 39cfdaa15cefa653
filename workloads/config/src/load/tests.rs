use std::time::Duration;

use super::*;
use crate::{SecurityProtocol, TlsMode};

fn no_environment() -> Vec<(String, String)> {
    Vec::new()
}

fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn problems_of(text: &str) -> Vec<String> {
    let problems = Config::parse(text, no_environment()).unwrap_err();
    problems.into_iter().map(|problem| format!("{} {}", problem.key, problem.reason)).collect()
}

#[test]
fn an_empty_file_is_all_defaults() {
    let config = Config::parse("", no_environment()).unwrap();
    assert_eq!(config.kafka.topics.results, "ccx.ocp.results");
    assert_eq!(config.archive.max_compressed.as_u64(), 100 << 20);
}

#[test]
fn the_defaults_survive_being_printed_and_read_back() {
    let printed = toml::to_string(&Config::default()).unwrap();
    let read = Config::parse(&printed, no_environment()).unwrap();
    assert_eq!(toml::to_string(&read).unwrap(), printed);
}

#[test]
fn the_environment_wins_and_takes_the_type_of_the_key() {
    let file = "[database]\nport = 1\nname = 'file'\n[pipeline]\nlisten = '127.0.0.1:1'";
    let config = Config::parse(
        file,
        environment(&[
            ("CCX__DATABASE__PORT", "5433"),
            ("CCX__DATABASE__PASSWORD", "12345"),
            ("CCX__DATABASE__TLS_MODE", "verify-full"),
            ("CCX__KAFKA__BOOTSTRAP_SERVERS", "a:1, b:2"),
            ("CCX__KAFKA__TOPICS__RESULTS", "my.results"),
            ("CCX__WRITER__LINGER", "20ms"),
            ("CCX__KAFKA__PROPERTIES__DEBUG", "broker"),
            ("PATH", "/bin"),
        ]),
    )
    .unwrap();
    assert_eq!(config.database.port, 5433);
    assert_eq!(config.database.name, "file");
    assert_eq!(config.database.password().unwrap().unwrap().expose(), "12345");
    assert_eq!(config.database.tls_mode, TlsMode::VerifyFull);
    assert_eq!(config.kafka.bootstrap_servers, ["a:1", "b:2"]);
    assert_eq!(config.kafka.topics.results, "my.results");
    assert_eq!(config.writer.linger, Duration::from_millis(20));
    assert_eq!(config.kafka.properties["debug"], "broker");
}

#[test]
fn every_mistake_is_reported_at_once() {
    let problems = problems_of(
        "[database]\nport = 'x'\nnmae = 'typo'\n[kafka.topics]\nresults = 1\n[archive]\nmax_unpacked = 'huge'\n[other]\na = 1",
    );
    assert_eq!(problems.len(), 5, "{problems:#?}");
    for key in ["database.port", "database.nmae", "kafka.topics.results", "archive.max_unpacked", "other.a"] {
        assert!(problems.iter().any(|problem| problem.starts_with(key)), "{key}: {problems:#?}");
    }
}

#[test]
fn keys_that_contradict_each_other_are_reported_together() {
    let problems = problems_of(
        "[kafka]\nsecurity_protocol = 'sasl-ssl'\nbootstrap_servers = ['broker']\n[object_storage]\naccess_key_id = 'x'\n
         endpoint = 'minio:9000'\n[retry]\ninitial_delay = '1m'\n[aggregator]\napi_prefix = 'api'",
    );
    let keys: Vec<_> = problems.iter().map(|problem| problem.split(' ').next().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "kafka.bootstrap_servers",
            "kafka.security_protocol",
            "object_storage.endpoint",
            "object_storage.access_key_id",
            "aggregator.api_prefix",
            "retry.initial_delay"
        ]
    );
    assert!(
        Config::parse("[kafka]\nsecurity_protocol = 'ssl'", no_environment())
            .unwrap()
            .kafka
            .security_protocol
            == SecurityProtocol::Ssl
    );
}

#[test]
fn a_wrong_variable_is_named() {
    let parse =
        |name: &str, value: &str| Config::parse("", environment(&[(name, value)])).unwrap_err()[0].clone();
    assert_eq!(
        parse("CCX__DATABASE__PORT", "none"),
        Problem::new("database.port", "(CCX__DATABASE__PORT) is \"none\", expected a whole number")
    );
    assert_eq!(parse("CCX__DATABSE__PORT", "1").key, "databse.port");
}

#[test]
fn a_file_that_is_not_there_or_not_toml_is_named() {
    let missing =
        Config::load(Some(Path::new("/nonexistent/ccx.toml")), no_environment()).unwrap_err().to_string();
    assert!(missing.contains("/nonexistent/ccx.toml can't be read"), "{missing}");
    assert!(problems_of("[kafka")[0].starts_with("the file is not TOML"));
}

#[test]
fn a_printed_configuration_has_no_secret() {
    let config = Config::parse("", environment(&[("CCX__DATABASE__PASSWORD", "hunter2")])).unwrap();
    let printed = toml::to_string(&config).unwrap();
    assert!(printed.contains("password = \"********\"") && !printed.contains("hunter2"), "{printed}");
}
