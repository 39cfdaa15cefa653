//! Features of OpenShift SDN in use that OVN-Kubernetes does not support.

use serde::Serialize;

use super::{meta, openshift_sdn_removed::OPENSHIFT_SDN};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{NETWORK, SDN_ANNOTATIONS},
};

const KEY: &str = "SDN_FEATURES_BLOCK_OVN_MIGRATION";

pub(super) struct SdnMigrationBlockers;

#[derive(Serialize)]
struct Details {
    macvlan_pods: i64,
    multicast_netnamespaces: i64,
}

impl Rule for SdnMigrationBlockers {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.sdn_migration_blockers", KEY).requires(SDN_ANNOTATIONS).requires(NETWORK)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let counts = context.sdn_annotations()?;
        let details = Details {
            macvlan_pods: counts.macvlan_pods.0.unwrap_or_default(),
            multicast_netnamespaces: counts.multicast_netnamespaces.0.unwrap_or_default(),
        };
        let has_blockers = details.macvlan_pods > 0 || details.multicast_netnamespaces > 0;
        let has_to_migrate = context.network()?.plugin() == OPENSHIFT_SDN;
        (has_blockers && has_to_migrate).then(|| Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn network(plugin: &str) -> (&'static str, Value) {
        ("config/network.json", json!({"status": {"networkType": plugin}}))
    }

    fn annotations(macvlan: &Value, multicast: &Value) -> (&'static str, Value) {
        let counts = json!({"pods_with_assign-macvlan_annotation": macvlan,
            "netnamespaces_with_multicast-enabled_annotation": multicast});
        ("aggregated/pods_and_netnamespaces_with_sdn_annotations.json", counts)
    }

    #[test]
    fn single_blocking_feature_is_a_hit() {
        for (macvlan, multicast) in [(1, 0), (0, 1)] {
            let files = [network("OpenShiftSDN"), annotations(&json!(macvlan), &json!(multicast))];
            let details = json!({"macvlan_pods": macvlan, "multicast_netnamespaces": multicast});
            assert_eq!(ask(SdnMigrationBlockers, &files), Answer::Hit(details));
        }
    }

    #[test]
    fn cluster_without_features_or_with_another_plugin_is_silent() {
        let files = [network("OpenShiftSDN"), annotations(&json!(0), &json!(null))];
        assert_eq!(ask(SdnMigrationBlockers, &files), Answer::Miss);
        let files = [network("OVNKubernetes"), annotations(&json!(1), &json!(1))];
        assert_eq!(ask(SdnMigrationBlockers, &files), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(ask(SdnMigrationBlockers, &[]), Answer::skip_all(&["sdn_annotations", "network"]));
        assert_eq!(
            ask(SdnMigrationBlockers, &[network("OpenShiftSDN")]),
            Answer::skip_all(&["sdn_annotations"])
        );
    }
}
