//! `KubeletConfig` and `ContainerRuntimeConfig` resources that are not applied.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CONTAINER_RUNTIME_CONFIGS, KUBELET_CONFIGS, NodeConfig},
};

const KEY: &str = "NODE_CONFIG_RESOURCE_FAILED";

/// The controller retries, for example until the machine config pool exists.
const MIN_FAILED: TimeDelta = TimeDelta::minutes(15);

pub(super) struct NodeConfigResourceFailed;

#[derive(Serialize)]
struct Details<'a> {
    resources: Vec<FailedResource<'a>>,
}

#[derive(Serialize)]
struct FailedResource<'a> {
    kind: &'static str,
    name: &'a str,
    message: &'a str,
}

impl Rule for NodeConfigResourceFailed {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.node_config_resource_failed", KEY)
            .requires_any(&[KUBELET_CONFIGS, CONTAINER_RUNTIME_CONFIGS])
            .for_at_least(MIN_FAILED, "failing")
            .not_on(
                ClusterKind::HostedControlPlane,
                "node pools have these settings in the management cluster",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let kubelet = context.kubelet_configs().iter().map(|config| ("KubeletConfig", config));
        let runtime =
            context.container_runtime_configs().iter().map(|config| ("ContainerRuntimeConfig", config));
        let all = context.within_budget(kubelet.chain(runtime));
        let resources = non_empty(all.filter_map(|(kind, config)| failed(kind, config, context)))?;
        Some(Response::hit(KEY, &Details { resources }))
    }
}

/// Returns the latest condition if it is a failure: earlier ones remain when a later attempt succeeds.
fn failed<'a>(
    kind: &'static str,
    config: &'a NodeConfig<'_>,
    context: &Context<'_>,
) -> Option<FailedResource<'a>> {
    let latest = config.status.conditions.last()?;
    let has_failed = match &*latest.r#type {
        "Failure" => true,
        "Success" => &*latest.status == "False",
        _ => false,
    };
    let is_lasting = context.has_lasted(&latest.last_transition_time, MIN_FAILED);
    (has_failed && is_lasting).then(|| FailedResource {
        kind,
        name: &config.metadata.name,
        message: excerpt(&latest.message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn config(conditions: &[(&str, &str)]) -> Value {
        let condition =
            |(r#type, status): &(&str, &str)| json!({"type": r#type, "status": status, "message": r#type});
        let conditions: Vec<Value> = conditions.iter().map(condition).collect();
        json!({"metadata": {"name": "c"}, "status": {"conditions": conditions}})
    }

    #[test]
    fn failure_is_a_hit_in_either_kind_of_resource() {
        let files = [
            ("config/containerruntimeconfigs/c.json", config(&[("Success", "True"), ("Success", "False")])),
            ("config/kubeletconfigs/c.json", config(&[("Success", "True"), ("Failure", "False")])),
        ];
        let resources = json!([
            {"kind": "KubeletConfig", "name": "c", "message": "Failure"},
            {"kind": "ContainerRuntimeConfig", "name": "c", "message": "Success"},
        ]);
        assert_eq!(ask(NodeConfigResourceFailed, &files), Answer::Hit(json!({"resources": resources})));
    }

    #[test]
    fn failure_of_minutes_is_silent() {
        for (since, is_hit) in [("2026-01-15T11:46:00Z", false), ("2026-01-15T11:45:00Z", true)] {
            let mut config = config(&[("Failure", "False")]);
            config["status"]["conditions"][0]["lastTransitionTime"] = json!(since);
            let answer = ask(NodeConfigResourceFailed, &[("config/kubeletconfigs/c.json", config)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{since}");
        }
    }

    #[test]
    fn failure_before_a_success_is_silent() {
        let files = [("config/kubeletconfigs/c.json", config(&[("Failure", "False"), ("Success", "True")]))];
        assert_eq!(ask(NodeConfigResourceFailed, &files), Answer::Miss);
        assert_eq!(
            ask(NodeConfigResourceFailed, &[("config/kubeletconfigs/c.json", config(&[]))]),
            Answer::Miss
        );
    }

    #[test]
    fn missing_files_are_a_skip() {
        let skip = Answer::Skip("All: [] Any: ['kubelet_configs', 'container_runtime_configs']".into());
        assert_eq!(ask(NodeConfigResourceFailed, &[]), skip);
    }
}
