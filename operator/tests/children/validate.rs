//! All problems are reported, with the object and advice.

use ccx_crds::CcxPipeline;
use ccx_operator::{
    model::{
        kind::Kind,
        problem::Problem,
        reason::Reason,
        references::{Capabilities, References, Strimzi},
    },
    validate::{OperatorDefaults, validate},
};
use kube::core::DynamicObject;
use serde_json::{Value, json};

use crate::sample::{self, errors, object};

fn problems(pipeline: &CcxPipeline, references: &References) -> Vec<Problem> {
    match validate(pipeline, references, &OperatorDefaults::default()) {
        Ok(validated) => validated.missing().cloned().collect(),
        Err(errors) => errors.problems,
    }
}

/// Returns the only problem of a resource with this spec after `change` of its references.
fn problem(spec: &Value, change: impl Fn(&mut References)) -> (Reason, String) {
    let pipeline = sample::pipeline(spec);
    let mut references = sample::references(&pipeline);
    change(&mut references);
    let problems = problems(&pipeline, &references);
    assert_eq!(problems.len(), 1, "{problems:?}");
    (problems[0].reason, problems[0].message.clone())
}

fn with_sasl() -> Value {
    let sasl = json!({"credentialsSecretRef": {"name": "user"}});
    json!({"kafka": {"securityProtocol": "SASL_PLAINTEXT", "sasl": sasl}})
}

#[test]
fn missing_secret_is_reported_with_its_field() {
    let (reason, message) = problem(&with_sasl(), |references| {
        references.secrets.insert("user".into(), None);
    });
    assert_eq!(reason, Reason::SecretMissing);
    let expected = "Secret user, which spec.kafka.sasl.credentialsSecretRef names, does not exist; create it in the same namespace";
    assert_eq!(message, expected);
}

#[test]
fn missing_key_is_reported_without_the_existing_keys() {
    let (reason, message) = problem(&with_sasl(), |references| {
        let secret = references.secrets.get_mut("user").unwrap().as_mut().unwrap();
        secret.data.as_mut().unwrap().retain(|key, _| ["username", "pass"].contains(&key.as_str()));
    });
    assert_eq!(reason, Reason::SecretMissing);
    let expected = "Secret user has no key \"password\"; add it, or name another key in \
                    spec.kafka.sasl.credentialsSecretRef";
    assert_eq!(message, expected);
}

#[test]
fn missing_config_map_and_missing_key_have_distinct_messages() {
    let spec = json!({"dbWriter": {"orgAllowlistConfigMapRef": {"name": "organisations", "key": "file"}}});
    let (reason, config_map) = problem(&spec, |references| {
        references.config_maps.insert("organisations".into(), None);
    });
    assert_eq!(reason, Reason::SecretMissing);
    assert!(config_map.starts_with("ConfigMap organisations, which"), "{config_map}");
    let (reason, message) = problem(&spec, |references| {
        references.config_maps.get_mut("organisations").unwrap().as_mut().unwrap().data = None;
    });
    assert_eq!(reason, Reason::SecretMissing);
    assert!(message.starts_with("ConfigMap organisations has no key \"file\""), "{message}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let spec = json!({
        "kafka": {"bootstrapServers": ["kafka"], "securityProtocol": "SSL", "caSecretRef": {"name": "ca"}},
        "objectStorage": {"endpoint": "minio:9000"},
        "aggregator": {"exposure": {"type": "Gateway"}},
    });
    let pipeline = sample::pipeline(&spec);
    let references = References { capabilities: Capabilities::default(), ..References::default() };
    let reasons: Vec<Reason> =
        problems(&pipeline, &references).iter().map(|problem| problem.reason).collect();
    let expected = [
        Reason::SecretMissing,
        Reason::InvalidSpec,
        Reason::InvalidSpec,
        Reason::KindNotServed,
        Reason::InvalidSpec,
    ];
    assert_eq!(reasons, expected);
}

#[test]
fn unserved_kind_is_reported_with_an_alternative() {
    let spec = json!({"dataPipeline": {"autoscaling": {"type": "KafkaLag"}}});
    let (reason, message) =
        problem(&spec, |references| references.capabilities = Capabilities::new([Kind::PodMonitor]));
    assert_eq!(reason, Reason::KindNotServed);
    let expected = "spec.dataPipeline.autoscaling.type KafkaLag needs the kind ScaledObject of keda.sh/v1alpha1, which the \
                    cluster does not serve; install what brings it, or choose type Cpu or None";
    assert_eq!(message, expected);
}

#[test]
fn unserved_kind_of_an_exposure_is_named_by_its_type() {
    let spec = json!({"aggregator": {"exposure": {
        "type": "Gateway", "host": "api.example.com", "gateway": {"parentRefs": [{"name": "public"}]}}}});
    let (_, message) = problem(&spec, |references| references.capabilities = Capabilities::default());
    assert!(
        message.starts_with("spec.aggregator.exposure.type Gateway needs the kind HTTPRoute of"),
        "{message}"
    );
}

#[test]
fn invalid_selector_of_rules_is_reported_with_its_field() {
    let expressions = json!([{"key": "team", "operator": "in", "values": ["insights"]}]);
    let spec = json!({"dataPipeline": {"rules": {"configMapSelector": {"matchExpressions": expressions}}}});
    let (reason, message) = problem(&spec, |_| {});
    assert_eq!(reason, Reason::InvalidSpec);
    let expected = "spec.dataPipeline.rules.configMapSelector is not valid: write an operator of In, NotIn, Exists and \
                    DoesNotExist, not in";
    assert_eq!(message, expected);
}

#[test]
fn name_that_is_invalid_for_children_is_rejected() {
    let mut pipeline = sample::pipeline(&json!({}));
    pipeline.metadata.name = Some("a".repeat(36));
    let references = sample::references(&pipeline);
    assert_eq!(problems(&pipeline, &references)[0].reason, Reason::InvalidSpec);
}

#[test]
fn minimum_above_maximum_is_rejected() {
    let errors = errors(&json!({"aggregator": {"autoscaling": {"minReplicas": 9, "maxReplicas": 3}}}));
    assert!(errors.to_string().contains("minReplicas 9 and maxReplicas 3"), "{errors}");
}

fn with_strimzi(protocol: &str) -> CcxPipeline {
    let mut pipeline = sample::pipeline(
        &json!({"kafka": {"securityProtocol": protocol, "strimzi": {"name": "events", "listener": "tls"}}}),
    );
    pipeline.spec.kafka.bootstrap_servers.clear();
    pipeline
}

fn strimzi(listeners: &Value) -> Strimzi {
    let kafka = json!({"metadata": {"name": "events"}, "status": {"listeners": listeners}});
    Strimzi::Found(Box::new(serde_json::from_value::<DynamicObject>(kafka).unwrap()))
}

#[test]
fn brokers_and_authorities_are_read_from_strimzi() {
    let pipeline = with_strimzi("SSL");
    let listener =
        json!({"name": "tls", "bootstrapServers": "events:9093", "certificates": ["PEM 1\n", "PEM 2\n"]});
    let references = References { strimzi: strimzi(&json!([listener])), ..sample::references(&pipeline) };
    let children = sample::children_with(&pipeline, &references);
    let config = object(&children, Kind::ConfigMap, "ccx-topics")["data"]["ccx.toml"].clone();
    let expected = "[kafka]\nbootstrap_servers = [\"events:9093\"]\nca_file = \"/etc/ccx/kafka-ca/ca.crt\"\nsecurity_protocol = \"ssl\"\n";
    assert_eq!(config, expected);
    assert_eq!(
        object(&children, Kind::ConfigMap, "ccx-kafka-ca")["data"],
        json!({"ca.crt": "PEM 1\nPEM 2\n"})
    );
}

#[test]
fn missing_unready_and_not_installed_strimzi_have_distinct_reasons() {
    let pipeline = with_strimzi("PLAINTEXT");
    let reason = |found| {
        let problems = problems(&pipeline, &References { strimzi: found, ..sample::references(&pipeline) });
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems[0].reason
    };
    assert_eq!(reason(Strimzi::NotServed), Reason::KindNotServed);
    assert_eq!(reason(Strimzi::NotAllowed), Reason::Forbidden);
    assert_eq!(reason(Strimzi::Missing), Reason::KafkaUnreachable);
    assert_eq!(reason(strimzi(&json!([]))), Reason::KafkaUnreachable);
    assert_eq!(
        reason(strimzi(&json!([{"name": "plain", "bootstrapServers": "a:1"}]))),
        Reason::KafkaUnreachable
    );
}

#[test]
fn references_without_a_cluster_are_assumed_to_exist() {
    let mut spec = with_sasl();
    spec["kafka"]["strimzi"] = json!({"name": "events", "namespace": "kafka"});
    let mut pipeline = sample::pipeline(&spec);
    pipeline.spec.kafka.bootstrap_servers.clear();
    let children = sample::children_with(&pipeline, &References::unknown(Capabilities::all()));
    let config = object(&children, Kind::ConfigMap, "ccx-topics")["data"]["ccx.toml"].to_string();
    assert!(config.contains("events-kafka-bootstrap.kafka.svc:9092"), "{config}");
}

#[test]
fn value_that_the_workloads_would_refuse_is_reported_with_its_field() {
    let cases = [
        (json!({"kafka": {"topics": {"announce": "one", "results": "one"}}}), "spec.kafka.topics."),
        (json!({"kafka": {"properties": {"group.id": "x"}}}), "spec.kafka.properties.group.id "),
        (json!({"objectStorage": {"bucket": "s3://uploads"}}), "spec.objectStorage.bucket "),
        (json!({"retry": {"initialDelay": "1h", "maxDelay": "1s"}}), "spec.retry."),
        (
            json!({"dataPipeline": {"rules": {"builtIn": "Disabled"}}}),
            "spec.dataPipeline.rules.configMapRefs ",
        ),
    ];
    for (spec, field) in cases {
        let (reason, message) = problem(&spec, |_| {});
        assert_eq!(reason, Reason::InvalidSpec);
        assert!(message.starts_with(field), "{message}");
        for key in ["kafka.topics", "object_storage", "initial_delay", "rules.builtin", "ccx.toml"] {
            assert!(!message.replace("spec.kafka.topics", "").contains(key), "{message}");
        }
    }
}
