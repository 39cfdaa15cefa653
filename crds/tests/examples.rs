//! Every example is accepted, and agrees with its comment.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;

use ccx_crds::{
    CcxPipeline, DatabaseChoice, ExposureType, PipelineScaling, SecurityProtocol, StorageVolume, accept,
    with_defaults,
};
use serde_json::{Value, json};

fn document(name: &str) -> Value {
    let path = format!("{}/examples/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn example(name: &str) -> CcxPipeline {
    accept(&document(name), None).unwrap_or_else(|refused| panic!("{name}: {refused}"))
}

#[test]
fn minimal_resource_is_the_installation_of_the_original_document() {
    let spec = example("minimal").spec;
    assert_eq!(spec.data_pipeline.replicas, 8);
    assert_eq!(spec.db_writer.replicas, 1);
    let scaling = spec.aggregator.autoscaling;
    assert_eq!(
        (scaling.min_replicas, scaling.max_replicas, scaling.target_cpu_utilization_percent),
        (2, 8, 80)
    );
    assert!(matches!(spec.database.choice(), Some(DatabaseChoice::Managed(_))));
}

#[test]
fn production_example_is_encrypted_and_autoscaled() {
    let spec = example("production").spec;
    assert_eq!(spec.kafka.security_protocol, SecurityProtocol::SaslSsl);
    assert_eq!(spec.data_pipeline.autoscaling.kind, PipelineScaling::KafkaLag);
    assert_eq!(spec.aggregator.exposure.kind, ExposureType::Route);
    assert!(
        matches!(spec.database.choice(), Some(DatabaseChoice::External(external)) if external.ca_secret_ref.is_some())
    );
}

#[test]
fn laptop_example_has_no_persistent_storage() {
    let spec = example("laptop").spec;
    let Some(DatabaseChoice::Managed(database)) = spec.database.choice() else {
        panic!("{:?}", spec.database)
    };
    assert_eq!(database.storage.volume, StorageVolume::Ephemeral);
}

#[test]
fn serialized_defaults_equal_those_of_the_schema() {
    for name in ["minimal", "production", "laptop"] {
        assert_eq!(json!(example(name)), with_defaults(&document(name)), "{name}");
    }
}

#[test]
fn advisor_example_logs_people_in_and_stores_requests_in_the_database() {
    let spec = example("advisor").spec;
    let api = spec.public_api.unwrap();
    assert_eq!(api.login.unwrap().client_id, "advisor");
    assert!(api.authentication.oidc.is_some() && api.exposure.kind == ExposureType::Route);
    assert_eq!(spec.requests_writer.unwrap().valkey, None);
}
