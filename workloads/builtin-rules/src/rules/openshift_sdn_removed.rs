//! Clusters that run OpenShift SDN, which 4.17 removes.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, NETWORK},
};

const KEY: &str = "OPENSHIFT_SDN_REMOVED_IN_417";

/// The plugin's name.
pub(super) const OPENSHIFT_SDN: &str = "OpenShiftSDN";

pub(super) struct OpenshiftSdnRemoved;

#[derive(Serialize)]
struct Details<'a> {
    network_type: &'a str,
    version: &'a str,
}

impl Rule for OpenshiftSdnRemoved {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.openshift_sdn_removed", KEY).requires(NETWORK).may_read(CLUSTER_VERSION)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let network_type = context.network()?.plugin();
        let version = context.cluster_version().and_then(|version| version.current()).unwrap_or_default();
        (network_type == OPENSHIFT_SDN).then(|| Response::hit(KEY, &Details { network_type, version }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    #[test]
    fn openshift_sdn_is_a_hit() {
        let files = [
            ("config/network.json", json!({"status": {"networkType": "OpenShiftSDN"}})),
            ("config/version.json", json!({"status": {"desired": {"version": "4.16.2"}}})),
        ];
        let details = json!({"network_type": "OpenShiftSDN", "version": "4.16.2"});
        assert_eq!(ask(OpenshiftSdnRemoved, &files), Answer::Hit(details));
    }

    #[test]
    fn configured_plugin_counts_without_a_status() {
        let files = [("config/network.json", json!({"spec": {"networkType": "OpenShiftSDN"}}))];
        let details = json!({"network_type": "OpenShiftSDN", "version": ""});
        assert_eq!(ask(OpenshiftSdnRemoved, &files), Answer::Hit(details));
    }

    #[test]
    fn migrated_cluster_is_silent() {
        let network =
            json!({"spec": {"networkType": "OpenShiftSDN"}, "status": {"networkType": "OVNKubernetes"}});
        assert_eq!(ask(OpenshiftSdnRemoved, &[("config/network.json", network)]), Answer::Miss);
        assert_eq!(ask(OpenshiftSdnRemoved, &[]), Answer::skip_all(&["network"]));
    }
}
