//! Settings of nodes that are not in force.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CONTAINER_RUNTIME_CONFIGS, KUBELET_CONFIGS, NodeConfig},
};

const KEY: &str = "NODE_CONFIG_RESOURCE_FAILED";

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
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let kubelet = context.kubelet_configs().iter().map(|config| ("KubeletConfig", config));
        let runtime =
            context.container_runtime_configs().iter().map(|config| ("ContainerRuntimeConfig", config));
        let failed =
            context.within_budget(kubelet.chain(runtime)).filter_map(|(kind, config)| failed(kind, config));
        let resources = non_empty(failed)?;
        Some(Response::hit(KEY, &Details { resources }))
    }
}

/// Only the latest condition counts: earlier ones stay when a later attempt succeeds.
fn failed<'a>(kind: &'static str, config: &'a NodeConfig<'_>) -> Option<FailedResource<'a>> {
    let latest = config.status.conditions.last()?;
    let has_failed = match &*latest.r#type {
        "Failure" => true,
        "Success" => &*latest.status == "False",
        _ => false,
    };
    has_failed.then(|| FailedResource {
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
    fn a_failure_is_a_hit_in_either_kind_of_resource() {
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
    fn a_failure_that_was_overcome_is_none() {
        let files = [("config/kubeletconfigs/c.json", config(&[("Failure", "False"), ("Success", "True")]))];
        assert_eq!(ask(NodeConfigResourceFailed, &files), Answer::Miss);
        assert_eq!(
            ask(NodeConfigResourceFailed, &[("config/kubeletconfigs/c.json", config(&[]))]),
            Answer::Miss
        );
    }

    #[test]
    fn one_of_the_two_resources_is_needed() {
        let skip = Answer::Skip("All: [] Any: ['kubelet_configs', 'container_runtime_configs']".into());
        assert_eq!(ask(NodeConfigResourceFailed, &[]), skip);
    }
}
