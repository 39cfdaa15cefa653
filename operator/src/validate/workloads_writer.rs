//! `spec.workloadsWriter`

use ccx_config as config;
use ccx_crds::CcxPipelineSpec;

use crate::{
    model::{
        references::References,
        validated::{self, Scaling},
    },
    validate::{OperatorDefaults, pods, pods::Own},
};

pub(super) fn workloads_writer(
    spec: &CcxPipelineSpec,
    references: &References,
    defaults: &OperatorDefaults,
) -> Option<validated::WorkloadsWriter> {
    let writer = spec.workloads_writer.as_ref()?;
    let own = Own {
        field: "spec.workloadsWriter",
        image: writer.image.as_ref(),
        resources: &writer.resources,
        template: &spec.db_writer.pod_template,
        scaling: Scaling::Fixed(writer.replicas),
        shutdown_timeout: spec.db_writer.shutdown_timeout.get(),
    };
    let config = config::DvoWriter {
        group: writer.consumer_group.clone(),
        metrics_namespace: writer.metrics_namespace.clone(),
        ..config::DvoWriter::default()
    };
    Some(validated::WorkloadsWriter { pods: pods::shared(spec, own, references, defaults), config })
}
