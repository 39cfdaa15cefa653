//! The names of the workloads' metrics in Prometheus.

use crate::model::{component::Component, validated::ValidatedPipeline};

/// Formats selectors of the metrics of one resource.
pub(super) struct Metrics {
    pipeline: String,
    namespace: String,
    writer_prefix: String,
    aggregator_prefix: String,
}

impl Metrics {
    pub(super) fn new(pipeline: &ValidatedPipeline) -> Self {
        let prefix =
            |namespace: &str| if namespace.is_empty() { String::new() } else { format!("{namespace}_") };
        Self {
            pipeline: pipeline.name.as_str().to_owned(),
            namespace: pipeline.namespace.clone(),
            writer_prefix: prefix(&pipeline.db_writer.config.metrics_namespace),
            aggregator_prefix: prefix(&pipeline.aggregator.config.metrics_namespace),
        }
    }

    /// Returns the selector of a metric of the pipeline, given without prefix.
    pub(super) fn pipeline(&self, name: &str) -> String {
        self.series(Component::DataPipeline, "ccx_pipeline_", name, "")
    }

    /// Returns the selector of a metric of the writer, given without prefix.
    pub(super) fn writer(&self, name: &str) -> String {
        self.series(Component::DbWriter, &self.writer_prefix, name, "")
    }

    /// Returns the selector of a metric of the aggregator, given without prefix.
    pub(super) fn aggregator(&self, name: &str) -> String {
        self.aggregator_with(name, "")
    }

    /// Returns the selector with the additional label matcher `matcher`.
    pub(super) fn aggregator_with(&self, name: &str, matcher: &str) -> String {
        self.series(Component::Aggregator, &self.aggregator_prefix, name, matcher)
    }

    fn series(&self, component: Component, prefix: &str, name: &str, matcher: &str) -> String {
        let pods = component.object_name(&self.pipeline);
        let separator = if matcher.is_empty() { "" } else { "," };
        format!(r#"{prefix}{name}{{namespace="{}",pod=~"{pods}-.+"{separator}{matcher}}}"#, self.namespace)
    }
}
