//! Builds the children of a resource. Pure and infallible: `validate` has reported every problem.
//!
//! ```text
//!  Program (a process of `ccx`) ──▶ ConfigMap
//!      │                        ├──▶ NetworkPolicy
//!      └──▶ Pod ──▶ Deployment, Job └──▶ digests in annotations
//! ```

mod alerts;
mod autoscaling;
mod config_map;
mod cron_job;
mod dashboard;
pub(crate) mod database;
mod deployment;
mod disruption_budget;
pub(crate) mod exposure;
mod insights_operator;
mod job;
mod metadata;
mod metrics;
mod monitor;
pub(crate) mod network_policy;
mod page;
mod pod;
mod program;
mod security;
mod service;
mod service_account;
mod volume;
pub mod yaml;

use crate::model::{
    resources::{Child, Children},
    validated::ValidatedPipeline,
};

/// Returns all children of the resource, equal for equal resources.
pub fn build(pipeline: &ValidatedPipeline) -> Children {
    let kinds: [fn(&ValidatedPipeline) -> Vec<Child>; 15] = [
        service_account::children,
        config_map::children,
        service::children,
        network_policy::children,
        disruption_budget::children,
        database::children,
        page::children,
        job::children,
        deployment::children,
        cron_job::children,
        autoscaling::children,
        exposure::children,
        insights_operator::children,
        monitor::children,
        alerts::children,
    ];
    let dashboards = dashboard::children(pipeline);
    Children::new(kinds.iter().flat_map(|children| children(pipeline)).chain(dashboards).collect())
}
