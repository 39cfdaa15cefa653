//! NetworkPolicies: only the traffic below is allowed.
//!
//! ```text
//!  anyone ──▶ aggregator ──▶ database ◀── writer, migration
//!  Prometheus, operator ──▶ health ports        writer, topics, pipeline ──▶ Kafka, pipeline ──▶ object storage
//! ```
//!
//! Kafka, the object storage and an external database are outside, so that only their ports are known. A
//! policy matches the port of the pod, which may differ from that of a Service.

use std::collections::{BTreeMap, BTreeSet};

use ccx_crds::NetworkPolicyMode;
use k8s_openapi::{
    api::networking::v1::{
        NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
        NetworkPolicyPort, NetworkPolicySpec,
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, LabelSelectorRequirement},
        util::intstr::IntOrString,
    },
};

use crate::{
    build::{metadata::metadata, program::Program},
    model::{
        component::{Component, MIGRATION},
        kind::Kind,
        names,
        names::MANAGER,
        resources::{Child, Stage},
        validated::ValidatedPipeline,
    },
};

/// The ports of DNS: the standard one, and that of the pods of OpenShift's DNS.
const DNS_PORTS: [u16; 2] = [53, 5353];

/// HTTPS, for cloud identity endpoints and presigned URLs of Amazon.
const HTTPS: u16 = 443;

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    if pipeline.network_policy == NetworkPolicyMode::Disabled {
        return Vec::new();
    }
    let programs = Program::all(pipeline);
    let mut children: Vec<Child> = programs.iter().map(|program| program_policy(pipeline, program)).collect();
    children.extend(database_policy(pipeline));
    children
}

fn program_policy(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Child {
    let component = Component::from_name(program.role);
    let spec = NetworkPolicySpec {
        pod_selector: Some(selector(pipeline, program.role)),
        policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
        ingress: component.map(|component| vec![to_workload(component)]),
        egress: Some(egress(pipeline, program)),
    };
    child(pipeline, program.role, component, spec).with_missing(program.missing())
}

/// The API accepts all peers, since routers may run anywhere. Health and metrics accept Prometheus and the
/// operator; the kubelet of the pod's node is always allowed.
fn to_workload(component: Component) -> NetworkPolicyIngressRule {
    let watchers = || {
        let operator = pods_anywhere([("app.kubernetes.io/name", MANAGER)]);
        let prometheus = pods_anywhere([("app.kubernetes.io/name", "prometheus")]);
        vec![operator, prometheus]
    };
    NetworkPolicyIngressRule {
        from: (component != Component::Aggregator).then(watchers),
        ports: Some(vec![port("TCP", component.port())]),
    }
}

fn egress(pipeline: &ValidatedPipeline, program: &Program<'_>) -> Vec<NetworkPolicyEgressRule> {
    let mut rules = vec![to_dns()];
    let mut ports = program.ports.clone();
    if program.role == Component::DataPipeline.name() {
        ports.insert(HTTPS);
    }
    if program.role != Component::DataPipeline.name()
        && pipeline.managed_database.is_some()
        && ports.remove(&database_port())
    {
        rules.push(NetworkPolicyEgressRule {
            to: Some(vec![own_pods(selector(pipeline, Component::Database.name()))]),
            ports: Some(vec![port("TCP", database_port())]),
        });
    }
    if !ports.is_empty() {
        rules.push(NetworkPolicyEgressRule { to: None, ports: Some(tcp(&ports)) });
    }
    rules
}

fn database_policy(pipeline: &ValidatedPipeline) -> Option<Child> {
    pipeline.managed_database.as_ref()?;
    let role = Component::Database.name();
    let clients = [Component::DbWriter.name(), Component::Aggregator.name(), MIGRATION];
    let clients = NetworkPolicyIngressRule {
        from: Some(clients.map(|role| own_pods(selector(pipeline, role))).into()),
        ports: Some(vec![port("TCP", database_port())]),
    };
    let spec = NetworkPolicySpec {
        pod_selector: Some(selector(pipeline, role)),
        policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
        ingress: Some(vec![clients]),
        egress: None,
    };
    Some(child(pipeline, role, Some(Component::Database), spec))
}

fn child(
    pipeline: &ValidatedPipeline,
    role: &str,
    component: Option<Component>,
    spec: NetworkPolicySpec,
) -> Child {
    let policy = NetworkPolicy { metadata: metadata(pipeline, role), spec: Some(spec) };
    Child::new(Kind::NetworkPolicy, component, Stage::Foundation, &policy)
}

fn to_dns() -> NetworkPolicyEgressRule {
    let ports = DNS_PORTS.iter().flat_map(|number| [port("UDP", *number), port("TCP", *number)]);
    NetworkPolicyEgressRule { to: None, ports: Some(ports.collect()) }
}

fn database_port() -> u16 {
    Component::Database.port()
}

fn selector(pipeline: &ValidatedPipeline, role: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(names::selector(pipeline.name.as_str(), role)),
        ..LabelSelector::default()
    }
}

fn own_pods(pod_selector: LabelSelector) -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(pod_selector), ..NetworkPolicyPeer::default() }
}

fn pods_anywhere<const N: usize>(labels: [(&str, &str); N]) -> NetworkPolicyPeer {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    NetworkPolicyPeer {
        namespace_selector: Some(LabelSelector::default()),
        pod_selector: Some(LabelSelector {
            match_labels: Some(labels),
            match_expressions: None::<Vec<LabelSelectorRequirement>>,
        }),
        ..NetworkPolicyPeer::default()
    }
}

fn tcp(ports: &BTreeSet<u16>) -> Vec<NetworkPolicyPort> {
    ports.iter().map(|number| port("TCP", *number)).collect()
}

fn port(protocol: &str, number: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(number.into())),
        protocol: Some(protocol.into()),
        ..NetworkPolicyPort::default()
    }
}
