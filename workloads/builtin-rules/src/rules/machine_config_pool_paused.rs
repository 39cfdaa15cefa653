//! Paused machine config pools, whose nodes do not get new configurations.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
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
    /// Whether a new configuration is pending.
    pending: bool,
}

impl Rule for MachineConfigPoolPaused {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_config_pool_paused", KEY)
            .requires(MACHINE_CONFIG_POOLS)
            .not_on(
                ClusterKind::Updating,
                "pools are paused during canary rollouts and EUS updates, as documented",
            )
            .not_on(ClusterKind::HostedControlPlane, "there are no machine config pools")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let pools = context.within_budget(context.machine_config_pools());
        let has_machines = |pool: &&MachineConfigPool<'_>| pool.status.machine_count.0 != Some(0);
        let paused = pools.filter(|pool| pool.spec.paused.0 == Some(true)).filter(has_machines);
        let pools = non_empty(paused.map(|pool| PausedPool {
            name: &pool.metadata.name,
            pending: pool.is_paused_with_pending_configuration(),
        }))?;
        Some(Response::hit(KEY, &Details { pools }))
    }
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
    fn paused_pool_is_a_hit_with_whether_a_configuration_is_pending() {
        for (wanted, pending) in [("rendered-a", false), ("rendered-b", true)] {
            let pool = json!({"name": "worker", "pending": pending});
            assert_eq!(ask_about(&json!(true), wanted), Answer::Hit(json!({"pools": [pool]})));
        }
    }

    #[test]
    fn pool_without_machines_is_silent() {
        let pool =
            json!({"metadata": {"name": "infra"}, "spec": {"paused": true}, "status": {"machineCount": 0}});
        let answer = ask(MachineConfigPoolPaused, &[("config/machineconfigpools/infra.json", pool)]);
        assert_eq!(answer, Answer::Miss);
    }

    #[test]
    fn pool_without_a_status_has_nothing_pending() {
        let pool = json!({"metadata": {"name": "worker"}, "status": {},
            "spec": {"paused": true, "configuration": {"name": "rendered-b"}}});
        let answer = ask(MachineConfigPoolPaused, &[("config/machineconfigpools/worker.json", pool)]);
        assert_eq!(answer, Answer::Hit(json!({"pools": [{"name": "worker", "pending": false}]})));
    }

    #[test]
    fn pool_that_is_paused_during_an_update_is_a_skip() {
        let version = json!({"status": {"conditions": [{"type": "Progressing", "status": "True"}]}});
        let pool = json!({"metadata": {"name": "worker"}, "spec": {"paused": true}});
        let files = [("config/version.json", version), ("config/machineconfigpools/worker.json", pool)];
        assert!(matches!(ask(MachineConfigPoolPaused, &files), Answer::Skip(_)));
    }

    #[test]
    fn unpaused_pool_is_silent() {
        assert_eq!(ask_about(&json!(false), "rendered-b"), Answer::Miss);
        assert_eq!(ask_about(&json!(null), "rendered-b"), Answer::Miss);
        assert_eq!(ask(MachineConfigPoolPaused, &[]), Answer::skip_all(&["machine_config_pools"]));
    }
}
