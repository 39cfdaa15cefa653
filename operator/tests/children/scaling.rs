//! The number of pods, and their update strategies.

use ccx_operator::model::{component::Component, kind::Kind};
use serde_json::{Value, json};

use crate::sample::{children, json_of, names, object};

fn deployment(spec: &Value, component: Component) -> Value {
    json_of(children(spec).workload(component).unwrap())["spec"].clone()
}

#[test]
fn default_replicas_match_the_original_document() {
    assert_eq!(deployment(&json!({}), Component::DataPipeline)["replicas"], 8);
    assert_eq!(deployment(&json!({}), Component::DbWriter)["replicas"], 1);
    let scaler =
        object(&children(&json!({})), Kind::HorizontalPodAutoscaler, "ccx-insights-results-aggregator");
    assert_eq!((&scaler["spec"]["minReplicas"], &scaler["spec"]["maxReplicas"]), (&json!(2), &json!(8)));
    let cpu = json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}});
    assert_eq!(scaler["spec"]["metrics"], json!([{"type": "Resource", "resource": cpu}]));
}

#[test]
fn autoscaled_deployment_has_no_replicas() {
    assert_eq!(deployment(&json!({}), Component::Aggregator)["replicas"], Value::Null);
    let fixed = json!({"aggregator": {"replicas": 5, "autoscaling": {"type": "None"}}});
    assert_eq!(deployment(&fixed, Component::Aggregator)["replicas"], 5);
    assert_eq!(names(&children(&fixed), Kind::HorizontalPodAutoscaler), [""; 0]);
}

#[test]
fn suspended_workload_has_no_pods_with_any_scaler() {
    let spec = json!({"suspend": true, "dataPipeline": {"autoscaling": {"type": "KafkaLag"}}});
    for component in [Component::DataPipeline, Component::DbWriter, Component::Aggregator] {
        assert_eq!(deployment(&spec, component)["replicas"], 0, "{component}");
    }
    let scaler = object(&children(&spec), Kind::ScaledObject, "ccx-data-pipeline");
    assert_eq!(scaler["metadata"]["annotations"], json!({"autoscaling.keda.sh/paused-replicas": "0"}));
}

#[test]
fn keda_trigger_has_topic_and_group_of_the_pipeline() {
    let spec = json!({"dataPipeline": {"autoscaling": {"type": "KafkaLag", "minReplicas": 0, "targetLagPerReplica": 7}}});
    let children = children(&spec);
    let scaler = object(&children, Kind::ScaledObject, "ccx-data-pipeline")["spec"].clone();
    assert_eq!((&scaler["minReplicaCount"], &scaler["maxReplicaCount"]), (&json!(0), &json!(16)));
    let metadata = json!({
        "bootstrapServers": "kafka:9092",
        "consumerGroup": "ccx_data_pipeline_extractor",
        "topic": "platform.upload.announce",
        "lagThreshold": "7",
        "offsetResetPolicy": "earliest",
    });
    assert_eq!(scaler["triggers"], json!([{"type": "kafka", "metadata": metadata}]));
    assert_eq!(names(&children, Kind::TriggerAuthentication), [""; 0]);
}

#[test]
fn keda_authenticates_with_the_same_secrets() {
    let kafka = json!({
        "securityProtocol": "SASL_SSL",
        "sasl": {"mechanism": "SCRAM-SHA-256", "username": "ccx", "credentialsSecretRef": {"name": "user"}},
        "caSecretRef": {"name": "ca", "key": "tls.crt"},
    });
    let children = children(&json!({"kafka": kafka, "dataPipeline": {"autoscaling": {"type": "KafkaLag"}}}));
    let authentication = object(&children, Kind::TriggerAuthentication, "ccx-data-pipeline")["spec"].clone();
    let expected = json!({
        "secretTargetRef": [
            {"parameter": "password", "name": "user", "key": "password"},
            {"parameter": "ca", "name": "ca", "key": "tls.crt"},
        ],
        "env": [{"parameter": "username", "name": "CCX__KAFKA__SASL_USERNAME"}],
    });
    assert_eq!(authentication, expected);
    let trigger = object(&children, Kind::ScaledObject, "ccx-data-pipeline")["spec"]["triggers"][0].clone();
    assert_eq!(
        (&trigger["metadata"]["sasl"], &trigger["metadata"]["tls"]),
        (&json!("scram_sha256"), &json!("enable"))
    );
    assert_eq!(trigger["authenticationRef"], json!({"name": "ccx-data-pipeline"}));
}

#[test]
fn rollout_keeps_all_aggregators_and_never_runs_two_writers() {
    let strategy = |component| deployment(&json!({}), component)["strategy"].clone();
    let api = json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}});
    assert_eq!(strategy(Component::Aggregator), api);
    assert_eq!(strategy(Component::DbWriter), json!({"type": "Recreate"}));
}

#[test]
fn disruption_budgets_allow_one_aggregator_and_a_quarter_of_the_pipeline() {
    let children = children(&json!({}));
    let budgets = names(&children, Kind::PodDisruptionBudget);
    assert_eq!(budgets, ["ccx-data-pipeline", "ccx-insights-results-aggregator"]);
    let most = |name| object(&children, Kind::PodDisruptionBudget, name)["spec"]["maxUnavailable"].clone();
    assert_eq!(most("ccx-data-pipeline"), "25%");
    assert_eq!(most("ccx-insights-results-aggregator"), 1);
}
