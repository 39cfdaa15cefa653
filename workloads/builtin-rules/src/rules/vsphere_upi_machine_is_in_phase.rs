//! Machines on vSphere that never came to run.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{INFRASTRUCTURE, MACHINES},
};

const KEY: &str = "VSPHERE_UPI_MACHINE_WITH_NO_RUNNING_PHASE";

pub(super) struct VsphereUpiMachineIsInPhase;

#[derive(Serialize)]
struct Details<'a> {
    machines: Vec<IdleMachine<'a>>,
}

#[derive(Serialize)]
struct IdleMachine<'a> {
    name: &'a str,
    phase: &'a str,
}

impl Rule for VsphereUpiMachineIsInPhase {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.vsphere_upi_machine_is_in_phase", KEY)
            .requires(MACHINES)
            .requires(INFRASTRUCTURE)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        if context.infrastructure()?.platform() != "VSphere" {
            return None;
        }
        let machines = context.within_budget(context.machines());
        let idle = machines.filter(|machine| &*machine.status.phase != "Running");
        let machines = non_empty(
            idle.map(|machine| IdleMachine { name: &machine.metadata.name, phase: &machine.status.phase }),
        )?;
        Some(Response::hit(KEY, &Details { machines }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(platform: &str, phase: &str) -> Answer {
        let machine = json!({"metadata": {"name": "m"}, "status": {"phase": phase}});
        let infrastructure = json!({"status": {"platformStatus": {"type": platform}}});
        let files = [
            ("config/machines/openshift-machine-api/m.json", machine),
            ("config/infrastructure.json", infrastructure),
        ];
        ask(VsphereUpiMachineIsInPhase, &files)
    }

    #[test]
    fn a_machine_without_a_phase_is_a_hit() {
        for phase in ["", "Provisioning"] {
            let machine = json!({"name": "m", "phase": phase});
            assert_eq!(ask_about("VSphere", phase), Answer::Hit(json!({"machines": [machine]})));
        }
    }

    #[test]
    fn a_machine_that_runs_or_lives_elsewhere_is_none() {
        assert_eq!(ask_about("VSphere", "Running"), Answer::Miss);
        assert_eq!(ask_about("AWS", ""), Answer::Miss);
    }

    #[test]
    fn both_files_are_needed() {
        assert_eq!(ask(VsphereUpiMachineIsInPhase, &[]), Answer::skip_all(&["machines", "infrastructure"]));
    }
}
