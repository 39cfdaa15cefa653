//! Disks that are too slow for etcd.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{meta, serialize_number};
use ccx_rules::{
    Context, MetricFamily, Response, Rule, RuleMeta, Sample,
    documents::{ALERTS, Alert, METRICS},
};

const KEY: &str = "ETCD_SLOW_DISK";
const DISK_ALERTS: [&str; 2] = ["etcdHighFsyncDurations", "etcdHighCommitDurations"];
const SLOW_APPLY: &str = "etcd_server_slow_apply_total";

/// A healthy member has a handful since its start; hundreds mean that the disk can't keep up.
const MAX_SLOW_APPLY: f64 = 100.0;

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
}

impl Rule for EtcdSlowDisk {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.etcd_slow_disk", KEY)
            .requires_any(&[ALERTS, METRICS])
            .reads_metric(MetricFamily::new(SLOW_APPLY).since(4, 16))
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let alerts = context.within_budget(context.active_alerts());
        let alerts: BTreeSet<&str> =
            alerts.map(Alert::name).filter(|name| DISK_ALERTS.contains(name)).collect();
        let slow = context.metric(SLOW_APPLY).filter(|sample| sample.value > MAX_SLOW_APPLY);
        let members: Vec<SlowMember> = context.within_budget(slow).map(slow_member).collect();
        let is_slow = !alerts.is_empty() || !members.is_empty();
        is_slow.then(|| Response::hit(KEY, &Details { members, alerts }))
    }
}

fn slow_member(sample: &Sample<'_>) -> SlowMember {
    SlowMember { instance: sample.label("instance").unwrap_or_default().into(), slow_apply: sample.value }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn metrics(slow_apply: u32) -> (&'static str, Value) {
        (
            "config/metrics",
            json!(format!("etcd_server_slow_apply_total{{instance=\"10.0.0.1:9979\"}} {slow_apply} 1\n")),
        )
    }

    fn alerts(name: &str, state: &str) -> (&'static str, Value) {
        ("config/alerts.json", json!([{"labels": {"alertname": name}, "status": {"state": state}}]))
    }

    #[test]
    fn a_member_that_is_often_slow_is_a_hit() {
        let members = json!([{"instance": "10.0.0.1:9979", "slow_apply": 101}]);
        assert_eq!(
            ask(EtcdSlowDisk, &[metrics(101)]),
            Answer::Hit(json!({"members": members, "alerts": []}))
        );
    }

    #[test]
    fn an_alert_alone_is_a_hit() {
        let answer = ask(EtcdSlowDisk, &[metrics(8), alerts("etcdHighFsyncDurations", "active")]);
        assert_eq!(answer, Answer::Hit(json!({"members": [], "alerts": ["etcdHighFsyncDurations"]})));
    }

    #[test]
    fn a_member_that_is_slow_at_times_is_none() {
        let files = [metrics(100), alerts("etcdHighFsyncDurations", "suppressed")];
        assert_eq!(ask(EtcdSlowDisk, &files), Answer::Miss);
        assert_eq!(ask(EtcdSlowDisk, &[alerts("Watchdog", "active")]), Answer::Miss);
    }

    #[test]
    fn one_of_the_two_files_is_needed() {
        assert_eq!(ask(EtcdSlowDisk, &[]), Answer::Skip("All: [] Any: ['alerts', 'metrics']".into()));
    }
}
