//! Updates that take longer than they should.

use chrono::TimeDelta;
use serde::Serialize;

use super::{excerpt, meta};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{CLUSTER_VERSION, MACHINE_CONFIG_POOLS, MachineConfigPool},
};

const KEY: &str = "CLUSTER_UPDATE_STUCK";

/// An update usually takes one or two hours. Worker pools with many nodes take longer, but the cluster
/// version operator completes without waiting for them.
const MAX_DURATION: TimeDelta = TimeDelta::hours(4);

pub(super) struct ClusterUpdateStuck;

#[derive(Serialize)]
struct Details<'a> {
    desired: &'a str,
    started: &'a str,
    hours: i64,
    message: &'a str,
    pools: Vec<PoolProgress<'a>>,
}

#[derive(Serialize)]
struct PoolProgress<'a> {
    name: &'a str,
    updated: i64,
    machines: i64,
}

impl Rule for ClusterUpdateStuck {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.cluster_update_stuck", KEY)
            .requires(CLUSTER_VERSION)
            .may_read(MACHINE_CONFIG_POOLS)
            .for_at_least(MAX_DURATION, "being updated")
            .adapts_to(ClusterKind::Updating, "the rule checks the update itself")
            .adapts_to(
                ClusterKind::HostedControlPlane,
                "there are no pools; the text names the HostedCluster",
            )
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let status = &context.cluster_version()?.status;
        let progressing = status.conditions.find_true("Progressing")?;
        let update = status.history.first().filter(|update| &*update.state == "Partial")?;
        let duration = context.age(&update.started_time).filter(|&duration| duration >= MAX_DURATION)?;
        let details = Details {
            desired: &status.desired.version,
            started: &update.started_time,
            hours: duration.num_hours(),
            message: excerpt(&progressing.message),
            pools: context.within_budget(context.machine_config_pools()).map(progress).collect(),
        };
        Some(Response::hit(KEY, &details))
    }
}

fn progress<'a>(pool: &'a MachineConfigPool<'_>) -> PoolProgress<'a> {
    PoolProgress {
        name: &pool.metadata.name,
        updated: pool.status.updated_machine_count.0.unwrap_or_default(),
        machines: pool.status.machine_count.0.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn version(progressing: &str, state: &str, started: &str) -> (&'static str, Value) {
        let version = json!({"status": {
            "desired": {"version": "4.18.9"},
            "history": [{"state": state, "version": "4.18.9", "startedTime": started}],
            "conditions": [{"type": "Progressing", "status": progressing, "message": "M"}]}});
        ("config/version.json", version)
    }

    #[test]
    fn update_of_four_hours_is_a_hit() {
        let pool =
            json!({"metadata": {"name": "worker"}, "status": {"machineCount": 5, "updatedMachineCount": 3}});
        let files = [
            version("True", "Partial", "2026-01-15T08:00:00Z"),
            ("config/machineconfigpools/worker.json", pool),
        ];
        let details = json!({"desired": "4.18.9", "started": "2026-01-15T08:00:00Z", "hours": 4, "message": "M",
            "pools": [{"name": "worker", "updated": 3, "machines": 5}]});
        assert_eq!(ask(ClusterUpdateStuck, &files), Answer::Hit(details));
    }

    #[test]
    fn update_that_is_young_or_complete_is_silent() {
        for (progressing, state, started) in [
            ("True", "Partial", "2026-01-15T08:00:01Z"),
            ("True", "Completed", "2026-01-14T08:00:00Z"),
            ("False", "Partial", "2026-01-14T08:00:00Z"),
            ("True", "Partial", "?"),
        ] {
            let answer = ask(ClusterUpdateStuck, &[version(progressing, state, started)]);
            assert_eq!(answer, Answer::Miss, "{progressing} {state} {started}");
        }
        assert_eq!(ask(ClusterUpdateStuck, &[]), Answer::skip_all(&["cluster_version"]));
    }
}
