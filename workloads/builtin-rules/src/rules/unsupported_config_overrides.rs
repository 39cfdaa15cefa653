//! Operators with unsupported configuration overrides.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{OPERATOR_CONFIGS, OperatorConfig, Text},
};

const KEY: &str = "UNSUPPORTED_CONFIG_OVERRIDES";

pub(super) struct UnsupportedConfigOverrides;

#[derive(Serialize)]
struct Details<'a> {
    operators: Vec<Overridden<'a>>,
}

#[derive(Serialize)]
struct Overridden<'a> {
    kind: &'a str,
    name: &'a str,
    /// The object as `oc get` takes it.
    reference: String,
    overrides: &'a [Text<'a>],
}

impl Rule for UnsupportedConfigOverrides {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.unsupported_config_overrides", KEY).requires(OPERATOR_CONFIGS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let operators = non_empty(context.within_budget(context.operator_configs()).filter_map(overridden))?;
        Some(Response::hit(KEY, &Details { operators }))
    }
}

fn overridden<'a>(config: &'a OperatorConfig<'_>) -> Option<Overridden<'a>> {
    let overrides = &config.spec.unsupported_config_overrides;
    (!overrides.is_empty()).then(|| Overridden {
        kind: config.kind(),
        name: config.name(),
        reference: config.reference(),
        overrides,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(config: Value) -> Answer {
        ask(
            UnsupportedConfigOverrides,
            &[("config/clusteroperator/operator.openshift.io/etcd/cluster.json", config)],
        )
    }

    #[test]
    fn names_of_overrides_are_listed() {
        let overrides = json!({"a": {}, "useUnsupportedUnsafeNonHANonProductionUnstableEtcd": true});
        let operator = json!({"kind": "Etcd", "name": "cluster", "reference": "etcd.operator.openshift.io/cluster",
            "overrides": ["a", "useUnsupportedUnsafeNonHANonProductionUnstableEtcd"]});
        let config =
            json!({"kind": "Etcd", "name": "cluster", "spec": {"unsupportedConfigOverrides": overrides}});
        assert_eq!(ask_about(config), Answer::Hit(json!({"operators": [operator]})));
    }

    #[test]
    fn configuration_without_names_is_known_by_its_path() {
        let operator = json!({"kind": "etcd", "name": "cluster", "reference": "etcd.operator.openshift.io/cluster",
            "overrides": ["a"]});
        let config = json!({"spec": {"unsupportedConfigOverrides": {"a": 1}}});
        assert_eq!(ask_about(config), Answer::Hit(json!({"operators": [operator]})));
    }

    #[test]
    fn reference_names_the_group_of_the_configuration() {
        let config = json!({"spec": {"unsupportedConfigOverrides": {"a": 1}}});
        let path = "config/clusteroperator/imageregistry.operator.openshift.io/config/cluster.json";
        let operator = json!({"kind": "config", "name": "cluster",
            "reference": "config.imageregistry.operator.openshift.io/cluster", "overrides": ["a"]});
        let answer = ask(UnsupportedConfigOverrides, &[(path, config)]);
        assert_eq!(answer, Answer::Hit(json!({"operators": [operator]})));
    }

    #[test]
    fn absent_overrides_are_silent() {
        for overrides in [json!(null), json!({})] {
            assert_eq!(ask_about(json!({"spec": {"unsupportedConfigOverrides": overrides}})), Answer::Miss);
        }
        assert_eq!(ask(UnsupportedConfigOverrides, &[]), Answer::skip_all(&["operator_configs"]));
    }
}
