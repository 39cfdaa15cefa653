//! Metrics of the process and of its build.

use prometheus::{Registry, process_collector::ProcessCollector};

use crate::MetricRegistrar;

/// Adds `process_…` (memory, CPU time, files, start) and `ccx_build_info`, labelled with the version, to a
/// registry.
///
/// A registry that already has them is unchanged.
pub(crate) fn register_process_metrics(registry: &Registry) {
    let _ = registry.register(Box::new(ProcessCollector::for_self()));
    let registrar = MetricRegistrar::new(registry, "ccx");
    if let Ok(info) = registrar.gauges("build_info", "Version of the program; always 1.", &["version"]) {
        info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    }
}
