//! The rights of the operator, compared with its requests.

use std::collections::BTreeSet;

use ccx_e2e::{OPERATOR, Requests};
use ccx_test_support::eventually;
use serde_json::{Value, json};

use crate::story::{RESOURCE, Story};

/// Suffixes of rights that this test does not use, each with the reason why it is needed.
const UNUSED_HERE: [(&str, &str); 14] = [
    (
        " ccx.openshift.io/ccxpipelines/finalizers",
        "the server asks for it beside the request that makes a child",
    ),
    (" authorization.k8s.io/subjectaccessreviews", "reviews of tokens of the cluster's users"),
    (" console.openshift.io/consolelinks", "the console of OpenShift"),
    (" gateway.networking.k8s.io/httproutes", "an API that is exposed by a Gateway"),
    (" kafka.strimzi.io/kafkas", "the brokers of a Kafka that Strimzi runs"),
    (" keda.sh/scaledobjects", "a pipeline that is scaled by lag"),
    (" keda.sh/triggerauthentications", "the same, with brokers that ask for a password"),
    (" monitoring.coreos.com/", "the Prometheus operator"),
    (" route.openshift.io/", "an API that is exposed by a Route"),
    ("delete /services", "a ServiceMonitor's Services, when it is not wanted any more"),
    (
        "delete /persistentvolumeclaims",
        "where owners' rights are enforced: an object that gets another owner",
    ),
    ("delete /secrets", "the same"),
    ("delete apps/", "the same"),
    ("delete policy/", "the same"),
];

impl Story<'_> {
    pub(crate) fn orphan_is_deleted(&self) {
        self.namespace.patch(
            RESOURCE,
            &json!({"spec": {
                "aggregator": {"exposure": {"type": "Ingress", "host": "ccx.example.com"}},
                "monitoring": {"dashboards": {"presence": "Enabled"}},
            }}),
        );
        let names = || {
            self.namespace
                .names("ingresses,networkpolicies,horizontalpodautoscalers,configmaps,serviceaccounts")
        };
        let extras = [
            "ingress.networking.k8s.io/",
            "networkpolicy.networking.k8s.io/",
            "horizontalpodautoscaler.autoscaling/",
        ];
        let is_extra = |name: &String| {
            extras.iter().any(|kind| name.starts_with(kind))
                || name.ends_with("-dashboard")
                || name.ends_with("-topics")
        };
        eventually("all that can be wanted is there", || {
            let names = names();
            extras.iter().all(|kind| names.iter().any(|name| name.starts_with(kind)))
                && names.iter().any(|name| name.ends_with("-dashboard"))
        });
        self.namespace.patch(
            RESOURCE,
            &json!({"spec": {
                "aggregator": {"exposure": null, "autoscaling": {"type": "None"}},
                "kafka": {"topicManagement": {"policy": "External", "partitions": null, "replicationFactor": null}},
                "monitoring": null,
                "networkPolicy": {"mode": "Disabled"},
            }}),
        );
        eventually("nothing of it is there", || !names().iter().any(is_extra));
        self.namespace.patch(
            RESOURCE,
            &json!({"spec": {
                "aggregator": {"autoscaling": {"type": null}},
                "kafka": {"topicManagement": {"policy": null, "partitions": 8, "replicationFactor": 1}},
                "networkPolicy": null,
            }}),
        );
        self.wait_until_ready();
    }

    /// Asserts that no request was forbidden, and that every right was used, except for [`UNUSED_HERE`].
    pub(crate) fn requests_of_the_operator_match_its_rights(&self) {
        let Some(log) = self.cluster.audit_log() else { return };
        let requests = Requests::from_log(&format!("{OPERATOR}:{OPERATOR}"), log);
        assert_eq!(requests.forbidden, BTreeSet::new());
        let asked: BTreeSet<String> =
            requests.asked.iter().map(|it| format!("{} {}/{}", it.verb, it.group, it.resource)).collect();
        let cluster_wide = rights(&self.cluster.get(&["clusterrole", OPERATOR]));
        let own =
            rights(&self.cluster.get(&["role", &format!("{OPERATOR}-leader"), "--namespace", OPERATOR]));
        let in_cluster = rights(&self.cluster.get(&["clusterrole", &format!("{OPERATOR}-cluster")]));
        let cluster_wide: BTreeSet<_> = cluster_wide.union(&in_cluster).cloned().collect();
        let unused: Vec<&String> = cluster_wide.union(&own).filter(|right| !asked.contains(*right)).collect();
        let is_explained = |right: &str| UNUSED_HERE.iter().any(|(end, _why)| right.contains(end));
        let unexplained: Vec<_> = unused.iter().filter(|right| !is_explained(right)).collect();
        assert!(unexplained.is_empty(), "rights that were never used: {unexplained:?}");
        let idle: Vec<_> =
            UNUSED_HERE.iter().filter(|(end, _)| !unused.iter().any(|right| right.contains(end))).collect();
        assert_eq!(idle, [&("", ""); 0], "they are used, or not granted");
    }
}

/// Returns all rights of a role, each as `verb group/resource`.
fn rights(role: &Value) -> BTreeSet<String> {
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        rule[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(rule, "apiGroups") {
            for resource in texts(rule, "resources") {
                rights.extend(texts(rule, "verbs").iter().map(|verb| format!("{verb} {group}/{resource}")));
            }
        }
    }
    rights
}
