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
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn parse_of_empty_file_returns_defaults() {
    let config = Config::parse("", no_environment()).unwrap();
    assert_eq!(config.kafka.topics.results, "ccx.ocp.results");
    assert_eq!(config.archive.max_compressed.as_u64(), 100 << 20);
}

#[test]
fn defaults_are_serialized_and_parsed_unchanged() {
    let printed = toml::to_string(&Config::default()).unwrap();
    let read = Config::parse(&printed, no_environment()).unwrap();
    assert_eq!(toml::to_string(&read).unwrap(), printed);
}

/// A container has its variables and its ports for itself.
#[test]
fn variable_may_give_a_process_the_default_port_of_another_workload() {
    let config = Config::parse("", environment(&[("CCX__INGRESS__LISTEN", "[::]:8000")])).unwrap();
    assert_eq!(config.ingress.listen, config.pipeline.listen);
    for (text, variables) in [
        ("", &[("CCX__INGRESS__LISTEN", "[::]:9999"), ("CCX__WRITER__LISTEN", "[::]:9999")][..]),
        ("[writer]\nlisten = '[::]:9999'", &[("CCX__INGRESS__LISTEN", "[::]:9999")]),
    ] {
        let problems = Config::parse(text, environment(variables)).unwrap_err();
        assert!(
            problems[0].to_string().contains("ingress.listen has the port of writer.listen"),
            "{problems:?}"
        );
    }
}

#[test]
fn variables_replace_keys_of_the_file_and_take_their_types() {
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
fn parse_of_several_problems_reports_all_with_line_and_suggestion() {
    let text = "[database]\nport = 'x'\nnmae = 'typo'\n[kafka.topics]\nresults = 1\n[archive]\nmax_unpacked = 'huge'\n\
                [other]\na = 1\n[retry]\n  initial_delay = 'soon'\n[aggregator]\nauthentication = 'maybe'\n";
    let problems = Config::parse(text, no_environment()).unwrap_err();
    let told = ConfigErrors { file: Some("ccx.toml".into()), problems }.to_string();
    let expected = "\
the configuration has 7 problems:
  ccx.toml:2:1: database.port is invalid: expected a whole number from 0 to 65535
  ccx.toml:3:1: database.nmae is not a key of the configuration; did you mean database.name?
  ccx.toml:5:1: kafka.topics.results is invalid: expected a string, for example \"ccx.ocp.results\"
  ccx.toml:7:1: archive.max_unpacked is invalid: expected a size, for example \"64MiB\"
  ccx.toml:9:1: other.a is not a key of the configuration
  ccx.toml:11:3: retry.initial_delay is invalid: expected a duration, for example \"200ms\"
  ccx.toml:13:1: aggregator.authentication is invalid: expected `none` or `x-rh-identity`";
    assert_eq!(told, expected);
}

#[test]
fn parse_of_list_without_brackets_shows_a_list() {
    let text = "[kafka]\nbootstrap_servers = 'kafka:9092'\n[pipeline]\nroles = 'rules'\n";
    let problems = Config::parse(text, no_environment()).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(told[0].ends_with(r#"expected a list, for example ["localhost:9092"]"#), "{told:?}");
    assert!(told[1].contains(r#"expected a list, for example ["rules""#), "{told:?}");
}

#[test]
fn parse_of_empty_section_reports_only_an_unknown_one() {
    let problems =
        Config::parse("[smartproxy]\n[database]\n[kafka.properties]\n", no_environment()).unwrap_err();
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["smartproxy is not a section of the configuration; did you mean [smart_proxy]?"]);
}

#[test]
fn problem_of_any_key_does_not_contain_its_value() {
    const SECRET: &str = "hunter2";
    let texts = [
        "[database]\npassword = { a = 'hunter2' }",
        "[database]\nport = 'hunter2'",
        "[database]\ntls_mode = 'hunter2'",
        "[kafka]\nbootstrap_servers = ['user:hunter2']",
        "[kafka]\nbootstrap_servers = ['hunter2@kafka']",
        "[kafka]\nsession_timeout = 'hunter2'",
        "[kafka.topics]\nresults = 'hunter2!'",
        "[kafka]\nproperties = ['hunter2']",
        "[object_storage]\nendpoint = 'https://user:hunter2@host'",
        "[object_storage]\nbucket = 's3://hunter2'",
        "[aggregator]\napi_prefix = 'hunter2'\nmetrics_namespace = 'hunter2!'",
        "[pipeline]\nlisten = 'hunter2'\nmax_bytes_in_flight = 'hunter2'",
        "[logging]\nlevel = 'hunter2'",
        "[database]\npassword = \"hunter2",
        "[database]\npassword = hunter2",
        "[database]\npassword = 'hunter2' x",
        "[database]\nhost = 'postgres://user:hunter2@host/name'",
        "database = 'hunter2'",
    ];
    for text in texts {
        let told = problems_of(text).join("\n");
        assert!(!told.contains(SECRET), "{text}: {told}");
    }
    let number = problems_of("[database]\npassword = 12345").join("\n");
    assert!(
        number.starts_with("database.password is invalid: expected a string") && !number.contains("12345")
    );
    for name in
        ["CCX__DATABASE__PORT", "CCX__DATABASE__TLS_MODE", "CCX__KAFKA__BOOTSTRAP_SERVERS", "CCX__OTHER__KEY"]
    {
        let told = format!("{:?}", Config::parse("", environment(&[(name, SECRET)])).unwrap_err());
        assert!(!told.contains(SECRET) && told.contains(name), "{told}");
    }
}

/// Mistakes of issue reports, each with the beginning of its message.
#[test]
fn mistake_in_any_section_is_rejected_with_advice() {
    let slips = [
        ("[logging]\nlevel = 'verbose'", "logging.level must be error, warn"),
        (
            "[kafka.topics]\nannounce = 'a'\nresults = 'a'",
            "kafka.topics.results is the same as kafka.topics.announce",
        ),
        (
            "[kafka.topics]\nresults = 'a'\nresults_dead_letters = 'a'",
            "kafka.topics.results_dead_letters is the same as kafka.topics.results",
        ),
        (
            "[kafka.topics]\nworkloads = 'ccx.ocp.results'",
            "kafka.topics.workloads is the same as kafka.topics.results",
        ),
        (
            "[object_storage]\nbucket = 's3://uploads'",
            "object_storage.bucket is invalid: write a bucket's name",
        ),
        ("[object_storage]\nbucket = '10.0.0.1'", "object_storage.bucket is invalid"),
        (
            "[object_storage]\nendpoint = 'https://s3/bucket'",
            "object_storage.endpoint is invalid: remove path",
        ),
        ("[object_storage]\nregion = 'US East'", "object_storage.region is invalid"),
        ("[writer]\nlisten = '127.0.0.1:8000'", "writer.listen has the port of pipeline.listen"),
        ("[ingress]\nhealth_listen = '[::]:3000'", "ingress.health_listen has the port of ingress.listen"),
        (
            "[database]\npassword = 'a'\npassword_file = '/b'",
            "database.password and database.password_file are both set",
        ),
        (
            "[kafka]\nsecurity_protocol = 'sasl-ssl'\nsasl_username = 'a'\nsasl_password = 'b'\nsasl_password_file = 'c'",
            "kafka.sasl_password and kafka.sasl_password_file are both set",
        ),
        (
            "[kafka]\nbootstrap_servers = ['kafka:0']",
            "kafka.bootstrap_servers has an invalid item, number 1: choose ports",
        ),
        ("[kafka]\nbootstrap_servers = []", "kafka.bootstrap_servers is empty"),
        ("[kafka]\nca_file = '/ca'", "kafka.ca_file is not used"),
        ("[kafka.properties]\n'group.id' = 'x'", "kafka.properties.group.id has a key of its own"),
        ("kafka = 1", "kafka is a section: write [kafka]"),
        (
            "[database]\nhost = 'postgres://u:pw@h/db'",
            "database.host is invalid: write the host name or address alone; user",
        ),
        (
            "[database]\nhost = 'h:5432'",
            "database.host is invalid: write the host name or address alone, and the port",
        ),
        ("[database]\nport = 0", "database.port is 0; choose a port"),
        ("[database]\ntls_mode = 'disable'\nca_file = '/ca'", "database.ca_file is not used"),
        ("[archive]\nmax_unpacked = -1", "archive.max_unpacked is invalid: expected a size"),
        (
            "[aggregator]\nlisten = 'localhost:80'",
            "aggregator.listen is invalid: expected an IP address and a port",
        ),
        ("[aggregator]\nlisten = 80", "aggregator.listen is invalid: expected an IP address and a port"),
        ("[nothing]", "nothing is not a section of the configuration"),
        (
            "[kafka.properties]\n'fetch.min.bytes' = 1",
            "kafka.properties.fetch.min.bytes is invalid: expected a string",
        ),
    ];
    for (text, expected) in slips {
        let told = problems_of(text);
        assert!(told.len() == 1 && told[0].starts_with(expected), "{text}: {told:?}");
    }
}

#[test]
fn parse_of_contradicting_keys_reports_all() {
    let problems = problems_of(
        "[kafka]\nsecurity_protocol = 'sasl-ssl'\nbootstrap_servers = ['broker']\n[object_storage]\naccess_key_id = 'x'\n
         endpoint = 'minio:9000'\n[retry]\ninitial_delay = '1m'\n[aggregator]\napi_prefix = 'api'",
    );
    let keys: Vec<_> = problems.iter().map(|problem| problem.split(' ').next().unwrap()).collect();
    assert_eq!(
        keys,
        [
            "kafka.security_protocol",
            "kafka.bootstrap_servers",
            "object_storage.access_key_id",
            "object_storage.endpoint",
            "retry.initial_delay",
            "aggregator.api_prefix"
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
fn problem_of_variable_names_it_also_when_it_contradicts_the_file() {
    let told = |file: &str, name: &str, value: &str| {
        let problems = Config::parse(file, environment(&[(name, value)])).unwrap_err();
        ConfigErrors { file: None, problems }.to_string().lines().skip(1).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        told("", "CCX__DATABASE__PORT", "none"),
        "  variable CCX__DATABASE__PORT: database.port is invalid: expected a whole number"
    );
    assert_eq!(
        told("", "CCX__DATABASE__TLS_MODE", "maybe"),
        "  variable CCX__DATABASE__TLS_MODE: database.tls_mode is invalid: expected one of `disable`, `prefer`, \
         `require`, `verify-ca`, `verify-full`"
    );
    assert_eq!(
        told("", "CCX__DATABSE__PORT", "1"),
        "  variable CCX__DATABSE__PORT: databse.port is not a key of the configuration; \
         did you mean CCX__DATABASE__PORT?"
    );
    assert_eq!(
        told("[retry]\nmax_delay = '1s'", "CCX__RETRY__INITIAL_DELAY", "1m"),
        "  variable CCX__RETRY__INITIAL_DELAY: retry.initial_delay must be more than 0 and at most retry.max_delay"
    );
    assert_eq!(
        told("", "CCX_KAFKA__CLIENT_ID", "me"),
        "  variable CCX_KAFKA__CLIENT_ID: is ignored under this name; did you mean CCX__KAFKA__CLIENT_ID?"
    );
}

#[test]
fn load_of_missing_or_malformed_file_names_it() {
    let missing =
        Config::load(Some(Path::new("/nonexistent/ccx.toml")), no_environment()).unwrap_err().to_string();
    assert!(missing.contains("/nonexistent/ccx.toml can't be read: No such file"), "{missing}");
    let problems = Config::parse("[kafka]\nclient_id = = 1", no_environment()).unwrap_err();
    let told = ConfigErrors { file: Some("a.toml".into()), problems }.to_string();
    assert!(told.contains("\n  a.toml:2:13: is not TOML: "), "{told}");
}

#[test]
fn configuration_in_any_printed_form_has_no_secret() {
    let file = "[kafka.properties]\n\"ssl.key.password\" = 'hunter3'";
    let config = Config::parse(file, environment(&[("CCX__DATABASE__PASSWORD", "hunter2")])).unwrap();
    assert_eq!(config.kafka.properties["ssl.key.password"], "hunter3");
    let printed = config.to_redacted_toml();
    assert!(printed.contains("password = \"********\""), "{printed}");
    assert!(printed.contains("\"ssl.key.password\" = \"********\""), "{printed}");
    let debug = format!("{config:?}");
    assert!(debug.contains("ssl.key.password"), "{debug}");
    assert!(!printed.contains("hunter") && !debug.contains("hunter"), "{printed} {debug}");
}
