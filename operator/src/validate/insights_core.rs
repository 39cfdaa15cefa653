//! `spec.dataPipeline.insightsCore`: rules that run in Python processes in the container of the pipeline.

use std::path::PathBuf;

use bytesize::ByteSize;
use ccx_config as config;
use ccx_crds::{DataPipeline, InsightsCore, InsightsCoreComponents, InsightsCoreFailure, InsightsCoreMode};

use crate::{
    model::{
        input::Input,
        mount_paths,
        references::References,
        validated,
        validated::{Inputs, Mount, MountSource},
    },
    validate::{kafka::path, problems::Problems, source},
};

/// The volume with the configuration of insights-core, and the file in it.
const VOLUME: &str = "insights-core";
const FILE: &str = "config.yaml";

/// The temporary files of Python.
const SCRATCH: &str = "64Mi";

/// Returns processes, files and limits; `None` when disabled.
pub(super) fn insights_core(
    pipeline: &DataPipeline,
    references: &References,
    problems: &mut Problems,
) -> Option<validated::InsightsCore> {
    let spec = enabled(pipeline)?;
    Some(validated::InsightsCore {
        config: section(spec),
        mounts: mounts(spec, pipeline),
        inputs: inputs(spec, references, problems),
    })
}

/// Returns the image of the pipeline with Python.
pub(super) fn image(pipeline: &DataPipeline) -> Option<&String> {
    enabled(pipeline)?.image.as_ref()
}

fn enabled(pipeline: &DataPipeline) -> Option<&InsightsCore> {
    Some(&pipeline.insights_core).filter(|spec| spec.mode == InsightsCoreMode::Enabled)
}

fn section(spec: &InsightsCore) -> config::InsightsCore {
    config::InsightsCore {
        packages: spec.packages.clone(),
        config_file: spec.config_map_key_ref.as_ref().map(|_| path(VOLUME, FILE)),
        python: PathBuf::from(&spec.python),
        workers: spec.workers as usize,
        rule_timeout: spec.rule_timeout.get(),
        archive_timeout: spec.archive_timeout.get(),
        start_timeout: spec.start_timeout.get(),
        max_memory: ByteSize(spec.max_memory.bytes()),
        max_memory_growth: ByteSize(spec.max_memory_growth.bytes()),
        max_archives: spec.max_archives,
        components: match spec.components {
            InsightsCoreComponents::Needed => config::Components::Needed,
            InsightsCoreComponents::All => config::Components::All,
        },
        on_failure: match spec.on_failure {
            InsightsCoreFailure::PublishIncomplete => config::OnFailure::PublishIncomplete,
            InsightsCoreFailure::DeadLetter => config::OnFailure::DeadLetter,
        },
        ..config::InsightsCore::default()
    }
}

fn mounts(spec: &InsightsCore, pipeline: &DataPipeline) -> Vec<Mount> {
    let file = spec.config_map_key_ref.as_ref().map(|reference| Mount {
        volume: VOLUME.into(),
        path: mount_paths::folder(VOLUME),
        source: MountSource::ConfigMap {
            name: reference.name.clone(),
            files: vec![(reference.key.clone(), FILE.to_owned())],
        },
    });
    let archives = Mount {
        volume: "archives".into(),
        path: config::InsightsCore::default().work_folder.display().to_string(),
        source: MountSource::Memory { size_limit: room(spec, pipeline) },
    };
    let scratch = Mount {
        volume: "tmp".into(),
        path: "/tmp".into(),
        source: MountSource::Scratch { size_limit: SCRATCH.into() },
    };
    file.into_iter().chain([archives, scratch]).collect()
}

/// Each process has one unpacked archive in memory. Without a number of processes, only the limit of the
/// container bounds them.
fn room(spec: &InsightsCore, pipeline: &DataPipeline) -> Option<String> {
    let bytes = pipeline.archive_limits.max_unpacked_size.bytes().saturating_mul(spec.workers.into());
    (spec.workers > 0).then(|| format!("{}Mi", bytes.div_ceil(bytesize::MIB)))
}

fn inputs(spec: &InsightsCore, references: &References, problems: &mut Problems) -> Inputs {
    let Some(reference) = &spec.config_map_key_ref else { return Inputs::new() };
    let field = "spec.dataPipeline.insightsCore.configMapKeyRef";
    let key = Some(reference.key.as_str());
    let fingerprint = source::config_map_fingerprint(field, &reference.name, key, references, problems);
    [(Input::Rules, vec![fingerprint])].into()
}
