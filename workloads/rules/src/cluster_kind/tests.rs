use serde_json::{Value, json};

use super::*;
use crate::{
    Budget, Engine, Response, Rule, RuleMeta, SkipReason,
    testing::{Answer, ask, run},
};

/// Rule that always hits, except on the kind of cluster that it excludes.
struct NotOn(ClusterKind);

impl Rule for NotOn {
    fn meta(&self) -> RuleMeta {
        RuleMeta::new("m.r".parse().unwrap(), "KEY".parse().unwrap()).not_on(self.0, "it is another.")
    }

    fn check(&self, _: &Context<'_>) -> Option<Response> {
        Some(Response::hit("KEY", &json!({})))
    }
}

/// Returns the kinds of clusters that an archive of one file shows.
fn kinds(path: &str, document: &Value) -> Vec<ClusterKind> {
    let is_excluded = |kind| matches!(ask(NotOn(kind), &[(path, document.clone())]), Answer::Skip(_));
    ClusterKind::ALL.iter().copied().filter(|&kind| is_excluded(kind)).collect()
}

#[test]
fn topology_tells_the_kind_of_control_plane() {
    let infrastructure = |topology: &str| json!({"status": {"controlPlaneTopology": topology}});
    for (topology, expected) in [
        ("HighlyAvailable", vec![]),
        ("", vec![]),
        ("SingleReplica", vec![ClusterKind::SingleNode]),
        ("DualReplica", vec![ClusterKind::TwoNode]),
        ("HighlyAvailableArbiter", vec![ClusterKind::TwoNode]),
        ("External", vec![ClusterKind::HostedControlPlane]),
    ] {
        assert_eq!(kinds("config/infrastructure.json", &infrastructure(topology)), expected, "{topology}");
    }
}

#[test]
fn provider_tags_and_the_operator_of_aro_tell_a_managed_service() {
    let tagged = |cloud: &str, field: &str| {
        let tags = json!([{"key": "red-hat-managed", "value": "true"}]);
        json!({"status": {"platformStatus": {(cloud): {(field): tags}}}})
    };
    for (cloud, field) in [("aws", "resourceTags"), ("azure", "resourceTags"), ("gcp", "resourceLabels")] {
        let found = kinds("config/infrastructure.json", &tagged(cloud, field));
        assert_eq!(found, [ClusterKind::ManagedService], "{cloud}");
    }
    let aro = json!({"metadata": {"name": "aro"}});
    assert_eq!(kinds("config/clusteroperator/aro.json", &aro), [ClusterKind::ManagedService]);
    assert_eq!(kinds("config/clusteroperator/dns.json", &aro), []);
}

#[test]
fn version_tells_okd_and_an_update() {
    let version = |version: &str, progressing: &str| {
        json!({"status": {"desired": {"version": version},
            "conditions": [{"type": "Progressing", "status": progressing}]}})
    };
    for (name, progressing, expected) in [
        ("4.18.9", "False", vec![]),
        ("4.18.9", "True", vec![ClusterKind::Updating]),
        ("4.15.0-0.okd-2024-03-10-010116", "False", vec![ClusterKind::Okd]),
        ("4.19.0-okd-scos.9", "False", vec![ClusterKind::Okd]),
    ] {
        assert_eq!(kinds("config/version.json", &version(name, progressing)), expected, "{name}");
    }
}

#[test]
fn pool_that_rolls_out_is_an_update_unless_it_is_paused() {
    let pool = |paused: bool| json!({"spec": {"paused": paused}, "status": {"conditions": [{"type": "Updating", "status": "True"}]}});
    assert_eq!(kinds("config/machineconfigpools/worker.json", &pool(false)), [ClusterKind::Updating]);
    assert_eq!(kinds("config/machineconfigpools/worker.json", &pool(true)), []);
}

#[test]
fn nodes_tell_windows_workers_and_compact_clusters() {
    let node = |labels: Value, system: &str| json!({"metadata": {"name": "n", "labels": labels}, "status": {"nodeInfo": {"operatingSystem": system}}});
    assert_eq!(kinds("config/node/n.json", &node(json!({}), "windows")), [ClusterKind::WindowsNodes]);
    let label = json!({"kubernetes.io/os": "windows"});
    assert_eq!(kinds("config/node/n.json", &node(label, "")), [ClusterKind::WindowsNodes]);
    let control_plane = node(json!({"node-role.kubernetes.io/control-plane": ""}), "linux");
    assert_eq!(kinds("config/node/n.json", &control_plane), []);
    let worker = node(json!({"node-role.kubernetes.io/worker": ""}), "linux");
    let compact = |second: &Value| {
        let files = [("config/node/a.json", control_plane.clone()), ("config/node/b.json", second.clone())];
        matches!(ask(NotOn(ClusterKind::Compact), &files), Answer::Skip(_))
    };
    assert!(compact(&control_plane) && !compact(&worker));
}

#[test]
fn excluded_rule_is_skipped_with_the_reason() {
    let files = [("config/infrastructure.json", json!({"status": {"controlPlaneTopology": "External"}}))];
    let report = run(vec![Box::new(NotOn(ClusterKind::HostedControlPlane))], &files);
    assert_eq!(report.skips[0].details, "Not applicable (hosted control plane): it is another.");
    assert_eq!(report.skips[0].reason, SkipReason::NotApplicable);
    assert!(report.to_json().get().contains(r#""reason":"NOT_APPLICABLE""#));
}

/// Rule that reports a state after one hour.
struct Lasting;

impl Rule for Lasting {
    fn meta(&self) -> RuleMeta {
        let meta = RuleMeta::new("m.r".parse().unwrap(), "KEY".parse().unwrap());
        meta.requires(CLUSTER_VERSION).for_at_least(chrono::TimeDelta::hours(1), "failing")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let condition = context.cluster_version()?.status.conditions.find_true("Failing")?;
        let has_lasted = context.has_lasted(&condition.last_transition_time, chrono::TimeDelta::hours(1));
        has_lasted.then(|| Response::hit("KEY", &json!({})))
    }
}

#[test]
fn state_is_reported_once_it_has_lasted() {
    let version = |since: Value| {
        let condition = json!({"type": "Failing", "status": "True", "lastTransitionTime": since});
        [("config/version.json", json!({"status": {"conditions": [condition]}}))]
    };
    for (since, hits) in [
        (json!("2026-01-15T11:00:00Z"), true),
        (json!("2026-01-15T11:00:01Z"), false),
        (json!("2026-01-15T12:30:00Z"), false),
        (json!("2025-01-15T12:00:00Z"), true),
        // A missing transition time does not suppress a hit.
        (json!(null), true),
        (json!("yesterday"), true),
    ] {
        let answer = ask(Lasting, &version(since.clone()));
        assert_eq!(matches!(answer, Answer::Hit(_)), hits, "{since}: {answer:?}");
    }
}

#[test]
fn state_of_unknown_age_is_a_skip_without_the_gathering_time() {
    let run = |since: &str| {
        let condition = json!({"type": "Failing", "status": "True", "lastTransitionTime": since});
        let files = [("config/version.json", json!({"status": {"conditions": [condition]}}))];
        Engine::new(vec![Box::new(Lasting)], Budget::default()).run(&crate::testing::archive(&files), None)
    };
    let report = run("2025-01-15T12:00:00Z");
    assert_eq!(report.skips[0].details, "All: ['gathering_time'] Any: ");
    assert_eq!(report.skips[0].reason, SkipReason::MissingRequirements);
    // Nothing is compared with the gathering time.
    assert_eq!(run("").hits.len(), 1);
}
