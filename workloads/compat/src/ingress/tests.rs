use ccx_config::{Addressing, Config, SaslMechanism, SecurityProtocol};

use super::*;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn deployment_of_the_original_becomes_our_configuration() {
    let translation = translate(&variables(&[
        ("INGRESS_WEBPORT", "3001"),
        ("INGRESS_STAGEBUCKET", "uploads"),
        ("INGRESS_MINIOENDPOINT", "minio:9000"),
        ("INGRESS_USESSL", "true"),
        ("INGRESS_MINIOACCESSKEY", "me"),
        ("INGRESS_MINIOSECRETKEY", "s3cret"),
        ("INGRESS_KAFKABROKERS", "one:9092 two:9092"),
        ("INGRESS_KAFKASECURITYPROTOCOL", "SASL_SSL"),
        ("INGRESS_SASLMECHANISM", "SCRAM-SHA-512"),
        ("INGRESS_KAFKAUSERNAME", "user"),
        ("INGRESS_KAFKAPASSWORD", "word"),
        ("INGRESS_KAFKAANNOUNCETOPIC", "announce"),
        ("INGRESS_VALID_UPLOAD_TYPES", "openshift,qpc"),
        ("INGRESS_DEFAULTMAXSIZE", "1000000"),
        ("INGRESS_MAXSIZEMAP", r#"{"qpc": "157286400"}"#),
        ("INGRESS_BLACK_LISTED_ORGIDS", "7 8"),
        ("INGRESS_PAYLOADTRACKERURL", "http://tracker/v1/payloads/"),
        ("INGRESS_AUTH", "true"),
        ("INGRESS_LOGLEVEL", "WARN"),
        ("INGRESS_PROFILE", "true"),
        ("INGRESS_ELEPHANT", "1"),
        // Of Kubernetes, for a Service.
        ("INGRESS_SERVICE_HOST", "10.0.0.1"),
        ("INGRESS_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("PATH", "/bin"),
    ]))
    .unwrap();
    assert_eq!(translation.unknown, ["INGRESS_ELEPHANT"]);
    let unused: Vec<&str> = translation.unused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(unused, ["INGRESS_PROFILE"]);
    let config = Config::parse("", translation.variables).unwrap();
    let ingress = &config.ingress;
    assert_eq!(ingress.listen.port(), 3001);
    assert_eq!(ingress.health_listen.map(|address| address.port()), Some(8080), "as the original");
    assert_eq!(ingress.services, ["openshift", "qpc"]);
    assert_eq!(ingress.max_upload.as_u64(), 1_000_000);
    assert_eq!(ingress.max_upload_by_service["qpc"].as_u64(), 157_286_400);
    assert_eq!(ingress.denied_organizations, [7, 8]);
    assert_eq!(ingress.payload_tracker_url.as_deref(), Some("http://tracker/v1/payloads/"));
    assert_eq!(config.object_storage.endpoint.as_deref(), Some("https://minio:9000"));
    assert_eq!(config.object_storage.addressing, Addressing::Path);
    assert_eq!(config.object_storage.bucket, "uploads");
    assert_eq!(config.kafka.bootstrap_servers, ["one:9092", "two:9092"]);
    assert_eq!(config.kafka.topics.announce, "announce");
    assert!(config.auth.trust_identity_header);
    assert_eq!(config.logging.level, "warn");
}

const CLOWDER: &str = r#"{
    "publicPort": 8000, "privatePort": 10000, "metricsPort": 9000, "metricsPath": "/metrics",
    "kafka": {
        "brokers": [
            {"hostname": "kafka-0", "port": 9096, "authtype": "sasl", "cacert": "CERTIFICATE",
                "sasl": {"username": "user", "password": "word", "saslMechanism": "SCRAM-SHA-512", "securityProtocol": "SASL_SSL"}},
            {"hostname": "kafka-1"}
        ],
        "topics": [
            {"requestedName": "platform.upload.announce", "name": "announce-of-stage"},
            {"requestedName": "platform.payload-status", "name": "status-of-stage"}
        ]
    },
    "objectStore": {
        "hostname": "s3.us-east-1.amazonaws.com", "port": 443, "tls": true,
        "buckets": [
            {"requestedName": "other", "name": "other-of-stage", "accessKey": "x", "secretKey": "y"},
            {"requestedName": "uploads", "name": "uploads-of-stage", "accessKey": "me", "secretKey": "s3cret", "region": "us-east-1"}
        ]
    },
    "logging": {"type": "cloudwatch"}
}"#;

/// Returns the configuration for variables and a document, and the folder with its certificates.
fn with_clowder(pairs: &[(&str, &str)], document: &str) -> (Config, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cdappconfig.json");
    std::fs::write(&file, document).unwrap();
    let clowder = Clowder::load(file.to_str()).unwrap().unwrap();
    let variables = variables(pairs);
    let mut translation = translate(&variables).unwrap();
    apply(&mut translation, &clowder, &variables, folder.path()).unwrap();
    (Config::parse("", translation.variables).unwrap(), folder)
}

#[test]
fn clowder_document_becomes_our_configuration() {
    let (config, folder) = with_clowder(&[("INGRESS_STAGEBUCKET", "uploads")], CLOWDER);
    let (kafka, storage) = (&config.kafka, &config.object_storage);
    assert_eq!(kafka.bootstrap_servers, ["kafka-0:9096", "kafka-1:9092"]);
    assert_eq!(kafka.security_protocol, SecurityProtocol::SaslSsl);
    assert_eq!(kafka.sasl_mechanism, SaslMechanism::ScramSha512);
    assert_eq!(kafka.sasl_username.as_deref(), Some("user"));
    assert_eq!(kafka.sasl_password.as_ref().unwrap().expose(), "word");
    assert_eq!(kafka.ca_file, Some(folder.path().join("kafka-ca.pem")));
    assert_eq!(std::fs::read_to_string(folder.path().join("kafka-ca.pem")).unwrap(), "CERTIFICATE");
    assert_eq!(kafka.topics.announce, "announce-of-stage");
    assert_eq!(kafka.topics.payload_status, "status-of-stage");
    assert_eq!(storage.endpoint.as_deref(), Some("https://s3.us-east-1.amazonaws.com:443"));
    assert_eq!(storage.addressing, Addressing::VirtualHost);
    assert_eq!((storage.bucket.as_str(), storage.region.as_deref()), ("uploads-of-stage", Some("us-east-1")));
    assert_eq!(storage.access_key_id.as_deref(), Some("me"));
    assert_eq!(storage.secret_access_key.as_ref().unwrap().expose(), "s3cret");
    assert_eq!(config.ingress.listen.port(), 8000);
    assert_eq!(config.ingress.health_listen.map(|address| address.port()), Some(9000));
}

#[test]
fn variables_override_what_clowder_says_except_for_credentials_of_brokers() {
    let variables = [
        ("INGRESS_STAGEBUCKET", "unknown"),
        ("INGRESS_WEBPORT", "3001"),
        ("INGRESS_METRICSPORT", "9001"),
        ("INGRESS_KAFKABROKERS", "mine:9092"),
        ("INGRESS_KAFKAUSERNAME", "mine"),
        ("INGRESS_KAFKAANNOUNCETOPIC", "mine"),
    ];
    let (config, _folder) = with_clowder(&variables, CLOWDER);
    assert_eq!(config.object_storage.bucket, "unknown");
    assert_eq!(config.ingress.listen.port(), 3001);
    assert_eq!(config.ingress.health_listen.map(|address| address.port()), Some(9001));
    assert_eq!(config.kafka.bootstrap_servers, ["mine:9092"]);
    assert_eq!(config.kafka.topics.announce, "mine");
    assert_eq!(config.kafka.sasl_username.as_deref(), Some("user"));
}

#[test]
fn clowder_document_without_a_service_leaves_it_to_the_variables() {
    let (config, _folder) = with_clowder(&[("INGRESS_KAFKABROKERS", "mine:9092")], "{}");
    assert_eq!(config.kafka.bootstrap_servers, ["mine:9092"]);
    assert_eq!(config.object_storage.endpoint, None);
}

#[test]
fn invalid_value_is_named_without_being_repeated() {
    for (name, value) in
        [("INGRESS_WEBPORT", "s3cret"), ("INGRESS_MAXSIZEMAP", "s3cret"), ("INGRESS_AUTH", "s3cret")]
    {
        let error = translate(&variables(&[(name, value)])).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{name} is invalid: expected")), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
}

#[test]
fn every_key_of_ours_exists() {
    for key in KEYS {
        if let Counterpart::Key(ours) = key.ours {
            crate::translation::assert_exists(ours);
        }
    }
    for (_, ours) in LISTS {
        crate::translation::assert_exists(ours);
    }
}
