//! Connections that network policies refuse.

use ccx_e2e::{BACKLOG, Namespace};
use ccx_test_support::eventually_within;
use serde_json::{Value, json};

use crate::story::{DATABASE, Story};

impl Story<'_> {
    /// On a cluster that enforces NetworkPolicies: `e2e/cluster/cluster.sh policies`.
    pub(crate) fn unrelated_pod_does_not_reach_the_database(&self) {
        let agents =
            self.cluster.get(&["daemonsets", "--namespace=kube-system", "--selector=e2e=network-policies"]);
        if agents["items"] == json!([]) {
            eprintln!("NetworkPolicies are not enforced here");
            return;
        }
        let host = format!("ccx-{DATABASE}.{}.svc", self.namespace.name());
        let stranger = Namespace::new(self.cluster, "ccx-e2e-stranger");
        stranger.apply(&json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stranger"},
            "spec": {
                "restartPolicy": "Never",
                "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{
                    "name": "stranger", "image": "localhost/postgres:e2e", "imagePullPolicy": "IfNotPresent",
                    "command": ["pg_isready", "--timeout=5", "--host", host],
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
                }],
            },
        }));
        let answer = eventually_within(BACKLOG, "what the stranger sees", || {
            let is_over = ["Failed", "Succeeded"]
                .map(Value::from)
                .contains(&stranger.get(&["pod/stranger"])["status"]["phase"]);
            if is_over { Ok(stranger.kubectl(&["logs", "stranger"])) } else { Err("not over") }
        });
        assert!(answer.contains("no response"), "{answer}");
    }
}
