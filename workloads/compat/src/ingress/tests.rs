use ccx_config::Config;

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
    assert_eq!(ingress.services, ["openshift", "qpc"]);
    assert_eq!(ingress.max_upload.as_u64(), 1_000_000);
    assert_eq!(ingress.max_upload_by_service["qpc"].as_u64(), 157_286_400);
    assert_eq!(ingress.denied_organizations, [7, 8]);
    assert_eq!(ingress.payload_tracker_url.as_deref(), Some("http://tracker/v1/payloads/"));
    assert_eq!(config.object_storage.endpoint.as_deref(), Some("https://minio:9000"));
    assert_eq!(config.object_storage.bucket, "uploads");
    assert_eq!(config.kafka.bootstrap_servers, ["one:9092", "two:9092"]);
    assert_eq!(config.kafka.topics.announce, "announce");
    assert!(config.auth.trust_identity_header);
    assert_eq!(config.logging.level, "warn");
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
