//! NetworkPolicies: only the traffic below is allowed.
//!
//! ```text
//!  anyone ──▶ aggregator ──▶ database ◀── all that connect to it
//!  Prometheus, operator ──▶ health ports        writer, topics, pipeline ──▶ Kafka, pipeline ──▶ object storage
//!  all but the database ──▶ proxies of their variables, further ports; all ──▶ further rules of the spec
//! ```
//!
//! Kafka, the object storage and an external database are outside, so that only their ports are known. A
//! policy matches the port of the pod, which may differ from that of a Service.

mod proxy;

use std::collections::{BTreeMap, BTreeSet};

use ccx_crds::{NetworkPolicyMode, PodTemplate};
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
        component::Component,
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

/// The label with the name of an application.
const NAME_LABEL: &str = "app.kubernetes.io/name";

/// The label that every namespace has, with its name.
const NAMESPACE_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) fn children(pipeline: &ValidatedPipeline) -> Vec<Child> {
    if pipeline.network_policy.mode == NetworkPolicyMode::Disabled {
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
        ingress: component.map(|component| ingress(pipeline, component)),
        egress: Some(egress(pipeline, program)),
    };
    child(pipeline, program.role, component, spec).with_missing(program.missing())
}

/// The API accepts all peers unless the spec names them, since routers may run anywhere. Health and metrics
/// accept Prometheus and the operator; the kubelet of the pod's node is always allowed.
fn ingress(pipeline: &ValidatedPipeline, component: Component) -> Vec<NetworkPolicyIngressRule> {
    let watched = NetworkPolicyIngressRule {
        from: Some(watchers(pipeline)),
        ports: Some(vec![port("TCP", component.health_port())]),
    };
    let public = pipeline.public_api.as_ref().map(|api| &api.exposure);
    let exposure = public.filter(|_| component != Component::Aggregator);
    let allowed = &exposure.unwrap_or(&pipeline.aggregator.exposure).allow_from;
    let served = component.has_api().then(|| NetworkPolicyIngressRule {
        from: (!allowed.is_empty()).then(|| allowed.clone()),
        ports: Some(vec![port("TCP", component.port())]),
    });
    served.into_iter().chain([watched]).chain(pipeline.network_policy.extra_ingress.clone()).collect()
}

fn watchers(pipeline: &ValidatedPipeline) -> Vec<NetworkPolicyPeer> {
    let operator = NetworkPolicyPeer {
        namespace_selector: Some(namespace(pipeline.operator_namespace.as_deref())),
        ..pods_anywhere([(NAME_LABEL, MANAGER)])
    };
    let scrapers = match pipeline.network_policy.scrape_from.as_slice() {
        [] => vec![pods_anywhere([(NAME_LABEL, "prometheus")])],
        peers => peers.to_vec(),
    };
    [operator].into_iter().chain(scrapers).collect()
}

/// Returns the namespace of the operator in a policy of a component.
pub(crate) fn operator_namespace(policy: &NetworkPolicy) -> Option<String> {
    let rules = policy.spec.iter().flat_map(|spec| spec.ingress.iter().flatten());
    let mut peers = rules.flat_map(|rule| rule.from.iter().flatten());
    peers.find_map(|peer| {
        let labels = peer.pod_selector.as_ref()?.match_labels.as_ref()?;
        let is_operator = labels.get(NAME_LABEL).is_some_and(|name| name == MANAGER);
        let namespace = peer.namespace_selector.as_ref()?.match_labels.as_ref()?.get(NAMESPACE_LABEL);
        namespace.filter(|_| is_operator).cloned()
    })
}

/// Returns the selector of one namespace, or of all.
fn namespace(name: Option<&str>) -> LabelSelector {
    let labels = name.map(|name| [(NAMESPACE_LABEL.to_owned(), name.to_owned())].into());
    LabelSelector { match_labels: labels, ..LabelSelector::default() }
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
    ports.extend(&pipeline.network_policy.egress_ports);
    ports.extend(proxy::ports(template(pipeline, program.role)));
    if !ports.is_empty() {
        rules.push(NetworkPolicyEgressRule { to: None, ports: Some(tcp(&ports)) });
    }
    rules.extend(pipeline.network_policy.extra_egress.clone());
    rules
}

/// Returns the overrides of the pods with this role; Jobs have those of the writer.
fn template<'a>(pipeline: &'a ValidatedPipeline, role: &str) -> &'a PodTemplate {
    let own = Component::from_name(role).and_then(|component| pipeline.pods(component));
    &own.unwrap_or(&pipeline.db_writer.pods).template
}

fn database_policy(pipeline: &ValidatedPipeline) -> Option<Child> {
    pipeline.managed_database.as_ref()?;
    let further = &pipeline.network_policy;
    let role = Component::Database.name();
    let programs = Program::all(pipeline);
    let clients = programs.iter().filter(|program| program.uses_database());
    let clients = NetworkPolicyIngressRule {
        from: Some(clients.map(|program| own_pods(selector(pipeline, program.role))).collect()),
        ports: Some(vec![port("TCP", database_port())]),
    };
    let spec = NetworkPolicySpec {
        pod_selector: Some(selector(pipeline, role)),
        policy_types: Some(vec!["Ingress".into(), "Egress".into()]),
        ingress: Some([clients].into_iter().chain(further.extra_ingress.clone()).collect()),
        egress: (!further.extra_egress.is_empty()).then(|| further.extra_egress.clone()),
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
    Child::new(component, Stage::Foundation, policy)
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
