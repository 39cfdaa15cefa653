//! `spec.kafka.strimzi`: brokers and CA certificates from the status of a Kafka of Strimzi.

use ccx_config as config;
use ccx_crds::{Kafka, StrimziRef};
use kube::core::DynamicObject;
use serde_json::Value;

use crate::{
    model::{
        input::Input,
        input_digest::InputDigest,
        mount_paths,
        mount_paths::{AUTHORITIES, file},
        names,
        reason::Reason,
        references::{Knowledge, References, Strimzi},
        validated::{Access, Mount, MountSource},
    },
    validate::{kafka::path, problems::Problems},
};

/// The volume with the CA certificates.
const VOLUME: &str = "kafka-ca";

/// Sets the brokers, and the CA certificates unless the user names others.
pub(super) fn resolve(
    pipeline: &str,
    reference: &StrimziRef,
    kafka: &Kafka,
    references: &References,
    access: &mut Access<config::Kafka>,
    problems: &mut Problems,
) {
    let Some(cluster) = find(reference, references, problems) else {
        access.config.bootstrap_servers = vec![conventional(reference, kafka)];
        return;
    };
    let Some(listener) = listener(cluster, &reference.listener) else {
        problems.push(Reason::KafkaUnreachable, not_ready(reference, cluster));
        return;
    };
    let servers = listener["bootstrapServers"].as_str().unwrap_or_default();
    access.config.bootstrap_servers =
        servers.split(',').filter(|server| !server.is_empty()).map(str::to_owned).collect();
    let has_authorities = kafka.security_protocol.encrypts() && kafka.ca_secret_ref.is_none();
    if let Some(text) = authorities(listener).filter(|_| has_authorities) {
        access.inputs.insert(Input::Ca, vec![InputDigest::new(format!("Kafka {}", reference.name), &text)]);
        access.config.ca_file = Some(path(VOLUME, file::CA));
        access.mounts.push(mount(pipeline));
        access.authorities = Some(text);
    }
}

fn mount(pipeline: &str) -> Mount {
    let name = names::object_name(pipeline, AUTHORITIES);
    let source = MountSource::ConfigMap { name, files: vec![(file::CA.into(), file::CA.into())] };
    Mount { volume: VOLUME.into(), path: mount_paths::folder(VOLUME), source }
}

/// Returns the Kafka; adds a problem when it was looked up and not found.
fn find<'a>(
    StrimziRef { name, namespace, .. }: &StrimziRef,
    references: &'a References,
    problems: &mut Problems,
) -> Option<&'a DynamicObject> {
    match &references.strimzi {
        Strimzi::Found(cluster) => return Some(cluster),
        Strimzi::NotAllowed => problems.push(
            Reason::Forbidden,
            format!(
                "spec.kafka.strimzi names Kafka {name} in the namespace {}, which the operator may not read for others; add the \
                 namespace to strimziNamespaces of the operator's chart, or give bootstrapServers",
                namespace.as_deref().unwrap_or_default()
            ),
        ),
        Strimzi::NotServed => problems.push(
            Reason::KindNotServed,
            format!(
                "spec.kafka.strimzi names Kafka {name}, but the cluster has no Strimzi; install it, or give bootstrapServers"
            ),
        ),
        Strimzi::NotWanted if references.knowledge == Knowledge::Partial => {}
        Strimzi::Missing | Strimzi::NotWanted => problems.push(
            Reason::KafkaUnreachable,
            format!(
                "Kafka {name}, which spec.kafka.strimzi names, does not exist; create it, or correct name and namespace"
            ),
        ),
    }
    None
}

/// Returns the listener in the status. Since Strimzi 0.40 it has a `name`; before, `type` had the name.
fn listener<'a>(cluster: &'a DynamicObject, name: &str) -> Option<&'a Value> {
    let listeners = cluster.data["status"]["listeners"].as_array()?;
    let is_wanted = |listener: &&Value| listener["name"] == name || listener["type"] == name;
    listeners.iter().find(is_wanted).filter(|listener| listener["bootstrapServers"].is_string())
}

fn not_ready(reference: &StrimziRef, cluster: &DynamicObject) -> String {
    let listeners = cluster.data["status"]["listeners"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = listeners.iter().filter_map(|listener| listener["name"].as_str()).collect();
    let has = if names.is_empty() {
        "none yet; wait until Strimzi says it is ready".to_owned()
    } else {
        names.join(", ")
    };
    format!("Kafka {} has no listener \"{}\" in its status, but {has}", reference.name, reference.listener)
}

fn authorities(listener: &Value) -> Option<String> {
    let certificates = listener["certificates"].as_array()?.iter().filter_map(Value::as_str);
    let text = certificates.map(str::trim_end).collect::<Vec<_>>().join("\n");
    (!text.is_empty()).then(|| text + "\n")
}

/// Returns the name that Strimzi gives its Service, for rendering without a cluster.
fn conventional(reference: &StrimziRef, kafka: &Kafka) -> String {
    let namespace =
        reference.namespace.as_ref().map(|namespace| format!(".{namespace}.svc")).unwrap_or_default();
    let port = if kafka.security_protocol.encrypts() { 9093 } else { 9092 };
    format!("{}-kafka-bootstrap{namespace}:{port}", reference.name)
}
