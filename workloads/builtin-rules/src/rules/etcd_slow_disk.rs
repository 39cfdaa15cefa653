//! Disks that are too slow for etcd.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{meta, serialize_number};
use ccx_rules::{
    ClusterKind, Context, MetricFamily, Response, Rule, RuleMeta, Sample,
    documents::{ALERTS, Alert, METRICS, PLATFORM_PODS},
};
use chrono::TimeDelta;

const KEY: &str = "ETCD_SLOW_DISK";
const DISK_ALERTS: [&str; 2] = ["etcdHighFsyncDurations", "etcdHighCommitDurations"];
const SLOW_APPLY: &str = "etcd_server_slow_apply_total";

/// A healthy member applies a few requests per day slowly, such as large range requests; hundreds indicate a
/// slow disk.
const MAX_SLOW_APPLY_PER_DAY: f64 = 100.0;

/// Minimum period for a rate: requests are slow while a member starts.
const MIN_RUNNING: TimeDelta = TimeDelta::days(1);

const SECONDS_PER_DAY: f64 = 86_400.0;

pub(super) struct EtcdSlowDisk;

#[derive(Serialize)]
struct Details<'a> {
    members: Vec<SlowMember>,
    alerts: BTreeSet<&'a str>,
}

#[derive(Serialize)]
struct SlowMember {
    instance: String,
    #[serde(serialize_with = "serialize_number")]
    slow_apply: f64,
    since: String,
}

/// Member, and how many requests it applied slowly per day since it was started.
struct RatedMember<'c, 's> {
    sample: &'c Sample<'s>,
    since: &'c str,
    per_day: f64,
}

impl Rule for EtcdSlowDisk {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.etcd_slow_disk", KEY)
            .requires_any(&[ALERTS, METRICS])
            .reads_metric(MetricFamily::new(SLOW_APPLY).since(4, 16))
            .may_read(PLATFORM_PODS)
            .not_on(ClusterKind::HostedControlPlane, "etcd runs in the management cluster")
            .not_on(ClusterKind::ManagedService, "the provider maintains etcd")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let alerts = context.within_budget(context.active_alerts());
        let alerts: BTreeSet<&str> =
            alerts.map(Alert::name).filter(|name| DISK_ALERTS.contains(name)).collect();
        let samples = context.within_budget(context.metric(SLOW_APPLY));
        let rated: Vec<RatedMember<'_, '_>> = samples.filter_map(|sample| rate(sample, context)).collect();
        if context.alerts().is_none() && rated.is_empty() {
            return Some(Response::undecided("without alerts, a member's rate of slow requests is needed"));
        }
        let members: Vec<SlowMember> = rated.iter().filter_map(slow_member).collect();
        let is_slow = !alerts.is_empty() || !members.is_empty();
        is_slow.then(|| Response::hit(KEY, &Details { members, alerts }))
    }
}

/// Rates a member. The metric counts since the start of the member, which is in its pod: without the pod
/// there is no rate, and only the alerts count.
fn rate<'c, 's>(sample: &'c Sample<'s>, context: &'c Context<'_>) -> Option<RatedMember<'c, 's>> {
    let pod = sample.label("pod")?;
    let mut pods = context.platform_pods().iter();
    let pod = pods.find(|candidate| {
        &*candidate.metadata.namespace == "openshift-etcd" && *candidate.metadata.name == *pod
    })?;
    let container = pod.containers().find(|container| &*container.name == "etcd")?;
    let since = &*container.state.running.started_at;
    let running = context.age(since)?.max(MIN_RUNNING);
    let per_day = sample.value / (running.as_seconds_f64() / SECONDS_PER_DAY);
    Some(RatedMember { sample, since, per_day })
}

fn slow_member(member: &RatedMember<'_, '_>) -> Option<SlowMember> {
    (member.per_day > MAX_SLOW_APPLY_PER_DAY).then(|| SlowMember {
        instance: member.sample.label("instance").unwrap_or_default().into(),
        slow_apply: member.sample.value,
        since: member.since.into(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn metrics(slow_apply: u32) -> (&'static str, Value) {
        let labels = "instance=\"10.0.0.1:9979\",pod=\"etcd-a\"";
        ("config/metrics", json!(format!("etcd_server_slow_apply_total{{{labels}}} {slow_apply} 1\n")))
    }

    fn pod(started: &str) -> (&'static str, Value) {
        let container = json!({"name": "etcd", "state": {"running": {"startedAt": started}}});
        let pod = json!({"metadata": {"name": "etcd-a", "namespace": "openshift-etcd"},
            "status": {"containerStatuses": [container]}});
        ("config/pod/openshift-etcd/etcd-a.json", pod)
    }

    fn alerts(name: &str, state: &str) -> (&'static str, Value) {
        ("config/alerts.json", json!([{"labels": {"alertname": name}, "status": {"state": state}}]))
    }

    #[test]
    fn member_that_is_often_slow_is_a_hit() {
        for (slow_apply, started, is_hit) in [
            (101, "2026-01-14T12:00:00Z", true),
            (100, "2026-01-14T12:00:00Z", false),
            // Requests during the start.
            (60, "2026-01-15T11:00:00Z", false),
            (101, "2026-01-15T11:00:00Z", true),
            (1001, "2026-01-05T12:00:00Z", true),
            (1001, "2025-03-21T12:00:00Z", false),
        ] {
            let members = json!([{"instance": "10.0.0.1:9979", "slow_apply": slow_apply, "since": started}]);
            let hit = Answer::Hit(json!({"members": members, "alerts": []}));
            let answer = ask(EtcdSlowDisk, &[metrics(slow_apply), pod(started)]);
            assert_eq!(answer, if is_hit { hit } else { Answer::Miss }, "{slow_apply} since {started}");
        }
    }

    #[test]
    fn count_without_the_start_of_the_member_is_silent() {
        assert_eq!(ask(EtcdSlowDisk, &[metrics(130), alerts("Watchdog", "active")]), Answer::Miss);
        assert_eq!(ask(EtcdSlowDisk, &[metrics(130), pod(""), alerts("Watchdog", "active")]), Answer::Miss);
    }

    #[test]
    fn metrics_that_say_nothing_about_etcd_are_a_skip_without_alerts() {
        for metrics in [metrics(130), ("config/metrics", json!("up 1 1\n"))] {
            assert!(matches!(ask(EtcdSlowDisk, &[metrics]), Answer::Skip(_)));
        }
    }

    #[test]
    fn alert_alone_is_a_hit() {
        let answer = ask(EtcdSlowDisk, &[metrics(8), alerts("etcdHighFsyncDurations", "active")]);
        assert_eq!(answer, Answer::Hit(json!({"members": [], "alerts": ["etcdHighFsyncDurations"]})));
    }

    #[test]
    fn suppressed_or_other_alert_is_silent() {
        let files = [metrics(100), alerts("etcdHighFsyncDurations", "suppressed")];
        assert_eq!(ask(EtcdSlowDisk, &files), Answer::Miss);
        assert_eq!(ask(EtcdSlowDisk, &[alerts("Watchdog", "active")]), Answer::Miss);
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(ask(EtcdSlowDisk, &[]), Answer::Skip("All: [] Any: ['alerts', 'metrics']".into()));
    }
}
