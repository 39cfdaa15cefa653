//! Machines on vSphere without the phase `Running`.

use chrono::TimeDelta;
use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{INFRASTRUCTURE, MACHINES, Machine},
};

const KEY: &str = "VSPHERE_UPI_MACHINE_WITH_NO_RUNNING_PHASE";

/// Duration of the platform's own alert `MachineWithNoRunningPhase`.
const MIN_AGE: TimeDelta = TimeDelta::hours(1);

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
            .for_at_least(MIN_AGE, "in a phase other than Running")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        if context.infrastructure()?.platform() != "VSphere" {
            return None;
        }
        let machines = context.within_budget(context.machines());
        let idle = machines.filter(|machine| is_idle(machine, context));
        let machines = non_empty(
            idle.map(|machine| IdleMachine { name: &machine.metadata.name, phase: &machine.status.phase }),
        )?;
        Some(Response::hit(KEY, &Details { machines }))
    }
}

/// Returns whether a machine is in a phase before `Running`. A missing phase does not count.
fn is_idle(machine: &Machine<'_>, context: &Context<'_>) -> bool {
    let phase = &*machine.status.phase;
    !matches!(phase, "" | "Running")
        && !machine.is_being_deleted()
        && context.has_lasted(machine.unchanged_since(), MIN_AGE)
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
    fn machine_in_another_phase_is_a_hit() {
        for phase in ["Provisioning", "Provisioned", "Failed"] {
            let machine = json!({"name": "m", "phase": phase});
            assert_eq!(ask_about("VSphere", phase), Answer::Hit(json!({"machines": [machine]})));
        }
    }

    #[test]
    fn running_machine_or_other_platform_is_silent() {
        assert_eq!(ask_about("VSphere", "Running"), Answer::Miss);
        assert_eq!(ask_about("AWS", "Provisioning"), Answer::Miss);
    }

    #[test]
    fn machine_without_a_phase_or_being_deleted_is_silent() {
        for phase in ["", "Deleting"] {
            assert_eq!(ask_about("VSphere", phase), Answer::Miss, "{phase}");
        }
    }

    #[test]
    fn machine_that_was_just_created_is_silent() {
        for (created, is_hit) in [("2026-01-15T11:00:01Z", false), ("2026-01-15T11:00:00Z", true)] {
            let machine = json!({"metadata": {"name": "m", "creationTimestamp": created}, "status": {"phase": "Provisioning"}});
            let files = [
                ("config/machines/openshift-machine-api/m.json", machine),
                ("config/infrastructure.json", json!({"status": {"platformStatus": {"type": "VSphere"}}})),
            ];
            assert_eq!(
                matches!(ask(VsphereUpiMachineIsInPhase, &files), Answer::Hit(_)),
                is_hit,
                "{created}"
            );
        }
    }

    #[test]
    fn missing_files_are_a_skip() {
        assert_eq!(ask(VsphereUpiMachineIsInPhase, &[]), Answer::skip_all(&["machines", "infrastructure"]));
    }
}
