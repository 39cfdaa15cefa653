//! The names of the objects that a resource refers to.

use std::collections::BTreeSet;

use ccx_crds::{
    CcxPipeline, CcxPipelineSpec, CredentialsType, DatabaseChoice, DatabaseType, InsightsCoreMode, StrimziRef,
};
use k8s_openapi::{api::core::v1::EnvVarSource, apimachinery::pkg::apis::meta::v1::LabelSelector};
use kube::ResourceExt as _;

use crate::model::names::{certificate_secret, generated_secret, page_secret};

/// The names of the objects that a resource refers to, in its own namespace unless stated otherwise.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReferencedNames {
    /// Names of Secrets.
    pub secrets: BTreeSet<String>,
    /// Names of ConfigMaps.
    pub config_maps: BTreeSet<String>,
    /// The labels of ConfigMaps with rules.
    pub rule_config_maps: Option<LabelSelector>,
    /// The Kafka of Strimzi.
    pub strimzi: Option<StrimziName>,
}

/// Namespace and name of a Kafka of Strimzi.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrimziName {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// Returns the names of the referenced objects, and of the generated Secrets.
pub fn referenced_names(pipeline: &CcxPipeline) -> ReferencedNames {
    let spec = &pipeline.spec;
    let namespace = pipeline.namespace().unwrap_or_default();
    ReferencedNames {
        secrets: [
            kafka_secrets(spec),
            object_storage_secrets(spec),
            database_secrets(pipeline),
            valkey_secrets(spec),
            public_api_secrets(pipeline),
        ]
        .concat()
        .into_iter()
        .chain(variables(spec).filter_map(|source| Some(source.secret_key_ref.as_ref()?.name.clone())))
        .collect(),
        config_maps: config_maps(spec),
        rule_config_maps: spec.data_pipeline.rules.config_map_selector.clone(),
        strimzi: spec.kafka.strimzi.as_ref().map(|reference| strimzi(reference, namespace)),
    }
}

impl ReferencedNames {
    /// Returns the assumptions that are made when no reference is looked up, a sentence each.
    pub fn assumptions(&self, pipeline: &CcxPipeline) -> Vec<String> {
        let name = pipeline.name_any();
        let generated = [generated_secret(&name), certificate_secret(&name), page_secret(&name)];
        let secrets =
            self.secrets.iter().filter(|name| !generated.contains(name)).map(|name| format!("Secret {name}"));
        let config_maps = self.config_maps.iter().map(|name| format!("ConfigMap {name}"));
        let kafka = self.strimzi.iter().map(|name| format!("Kafka {}/{}", name.namespace, name.name));
        let objects = secrets.chain(config_maps).chain(kafka);
        let mut assumptions: Vec<String> =
            objects.map(|object| format!("{object} is not looked up, but assumed to exist")).collect();
        if self.rule_config_maps.is_some() {
            assumptions.push("ConfigMaps selected by labels are not looked up, so none is mounted".into());
        }
        assumptions
    }
}

fn kafka_secrets(spec: &CcxPipelineSpec) -> Vec<String> {
    let kafka = &spec.kafka;
    let sasl = kafka.sasl.as_ref().filter(|_| kafka.security_protocol.authenticates());
    let authorities = kafka.ca_secret_ref.as_ref().filter(|_| kafka.security_protocol.encrypts());
    let certificate =
        kafka.client_certificate_secret_ref.as_ref().filter(|_| kafka.security_protocol.encrypts());
    let names = [
        sasl.map(|sasl| &sasl.credentials_secret_ref.name),
        authorities.map(|reference| &reference.name),
        certificate.map(|reference| &reference.name),
    ];
    names.into_iter().flatten().cloned().collect()
}

fn object_storage_secrets(spec: &CcxPipelineSpec) -> Vec<String> {
    let storage = &spec.object_storage;
    let is_key = storage.credentials.kind == CredentialsType::Secret;
    let key = storage.credentials.secret_ref.as_ref().filter(|_| is_key);
    let names = [key.map(|key| &key.name), storage.ca_secret_ref.as_ref().map(|reference| &reference.name)];
    names.into_iter().flatten().cloned().collect()
}

fn database_secrets(pipeline: &CcxPipeline) -> Vec<String> {
    match pipeline.spec.database.choice() {
        Some(DatabaseChoice::Managed(_)) => {
            let name = pipeline.name_any();
            vec![generated_secret(&name), certificate_secret(&name)]
        }
        Some(DatabaseChoice::External(external)) => {
            let authorities = external.ca_secret_ref.as_ref().map(|reference| reference.name.clone());
            [external.credentials_secret_ref.name.clone()].into_iter().chain(authorities).collect()
        }
        None => Vec::new(),
    }
}

fn valkey_secrets(spec: &CcxPipelineSpec) -> Vec<String> {
    let Some(valkey) = spec.requests_writer.as_ref().and_then(|writer| writer.valkey.as_ref()) else {
        return Vec::new();
    };
    let credentials = valkey.credentials_secret_ref.as_ref().map(|reference| &reference.name);
    let authorities = valkey.ca_secret_ref.as_ref().map(|reference| &reference.name);
    credentials.into_iter().chain(authorities).cloned().collect()
}

fn public_api_secrets(pipeline: &CcxPipeline) -> Vec<String> {
    let Some(api) = &pipeline.spec.public_api else { return Vec::new() };
    let page = match &api.page_secret_ref {
        Some(reference) => reference.name.clone(),
        None => page_secret(&pipeline.name_any()),
    };
    let login = api.login.as_ref().and_then(|login| login.client_secret_ref.as_ref());
    let login = login.map(|reference| &reference.name);
    let tokens = api.authentication.cluster_tokens_secret_ref.as_ref().map(|reference| &reference.name);
    let oidc = api.authentication.oidc.as_ref().and_then(|oidc| oidc.ca_secret_ref.as_ref());
    let management = api.account_management.as_ref();
    let client = management.map(|it| &it.credentials_secret_ref.name);
    let authorities = management.and_then(|it| it.ca_secret_ref.as_ref());
    let authorities = [oidc, authorities].into_iter().flatten().map(|reference| &reference.name);
    tokens.into_iter().chain(client).chain(authorities).chain(login).cloned().chain([page]).collect()
}

fn config_maps(spec: &CcxPipelineSpec) -> BTreeSet<String> {
    let pipeline = &spec.data_pipeline;
    let rules = pipeline.rules.config_map_refs.iter().map(|reference| &reference.name);
    let allowlist = spec.db_writer.org_allowlist_config_map_ref.iter().map(|reference| &reference.name);
    let is_enabled = pipeline.insights_core.mode == InsightsCoreMode::Enabled;
    let plugins = pipeline
        .insights_core
        .config_map_key_ref
        .iter()
        .filter(|_| is_enabled)
        .map(|reference| &reference.name);
    let content = pipeline.rules.content.config_map_refs.iter().map(|reference| &reference.name);
    let variables = variables(spec).filter_map(|source| Some(&source.config_map_key_ref.as_ref()?.name));
    rules.chain(allowlist).chain(plugins).chain(content).chain(variables).cloned().collect()
}

/// Returns where variables of the user take their values from.
fn variables(spec: &CcxPipelineSpec) -> impl Iterator<Item = &EnvVarSource> {
    let templates =
        [&spec.data_pipeline.pod_template, &spec.db_writer.pod_template, &spec.aggregator.pod_template];
    let managed = spec.database.managed.as_ref().filter(|_| spec.database.kind == DatabaseType::Managed);
    let database = managed.map(|managed| &managed.pod_template);
    templates
        .into_iter()
        .chain(database)
        .flat_map(|it| &it.extra_env)
        .filter_map(|variable| variable.value_from.as_ref())
}

fn strimzi(reference: &StrimziRef, namespace: String) -> StrimziName {
    StrimziName { namespace: reference.namespace.clone().unwrap_or(namespace), name: reference.name.clone() }
}
