//! Machines that could not take their configuration.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{MACHINE_CONFIG_POOLS, MachineConfigPool},
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
        meta("ccx_rules.external.machine_config_pool_degraded", KEY).requires(MACHINE_CONFIG_POOLS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pools = non_empty(context.within_budget(context.machine_config_pools()).filter_map(degraded))?;
        Some(Response::hit(KEY, &Details { pools }))
    }
}

fn degraded<'a>(pool: &'a MachineConfigPool<'_>) -> Option<DegradedPool<'a>> {
    let degraded_machines = pool.status.degraded_machine_count.0.unwrap_or_default();
    let condition = pool.status.conditions.find_true("Degraded");
    (degraded_machines > 0 || condition.is_some()).then(|| DegradedPool {
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
    fn a_pool_with_degraded_machines_is_a_hit() {
        let pool =
            json!({"name": "worker", "degraded_machines": 1, "machines": 3, "reason": "", "message": ""});
        assert_eq!(ask_about(&json!(1), "False"), Answer::Hit(json!({"pools": [pool]})));
    }

    #[test]
    fn a_pool_that_says_so_is_a_hit() {
        let pool =
            json!({"name": "worker", "degraded_machines": 0, "machines": 3, "reason": "R", "message": "M"});
        assert_eq!(ask_about(&json!(null), "True"), Answer::Hit(json!({"pools": [pool]})));
    }

    #[test]
    fn a_healthy_pool_is_none() {
        assert_eq!(ask_about(&json!(0), "False"), Answer::Miss);
        assert_eq!(ask(MachineConfigPoolDegraded, &[]), Answer::skip_all(&["machine_config_pools"]));
    }
}
