//! `spec.dataPipeline`

use bytesize::ByteSize;
use ccx_config as config;
use ccx_crds::{
    ArchiveLimits, CcxPipelineSpec, CredentialsType, DataPipeline, WorkloadChecks, WorkloadCompression,
};

use crate::{
    model::{input::Input, input_digest::InputDigest, references::References, validated},
    validate::{OperatorDefaults, insights_core, pods, pods::Own, problems::Problems, rules, scaling},
};

pub(super) fn data_pipeline(
    spec: &CcxPipelineSpec,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> validated::DataPipeline {
    let pipeline = &spec.data_pipeline;
    let rules = rules::rules(&pipeline.rules, references, problems);
    let before = problems.count();
    let insights_core = insights_core::insights_core(pipeline, references, problems);
    let own = Own {
        field: "spec.dataPipeline",
        image: insights_core::image(pipeline).or(pipeline.image.as_ref()),
        resources: &pipeline.resources,
        template: &pipeline.pod_template,
        scaling: scaling::pipeline_scaling(pipeline, references, problems),
        shutdown_timeout: pipeline.shutdown_timeout.get(),
    };
    let credentials = &spec.object_storage.credentials;
    let identity = credentials
        .workload_identity
        .as_ref()
        .filter(|_| credentials.kind == CredentialsType::WorkloadIdentity);
    let identity = identity.map(|identity| identity.service_account_annotations.clone()).unwrap_or_default();
    let mut pods = pods::pods(spec, own, references, defaults, problems);
    if !identity.is_empty() {
        let text = identity
            .iter()
            .map(|(key, value)| [key.as_str(), value].join("="))
            .collect::<Vec<_>>()
            .join("\n");
        pods.inputs.insert(Input::Identity, vec![InputDigest::new("ServiceAccount", text)]);
    }
    validated::DataPipeline {
        pods,
        config: section(pipeline),
        archive: archive(&pipeline.archive_limits),
        rules,
        insights_core,
        workload_checks: workload_checks(&pipeline.workload_checks),
        identity,
        missing: problems.missing_after(before),
    }
}

fn section(pipeline: &DataPipeline) -> config::Pipeline {
    config::Pipeline {
        group: pipeline.consumer_group.clone(),
        service: pipeline.service.clone(),
        max_record_age: pipeline.max_record_age.get(),
        max_downloads: pipeline.downloads.max_parallel as usize,
        workers: pipeline.workers as usize,
        max_bytes_in_flight: ByteSize(pipeline.max_size_in_flight.bytes()),
        download_connect_timeout: pipeline.downloads.connect_timeout.get(),
        download_read_timeout: pipeline.downloads.read_timeout.get(),
        download_timeout: pipeline.downloads.timeout.get(),
        rule_timeout: pipeline.rules.rule_timeout.get(),
        archive_timeout: pipeline.archive_timeout.get(),
        shutdown_timeout: pipeline.shutdown_timeout.get(),
        ..config::Pipeline::default()
    }
}

fn workload_checks(checks: &WorkloadChecks) -> config::WorkloadChecks {
    config::WorkloadChecks {
        enabled: checks.enabled.clone(),
        disabled: checks.disabled.clone(),
        compression: match checks.compression {
            WorkloadCompression::None => config::Compression::None,
            WorkloadCompression::Gzip => config::Compression::Gzip,
        },
    }
}

fn archive(limits: &ArchiveLimits) -> config::ArchiveLimits {
    config::ArchiveLimits {
        max_compressed: ByteSize(limits.max_compressed_size.bytes()),
        max_unpacked: ByteSize(limits.max_unpacked_size.bytes()),
        max_entries: limits.max_entries as usize,
        max_path_bytes: limits.max_path_bytes as usize,
    }
}
