//! Validates a resource and its references, and reports all problems at once.
//!
//! Pure. The API server and the command line enforce the rules of the schema; of those, only the
//! preconditions of builders are checked again, because an object of an older schema may be stored.

mod aggregator;
mod callers;
mod cleaner;
mod configuration;
mod data_pipeline;
mod database;
mod db_writer;
mod insights_core;
mod kafka;
mod monitoring;
mod object_storage;
mod page;
mod pods;
mod problems;
mod public_api;
mod requests_writer;
mod rules;
mod scaling;
mod settings;
mod source;
mod strimzi;
mod uploads;
mod workloads_writer;

use std::collections::BTreeSet;

use ccx_crds::CcxPipeline;
use kube::ResourceExt as _;
use problems::Problems;

use crate::model::{
    job_history::RUN_JOBS,
    problem::ValidationErrors,
    reason::Reason,
    references::{References, StrimziName},
    validated::{Activity, PipelineName, ValidatedPipeline},
};

/// Defaults for fields that a resource does not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorDefaults {
    /// The image of the workloads that was released with this operator.
    pub image: String,
    /// The image of managed databases.
    pub database_image: String,
    /// The namespace of the operator; `None` when it is not known.
    pub namespace: Option<String>,
    /// The namespaces in which resources of other namespaces may name a Kafka of Strimzi; all when empty.
    pub strimzi_namespaces: BTreeSet<String>,
}

impl Default for OperatorDefaults {
    fn default() -> Self {
        Self {
            image: concat!("quay.io/ccx/ccx:", env!("CARGO_PKG_VERSION")).to_owned(),
            database_image: "docker.io/library/postgres:17-alpine".to_owned(),
            namespace: None,
            strimzi_namespaces: BTreeSet::new(),
        }
    }
}

impl OperatorDefaults {
    /// Whether a resource may name this Kafka of Strimzi, which the operator reads with its own rights.
    pub(crate) fn allows_strimzi(&self, namespace: &str, kafka: &StrimziName) -> bool {
        let allowed = &self.strimzi_namespaces;
        kafka.namespace == namespace || allowed.is_empty() || allowed.contains(&kafka.namespace)
    }
}

/// Returns the validated resource. A missing reference is not an error: it holds back only the children that
/// need it.
pub fn validate(
    pipeline: &CcxPipeline,
    references: &References,
    defaults: &OperatorDefaults,
) -> Result<ValidatedPipeline, ValidationErrors> {
    let mut problems = Problems::default();
    let spec = &pipeline.spec;
    let name = name(pipeline, &mut problems);
    let database = database::database(pipeline, references, defaults, &mut problems);
    let validated = name.zip(database).map(|(name, database)| ValidatedPipeline {
        name,
        namespace: pipeline.namespace().unwrap_or_default(),
        platform: references.capabilities.platform(),
        activity: if spec.suspend { Activity::Suspended } else { Activity::Running },
        kafka: kafka::kafka(pipeline, references, &mut problems),
        topics: kafka::topic_creation(spec),
        object_storage: object_storage::object_storage(spec, references, &mut problems),
        database: database.access,
        managed_database: database.managed,
        data_pipeline: data_pipeline::data_pipeline(spec, references, defaults, &mut problems),
        db_writer: db_writer::db_writer(spec, references, defaults, &mut problems),
        aggregator: aggregator::aggregator(spec, references, defaults, &mut problems),
        workloads_writer: workloads_writer::workloads_writer(spec, references, defaults),
        public_api: public_api::public_api(pipeline, references, defaults, &mut problems),
        uploads: uploads::uploads(spec, references, defaults),
        requests_writer: requests_writer::requests_writer(spec, references, defaults, &mut problems),
        cleaner: cleaner::cleaner(spec),
        jobs: pods::image(spec, None, &spec.db_writer.pod_template, defaults),
        job_run: pipeline.annotations().get(RUN_JOBS).cloned(),
        retry: settings::retry(&spec.retry),
        logging: settings::logging(&spec.logging),
        monitoring: monitoring::monitoring(spec, references, &mut problems),
        network_policy: spec.network_policy.clone(),
        operator_namespace: defaults.namespace.clone(),
    });
    if let Some(validated) = &validated {
        configuration::check(validated, &mut problems);
    }
    problems.none_or(validated)
}

fn name(pipeline: &CcxPipeline, problems: &mut Problems) -> Option<PipelineName> {
    let name = pipeline.name_any();
    let parsed = PipelineName::parse(&name);
    if parsed.is_none() {
        let message = format!(
            "the name \"{name}\" can't be part of the names of Services; choose one of at most {} lower-case letters, digits and -, \
             beginning with a letter",
            PipelineName::MAX_LENGTH
        );
        problems.push(Reason::InvalidSpec, message);
    }
    parsed
}
