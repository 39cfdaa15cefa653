//! Pools whose machines get no new configuration.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{MACHINE_CONFIG_POOLS, MachineConfigPool},
};

const KEY: &str = "MACHINE_CONFIG_POOL_PAUSED";

pub(super) struct MachineConfigPoolPaused;

#[derive(Serialize)]
struct Details<'a> {
    pools: Vec<PausedPool<'a>>,
}

#[derive(Serialize)]
struct PausedPool<'a> {
    name: &'a str,
    /// Whether a new configuration waits.
    pending: bool,
}

impl Rule for MachineConfigPoolPaused {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_config_pool_paused", KEY).requires(MACHINE_CONFIG_POOLS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pools = context.within_budget(context.machine_config_pools());
        let paused = pools.filter(|pool| pool.spec.paused.0 == Some(true));
        let pools = non_empty(
            paused.map(|pool| PausedPool { name: &pool.metadata.name, pending: is_pending(pool) }),
        )?;
        Some(Response::hit(KEY, &Details { pools }))
    }
}

fn is_pending(pool: &MachineConfigPool<'_>) -> bool {
    pool.spec.configuration.name != pool.status.configuration.name
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(paused: &Value, wanted: &str) -> Answer {
        let spec = json!({"paused": paused, "configuration": {"name": wanted}});
        let pool = json!({"metadata": {"name": "worker"}, "spec": spec, "status": {"configuration": {"name": "rendered-a"}}});
        ask(MachineConfigPoolPaused, &[("config/machineconfigpools/worker.json", pool)])
    }

    #[test]
    fn a_paused_pool_is_a_hit_and_tells_whether_changes_wait() {
        for (wanted, pending) in [("rendered-a", false), ("rendered-b", true)] {
            let pool = json!({"name": "worker", "pending": pending});
            assert_eq!(ask_about(&json!(true), wanted), Answer::Hit(json!({"pools": [pool]})));
        }
    }

    #[test]
    fn a_pool_at_work_is_none() {
        assert_eq!(ask_about(&json!(false), "rendered-b"), Answer::Miss);
        assert_eq!(ask_about(&json!(null), "rendered-b"), Answer::Miss);
        assert_eq!(ask(MachineConfigPoolPaused, &[]), Answer::skip_all(&["machine_config_pools"]));
    }
}
