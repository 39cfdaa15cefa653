//! Components that the cluster version operator does not manage because of overrides.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::CLUSTER_VERSION};

const KEY: &str = "CLUSTER_VERSION_OVERRIDES_SET";

pub(super) struct ClusterVersionOverrides;

#[derive(Serialize)]
struct Details<'a> {
    overrides: Vec<Unmanaged<'a>>,
}

#[derive(Serialize)]
struct Unmanaged<'a> {
    kind: &'a str,
    group: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl Rule for ClusterVersionOverrides {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_version_overrides", KEY)
            .requires(CLUSTER_VERSION)
            .not_on(ClusterKind::HostedControlPlane, "the HostedCluster sets the overrides")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let overrides = context.within_budget(context.cluster_version()?.spec.overrides.iter());
        let unmanaged = overrides.filter(|object| object.unmanaged.0 == Some(true));
        let overrides = non_empty(unmanaged.map(|object| Unmanaged {
            kind: &object.kind,
            group: &object.group,
            namespace: &object.namespace,
            name: &object.name,
        }))?;
        Some(Response::hit(KEY, &Details { overrides }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(unmanaged: &Value) -> Answer {
        let object = json!({"kind": "Deployment", "group": "apps", "namespace": "openshift-x", "name": "d", "unmanaged": unmanaged});
        ask(ClusterVersionOverrides, &[("config/version.json", json!({"spec": {"overrides": [object]}}))])
    }

    #[test]
    fn unmanaged_object_is_a_hit() {
        let object = json!({"kind": "Deployment", "group": "apps", "namespace": "openshift-x", "name": "d"});
        assert_eq!(ask_about(&json!(true)), Answer::Hit(json!({"overrides": [object]})));
    }

    #[test]
    fn entry_without_effect_is_silent() {
        assert_eq!(ask_about(&json!(false)), Answer::Miss);
        assert_eq!(ask_about(&json!(null)), Answer::Miss);
        assert_eq!(ask(ClusterVersionOverrides, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
