use serde_json::{Value, json};

use super::{Violation, accept, validate, with_defaults};

fn minimal() -> Value {
    json!({
        "apiVersion": "ccx.openshift.io/v1alpha1",
        "kind": "CcxPipeline",
        "metadata": {"name": "ccx"},
        "spec": {
            "kafka": {"bootstrapServers": ["kafka:9092"]},
            "objectStorage": {"bucket": "insights-upload"},
        },
    })
}

/// Returns the problems of the minimal resource when the value at `pointer` is `value`.
fn judge(pointer: &str, value: Value) -> Vec<String> {
    let mut document = minimal();
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    parent.insert(field.to_owned(), value);
    validate(&document, None).iter().map(Violation::to_string).collect()
}

#[test]
fn minimal_resource_is_accepted_and_has_the_defaults() {
    let pipeline = accept(&minimal(), None).unwrap();
    assert_eq!(pipeline.spec.data_pipeline.replicas, 8);
    assert_eq!(pipeline.spec.aggregator.autoscaling.max_replicas, 8);
}

#[test]
fn null_counts_as_absent() {
    assert!(judge("/spec/suspend", Value::Null).is_empty());
    assert_eq!(judge("/spec/kafka", Value::Null), ["spec.kafka: set it: it is required"]);
}

#[test]
fn unknown_field_is_reported() {
    let expected = "spec.kafka.brokers: remove it or correct its name: there is no such field";
    assert_eq!(judge("/spec/kafka/brokers", json!(["kafka:9092"])), [expected]);
}

#[test]
fn unknown_field_with_a_similar_name_is_reported_with_it() {
    let cases = [
        (
            "/spec/objectStorage/buckett",
            "spec.objectStorage.buckett: there is no such field; did you mean bucket?",
        ),
        (
            "/spec/kafka/bootstrapServer",
            "spec.kafka.bootstrapServer: there is no such field; did you mean bootstrapServers?",
        ),
        ("/spec/datapipeline", "spec.datapipeline: there is no such field; did you mean dataPipeline?"),
    ];
    for (pointer, expected) in cases {
        assert_eq!(judge(pointer, json!("x")), [expected]);
    }
}

#[test]
fn wrong_type_is_reported_with_the_expected_one() {
    assert_eq!(judge("/spec/suspend", json!("yes")), ["spec.suspend: write true or false"]);
    assert_eq!(
        judge("/spec/dataPipeline", json!({"replicas": 1.5})),
        ["spec.dataPipeline.replicas: write a whole number"]
    );
    assert_eq!(judge("/spec/kafka/properties", json!([])), ["spec.kafka.properties: write a map of fields"]);
    let expected =
        "spec.objectStorage.bucket: write a text; put it in quotes if it looks like something else";
    assert_eq!(judge("/spec/objectStorage/bucket", json!(123)), [expected]);
}

#[test]
fn number_out_of_range_is_reported() {
    let constraint =
        json!([{"maxSkew": -2_147_483_649_i64, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}]);
    let judged = judge("/spec/dbWriter", json!({"podTemplate": {"topologySpreadConstraints": constraint}}));
    let place = "spec.dbWriter.podTemplate.topologySpreadConstraints[0].maxSkew";
    assert_eq!(judged, [format!("{place}: choose between -2147483648 and 2147483647")]);
}

#[test]
fn unknown_enum_value_is_reported_with_the_valid_ones() {
    assert_eq!(judge("/spec/mode", json!("plan")), ["spec.mode: write one of Apply, Plan, Paused"]);
}

#[test]
fn numbers_texts_lists_and_maps_are_bounded() {
    assert_eq!(
        judge("/spec/dataPipeline", json!({"replicas": 513})),
        ["spec.dataPipeline.replicas: choose at most 512"]
    );
    assert_eq!(
        judge("/spec/retry", json!({"maxAttempts": 0})),
        ["spec.retry.maxAttempts: choose at least 1"]
    );
    assert_eq!(
        judge("/spec/kafka/clientId", json!("x".repeat(129))),
        ["spec.kafka.clientId: give at most 128 characters"]
    );
    assert_eq!(
        judge("/spec/kafka/bootstrapServers", json!([])),
        ["spec.kafka.bootstrapServers: give at least 1 entries"]
    );
    let labels: Value = (0..33).map(|number| (format!("label{number}"), json!("x"))).collect();
    assert_eq!(
        judge("/spec/monitoring", json!({"labels": labels})),
        ["spec.monitoring.labels: give at most 32 entries"]
    );
}

#[test]
fn duplicate_entry_of_set_or_map_is_reported() {
    assert_eq!(
        judge("/spec/kafka/bootstrapServers", json!(["a:1", "b:1", "a:1"])),
        ["spec.kafka.bootstrapServers[2]: remove it: the same is in the list before"]
    );
    assert_eq!(
        judge("/spec/imagePullSecrets", json!([{"name": "a"}, {"name": "a"}])),
        ["spec.imagePullSecrets[1]: remove it: the same is in the list before"]
    );
}

#[test]
fn wrong_kind_and_missing_name_are_reported() {
    assert_eq!(judge("/kind", json!("Pod")), ["kind: write CcxPipeline"]);
    assert_eq!(judge("/metadata", json!({})), ["metadata.name: give the resource a name"]);
}

#[test]
fn all_violations_are_reported_together() {
    let mut document = minimal();
    document["spec"]["mode"] = json!("Pln");
    document["spec"]["suspend"] = json!(1);
    assert_eq!(
        accept(&document, None).unwrap_err().to_string(),
        "spec.mode: write one of Apply, Plan, Paused\nspec.suspend: write true or false"
    );
}

#[test]
fn partial_object_gets_defaults() {
    let mut document = minimal();
    document["spec"]["database"] = json!({"managed": {"storage": {"size": "1Ti"}}});
    let stored = with_defaults(&document);
    assert_eq!(stored["spec"]["database"]["type"], "Managed");
    assert_eq!(
        stored["spec"]["database"]["managed"]["storage"],
        json!({"size": "1Ti", "volume": "Persistent"})
    );
}
