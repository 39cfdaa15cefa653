//! Autoscalers of Deployments: a HorizontalPodAutoscaler, or a ScaledObject of KEDA.

use ccx_config::SaslMechanism;
use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HorizontalPodAutoscaler, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};
use serde_json::{Value, json};

use crate::{
    build::metadata::metadata,
    model::{
        component::Component,
        kind::Kind,
        mount_paths::{USER_VARIABLE, file},
        object::Extension,
        resources::{Child, Stage},
        validated::{Activity, Bounds, Mount, MountSource, Scaling, ValidatedPipeline},
    },
};

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    let mut children = scaler(pipeline, Component::DataPipeline, pipeline.data_pipeline.pods.scaling);
    children.extend(scaler(pipeline, Component::Aggregator, pipeline.aggregator.pods.scaling));
    children
}

fn scaler(pipeline: &ValidatedPipeline, component: Component, scaling: Scaling) -> Vec<Child> {
    match scaling {
        Scaling::Fixed(_) => Vec::new(),
        Scaling::Cpu { bounds, target_percent } => vec![by_cpu(pipeline, component, bounds, target_percent)],
        Scaling::KafkaLag { bounds, target_lag } => by_lag(pipeline, component, bounds, target_lag),
    }
}

fn by_cpu(pipeline: &ValidatedPipeline, component: Component, bounds: Bounds, target_percent: u32) -> Child {
    let target = MetricTarget {
        type_: "Utilization".into(),
        average_utilization: Some(count(target_percent)),
        ..MetricTarget::default()
    };
    let cpu = ResourceMetricSource { name: "cpu".into(), target };
    let spec = HorizontalPodAutoscalerSpec {
        min_replicas: Some(count(bounds.min)),
        max_replicas: count(bounds.max),
        metrics: Some(vec![MetricSpec {
            type_: "Resource".into(),
            resource: Some(cpu),
            ..MetricSpec::default()
        }]),
        scale_target_ref: CrossVersionObjectReference {
            api_version: Some(Kind::Deployment.api_version()),
            kind: Kind::Deployment.name().into(),
            name: component.object_name(pipeline.name.as_str()),
        },
        ..HorizontalPodAutoscalerSpec::default()
    };
    let scaler = HorizontalPodAutoscaler {
        metadata: metadata(pipeline, component.name()),
        spec: Some(spec),
        ..HorizontalPodAutoscaler::default()
    };
    Child::new(component, Stage::Workloads, scaler)
}

/// Fields: <https://keda.sh/docs/latest/scalers/apache-kafka/>.
fn by_lag(pipeline: &ValidatedPipeline, component: Component, bounds: Bounds, target_lag: u32) -> Vec<Child> {
    let authentication = authentication(pipeline, component);
    let mut trigger = json!({"type": "kafka", "metadata": trigger(pipeline, target_lag)});
    if authentication.is_some() {
        trigger["authenticationRef"] = json!({"name": component.object_name(pipeline.name.as_str())});
    }
    let mut metadata = metadata(pipeline, component.name());
    if pipeline.activity == Activity::Suspended {
        let paused = ("autoscaling.keda.sh/paused-replicas".to_owned(), "0".to_owned());
        metadata.annotations = Some([paused].into());
    }
    let spec = json!({
        "scaleTargetRef": {"name": component.object_name(pipeline.name.as_str())},
        "minReplicaCount": bounds.min,
        "maxReplicaCount": bounds.max,
        "triggers": [trigger],
    });
    let object = Extension { kind: Kind::ScaledObject, metadata, spec };
    let scaler = Child::new(component, Stage::Workloads, object);
    authentication
        .into_iter()
        .chain([scaler])
        .map(|child| child.with_missing(pipeline.kafka.missing.clone()))
        .collect()
}

fn trigger(pipeline: &ValidatedPipeline, target_lag: u32) -> Value {
    let kafka = &pipeline.kafka.config;
    let mut metadata = json!({
        "bootstrapServers": kafka.bootstrap_servers.join(","),
        "consumerGroup": pipeline.data_pipeline.config.group,
        "topic": kafka.topics.announce,
        "lagThreshold": target_lag.to_string(),
        "offsetResetPolicy": "earliest",
    });
    if kafka.security_protocol.authenticates() {
        metadata["sasl"] = json!(mechanism(kafka.sasl_mechanism));
    }
    if kafka.security_protocol.encrypts() {
        metadata["tls"] = json!("enable");
    }
    metadata
}

fn mechanism(mechanism: SaslMechanism) -> &'static str {
    match mechanism {
        SaslMechanism::Plain => "plaintext",
        SaslMechanism::ScramSha256 => "scram_sha256",
        SaslMechanism::ScramSha512 => "scram_sha512",
    }
}

/// Returns the credentials of KEDA for Kafka; `None` when the brokers require none.
fn authentication(pipeline: &ValidatedPipeline, component: Component) -> Option<Child> {
    let access = &pipeline.kafka;
    let (secrets, config_maps): (Vec<Parameter<'_>>, Vec<_>) =
        access.mounts.iter().flat_map(parameters).partition(|parameter| parameter.is_secret);
    let user = access.variables.iter().filter(|variable| variable.name == USER_VARIABLE);
    let user: Vec<Value> =
        user.map(|variable| json!({"parameter": "username", "name": variable.name})).collect();
    if secrets.is_empty() && config_maps.is_empty() && user.is_empty() {
        return None;
    }
    let mut spec = json!({});
    for (field, list) in
        [("secretTargetRef", targets(&secrets)), ("configMapTargetRef", targets(&config_maps)), ("env", user)]
    {
        if !list.is_empty() {
            spec[field] = Value::Array(list);
        }
    }
    let metadata = metadata(pipeline, component.name());
    let object = Extension { kind: Kind::TriggerAuthentication, metadata, spec };
    Some(Child::new(component, Stage::Workloads, object))
}

/// Returns a parameter that KEDA reads from an object.
struct Parameter<'a> {
    is_secret: bool,
    object: &'a str,
    key: &'a str,
    name: &'static str,
}

fn parameters(mount: &Mount) -> Vec<Parameter<'_>> {
    let (is_secret, object, files) = match &mount.source {
        MountSource::Secret { name, files } => (true, name, files),
        MountSource::ConfigMap { name, files } => (false, name, files),
        _ => return Vec::new(),
    };
    files
        .iter()
        .filter_map(|(key, file)| Some(Parameter { is_secret, object, key, name: parameter_of(file)? }))
        .collect()
}

fn parameter_of(file: &str) -> Option<&'static str> {
    match file {
        file::PASSWORD => Some("password"),
        file::CA => Some("ca"),
        file::CERTIFICATE => Some("cert"),
        file::PRIVATE_KEY => Some("key"),
        _ => None,
    }
}

fn targets(parameters: &[Parameter<'_>]) -> Vec<Value> {
    let target = |parameter: &Parameter<'_>| json!({"parameter": parameter.name, "name": parameter.object, "key": parameter.key});
    parameters.iter().map(target).collect()
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
