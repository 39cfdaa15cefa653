//! Cluster monitoring without persistent storage.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{MONITORING_CONFIG, PLATFORM_PODS, PROMETHEUS_PODS, Pod, Storage, Volume},
};

const KEY: &str = "PROMETHEUS_BACKED_BY_PVC";

pub(super) struct PrometheusBackedByPvc;

#[derive(Serialize)]
struct Details<'a> {
    pods: Vec<&'a str>,
    source: &'static str,
}

impl Rule for PrometheusBackedByPvc {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.prometheus_backed_by_pvc", KEY)
            .requires_any(&[MONITORING_CONFIG, PROMETHEUS_PODS])
            .may_read(PLATFORM_PODS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let config = context.monitoring_config();
        let is_configured_so = config.is_some_and(|config| config.prometheus_storage == Storage::Ephemeral);
        let pods = context.within_budget(context.prometheus_pods()).filter(|pod| loses_its_data(pod));
        let pods: Vec<&str> = pods.map(|pod| &*pod.metadata.name).collect();
        let source = if is_configured_so { "config" } else { "pod" };
        (is_configured_so || !pods.is_empty()).then(|| Response::hit(KEY, &Details { pods, source }))
    }
}

fn loses_its_data(pod: &Pod<'_>) -> bool {
    pod.spec.volumes.iter().any(|volume| is_database(volume) && volume.empty_dir.is_some())
}

fn is_database(volume: &Volume<'_>) -> bool {
    volume.name.starts_with("prometheus-") && volume.name.ends_with("-db")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const CONFIG: &str = "config/configmaps/openshift-monitoring/cluster-monitoring-config/config.json";
    const YAML_CONFIG: &str = "config/configmaps/openshift-monitoring/cluster-monitoring-config/config.yaml";

    fn pod(volume: &Value) -> (&'static str, Value) {
        let name = "prometheus-k8s-0";
        let pod = json!({"metadata": {"name": name, "namespace": "openshift-monitoring"}, "spec": {"volumes": [volume]}});
        ("config/pod/openshift-monitoring/prometheus-k8s-0.json", pod)
    }

    #[test]
    fn configuration_without_a_volume_is_a_hit() {
        let hit = Answer::Hit(json!({"pods": [], "source": "config"}));
        assert_eq!(
            ask(PrometheusBackedByPvc, &[(CONFIG, json!({"prometheusK8s": {"retention": "7d"}}))]),
            hit
        );
        assert_eq!(
            ask(PrometheusBackedByPvc, &[(YAML_CONFIG, json!("prometheusK8s:\n  retention: 7d\n"))]),
            hit
        );
    }

    #[test]
    fn pod_with_an_ephemeral_database_is_a_hit() {
        let answer =
            ask(PrometheusBackedByPvc, &[pod(&json!({"name": "prometheus-k8s-db", "emptyDir": {}}))]);
        assert_eq!(answer, Answer::Hit(json!({"pods": ["prometheus-k8s-0"], "source": "pod"})));
    }

    #[test]
    fn persistent_volume_is_silent() {
        let template = json!({"prometheusK8s": {"volumeClaimTemplate": {"spec": {}}}});
        let claim = json!({"name": "prometheus-k8s-db", "persistentVolumeClaim": {"claimName": "c"}, "emptyDir": null});
        assert_eq!(ask(PrometheusBackedByPvc, &[(CONFIG, template), pod(&claim)]), Answer::Miss);
        assert_eq!(
            ask(PrometheusBackedByPvc, &[pod(&json!({"name": "config-out", "emptyDir": {}}))]),
            Answer::Miss
        );
    }

    #[test]
    fn empty_configuration_is_a_skip() {
        let skip = Answer::Skip("All: [] Any: ['monitoring_config', 'prometheus_pods']".into());
        assert_eq!(ask(PrometheusBackedByPvc, &[(CONFIG, json!({}))]), skip);
        assert_eq!(ask(PrometheusBackedByPvc, &[(YAML_CONFIG, json!("{}\n"))]), skip);
        assert_eq!(
            ask(PrometheusBackedByPvc, &[(CONFIG, json!({})), pod(&json!({"name": "config-out"}))]),
            Answer::Miss
        );
    }

    #[test]
    fn missing_files_are_a_skip() {
        let missing = "All: [] Any: ['monitoring_config', 'prometheus_pods']";
        assert_eq!(ask(PrometheusBackedByPvc, &[]), Answer::Skip(missing.into()));
    }
}
