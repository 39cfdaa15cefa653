//! The built-in rules, one file for each rule or small family.
//!
//! A rule is a type in a file named like the last part of its module, and an entry in [`rules`]. Its tests
//! cover a cluster with the problem, the most similar one without it, and an archive without the data.

use chrono::TimeDelta;
use serde::Serializer;

use ccx_rules::{Rule, RuleMeta};

mod alertmanager_no_receiver;
mod allowed_registries_incomplete;
mod audit_disabled;
mod bug_1821905;
mod check_sdi_preload_kernel_modules;
mod cluster_not_upgradeable;
mod cluster_operator_degraded;
mod cluster_operator_unavailable;
mod cluster_update_stuck;
mod cluster_version_failing;
mod cluster_version_overrides;
mod cluster_wide_proxy_auth_check;
mod cmo_container_run_as_non_root;
mod control_plane_replicas;
mod critical_alert_firing;
mod critical_alert_silenced;
mod csr_not_handled;
mod custom_prometheus;
mod default_storage_class;
mod etcd_encryption_disabled;
mod etcd_member_problem;
mod etcd_slow_disk;
mod feature_set_blocks_upgrade;
mod haproxy_exporter_server_threshold_exceeded;
mod idp_invalid_user_name;
mod image_pruner_suspended;
mod image_registry_ephemeral;
mod image_registry_multiple_storage_types;
mod ingress_certificate_expiring;
mod ingress_single_replica;
mod insecure_registries;
mod insights_gatherer_errors;
mod io_415_change_config_location;
mod kcm_gc_resync;
mod kubelet_max_pods_high;
mod lib_bucket_provisioner_check;
mod lifecycle;
mod logging_elasticsearch;
mod lokistack_not_ready;
mod machine_api_errors;
mod machine_config_daemon_degraded;
mod machine_config_pool_degraded;
mod machine_config_pool_paused;
mod machine_failed;
mod machineconfig_stuck_by_node_taints;
mod master_defined_as_machinesets;
mod masters_schedulable_with_workers;
mod match_condition;
mod namespaces_overlapping_uids;
mod no_identity_provider;
mod no_machine_health_check;
mod node_config_resource_failed;
mod node_installer_degraded;
mod node_not_ready;
mod node_pressure;
mod node_versions;
mod nodes_requirements_check;
mod ocp_version_end_of_life;
mod odf_cluster_not_ready;
mod olm_operator_failed;
mod openshift_sdn_removed;
mod operator_log_panic;
mod operator_state;
mod operator_unmanaged;
mod pdb_blocks_drain;
mod platform_pod_crash_loop;
mod platform_pod_image_pull;
mod platform_pod_oom_killed;
mod pod_network_connectivity;
mod privileged_scc_wide;
mod prometheus_backed_by_pvc;
mod prometheus_high_cardinality;
mod prometheus_rule_evaluation_fail;
mod removed_api_in_use;
mod samples_op_failed_image_import_check;
mod sap_data_intelligence_permissions;
mod sdn_migration_blockers;
mod static_pod_revision_leak;
mod tls_handshake_fails_in_azure;
mod unsupported_cni_plugin;
mod unsupported_config_overrides;
mod update_retrieval_failed;
mod version_info;
mod vital_request;
mod vsphere_hw_version_old;
mod vsphere_upi_machine_is_in_phase;
mod weak_tls_profile;
mod webhook_blocks_platform;
mod webhook_timeout_is_larger_than_default;

/// Returns all built-in rules.
pub fn rules() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(alertmanager_no_receiver::AlertmanagerNoReceiver),
        Box::new(allowed_registries_incomplete::AllowedRegistriesIncomplete),
        Box::new(audit_disabled::AuditDisabled),
        Box::new(bug_1821905::Bug1821905),
        Box::new(check_sdi_preload_kernel_modules::CheckSdiPreloadKernelModules),
        Box::new(cluster_not_upgradeable::ClusterNotUpgradeable),
        Box::new(cluster_operator_degraded::ClusterOperatorDegraded),
        Box::new(cluster_operator_unavailable::ClusterOperatorUnavailable),
        Box::new(cluster_update_stuck::ClusterUpdateStuck),
        Box::new(cluster_version_failing::ClusterVersionFailing),
        Box::new(cluster_version_overrides::ClusterVersionOverrides),
        Box::new(cluster_wide_proxy_auth_check::ClusterWideProxyAuthCheck),
        Box::new(cmo_container_run_as_non_root::CmoContainerRunAsNonRoot),
        Box::new(control_plane_replicas::ControlPlaneReplicas),
        Box::new(critical_alert_firing::CriticalAlertFiring),
        Box::new(critical_alert_silenced::CriticalAlertSilenced),
        Box::new(csr_not_handled::CsrNotHandled),
        Box::new(custom_prometheus::CustomPrometheus),
        Box::new(default_storage_class::DefaultStorageClass),
        Box::new(etcd_encryption_disabled::EtcdEncryptionDisabled),
        Box::new(etcd_member_problem::EtcdMemberProblem),
        Box::new(etcd_slow_disk::EtcdSlowDisk),
        Box::new(feature_set_blocks_upgrade::FeatureSetBlocksUpgrade),
        Box::new(haproxy_exporter_server_threshold_exceeded::HaproxyExporterServerThresholdExceeded),
        Box::new(idp_invalid_user_name::IdpInvalidUserName),
        Box::new(image_pruner_suspended::ImagePrunerSuspended),
        Box::new(image_registry_ephemeral::ImageRegistryEphemeral),
        Box::new(image_registry_multiple_storage_types::ImageRegistryMultipleStorageTypes),
        Box::new(ingress_certificate_expiring::IngressCertificateExpiring),
        Box::new(ingress_single_replica::IngressSingleReplica),
        Box::new(insecure_registries::InsecureRegistries),
        Box::new(insights_gatherer_errors::InsightsGathererErrors),
        Box::new(io_415_change_config_location::Io415ChangeConfigLocation),
        Box::new(kcm_gc_resync::KcmGcResync),
        Box::new(kubelet_max_pods_high::KubeletMaxPodsHigh),
        Box::new(lib_bucket_provisioner_check::LibBucketProvisionerCheck),
        Box::new(logging_elasticsearch::LoggingElasticsearch),
        Box::new(lokistack_not_ready::LokistackNotReady),
        Box::new(machine_api_errors::MachineApiErrors),
        Box::new(machine_config_daemon_degraded::MachineConfigDaemonDegraded),
        Box::new(machine_config_pool_degraded::MachineConfigPoolDegraded),
        Box::new(machine_config_pool_paused::MachineConfigPoolPaused),
        Box::new(machine_failed::MachineFailed),
        Box::new(machineconfig_stuck_by_node_taints::MachineconfigStuckByNodeTaints),
        Box::new(master_defined_as_machinesets::MasterDefinedAsMachinesets),
        Box::new(masters_schedulable_with_workers::MastersSchedulableWithWorkers),
        Box::new(namespaces_overlapping_uids::NamespacesOverlappingUids),
        Box::new(no_identity_provider::NoIdentityProvider),
        Box::new(no_machine_health_check::NoMachineHealthCheck),
        Box::new(node_config_resource_failed::NodeConfigResourceFailed),
        Box::new(node_installer_degraded::NodeInstallerDegraded),
        Box::new(node_not_ready::NodeNotReady),
        Box::new(node_pressure::NodePressure),
        Box::new(node_versions::NodesContainerRuntimeVersionCheck),
        Box::new(node_versions::NodesKubeletVersionCheck),
        Box::new(nodes_requirements_check::NodesRequirementsCheck),
        Box::new(ocp_version_end_of_life::OcpVersionEndOfLife),
        Box::new(odf_cluster_not_ready::OdfClusterNotReady),
        Box::new(olm_operator_failed::OlmOperatorFailed),
        Box::new(openshift_sdn_removed::OpenshiftSdnRemoved),
        Box::new(operator_log_panic::OperatorLogPanic),
        Box::new(operator_unmanaged::OperatorUnmanaged),
        Box::new(pdb_blocks_drain::PdbBlocksDrain),
        Box::new(platform_pod_crash_loop::PlatformPodCrashLoop),
        Box::new(platform_pod_image_pull::PlatformPodImagePull),
        Box::new(platform_pod_oom_killed::PlatformPodOomKilled),
        Box::new(pod_network_connectivity::PodNetworkConnectivity),
        Box::new(privileged_scc_wide::PrivilegedSccWide),
        Box::new(prometheus_backed_by_pvc::PrometheusBackedByPvc),
        Box::new(prometheus_high_cardinality::PrometheusHighCardinality),
        Box::new(prometheus_rule_evaluation_fail::PrometheusRuleEvaluationFail),
        Box::new(removed_api_in_use::RemovedApiInUse),
        Box::new(samples_op_failed_image_import_check::SamplesOpFailedImageImportCheck),
        Box::new(sap_data_intelligence_permissions::SapDataIntelligencePermissions),
        Box::new(sdn_migration_blockers::SdnMigrationBlockers),
        Box::new(static_pod_revision_leak::StaticPodRevisionLeak),
        Box::new(tls_handshake_fails_in_azure::TlsHandshakeFailsInAzure),
        Box::new(unsupported_cni_plugin::UnsupportedCniPlugin),
        Box::new(unsupported_config_overrides::UnsupportedConfigOverrides),
        Box::new(update_retrieval_failed::UpdateRetrievalFailed),
        Box::new(version_info::VersionInfo),
        Box::new(vsphere_hw_version_old::VsphereHwVersionOld),
        Box::new(vsphere_upi_machine_is_in_phase::VsphereUpiMachineIsInPhase),
        Box::new(weak_tls_profile::WeakTlsProfile),
        Box::new(webhook_blocks_platform::WebhookBlocksPlatform),
        Box::new(webhook_timeout_is_larger_than_default::WebhookTimeoutIsLargerThanDefault),
    ]
}

/// Returns the declaration of a built-in rule, with its module and error key.
fn meta(module: &str, key: &str) -> RuleMeta {
    let rule = module.parse().expect("built-in modules are letters, digits, _ and .");
    let key = key.parse().expect("built-in keys are letters, digits and _");
    RuleMeta::new(rule, key)
}

/// Collects the items; `None` without any. Most rules report when they have at least one item to list.
fn non_empty<T>(items: impl Iterator<Item = T>) -> Option<Vec<T>> {
    let items: Vec<T> = items.collect();
    (!items.is_empty()).then_some(items)
}

/// The longest time before the gathering at which a log line counts: logs keep lines until they are rotated, which takes months
/// for a pod that says little.
const LOG_MAX_AGE: TimeDelta = TimeDelta::days(1);

/// Maximum length of an operator's message in the details; some messages contain whole stack traces.
const MAX_MESSAGE_CHARS: usize = 1000;

/// Truncates a message to [`MAX_MESSAGE_CHARS`].
fn excerpt(message: &str) -> &str {
    cut(message, MAX_MESSAGE_CHARS)
}

/// Truncates a text to a number of characters.
fn cut(text: &str, max_chars: usize) -> &str {
    text.char_indices().nth(max_chars).map_or(text, |(end, _)| &text[..end])
}

/// Serializes a whole number without a fraction, so that a text shows `4` and not `4.0`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn serialize_number<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= MAX_EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "whole and at most 2^53")]
        return serializer.serialize_i64(*number as i64);
    }
    serializer.serialize_f64(*number)
}

#[cfg(test)]
mod tests;
