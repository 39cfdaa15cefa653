//! Pod templates.

use ccx_operator::model::{
    component::Component,
    kind::Kind,
    references::{Capabilities, Platform},
    resources::Child,
};
use serde_json::{Value, json};

use crate::sample::{self, children, container, object, pod};

const WORKLOADS: [Component; 3] = [Component::DataPipeline, Component::DbWriter, Component::Aggregator];

#[test]
fn every_pod_satisfies_the_restricted_profile_with_read_only_files() {
    let children = children(&json!({}));
    let pods: Vec<Value> = children
        .iter()
        .filter(|child| matches!(child.kind(), Kind::Deployment | Kind::StatefulSet | Kind::Job))
        .map(|child| sample::json_of(child)["spec"]["template"]["spec"].clone())
        .collect();
    assert_eq!(pods.len(), 6);
    for pod in pods {
        assert_eq!(pod["automountServiceAccountToken"], false);
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
        let security = &pod["containers"][0]["securityContext"];
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}));
        assert_eq!(security["readOnlyRootFilesystem"], true);
    }
}

#[test]
fn pod_names_its_user_except_on_openshift() {
    let pipeline = sample::pipeline(&sample::every_component());
    let mut references = sample::references(&pipeline);
    let user = |children, component| pod(children, component)["spec"]["securityContext"]["runAsUser"].clone();
    let on_kubernetes = sample::children_with(&pipeline, &references);
    references.capabilities = Capabilities::all().on(Platform::OpenShift);
    let on_openshift = sample::children_with(&pipeline, &references);
    assert_eq!(user(&on_kubernetes, Component::Aggregator), 65532);
    assert_eq!(user(&on_kubernetes, Component::Database), 70);
    for component in Component::ALL {
        let security = &pod(&on_openshift, component)["spec"]["securityContext"];
        assert_eq!(security, &json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}));
    }
}

#[test]
fn readiness_depends_on_dependencies_and_liveness_does_not() {
    let children = children(&json!({}));
    for component in WORKLOADS {
        let container = container(&children, component);
        let path = |probe: &str| container[probe]["httpGet"]["path"].clone();
        assert_eq!(
            ["startupProbe", "readinessProbe", "livenessProbe"].map(path),
            ["/livez", "/readyz", "/livez"]
        );
        let health = json!({"containerPort": component.health_port(), "name": "health", "protocol": "TCP"});
        assert_eq!(container["ports"].as_array().unwrap().last(), Some(&health));
        assert_eq!(container["readinessProbe"]["httpGet"]["port"], "health");
    }
}

#[test]
fn api_has_a_port_of_its_own_without_health_and_metrics() {
    let children = children(&json!({}));
    let aggregator = container(&children, Component::Aggregator);
    assert_eq!(aggregator["ports"][0], json!({"containerPort": 10000, "name": "http", "protocol": "TCP"}));
    let service = object(&children, Kind::Service, "ccx-insights-results-aggregator");
    assert_eq!(service["spec"]["ports"].as_array().map(Vec::len), Some(1));
    assert_eq!(service["spec"]["ports"][0]["targetPort"], "http");
    let config = object(&children, Kind::ConfigMap, "ccx-insights-results-aggregator");
    assert!(config["data"]["ccx.toml"].as_str().unwrap().contains("health_listen = \"[::]:10001\""));
}

#[test]
fn grace_period_exceeds_the_shutdown_timeout_by_twenty_seconds() {
    let children = children(&json!({"dataPipeline": {"shutdownTimeout": "1500ms"}}));
    let grace = |component| pod(&children, component)["spec"]["terminationGracePeriodSeconds"].clone();
    assert_eq!(grace(Component::DbWriter), 45);
    assert_eq!(grace(Component::DataPipeline), 22);
}

#[test]
fn only_the_aggregator_has_a_pre_stop_sleep() {
    let children = children(&json!({}));
    let lifecycle = |component| container(&children, component)["lifecycle"].clone();
    assert_eq!(lifecycle(Component::Aggregator), json!({"preStop": {"sleep": {"seconds": 5}}}));
    assert_eq!(lifecycle(Component::DataPipeline), Value::Null);
}

#[test]
fn termination_message_falls_back_to_the_log() {
    let children = children(&sample::every_component());
    for component in Component::ALL {
        assert_eq!(container(&children, component)["terminationMessagePolicy"], "FallbackToLogsOnError");
    }
}

#[test]
fn pods_are_spread_unless_overridden() {
    let own = json!([{"maxSkew": 2, "topologyKey": "rack", "whenUnsatisfiable": "DoNotSchedule"}]);
    let children = children(&json!({"aggregator": {"podTemplate": {"topologySpreadConstraints": own}}}));
    let spread = |component| pod(&children, component)["spec"]["topologySpreadConstraints"].clone();
    assert_eq!(spread(Component::Aggregator), own);
    let ours = spread(Component::DataPipeline);
    assert_eq!(ours[0]["topologyKey"], "kubernetes.io/hostname");
    assert_eq!(ours[1]["topologyKey"], "topology.kubernetes.io/zone");
    assert_eq!(ours[0]["labelSelector"]["matchLabels"], json!(Component::DataPipeline.selector("ccx")));
}

#[test]
fn pod_template_overrides_all_but_selector_labels() {
    let template = json!({
        "labels": {"team": "insights", "app.kubernetes.io/component": "mine"},
        "extraEnv": [{"name": "CCX_CONFIG", "value": "/mine"}, {"name": "A", "value": "b"}],
        "nodeSelector": {"disk": "fast"},
        "priorityClassName": "high",
        "imagePullPolicy": "Always",
    });
    let children = children(&json!({"dbWriter": {"podTemplate": template}}));
    let pod = pod(&children, Component::DbWriter);
    assert_eq!(pod["metadata"]["labels"]["team"], "insights");
    assert_eq!(pod["metadata"]["labels"]["app.kubernetes.io/component"], "insights-results-db-writer");
    assert_eq!(pod["spec"]["containers"][0]["env"], template["extraEnv"]);
    assert_eq!(pod["spec"]["nodeSelector"], template["nodeSelector"]);
    assert_eq!(pod["spec"]["priorityClassName"], "high");
    assert_eq!(pod["spec"]["containers"][0]["imagePullPolicy"], "Always");
}

#[test]
fn component_image_precedes_those_of_resource_and_operator() {
    let image = |spec: &Value, component| container(&children(spec), component)["image"].clone();
    let default = format!("quay.io/ccx/ccx:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(image(&json!({}), Component::DbWriter), default);
    let spec = json!({"image": "ccx:2", "aggregator": {"image": "ccx:3"}});
    assert_eq!(image(&spec, Component::DbWriter), "ccx:2");
    assert_eq!(image(&spec, Component::Aggregator), "ccx:3");
}

#[test]
fn pull_secrets_of_resource_and_component_are_merged() {
    let spec = json!({
        "imagePullSecrets": [{"name": "all"}],
        "dataPipeline": {"podTemplate": {"imagePullSecrets": [{"name": "own"}]}},
    });
    let children = children(&spec);
    let secrets = |component| pod(&children, component)["spec"]["imagePullSecrets"].clone();
    assert_eq!(secrets(Component::DataPipeline), json!([{"name": "all"}, {"name": "own"}]));
    assert_eq!(secrets(Component::Database), json!([{"name": "all"}]));
}

#[test]
fn cloud_identity_is_of_the_pipeline_only() {
    let annotations = json!({"eks.amazonaws.com/role-arn": "arn"});
    let spec = json!({"objectStorage": {"credentials": {"workloadIdentity": {"serviceAccountAnnotations": annotations}}}});
    let children = children(&spec);
    let annotated: Vec<&str> = children
        .iter()
        .filter(|child| child.kind() == Kind::ServiceAccount && child.object.metadata().annotations.is_some())
        .map(Child::name)
        .collect();
    assert_eq!(annotated, ["ccx-data-pipeline"]);
    assert_eq!(
        object(&children, Kind::ServiceAccount, "ccx-data-pipeline")["metadata"]["annotations"],
        annotations
    );
}
