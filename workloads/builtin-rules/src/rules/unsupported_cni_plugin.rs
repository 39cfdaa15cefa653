//! A network plugin that nobody supports.

use std::sync::LazyLock;

use serde::Serialize;

use super::meta;
use ccx_rules::{Context, Response, Rule, RuleMeta, documents::NETWORK};

const KEY: &str = "UNSUPPORTED_CNI_PLUGIN";

pub(super) struct UnsupportedCniPlugin;

/// The plugins of OpenShift, and those that their vendors have had certified.
static SUPPORTED_PLUGINS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/network_plugins.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
});

#[derive(Serialize)]
struct Details<'a> {
    network_type: &'a str,
}

impl Rule for UnsupportedCniPlugin {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.unsupported_cni_plugin", KEY).requires(NETWORK)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let network_type = context.network()?.plugin();
        let is_supported = SUPPORTED_PLUGINS.iter().any(|plugin| plugin.eq_ignore_ascii_case(network_type));
        let is_hit = !network_type.is_empty() && !is_supported;
        is_hit.then(|| Response::hit(KEY, &Details { network_type }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(network: Value) -> Answer {
        ask(UnsupportedCniPlugin, &[("config/network.json", network)])
    }

    #[test]
    fn an_unknown_plugin_is_a_hit() {
        let answer = ask_about(
            json!({"spec": {"networkType": "OVNKubernetes"}, "status": {"networkType": "Homemade"}}),
        );
        assert_eq!(answer, Answer::Hit(json!({"network_type": "Homemade"})));
    }

    #[test]
    fn a_known_plugin_in_any_case_is_none() {
        for plugin in ["OVNKubernetes", "openshiftsdn", "CILIUM"] {
            assert_eq!(ask_about(json!({"spec": {"networkType": plugin}})), Answer::Miss, "{plugin}");
        }
        assert_eq!(ask_about(json!({"spec": {}})), Answer::Miss);
        assert_eq!(ask(UnsupportedCniPlugin, &[]), Answer::skip_all(&["network"]));
    }

    #[test]
    fn the_list_names_each_plugin_once() {
        let unique: std::collections::BTreeSet<String> =
            SUPPORTED_PLUGINS.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(unique.len(), SUPPORTED_PLUGINS.len());
        assert!(unique.contains("ovnkubernetes"));
        assert!(
            unique.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        );
    }
}
