//! OpenShift Data Foundation clusters that have not been ready for some time.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{CEPH_CLUSTERS, STORAGE_CLUSTERS, StorageCluster},
};

const KEY: &str = "STORAGE_CLUSTER_NOT_READY";

/// Duration of an installation, an update or an expansion; connecting an external cluster takes less.
const MIN_NOT_READY: TimeDelta = TimeDelta::hours(1);

/// Ceph reports errors temporarily while daemons restart.
const MIN_ERROR: TimeDelta = TimeDelta::minutes(10);

/// Phases of ready storage: `Connected` is that of an external Ceph cluster.
const HEALTHY_PHASES: [&str; 2] = ["Ready", "Connected"];

pub(super) struct OdfClusterNotReady;

#[derive(Serialize)]
struct Details<'a> {
    clusters: Vec<NotReady<'a>>,
    /// Whether Ceph runs outside the cluster, for all of these.
    is_external: bool,
}

#[derive(Serialize)]
struct NotReady<'a> {
    kind: &'static str,
    namespace: &'a str,
    name: &'a str,
    phase: &'a str,
    health: &'a str,
    message: &'a str,
    #[serde(skip)]
    is_external: bool,
}

impl Rule for OdfClusterNotReady {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.odf_cluster_not_ready", KEY)
            .requires_any(&[CEPH_CLUSTERS, STORAGE_CLUSTERS])
            .for_at_least(MIN_NOT_READY, "not ready")
            .for_at_least(MIN_ERROR, "in error")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let ceph_clusters = context.ceph_clusters().iter().map(|cluster| ("CephCluster", cluster));
        let storage_clusters = context.storage_clusters().iter().map(|cluster| ("StorageCluster", cluster));
        let all = context.within_budget(ceph_clusters.chain(storage_clusters));
        let clusters = non_empty(all.filter_map(|(kind, cluster)| not_ready(kind, cluster, context)))?;
        let is_external = clusters.iter().all(|cluster| cluster.is_external);
        Some(Response::hit(KEY, &Details { clusters, is_external }))
    }
}

fn not_ready<'a>(
    kind: &'static str,
    cluster: &'a StorageCluster<'_>,
    context: &Context<'_>,
) -> Option<NotReady<'a>> {
    let status = &cluster.status;
    let (phase, health) = (&*status.phase, &*status.ceph.health);
    let is_unready = !phase.is_empty() && !HEALTHY_PHASES.contains(&phase);
    let min_age = if matches!(phase, "Error" | "Failure") { MIN_ERROR } else { MIN_NOT_READY };
    let is_hit = (is_unready && context.has_lasted(in_phase_since(cluster), min_age))
        || (health == "HEALTH_ERR" && context.has_lasted(&status.ceph.last_changed, MIN_ERROR));
    is_hit.then(|| NotReady {
        kind,
        namespace: cluster.namespace,
        name: cluster.name,
        phase,
        health,
        message: excerpt(message(cluster)),
        is_external: cluster.is_external,
    })
}

/// Returns the time since which a cluster has been in its phase: the phase has no time, so the transition
/// times of the condition with its name and of the conditions that are not met count.
fn in_phase_since<'a>(cluster: &'a StorageCluster<'_>) -> &'a str {
    let conditions = &cluster.status.conditions;
    let of_phase = conditions.find_true(&cluster.status.phase);
    let unfinished =
        || ["Available", "Ready", "Connected"].iter().find_map(|r#type| conditions.find_false(r#type));
    let unreconciled = || conditions.find_false("ReconcileComplete");
    let condition =
        of_phase.or_else(unfinished).or_else(|| conditions.find_true("Degraded")).or_else(unreconciled);
    condition.map_or("", |condition| &*condition.last_transition_time)
}

/// Returns the message of the cluster's status, else that of the first condition that indicates a problem.
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
        Answer::Hit(json!({"clusters": [cluster], "is_external": false}))
    }

    #[test]
    fn ceph_cluster_that_is_not_ready_is_a_hit() {
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
    fn storage_cluster_that_is_not_ready_is_a_hit() {
        assert_eq!(ask_about_storage("Error"), hit("StorageCluster", "ns", "s", "Error", "", "M"));
        assert_eq!(ask_about_storage("Ready"), Answer::Miss);
    }

    #[test]
    fn external_ceph_cluster_that_is_not_connected_is_told_from_one_in_the_cluster() {
        let storage = |spec: Value| {
            let path = "config/storage/ns/storageclusters/s.json";
            ask(OdfClusterNotReady, &[(path, json!({"spec": spec, "status": {"phase": "Error"}}))])
        };
        let connecting = json!({"phase": "Error", "conditions": [{"type": "Connecting", "status": "True"}]});
        for (answer, is_external) in [
            (ask_about_ceph(json!({"phase": "Connecting"})), true),
            (ask_about_ceph(connecting), true),
            (storage(json!({"externalStorage": {"enable": true}})), true),
            (storage(json!({"externalStorage": {}})), false),
        ] {
            let Answer::Hit(details) = answer else { panic!("{answer:?}") };
            assert_eq!(details["is_external"], json!(is_external), "{details}");
        }
    }

    #[test]
    fn external_ceph_cluster_that_is_connected_is_silent() {
        assert_eq!(
            ask_about_ceph(json!({"phase": "Connected", "ceph": {"health": "HEALTH_OK"}})),
            Answer::Miss
        );
        assert_eq!(ask_about_storage("Connected"), Answer::Miss);
    }

    #[test]
    fn storage_in_progress_is_silent_for_an_hour_and_in_error_for_ten_minutes() {
        let is_hit = |phase: &str, r#type: &str, status: &str, since: &str| {
            let condition = json!({"type": r#type, "status": status, "lastTransitionTime": since});
            let answer = ask_about_ceph(json!({"phase": phase, "conditions": [condition]}));
            matches!(answer, Answer::Hit(_))
        };
        assert!(!is_hit("Progressing", "Progressing", "True", "2026-01-15T11:00:01Z"));
        assert!(is_hit("Progressing", "Progressing", "True", "2026-01-15T11:00:00Z"));
        assert!(!is_hit("Connecting", "Connected", "False", "2026-01-15T11:30:00Z"));
        assert!(!is_hit("Progressing", "ReconcileComplete", "False", "2026-01-15T11:30:00Z"));
        assert!(!is_hit("Error", "Available", "False", "2026-01-15T11:51:00Z"));
        assert!(is_hit("Error", "Available", "False", "2026-01-15T11:50:00Z"));
        for (changed, expected) in [("2026-01-15T11:50:01Z", false), ("2026-01-15T11:50:00Z", true)] {
            let status = json!({"phase": "Ready", "ceph": {"health": "HEALTH_ERR", "lastChanged": changed}});
            assert_eq!(matches!(ask_about_ceph(status), Answer::Hit(_)), expected, "{changed}");
        }
    }

    #[test]
    fn warning_of_ceph_or_no_phase_is_silent() {
        assert_eq!(
            ask_about_ceph(json!({"phase": "Ready", "ceph": {"health": "HEALTH_WARN"}})),
            Answer::Miss
        );
        let missing = "All: [] Any: ['ceph_clusters', 'storage_clusters']";
        assert_eq!(ask_about_ceph(json!({})), Answer::Skip(missing.into()));
        assert_eq!(ask(OdfClusterNotReady, &[]), Answer::Skip(missing.into()));
    }
}
