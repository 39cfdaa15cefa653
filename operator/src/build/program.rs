//! A process of `ccx`: its arguments, its sections of the configuration, and the references of those.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use ccx_config as config;
use k8s_openapi::api::core::v1::EnvVar;
use serde::Serialize;
use toml::{Table, Value};

use crate::{
    build::config_map,
    model::{
        component::{CLEANER, Component, MIGRATION, TOPICS},
        input::Input,
        input_digest,
        input_digest::InputDigest,
        problem::Problem,
        validated::{
            Access, DbWriter, Inputs, Mount, Pods, RequestsWriter, Rules, ValidatedPipeline, WorkloadsWriter,
        },
    },
};

/// The default path of the termination message.
const TERMINATION_LOG: &str = "/dev/termination-log";

/// The default configuration.
static DEFAULTS: LazyLock<Table> =
    LazyLock::new(|| Table::try_from(config::Config::default()).unwrap_or_default());

/// A process of `ccx`.
pub(super) struct Program<'a> {
    /// Its role: the name of a component, or the purpose of a Job.
    pub(super) role: &'static str,
    /// The arguments of `ccx`.
    pub(super) arguments: Vec<String>,
    /// The files that its configuration names.
    pub(super) mounts: Vec<&'a Mount>,
    /// Settings that its configuration can't read from a file.
    pub(super) variables: Vec<&'a EnvVar>,
    /// The TCP ports that it connects to.
    pub(super) ports: BTreeSet<u16>,
    /// Whether a token of its ServiceAccount is mounted.
    pub(super) needs_token: bool,
    /// Missing references.
    missing: Vec<&'a Problem>,
    sections: Sections<'a>,
    inputs: Vec<&'a Inputs>,
}

/// The sections of the configuration file that a process reads.
#[derive(Clone, Copy, Default, Serialize)]
struct Sections<'a> {
    kafka: Option<&'a config::Kafka>,
    object_storage: Option<&'a config::ObjectStorage>,
    database: Option<&'a config::Database>,
    archive: Option<&'a config::ArchiveLimits>,
    pipeline: Option<&'a config::Pipeline>,
    rules: Option<&'a config::Rules>,
    insights_core: Option<&'a config::InsightsCore>,
    workload_checks: Option<&'a config::WorkloadChecks>,
    writer: Option<&'a config::Writer>,
    dvo_writer: Option<&'a config::DvoWriter>,
    valkey_writer: Option<&'a config::ValkeyWriter>,
    valkey: Option<&'a config::Valkey>,
    ingress: Option<&'a config::Ingress>,
    smart_proxy: Option<&'a config::SmartProxy>,
    web: Option<&'a config::Web>,
    auth: Option<&'a config::Auth>,
    aggregator: Option<&'a config::Aggregator>,
    retry: Option<&'a config::Retry>,
    logging: Option<&'a config::Logging>,
}

impl<'a> Program<'a> {
    /// Returns the processes of the components, in their order.
    pub(super) fn workloads(pipeline: &'a ValidatedPipeline) -> Vec<(Component, Self)> {
        let program = |component| match component {
            Component::Ingress => Self::ingress(pipeline),
            Component::DataPipeline => Some(Self::data_pipeline(pipeline)),
            Component::DbWriter => Some(Self::db_writer(pipeline)),
            Component::WorkloadsWriter => {
                pipeline.workloads_writer.as_ref().map(|writer| Self::workloads_writer(pipeline, writer))
            }
            Component::RequestsWriter => {
                pipeline.requests_writer.as_ref().map(|writer| Self::requests_writer(pipeline, writer))
            }
            Component::Aggregator => Some(Self::aggregator(pipeline)),
            Component::SmartProxy => Self::smart_proxy(pipeline),
            Component::Database => None,
        };
        Component::ALL.into_iter().filter_map(|it| Some((it, program(it)?))).collect()
    }

    /// Returns the processes of the Jobs.
    pub(super) fn jobs(pipeline: &'a ValidatedPipeline) -> Vec<Self> {
        let topics = pipeline.topics.as_ref().map(|_| Self::topics(pipeline));
        topics.into_iter().chain([Self::migration(pipeline)]).collect()
    }

    /// Returns all processes.
    pub(super) fn all(pipeline: &'a ValidatedPipeline) -> Vec<Self> {
        let workloads = Self::workloads(pipeline).into_iter().map(|(_, program)| program);
        workloads.chain(Self::jobs(pipeline)).chain(Self::cleaner(pipeline)).collect()
    }

    fn data_pipeline(pipeline: &'a ValidatedPipeline) -> Self {
        let component = &pipeline.data_pipeline;
        let mut program = Self::new(Component::DataPipeline.name(), &["pipeline"], pipeline)
            .with_kafka(&pipeline.kafka)
            .with_object_storage(&pipeline.object_storage)
            .with_rules(&component.rules)
            .with_pods(&component.pods);
        program.sections.pipeline = Some(&component.config);
        program.sections.archive = Some(&component.archive);
        program.sections.workload_checks = Some(&component.workload_checks);
        program.missing.extend(&component.missing);
        if let Some(insights_core) = &component.insights_core {
            program.sections.insights_core = Some(&insights_core.config);
            program.mounts.extend(&insights_core.mounts);
            program.inputs.push(&insights_core.inputs);
        }
        program
    }

    fn db_writer(pipeline: &'a ValidatedPipeline) -> Self {
        Self::new(Component::DbWriter.name(), &["db-writer"], pipeline)
            .with_kafka(&pipeline.kafka)
            .with_database(&pipeline.database)
            .with_batches(&pipeline.db_writer)
            .with_pods(&pipeline.db_writer.pods)
    }

    fn workloads_writer(pipeline: &'a ValidatedPipeline, writer: &'a WorkloadsWriter) -> Self {
        let mut program = Self::new(Component::WorkloadsWriter.name(), &["dvo-writer"], pipeline)
            .with_kafka(&pipeline.kafka)
            .with_database(&pipeline.database)
            .with_batches(&pipeline.db_writer)
            .with_pods(&writer.pods);
        program.sections.dvo_writer = Some(&writer.config);
        program
    }

    fn requests_writer(pipeline: &'a ValidatedPipeline, writer: &'a RequestsWriter) -> Self {
        let program = Self::new(Component::RequestsWriter.name(), &["valkey-writer"], pipeline);
        let program = match &writer.valkey {
            Some(valkey) => program.with_valkey(valkey),
            None => program.with_database(&pipeline.database),
        };
        let mut program =
            program.with_kafka(&pipeline.kafka).with_batches(&pipeline.db_writer).with_pods(&writer.pods);
        program.sections.valkey_writer = Some(&writer.config);
        program
    }

    fn aggregator(pipeline: &'a ValidatedPipeline) -> Self {
        // Serves the content of the rules that the pipeline runs.
        let mut program = Self::new(Component::Aggregator.name(), &["aggregator"], pipeline)
            .with_database(&pipeline.database)
            .with_rules(&pipeline.data_pipeline.rules)
            .with_pods(&pipeline.aggregator.pods);
        program.sections.aggregator = Some(&pipeline.aggregator.config);
        program
    }

    fn smart_proxy(pipeline: &'a ValidatedPipeline) -> Option<Self> {
        let api = pipeline.public_api.as_ref()?;
        let mut program = Self::new(Component::SmartProxy.name(), &["smart-proxy"], pipeline)
            .with_database(&pipeline.database)
            .with_rules(&pipeline.data_pipeline.rules)
            .with_auth(&api.auth)
            .with_pods(&api.pods)
            .with(&api.config)
            .with(&api.page);
        program.sections.smart_proxy = Some(&api.config.config);
        program.sections.web = Some(&api.page.config);
        program.needs_token = api.reviews_tokens;
        Some(match pipeline.valkey() {
            Some(valkey) => program.with_valkey(valkey),
            None => program,
        })
    }

    fn ingress(pipeline: &'a ValidatedPipeline) -> Option<Self> {
        let (uploads, api) = (pipeline.uploads.as_ref()?, pipeline.public_api.as_ref()?);
        let mut program = Self::new(Component::Ingress.name(), &["ingress"], pipeline)
            .with_kafka(&pipeline.kafka)
            .with_object_storage(&pipeline.object_storage)
            .with_auth(&api.auth)
            .with_pods(&uploads.pods);
        program.sections.ingress = Some(&uploads.config);
        program.needs_token = api.reviews_tokens;
        program.sections.archive = Some(&pipeline.data_pipeline.archive);
        Some(program)
    }

    fn migration(pipeline: &'a ValidatedPipeline) -> Self {
        let arguments = ["migrate", "--result-file", TERMINATION_LOG];
        Self::new(MIGRATION, &arguments, pipeline)
            .with_database(&pipeline.database)
            .with_pods(&pipeline.db_writer.pods)
    }

    /// Returns the process of the cleaner, whose pods have the template of the writer.
    pub(super) fn cleaner(pipeline: &'a ValidatedPipeline) -> Option<Self> {
        let cleaner = pipeline.cleaner.as_ref()?;
        let age = format!("--max-age={}s", cleaner.max_age.as_secs());
        let program = Self::new(CLEANER, &["clean", &age], pipeline);
        Some(program.with_database(&pipeline.database).with_pods(&pipeline.db_writer.pods))
    }

    fn topics(pipeline: &'a ValidatedPipeline) -> Self {
        let mut program = Self::new(TOPICS, &["topics", "ensure"], pipeline)
            .with_kafka(&pipeline.kafka)
            .with_pods(&pipeline.db_writer.pods);
        if let Some(creation) = &pipeline.topics {
            let partitions = format!("--partitions={}", creation.partitions);
            let copies = format!("--replication-factor={}", creation.replication_factor);
            program.arguments.extend([partitions, copies]);
            program.arguments.extend(creation.owned.iter().map(|topic| format!("--grow={topic}")));
        }
        program
    }

    fn new(role: &'static str, arguments: &[&str], pipeline: &'a ValidatedPipeline) -> Self {
        Self {
            role,
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            mounts: Vec::new(),
            variables: Vec::new(),
            ports: BTreeSet::new(),
            needs_token: false,
            missing: Vec::new(),
            sections: Sections {
                retry: Some(&pipeline.retry),
                logging: Some(&pipeline.logging),
                ..Sections::default()
            },
            inputs: Vec::new(),
        }
    }

    fn with_kafka(mut self, access: &'a Access<config::Kafka>) -> Self {
        self.sections.kafka = Some(&access.config);
        self.with(access)
    }

    fn with_object_storage(mut self, access: &'a Access<config::ObjectStorage>) -> Self {
        self.sections.object_storage = Some(&access.config);
        self.with(access)
    }

    fn with_database(mut self, access: &'a Access<config::Database>) -> Self {
        self.sections.database = Some(&access.config);
        self.with(access)
    }

    fn with_auth(mut self, access: &'a Access<config::Auth>) -> Self {
        self.sections.auth = Some(&access.config);
        self.with(access)
    }

    fn with_valkey(mut self, access: &'a Access<config::Valkey>) -> Self {
        self.sections.valkey = Some(&access.config);
        self.with(access)
    }

    /// Adds the batches and the allowed organisations, which all writers share.
    fn with_batches(mut self, writer: &'a DbWriter) -> Self {
        self.sections.writer = Some(&writer.config);
        self.mounts.extend(&writer.allowlist);
        self.inputs.push(&writer.inputs);
        self.missing.extend(&writer.missing);
        self
    }

    fn with_rules(mut self, rules: &'a Rules) -> Self {
        self.sections.rules = Some(&rules.config);
        self.mounts.extend(&rules.mounts);
        self.missing.extend(&rules.missing);
        self
    }

    fn with_pods(mut self, pods: &'a Pods) -> Self {
        self.inputs.push(&pods.inputs);
        self.missing.extend(&pods.missing);
        self
    }

    fn with<C>(mut self, access: &'a Access<C>) -> Self {
        self.mounts.extend(&access.mounts);
        self.variables.extend(&access.variables);
        self.ports.extend(&access.ports);
        self.missing.extend(&access.missing);
        self.inputs.push(&access.inputs);
        self
    }

    /// Returns the configuration file: the settings that differ from the defaults of this release.
    ///
    /// An older image, which a user may have pinned, sees an unknown key only when the key is used.
    pub(super) fn config_file(&self) -> String {
        self.sections.to_file()
    }

    /// Returns whether the program connects to the database.
    pub(super) fn uses_database(&self) -> bool {
        self.sections.database.is_some()
    }

    /// Returns its missing references.
    pub(super) fn missing(&self) -> Vec<Problem> {
        self.missing.iter().copied().cloned().collect()
    }

    /// Returns the annotations with the digests of its inputs.
    pub(super) fn fingerprints(&self) -> BTreeMap<String, String> {
        let fingerprint = |input: Input| Some((input.annotation().to_owned(), self.fingerprint(input)?));
        Input::ALL.into_iter().filter_map(fingerprint).collect()
    }

    fn fingerprint(&self, input: Input) -> Option<String> {
        let file = (input == Input::Config).then(|| InputDigest::new(config_map::FILE, self.config_file()));
        let referred = self.inputs.iter().filter_map(|inputs| inputs.get(&input)).flatten().cloned();
        let parts: Vec<InputDigest> = file.into_iter().chain(referred).collect();
        (!parts.is_empty()).then(|| input_digest::to_annotation(&parts))
    }

    /// Returns everything that its result depends on: not logging and retries.
    pub(super) fn purpose(&self) -> Vec<String> {
        let file = Sections { retry: None, logging: None, ..self.sections }.to_file();
        let variables = serde_json::to_string(&self.variables).unwrap_or_default();
        let referred =
            self.inputs.iter().flat_map(|inputs| inputs.values()).flatten().map(ToString::to_string);
        self.arguments.iter().cloned().chain([file, variables]).chain(referred).collect()
    }
}

impl Sections<'_> {
    fn to_file(self) -> String {
        let sections = Table::try_from(self).unwrap_or_default();
        without_defaults(sections, &DEFAULTS).to_string()
    }
}

fn without_defaults(table: Table, defaults: &Table) -> Table {
    let mut different = Table::new();
    for (key, value) in table {
        match (value, defaults.get(&key)) {
            (Value::Table(table), Some(Value::Table(defaults))) => {
                let table = without_defaults(table, defaults);
                if !table.is_empty() {
                    different.insert(key, Value::Table(table));
                }
            }
            (value, default) if default != Some(&value) => {
                different.insert(key, value);
            }
            _ => {}
        }
    }
    different
}
