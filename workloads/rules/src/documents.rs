//! The JSON documents of an archive, as far as rules read them.
//!
//! Archives come from a dozen versions of OpenShift and from operators with bugs, so reading is lenient: a field of the wrong
//! type is as good as missing, and costs neither the document nor its neighbours. What is not JSON, or no object where one is
//! expected, is not there at all.
//!
//! A document's file holds its types, the [`Input`](crate::Input) that names its files, and the accessor of
//! [`Context`](crate::Context).

use std::cell::OnceCell;

mod alert;
mod alertmanager;
mod cluster_operator;
mod cluster_version;
mod condition;
mod custom_monitoring;
mod event;
mod lenient;
mod log_path;
mod machine_config_pool;
mod metadata;
mod monitoring_config;
mod node;
mod pod;
mod quantity;
mod tsdb;

pub use alert::{ALERTS, Alert, SILENCED_ALERTS};
pub use alertmanager::{ALERTMANAGER_CONFIG, AlertmanagerConfig};
pub use cluster_operator::{CLUSTER_OPERATORS, ClusterOperator};
pub use cluster_version::{CLUSTER_VERSION, ClusterVersion};
pub use condition::{Condition, Conditions};
pub use custom_monitoring::{CUSTOM_MONITORING, CustomMonitoring};
pub use event::{Event, MACHINE_API_EVENTS};
pub use lenient::{Bool, Int, IntOrText, Keys, List, Map, Object, Text, Texts};
pub use log_path::{CONTROLLER_MANAGER_LOGS, LogPath, PLATFORM_POD_LOGS};
pub use machine_config_pool::{MACHINE_CONFIG_POOLS, MachineConfigPool};
pub use metadata::Metadata;
pub use monitoring_config::{MONITORING_CONFIG, MonitoringConfig, Storage};
pub use node::{NODES, Node, Role};
pub use pod::{Container, MONITORING_PODS, PLATFORM_PODS, PROMETHEUS_PODS, Pod, Volume};
pub use quantity::parse_quantity;
pub use tsdb::{SeriesCount, TSDB_STATUS, TsdbStatus};

use crate::Input;

/// What the cluster's Prometheus exported.
pub const METRICS: Input = Input::text("metrics", &["config/metrics"]);

/// The documents that were asked for so far.
#[derive(Default)]
pub(crate) struct Documents<'a> {
    alertmanager_config: OnceCell<Option<AlertmanagerConfig<'a>>>,
    alerts: OnceCell<Option<Vec<Alert<'a>>>>,
    cluster_operators: OnceCell<Vec<ClusterOperator<'a>>>,
    cluster_version: OnceCell<Option<ClusterVersion<'a>>>,
    custom_monitoring: OnceCell<Option<CustomMonitoring<'a>>>,
    machine_api_events: OnceCell<Option<Vec<Event<'a>>>>,
    machine_config_pools: OnceCell<Vec<MachineConfigPool<'a>>>,
    monitoring_config: OnceCell<Option<MonitoringConfig>>,
    nodes: OnceCell<Vec<Node<'a>>>,
    platform_pods: OnceCell<Vec<Pod<'a>>>,
    silenced_alerts: OnceCell<Option<Vec<Alert<'a>>>>,
    tsdb_status: OnceCell<Option<TsdbStatus<'a>>>,
}
