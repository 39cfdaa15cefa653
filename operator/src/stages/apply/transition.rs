//! The ports of pods of an older template: while such pods run, a Service or NetworkPolicy has its old and its new
//! ports. Pure.

use k8s_openapi::{
    api::{
        core::v1::{Service, ServicePort},
        networking::v1::NetworkPolicy,
    },
    apimachinery::pkg::util::intstr::IntOrString,
};

use crate::{
    cache::{
        PipelineObjects,
        status::{ChildStatus, Rollout},
    },
    model::{
        hash64::Hash64,
        kind::Kind,
        object::Object,
        resources::{Child, Children},
    },
};

/// Whether pods of an older template may run: the workload exists, and was not applied in its desired form, whose
/// hash is `desired`, or is not rolled out.
pub(super) fn is_rolling(workload: &Child, desired: Hash64, objects: &PipelineObjects) -> bool {
    let Some(entry) = objects.entry(workload.kind(), workload.name()) else { return false };
    let is_complete = matches!(&entry.status, ChildStatus::Rollout(it) if Rollout::is_complete(it));
    entry.applied != Some(desired) || !is_complete
}

/// Returns the workload whose pods use a Service or NetworkPolicy; `None` for children of other kinds.
pub(super) fn workload_of<'a>(child: &Child, children: &'a Children) -> Option<&'a Child> {
    let is_for_traffic = matches!(child.kind(), Kind::Service | Kind::NetworkPolicy);
    children.workload(child.component.filter(|_| is_for_traffic)?)
}

/// Returns the workloads of all components.
pub(super) fn workloads(children: &Children) -> impl Iterator<Item = &Child> {
    children.iter().filter(|child| matches!(child.kind(), Kind::Deployment | Kind::StatefulSet))
}

/// Adds the ports of the live object to those of the desired one. Returns whether that changes it.
pub(super) fn add_ports(desired: &mut Object, live: Object) -> bool {
    let before = desired.clone();
    match (&mut *desired, live) {
        (Object::NetworkPolicy(ours), Object::NetworkPolicy(theirs)) => add_rules(ours, *theirs),
        (Object::Service(ours), Object::Service(theirs)) => add_service_ports(ours, *theirs),
        _ => {}
    }
    *desired != before
}

/// Rules of a policy are added up, so that the union of the lists allows what either of them does.
fn add_rules(ours: &mut NetworkPolicy, theirs: NetworkPolicy) {
    let (Some(ours), Some(theirs)) = (&mut ours.spec, theirs.spec) else { return };
    add_missing(&mut ours.ingress, theirs.ingress);
    add_missing(&mut ours.egress, theirs.egress);
    // A direction that only one of them restricts is open.
    if let (Some(ours), Some(theirs)) = (&mut ours.policy_types, theirs.policy_types) {
        ours.retain(|direction| theirs.contains(direction));
    }
}

fn add_missing<T: PartialEq>(ours: &mut Option<Vec<T>>, theirs: Option<Vec<T>>) {
    for rule in theirs.into_iter().flatten() {
        if ours.as_ref().is_none_or(|ours| !ours.contains(&rule)) {
            ours.get_or_insert_default().push(rule);
        }
    }
}

/// The name of a port is unique, so that an old port whose name is in use has its number in its name.
fn add_service_ports(ours: &mut Service, theirs: Service) {
    let (Some(ours), Some(theirs)) = (&mut ours.spec, theirs.spec) else { return };
    let ours = ours.ports.get_or_insert_default();
    let key = |port: &ServicePort| (port.port, port.protocol.clone().unwrap_or_else(|| "TCP".into()));
    for port in theirs.ports.into_iter().flatten() {
        if ours.iter().any(|it| key(it) == key(&port)) {
            continue;
        }
        let is_taken = ours.iter().any(|it| it.name == port.name);
        let name = port.name.filter(|_| !is_taken).unwrap_or_else(|| format!("old-{}", port.port));
        let target_port = port.target_port.or(Some(IntOrString::Int(port.port)));
        ours.push(ServicePort {
            name: Some(name),
            port: port.port,
            protocol: port.protocol,
            target_port,
            ..ServicePort::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use kube::core::ObjectMeta;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        cache::entry::ChildEntry,
        model::{annotations::APPLIED_HASH, component::Component, resources::Stage},
    };

    fn object(kind: Kind, spec: &Value) -> Object {
        Object::parse(kind, json!({"metadata": {"name": "a"}, "spec": spec})).unwrap()
    }

    /// Returns the spec of the union of two objects, and whether it differs from the desired one.
    fn union(kind: Kind, desired: &Value, live: &Value) -> (Value, bool) {
        let mut desired = object(kind, desired);
        let is_changed = add_ports(&mut desired, object(kind, live));
        (desired.to_dynamic().data["spec"].take(), is_changed)
    }

    #[test]
    fn policy_allows_what_either_form_allows() {
        let rule = |port: u16| json!({"ports": [{"port": port, "protocol": "TCP"}]});
        let policy = |ingress: u16, egress: &[u16]| {
            let egress: Vec<Value> = egress.iter().map(|port| rule(*port)).collect();
            json!({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [rule(ingress)], "egress": egress})
        };
        let (spec, is_changed) =
            union(Kind::NetworkPolicy, &policy(8000, &[53, 9093]), &policy(8001, &[53, 9092]));
        assert!(is_changed);
        assert_eq!(spec["ingress"], json!([rule(8000), rule(8001)]));
        assert_eq!(spec["egress"], json!([rule(53), rule(9093), rule(9092)]));
        assert!(!union(Kind::NetworkPolicy, &policy(8000, &[53, 9093]), &policy(8000, &[53])).1);
        let mut open = policy(8000, &[]);
        open["policyTypes"] = json!(["Ingress"]);
        let (spec, _) = union(Kind::NetworkPolicy, &policy(8000, &[53]), &open);
        assert_eq!(spec["policyTypes"], json!(["Ingress"]), "egress was open");
    }

    #[test]
    fn service_has_the_ports_of_both_forms() {
        let port = |name: &str, port: u16, target: &str| json!({"name": name, "port": port, "protocol": "TCP", "targetPort": target});
        let service = |ports: &[Value]| json!({"selector": {"a": "b"}, "ports": ports});
        let desired = service(&[port("http", 10000, "http"), port("health", 10001, "health")]);
        let live =
            service(&[port("http", 8080, "http"), port("health", 10001, "health"), port("extra", 1, "x")]);
        let (spec, is_changed) = union(Kind::Service, &desired, &live);
        assert!(is_changed);
        let expected = [
            port("http", 10000, "http"),
            port("health", 10001, "health"),
            port("old-8080", 8080, "http"),
            port("extra", 1, "x"),
        ];
        assert_eq!(spec["ports"], json!(expected));
        assert_eq!(spec["selector"], json!({"a": "b"}));
        assert!(!union(Kind::Service, &desired, &desired).1);
    }

    #[test]
    fn workload_is_rolling_until_its_desired_form_is_complete() {
        let spec = json!({"replicas": 2, "selector": {}, "template": {}});
        let workload = Child::new(Component::Aggregator, Stage::Workloads, object(Kind::Deployment, &spec));
        let mut objects = PipelineObjects::default();
        assert!(!is_rolling(&workload, Hash64::new("new"), &objects), "it has no pods");
        let mut is_rolling = |applied: &str, total, ready| {
            let annotations = Some([(APPLIED_HASH.to_owned(), applied.to_owned())].into());
            let metadata = ObjectMeta { annotations, ..ObjectMeta::default() };
            let rollout =
                Rollout { is_observed: true, desired: 2, total, updated: 2, ready, ..Rollout::default() };
            let entry = ChildEntry::new(&metadata, None, ChildStatus::Rollout(Box::new(rollout)));
            objects.record_child(Kind::Deployment, "a", entry, 0);
            is_rolling(&workload, Hash64::new("new"), &objects)
        };
        assert!(is_rolling("old", 2, 2), "the new template is held back");
        assert!(is_rolling("new", 3, 2), "an old pod runs");
        assert!(!is_rolling("new", 2, 2));
    }
}
