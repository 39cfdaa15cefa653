//! Typed views of the JSON documents of an archive, as far as rules read them.
//!
//! Archives come from a dozen versions of OpenShift and from operators with bugs, so parsing is lenient: a
//! field of the wrong type counts as missing, and affects neither the document nor other fields. A file that
//! is not JSON, or not an object where one is expected, counts as missing.
//!
//! A document's file holds its types, the [`Input`] that names its files, and the accessor of
//! [`Context`](crate::Context).

use std::cell::OnceCell;

mod alert;
mod alertmanager;
mod api_requests;
mod api_server;
mod authentication;
mod certificate_signing_request;
mod cluster_logging;
mod cluster_operator;
mod cluster_version;
mod condition;
mod connectivity_check;
mod custom_monitoring;
mod data_foundation;
mod data_hub;
mod event;
mod feature_gate;
mod gathering;
mod image_config;
mod image_pruner;
mod image_registry;
mod infrastructure;
mod ingress_certificate;
mod ingress_controller;
mod install_config;
mod install_plan;
mod label_selector;
mod lenient;
mod log_path;
mod loki_stack;
mod machine;
mod machine_config_pool;
mod metadata;
mod minor_version;
mod monitoring_config;
mod namespace_uids;
mod network;
mod node;
mod node_config;
mod oauth;
mod olm_operator;
mod operator_config;
mod pod;
mod pod_disruption_budget;
mod proxy;
mod quantity;
mod revision_counts;
mod scheduler;
mod security_context_constraint;
mod storage_class;
mod support_secret;
mod tls_security_profile;
mod tsdb;
mod webhook;

pub use alert::{ALERTS, Alert, SILENCED_ALERTS};
pub use alertmanager::{ALERTMANAGER_CONFIG, AlertmanagerConfig};
pub use api_requests::{API_REQUEST_COUNTS, ApiRequestCount};
pub use api_server::{API_SERVER, ApiServer};
pub use authentication::{AUTHENTICATION, Authentication};
pub use certificate_signing_request::{CERTIFICATE_SIGNING_REQUESTS, CertificateSigningRequest};
pub use cluster_logging::{CLUSTER_LOGGING, ClusterLogging};
pub use cluster_operator::{
    AUTHENTICATION_OPERATOR, CLUSTER_OPERATORS, ClusterOperator, ETCD_OPERATOR, KUBE_APISERVER_OPERATOR,
    KUBE_CONTROLLER_MANAGER_OPERATOR, KUBE_SCHEDULER_OPERATOR, SAMPLES_OPERATOR,
};
pub use cluster_version::{CLUSTER_VERSION, ClusterVersion};
pub use condition::{Condition, Conditions};
pub use connectivity_check::{CONNECTIVITY_CHECKS, ConnectivityChecks};
pub use custom_monitoring::{CUSTOM_MONITORING, CustomMonitoring};
pub use data_foundation::{CEPH_CLUSTERS, STORAGE_CLUSTERS, StorageCluster};
pub use data_hub::{DATA_HUBS, DataHub};
pub use event::{Event, MACHINE_API_EVENTS};
pub use feature_gate::{FEATURE_GATE, FeatureGate};
pub use gathering::{GATHERING_REPORT, GathererStatus, GatheringReport};
pub use image_config::{IMAGE_CONFIG, ImageConfig};
pub use image_pruner::{IMAGE_PRUNER, ImagePruner};
pub use image_registry::{IMAGE_REGISTRY, ImageRegistry};
pub use infrastructure::{INFRASTRUCTURE, Infrastructure};
pub use ingress_certificate::{INGRESS_CERTIFICATES, IngressCertificate};
pub use ingress_controller::{INGRESS_CONTROLLERS, IngressController};
pub use install_config::INSTALL_CONFIG;
pub use install_plan::{INSTALL_PLANS, InstallPlanCount, InstallPlans};
pub use label_selector::{LabelSelector, Requirement};
pub use lenient::{Bool, Entries, Int, IntOrText, Keys, List, Map, Object, Text, Texts};
pub use log_path::{AUTHENTICATION_LOGS, CONTROLLER_MANAGER_LOGS, LogPath, PLATFORM_POD_LOGS, POD_LOGS};
pub use loki_stack::{LOKI_STACKS, LokiStack};
pub use machine::{MACHINE_HEALTH_CHECKS, MACHINE_SETS, MACHINES, Machine, MachineHealthCheck, MachineSet};
pub use machine_config_pool::{MACHINE_CONFIG_POOLS, MachineConfigPool};
pub use metadata::{Lifetime, Metadata};
pub use minor_version::MinorVersion;
pub use monitoring_config::{MONITORING_CONFIG, MonitoringConfig, Storage};
pub use namespace_uids::OVERLAPPING_UIDS;
pub use network::{NETWORK, Network, SDN_ANNOTATIONS, SdnAnnotations};
pub use node::{NODES, Node, Role, Taint};
pub use node_config::{CONTAINER_RUNTIME_CONFIGS, KUBELET_CONFIGS, NodeConfig};
pub use oauth::{OAUTH, OAuth};
pub use olm_operator::{OLM_OPERATORS, OlmOperator};
pub use operator_config::{OPERATOR_CONFIGS, OperatorConfig};
pub use pod::{Container, MONITORING_PODS, PLATFORM_PODS, PROMETHEUS_PODS, Pod, Terminated, Volume};
pub use pod_disruption_budget::{POD_DISRUPTION_BUDGETS, PodDisruptionBudget};
pub use proxy::{PROXY, Proxy};
pub use quantity::parse_quantity;
pub use revision_counts::{REVISION_COUNTS, RevisionCounts};
pub use scheduler::{SCHEDULER, Scheduler};
pub use security_context_constraint::{
    ANYUID_SCC, ANYUID_SCC_BINDING, ClusterRoleBinding, PRIVILEGED_SCC, PRIVILEGED_SCC_BINDING,
    SecurityContextConstraint,
};
pub use storage_class::{STORAGE_CLASSES, StorageClass};
pub use support_secret::SUPPORT_SECRET;
pub use tls_security_profile::TlsSecurityProfile;
pub use tsdb::{SeriesCount, TSDB_STATUS, TsdbStatus};
pub use webhook::{
    ConfiguredWebhook, MUTATING_WEBHOOKS, Resource, VALIDATING_WEBHOOKS, Webhook, WebhookConfiguration,
};

use crate::{Input, Location};

/// The metrics of the cluster's Prometheus.
pub const METRICS: Input = Input::text("metrics", &[Location::new("config/metrics")]);

/// The documents that were read so far.
#[derive(Default)]
pub(crate) struct Documents<'a> {
    alertmanager_config: OnceCell<Option<AlertmanagerConfig<'a>>>,
    alerts: OnceCell<Option<Vec<Alert<'a>>>>,
    anyuid_scc: OnceCell<Option<SecurityContextConstraint<'a>>>,
    anyuid_scc_binding: OnceCell<Option<ClusterRoleBinding<'a>>>,
    api_request_counts: OnceCell<Option<Vec<ApiRequestCount<'a>>>>,
    api_server: OnceCell<Option<ApiServer<'a>>>,
    authentication: OnceCell<Option<Authentication<'a>>>,
    ceph_clusters: OnceCell<Vec<StorageCluster<'a>>>,
    certificate_signing_requests: OnceCell<Vec<CertificateSigningRequest<'a>>>,
    cluster_logging: OnceCell<Option<ClusterLogging<'a>>>,
    cluster_operators: OnceCell<Vec<ClusterOperator<'a>>>,
    cluster_version: OnceCell<Option<ClusterVersion<'a>>>,
    connectivity_checks: OnceCell<Option<ConnectivityChecks<'a>>>,
    container_runtime_configs: OnceCell<Vec<NodeConfig<'a>>>,
    custom_monitoring: OnceCell<Option<CustomMonitoring<'a>>>,
    data_hubs: OnceCell<Vec<DataHub<'a>>>,
    feature_gate: OnceCell<Option<FeatureGate<'a>>>,
    gathering_report: OnceCell<Option<GatheringReport<'a>>>,
    image_config: OnceCell<Option<ImageConfig<'a>>>,
    image_pruner: OnceCell<Option<ImagePruner<'a>>>,
    image_registry: OnceCell<Option<ImageRegistry<'a>>>,
    infrastructure: OnceCell<Option<Infrastructure<'a>>>,
    ingress_certificates: OnceCell<Option<Vec<IngressCertificate<'a>>>>,
    ingress_controllers: OnceCell<Vec<IngressController<'a>>>,
    install_plans: OnceCell<Option<InstallPlans<'a>>>,
    kubelet_configs: OnceCell<Vec<NodeConfig<'a>>>,
    loki_stacks: OnceCell<Vec<LokiStack<'a>>>,
    machine_api_events: OnceCell<Option<Vec<Event<'a>>>>,
    machine_config_pools: OnceCell<Vec<MachineConfigPool<'a>>>,
    machine_health_checks: OnceCell<Vec<MachineHealthCheck<'a>>>,
    machine_sets: OnceCell<Vec<MachineSet<'a>>>,
    machines: OnceCell<Vec<Machine<'a>>>,
    monitoring_config: OnceCell<Option<MonitoringConfig>>,
    mutating_webhooks: OnceCell<Vec<WebhookConfiguration<'a>>>,
    network: OnceCell<Option<Network<'a>>>,
    nodes: OnceCell<Vec<Node<'a>>>,
    oauth: OnceCell<Option<OAuth<'a>>>,
    olm_operators: OnceCell<Option<Vec<OlmOperator<'a>>>>,
    operator_configs: OnceCell<Vec<OperatorConfig<'a>>>,
    overlapping_uids: OnceCell<Option<Vec<Texts<'a>>>>,
    platform_pods: OnceCell<Vec<Pod<'a>>>,
    pod_disruption_budgets: OnceCell<Vec<PodDisruptionBudget<'a>>>,
    privileged_scc: OnceCell<Option<SecurityContextConstraint<'a>>>,
    privileged_scc_binding: OnceCell<Option<ClusterRoleBinding<'a>>>,
    proxy: OnceCell<Option<Proxy<'a>>>,
    revision_counts: OnceCell<Option<RevisionCounts<'a>>>,
    scheduler: OnceCell<Option<Scheduler>>,
    sdn_annotations: OnceCell<Option<SdnAnnotations>>,
    silenced_alerts: OnceCell<Option<Vec<Alert<'a>>>>,
    storage_classes: OnceCell<Vec<StorageClass<'a>>>,
    storage_clusters: OnceCell<Vec<StorageCluster<'a>>>,
    support_secret: OnceCell<Option<Keys<'a>>>,
    tsdb_status: OnceCell<Option<TsdbStatus<'a>>>,
    validating_webhooks: OnceCell<Vec<WebhookConfiguration<'a>>>,
}
