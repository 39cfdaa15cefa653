//! `spec.kafka`

use std::path::PathBuf;

use ccx_config as config;
use ccx_crds::{
    CcxPipeline, CcxPipelineSpec, Kafka, OwnedTopic, Sasl, SaslMechanism, SecurityProtocol, StartOffset,
    TopicPolicy, Topics,
};
use k8s_openapi::api::core::v1::EnvVar;
use kube::ResourceExt as _;

use crate::{
    model::{
        input::Input,
        mount_paths,
        mount_paths::{USER_VARIABLE, file},
        reason::Reason,
        references::References,
        validated::{Access, TopicCreation},
    },
    validate::{problems::Problems, source::SecretSource, strimzi},
};

/// Returns the connection to Kafka.
pub(super) fn kafka(
    pipeline: &CcxPipeline,
    references: &References,
    problems: &mut Problems,
) -> Access<config::Kafka> {
    let kafka = &pipeline.spec.kafka;
    let before = problems.count();
    let mut access = Access { config: section(kafka), ..Access::default() };
    if let Some(strimzi) = &kafka.strimzi {
        strimzi::resolve(&pipeline.name_any(), strimzi, kafka, references, &mut access, problems);
    }
    if kafka.security_protocol.authenticates() {
        match &kafka.sasl {
            Some(sasl) => authenticate(sasl, references, &mut access, problems),
            None => problems.push(
                Reason::InvalidSpec,
                format!(
                    "spec.kafka.securityProtocol {} needs spec.kafka.sasl",
                    access.config.security_protocol.as_str()
                ),
            ),
        }
    }
    if kafka.security_protocol.encrypts() {
        trust(kafka, references, &mut access, problems);
        identify(kafka, references, &mut access, problems);
    }
    access.ports =
        access.config.bootstrap_servers.iter().filter_map(|server| port(server, problems)).collect();
    access.missing = problems.missing_after(before);
    access
}

/// Returns the parameters of created topics.
pub(super) fn topic_creation(spec: &CcxPipelineSpec) -> Option<TopicCreation> {
    let management = &spec.kafka.topic_management;
    let creation = TopicCreation {
        partitions: management.partitions,
        replication_factor: management.replication_factor,
        owned: management.owned_topics.iter().map(|topic| owned_name(*topic, &spec.kafka.topics)).collect(),
    };
    (management.policy == TopicPolicy::Managed).then_some(creation)
}

fn owned_name(topic: OwnedTopic, topics: &Topics) -> String {
    let name = match topic {
        OwnedTopic::Results => &topics.results,
        OwnedTopic::Workloads => &topics.workloads,
        OwnedTopic::AnnounceDeadLetters => &topics.announce_dead_letters,
        OwnedTopic::ResultsDeadLetters => &topics.results_dead_letters,
    };
    name.clone()
}

fn section(kafka: &Kafka) -> config::Kafka {
    config::Kafka {
        bootstrap_servers: kafka.bootstrap_servers.clone(),
        security_protocol: match kafka.security_protocol {
            SecurityProtocol::Plaintext => config::SecurityProtocol::Plaintext,
            SecurityProtocol::Ssl => config::SecurityProtocol::Ssl,
            SecurityProtocol::SaslPlaintext => config::SecurityProtocol::SaslPlaintext,
            SecurityProtocol::SaslSsl => config::SecurityProtocol::SaslSsl,
        },
        client_id: kafka.client_id.clone(),
        start_offset: match kafka.start_offset {
            StartOffset::Oldest => config::StartOffset::Oldest,
            StartOffset::Newest => config::StartOffset::Newest,
        },
        session_timeout: kafka.session_timeout.get(),
        topics: topics(&kafka.topics),
        properties: kafka.properties.clone(),
        ..config::Kafka::default()
    }
}

fn topics(topics: &Topics) -> config::Topics {
    config::Topics {
        announce: topics.announce.clone(),
        results: topics.results.clone(),
        payload_status: topics.payload_status.clone(),
        workloads: topics.workloads.clone(),
        announce_dead_letters: topics.announce_dead_letters.clone(),
        results_dead_letters: topics.results_dead_letters.clone(),
        ..config::Topics::default()
    }
}

fn authenticate(
    sasl: &Sasl,
    references: &References,
    access: &mut Access<config::Kafka>,
    problems: &mut Problems,
) {
    const VOLUME: &str = "kafka-credentials";
    let keys = &sasl.credentials_secret_ref;
    let secret = SecretSource::find("spec.kafka.sasl.credentialsSecretRef", &keys.name, references, problems);
    let mut fingerprints = vec![secret.fingerprint(&keys.password_key, problems)];
    let user = if let Some(name) = &sasl.username {
        EnvVar { name: USER_VARIABLE.into(), value: Some(name.clone()), value_from: None }
    } else {
        fingerprints.push(secret.fingerprint(&keys.username_key, problems));
        secret.variable(USER_VARIABLE, &keys.username_key)
    };
    access.variables.push(user);
    access.config.sasl_mechanism = match sasl.mechanism {
        SaslMechanism::Plain => config::SaslMechanism::Plain,
        SaslMechanism::ScramSha256 => config::SaslMechanism::ScramSha256,
        SaslMechanism::ScramSha512 => config::SaslMechanism::ScramSha512,
    };
    access.config.sasl_password_file = Some(path(VOLUME, file::PASSWORD));
    access.mounts.push(secret.mount(VOLUME, &[(&keys.password_key, file::PASSWORD)]));
    access.inputs.entry(Input::Secret).or_default().extend(fingerprints);
}

/// Adds the CA certificates of the user, which take precedence over those of Strimzi.
fn trust(
    kafka: &Kafka,
    references: &References,
    access: &mut Access<config::Kafka>,
    problems: &mut Problems,
) {
    const VOLUME: &str = "kafka-ca";
    let Some(reference) = &kafka.ca_secret_ref else { return };
    let secret = SecretSource::find("spec.kafka.caSecretRef", &reference.name, references, problems);
    access.inputs.insert(Input::Ca, vec![secret.fingerprint(&reference.key, problems)]);
    access.mounts.push(secret.mount(VOLUME, &[(&reference.key, file::CA)]));
    access.config.ca_file = Some(path(VOLUME, file::CA));
}

fn identify(
    kafka: &Kafka,
    references: &References,
    access: &mut Access<config::Kafka>,
    problems: &mut Problems,
) {
    const VOLUME: &str = "kafka-certificate";
    let Some(reference) = &kafka.client_certificate_secret_ref else { return };
    let field = "spec.kafka.clientCertificateSecretRef";
    let secret = SecretSource::find(field, &reference.name, references, problems);
    let (certificate, key) = (&reference.certificate_key, &reference.private_key_key);
    let fingerprints = [certificate, key].map(|key| secret.fingerprint(key, problems));
    access.inputs.entry(Input::Secret).or_default().extend(fingerprints);
    access.mounts.push(secret.mount(VOLUME, &[(certificate, file::CERTIFICATE), (key, file::PRIVATE_KEY)]));
    access.config.certificate_file = Some(path(VOLUME, file::CERTIFICATE));
    access.config.key_file = Some(path(VOLUME, file::PRIVATE_KEY));
}

pub(super) fn port(server: &str, problems: &mut Problems) -> Option<u16> {
    let port = server
        .rsplit_once(':')
        .and_then(|(host, port)| Some(port.parse().ok()).filter(|_| !host.is_empty())?);
    if port.is_none() {
        let message = format!(
            "spec.kafka.bootstrapServers has \"{server}\", which is not host:port; write for example kafka:9092"
        );
        problems.push(Reason::InvalidSpec, message);
    }
    port
}

/// Returns the path of a file of a volume in pods.
pub(super) fn path(volume: &str, file: &str) -> PathBuf {
    PathBuf::from(mount_paths::folder(volume)).join(file)
}
