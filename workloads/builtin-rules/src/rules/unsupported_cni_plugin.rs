//! Network plugins that are neither part of OpenShift nor certified.

use std::sync::LazyLock;

use serde::Serialize;

use super::meta;
use ccx_rules::{ClusterKind, Context, Response, Rule, RuleMeta, documents::NETWORK};

const KEY: &str = "UNSUPPORTED_CNI_PLUGIN";

pub(super) struct UnsupportedCniPlugin;

/// Values of the network type that do not name a plugin.
const UNNAMED: [&str; 3] = ["None", "Other", "Raw"];

/// Names of the plugins of OpenShift and of certified plugins, one per line.
static SUPPORTED_PLUGINS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let lines = include_str!("../../data/network_plugins.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
});

#[derive(Serialize)]
struct Details<'a> {
    network_type: &'a str,
    is_hosted: bool,
}

impl Rule for UnsupportedCniPlugin {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.unsupported_cni_plugin", KEY)
            .requires(NETWORK)
            .not_on(ClusterKind::Okd, "OKD has no support, and so no certification")
            .adapts_to(
                ClusterKind::HostedControlPlane,
                "the type `Other` does not name the plugin, and is skipped; the text does not name control plane nodes",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let network_type = context.network()?.plugin();
        if UNNAMED.contains(&network_type) {
            return Some(Response::undecided("the network type does not name the plugin"));
        }
        let is_supported = SUPPORTED_PLUGINS.iter().any(|plugin| is_same(plugin, network_type));
        let is_hit = !network_type.is_empty() && !is_supported;
        let is_hosted = context.is_kind(ClusterKind::HostedControlPlane);
        is_hit.then(|| Response::hit(KEY, &Details { network_type, is_hosted }))
    }
}

/// Returns whether two names are equal except for case and punctuation: `kube-ovn` and `KubeOVN`.
fn is_same(a: &str, b: &str) -> bool {
    let letters = |name: &'_ str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    letters(a) == letters(b)
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
    fn unknown_plugin_is_a_hit() {
        let answer = ask_about(
            json!({"spec": {"networkType": "OVNKubernetes"}, "status": {"networkType": "Homemade"}}),
        );
        assert_eq!(answer, Answer::Hit(json!({"network_type": "Homemade", "is_hosted": false})));
    }

    #[test]
    fn known_plugin_in_any_spelling_is_silent() {
        for plugin in [
            "OVNKubernetes",
            "openshiftsdn",
            "CILIUM",
            "Calico",
            "CiscoACI",
            "NCP",
            "antrea",
            "kube-ovn",
            "Isovalent",
        ] {
            assert_eq!(ask_about(json!({"spec": {"networkType": plugin}})), Answer::Miss, "{plugin}");
        }
        assert_eq!(ask_about(json!({"spec": {}})), Answer::Miss);
        assert_eq!(ask(UnsupportedCniPlugin, &[]), Answer::skip_all(&["network"]));
    }

    #[test]
    fn network_type_without_a_plugin_is_a_skip() {
        for network_type in UNNAMED {
            let answer = ask_about(json!({"spec": {"networkType": network_type}}));
            assert!(matches!(answer, Answer::Skip(_)), "{network_type}");
        }
    }

    #[test]
    fn list_names_each_plugin_once() {
        let unique: std::collections::BTreeSet<String> =
            SUPPORTED_PLUGINS.iter().map(|name| name.to_lowercase()).collect();
        assert_eq!(unique.len(), SUPPORTED_PLUGINS.len());
        assert!(unique.contains("ovnkubernetes"));
        assert!(
            unique.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
        );
    }
}
