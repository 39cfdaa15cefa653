//! Machine config pools that are degraded.

use serde::Serialize;

use super::{excerpt, machine_config_daemon_degraded::MIN_DEGRADED, meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{Condition, MACHINE_CONFIG_POOLS, MachineConfigPool},
};

const KEY: &str = "MACHINE_CONFIG_POOL_DEGRADED";

pub(super) struct MachineConfigPoolDegraded;

#[derive(Serialize)]
struct Details<'a> {
    pools: Vec<DegradedPool<'a>>,
}

#[derive(Serialize)]
struct DegradedPool<'a> {
    name: &'a str,
    degraded_machines: i64,
    machines: i64,
    reason: &'a str,
    message: &'a str,
}

impl Rule for MachineConfigPoolDegraded {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_config_pool_degraded", KEY)
            .requires(MACHINE_CONFIG_POOLS)
            .for_at_least(MIN_DEGRADED, "degraded")
            .not_on(ClusterKind::HostedControlPlane, "there are no machine config pools")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let all = context.within_budget(context.machine_config_pools());
        let pools = non_empty(all.filter_map(|pool| degraded(pool, context)))?;
        Some(Response::hit(KEY, &Details { pools }))
    }
}

fn degraded<'a>(pool: &'a MachineConfigPool<'_>, context: &Context<'_>) -> Option<DegradedPool<'a>> {
    let degraded_machines = pool.status.degraded_machine_count.0.unwrap_or_default();
    let conditions = &pool.status.conditions;
    let condition = conditions.find_true("Degraded");
    // `Degraded` summarizes the others; some releases set only these.
    let signs = ["NodeDegraded", "RenderDegraded"].iter().filter_map(|r#type| conditions.find_true(r#type));
    let mut since =
        condition.into_iter().chain(signs).map(|sign: &Condition<'_>| &*sign.last_transition_time);
    let is_lasting = context.has_lasted(since.next().unwrap_or_default(), MIN_DEGRADED);
    (is_lasting && (degraded_machines > 0 || condition.is_some())).then(|| DegradedPool {
        name: &pool.metadata.name,
        degraded_machines,
        machines: pool.status.machine_count.0.unwrap_or_default(),
        reason: condition.map_or("", |condition| &condition.reason),
        message: condition.map_or("", |condition| excerpt(&condition.message)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(degraded_machines: &Value, degraded: &str) -> Answer {
        let condition = json!({"type": "Degraded", "status": degraded, "reason": "R", "message": "M"});
        let status =
            json!({"machineCount": 3, "degradedMachineCount": degraded_machines, "conditions": [condition]});
        let pool = json!({"metadata": {"name": "worker"}, "status": status});
        ask(MachineConfigPoolDegraded, &[("config/machineconfigpools/worker.json", pool)])
    }

    #[test]
    fn degraded_machine_is_a_hit() {
        let pool =
            json!({"name": "worker", "degraded_machines": 1, "machines": 3, "reason": "", "message": ""});
        assert_eq!(ask_about(&json!(1), "False"), Answer::Hit(json!({"pools": [pool]})));
    }

    #[test]
    fn degraded_condition_is_a_hit() {
        let pool =
            json!({"name": "worker", "degraded_machines": 0, "machines": 3, "reason": "R", "message": "M"});
        assert_eq!(ask_about(&json!(null), "True"), Answer::Hit(json!({"pools": [pool]})));
    }

    #[test]
    fn pool_degraded_for_minutes_is_silent() {
        for (since, is_hit) in [("2026-01-15T11:46:00Z", false), ("2026-01-15T11:45:00Z", true)] {
            let condition = json!({"type": "Degraded", "status": "True", "lastTransitionTime": since});
            let pool = json!({"metadata": {"name": "worker"},
                "status": {"degradedMachineCount": 1, "conditions": [condition]}});
            let answer = ask(MachineConfigPoolDegraded, &[("config/machineconfigpools/worker.json", pool)]);
            assert_eq!(matches!(answer, Answer::Hit(_)), is_hit, "{since}");
        }
    }

    #[test]
    fn healthy_pool_is_silent() {
        assert_eq!(ask_about(&json!(0), "False"), Answer::Miss);
        assert_eq!(ask(MachineConfigPoolDegraded, &[]), Answer::skip_all(&["machine_config_pools"]));
    }
}
