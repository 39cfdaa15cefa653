//! Storage in the cluster that is not ready.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CEPH_CLUSTERS, STORAGE_CLUSTERS, StorageCluster},
};

const KEY: &str = "STORAGE_CLUSTER_NOT_READY";

pub(super) struct OdfClusterNotReady;

#[derive(Serialize)]
struct Details<'a> {
    clusters: Vec<NotReady<'a>>,
}

#[derive(Serialize)]
struct NotReady<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    phase: &'a str,
    health: &'a str,
    message: &'a str,
}

impl Rule for OdfClusterNotReady {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.odf_cluster_not_ready", KEY).requires_any(&[CEPH_CLUSTERS, STORAGE_CLUSTERS])
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let ceph_clusters = context.ceph_clusters().iter().map(|cluster| ("CephCluster", cluster));
        let storage_clusters = context.storage_clusters().iter().map(|cluster| ("StorageCluster", cluster));
        let all = context.within_budget(ceph_clusters.chain(storage_clusters));
        let clusters = non_empty(all.filter_map(|(kind, cluster)| not_ready(kind, cluster)))?;
        Some(Response::hit(KEY, &Details { clusters }))
    }
}

fn not_ready<'a>(kind: &'static str, cluster: &'a StorageCluster<'_>) -> Option<NotReady<'a>> {
    let status = &cluster.status;
    let (phase, health) = (&*status.phase, &*status.ceph.health);
    let is_hit = !matches!(phase, "Ready" | "") || health == "HEALTH_ERR";
    is_hit.then(|| NotReady {
        kind,
        namespace: cluster.namespace,
        name: cluster.name,
        phase,
        health,
        message: excerpt(message(cluster)),
    })
}

/// What the cluster says of itself, else the first of its conditions that says something of what is wrong.
fn message<'a>(cluster: &'a StorageCluster<'_>) -> &'a str {
    let conditions = &cluster.status.conditions;
    let unfinished = || conditions.find("ReconcileComplete").filter(|condition| &*condition.status != "True");
    let condition = || conditions.find_true("Degraded").or_else(unfinished);
    let own = &*cluster.status.message;
    if own.is_empty() { condition().map_or("", |condition| &condition.message) } else { own }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about_ceph(document: Value) -> Answer {
        ask(OdfClusterNotReady, &[("config/storage/openshift-storage/cephclusters/c.json", document)])
    }

    fn ask_about_storage(phase: &str) -> Answer {
        let condition = json!({"type": "ReconcileComplete", "status": "False", "message": "M"});
        let status = json!({"phase": phase, "conditions": [condition]});
        ask(OdfClusterNotReady, &[("config/storage/ns/storageclusters/s.json", json!({"status": status}))])
    }

    fn hit(kind: &str, namespace: &str, name: &str, phase: &str, health: &str, message: &str) -> Answer {
        let cluster = json!({"kind": kind, "namespace": namespace, "name": name, "phase": phase, "health": health,
            "message": message});
        Answer::Hit(json!({"clusters": [cluster]}))
    }

    #[test]
    fn a_ceph_cluster_that_is_in_the_making_or_broken_is_a_hit() {
        let status = json!({"phase": "Progressing", "message": "M"});
        let expected = hit("CephCluster", "openshift-storage", "c", "Progressing", "", "M");
        assert_eq!(ask_about_ceph(status.clone()), expected);
        assert_eq!(ask_about_ceph(json!({"status": status})), expected);
        let broken = json!({"phase": "Ready", "ceph": {"health": "HEALTH_ERR"}});
        assert_eq!(
            ask_about_ceph(broken),
            hit("CephCluster", "openshift-storage", "c", "Ready", "HEALTH_ERR", "")
        );
    }

    #[test]
    fn a_storage_cluster_that_is_not_ready_is_a_hit() {
        assert_eq!(ask_about_storage("Error"), hit("StorageCluster", "ns", "s", "Error", "", "M"));
        assert_eq!(ask_about_storage("Ready"), Answer::Miss);
    }

    #[test]
    fn a_warning_of_ceph_or_no_phase_is_none() {
        assert_eq!(
            ask_about_ceph(json!({"phase": "Ready", "ceph": {"health": "HEALTH_WARN"}})),
            Answer::Miss
        );
        assert_eq!(ask_about_ceph(json!({})), Answer::Miss);
        let missing = "All: [] Any: ['ceph_clusters', 'storage_clusters']";
        assert_eq!(ask(OdfClusterNotReady, &[]), Answer::Skip(missing.into()));
    }
}
