//! `spec.dbWriter`

use bytesize::ByteSize;
use ccx_config as config;
use ccx_crds::{CcxPipelineSpec, DbWriter};

use crate::{
    model::{
        input::Input,
        mount_paths,
        references::References,
        validated,
        validated::{Inputs, Mount, MountSource, Scaling},
    },
    validate::{OperatorDefaults, kafka::path, pods, pods::Own, problems::Problems, source},
};

/// The volume with the organisations, and the file in it.
const VOLUME: &str = "organisations";
const FILE: &str = "organisations.csv";

pub(super) fn db_writer(
    spec: &CcxPipelineSpec,
    references: &References,
    defaults: &OperatorDefaults,
    problems: &mut Problems,
) -> validated::DbWriter {
    let before = problems.count();
    let writer = &spec.db_writer;
    let own = Own {
        field: "spec.dbWriter",
        image: writer.image.as_ref(),
        resources: &writer.resources,
        template: &writer.pod_template,
        scaling: Scaling::Fixed(writer.replicas),
        shutdown_timeout: writer.shutdown_timeout.get(),
    };
    validated::DbWriter {
        pods: pods::pods(spec, own, references, defaults, problems),
        config: section(writer),
        allowlist: allowlist(writer),
        inputs: inputs(writer, references, problems),
        missing: problems.missing_after(before),
    }
}

fn section(writer: &DbWriter) -> config::Writer {
    config::Writer {
        group: writer.consumer_group.clone(),
        max_batch_messages: writer.batch.max_messages as usize,
        max_batch_bytes: ByteSize(writer.batch.max_size.bytes()),
        linger: writer.batch.linger.get(),
        org_allowlist_file: writer.org_allowlist_config_map_ref.as_ref().map(|_| path(VOLUME, FILE)),
        metrics_namespace: writer.metrics_namespace.clone(),
        shutdown_timeout: writer.shutdown_timeout.get(),
        ..config::Writer::default()
    }
}

fn allowlist(writer: &DbWriter) -> Option<Mount> {
    let reference = writer.org_allowlist_config_map_ref.as_ref()?;
    let files = vec![(reference.key.clone(), FILE.to_owned())];
    let source = MountSource::ConfigMap { name: reference.name.clone(), files };
    Some(Mount { volume: VOLUME.into(), path: mount_paths::folder(VOLUME), source })
}

fn inputs(writer: &DbWriter, references: &References, problems: &mut Problems) -> Inputs {
    let Some(reference) = &writer.org_allowlist_config_map_ref else { return Inputs::new() };
    let field = "spec.dbWriter.orgAllowlistConfigMapRef";
    let key = Some(reference.key.as_str());
    let fingerprint = source::config_map_fingerprint(field, &reference.name, key, references, problems);
    [(Input::Config, vec![fingerprint])].into()
}
