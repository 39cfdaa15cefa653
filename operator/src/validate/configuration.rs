//! Applies the checks of the workloads to the configuration that is made of a resource.
//!
//! Most are rules of the definition too; this covers the others, and resources stored before a rule existed.

use ccx_config::Config;

use crate::{
    model::{field_names, reason::Reason, validated::ValidatedPipeline},
    validate::problems::Problems,
};

/// Stands for a value that pods get from a Secret.
const FROM_SECRET: &str = "from-a-secret";

/// Stands for the brokers of a Kafka of Strimzi that is not ready.
const FROM_STRIMZI: &str = "strimzi:9092";

pub(super) fn check(pipeline: &ValidatedPipeline, problems: &mut Problems) {
    for problem in config(pipeline).problems() {
        let field = field_names::field(&problem.key).unwrap_or_else(|| problem.key.clone());
        let message = format!("{field} {}", field_names::translate(&problem.reason));
        // A missing reference explains what is absent, and another check may have told the rest.
        if !problems.mentions(&field) {
            problems.push(Reason::InvalidSpec, message);
        }
    }
}

fn config(pipeline: &ValidatedPipeline) -> Config {
    let mut config = Config {
        kafka: pipeline.kafka.config.clone(),
        object_storage: pipeline.object_storage.config.clone(),
        database: pipeline.database.config.clone(),
        archive: pipeline.data_pipeline.archive.clone(),
        pipeline: pipeline.data_pipeline.config.clone(),
        rules: pipeline.data_pipeline.rules.config.clone(),
        workload_checks: pipeline.data_pipeline.workload_checks.clone(),
        writer: pipeline.db_writer.config.clone(),
        aggregator: pipeline.aggregator.config.clone(),
        retry: pipeline.retry.clone(),
        logging: pipeline.logging.clone(),
        ..Config::default()
    };
    if let Some(writer) = &pipeline.workloads_writer {
        config.dvo_writer = writer.config.clone();
    }
    if let Some(api) = &pipeline.public_api {
        config.smart_proxy = api.config.config.clone();
        config.auth = api.auth.config.clone();
        config.web = api.page.config.clone();
        if !api.config.variables.is_empty() {
            config.smart_proxy.account_management.client_id = Some(FROM_SECRET.to_owned());
        }
    }
    if let Some(uploads) = &pipeline.uploads {
        config.ingress = uploads.config.clone();
    }
    if let Some(writer) = &pipeline.requests_writer {
        config.valkey_writer = writer.config.clone();
        if let Some(valkey) = &writer.valkey {
            config.valkey = valkey.config.clone();
        }
    }
    if let Some(insights_core) = &pipeline.data_pipeline.insights_core {
        config.insights_core = insights_core.config.clone();
    }
    if !pipeline.kafka.variables.is_empty() {
        config.kafka.sasl_username = Some(FROM_SECRET.to_owned());
    }
    if !pipeline.kafka.missing.is_empty() && config.kafka.bootstrap_servers.is_empty() {
        config.kafka.bootstrap_servers = vec![FROM_STRIMZI.to_owned()];
    }
    if !pipeline.database.variables.is_empty() {
        FROM_SECRET.clone_into(&mut config.database.user);
    }
    config
}
