//! Machines that could not be made.

use serde::Serialize;

use super::{excerpt, meta, non_empty};
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{MACHINES, Machine},
};

const KEY: &str = "MACHINE_IN_FAILED_PHASE";

pub(super) struct MachineFailed;

#[derive(Serialize)]
struct Details<'a> {
    machines: Vec<FailedMachine<'a>>,
}

#[derive(Serialize)]
struct FailedMachine<'a> {
    name: &'a str,
    phase: &'a str,
    error_reason: &'a str,
    error_message: &'a str,
}

impl Rule for MachineFailed {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.machine_failed", KEY).requires(MACHINES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let machines = non_empty(context.within_budget(context.machines()).filter_map(failed))?;
        Some(Response::hit(KEY, &Details { machines }))
    }
}

fn failed<'a>(machine: &'a Machine<'_>) -> Option<FailedMachine<'a>> {
    let status = &machine.status;
    (&*status.phase == "Failed" || !status.error_reason.is_empty()).then(|| FailedMachine {
        name: &machine.metadata.name,
        phase: &status.phase,
        error_reason: &status.error_reason,
        error_message: excerpt(&status.error_message),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(status: &Value) -> Answer {
        let machine = json!({"metadata": {"name": "m"}, "status": status});
        ask(MachineFailed, &[("config/machines/openshift-machine-api/m.json", machine)])
    }

    #[test]
    fn a_failed_machine_is_a_hit() {
        let status = json!({"phase": "Failed", "errorReason": "InvalidConfiguration", "errorMessage": "no such image"});
        let machine = json!({"name": "m", "phase": "Failed", "error_reason": "InvalidConfiguration",
            "error_message": "no such image"});
        assert_eq!(ask_about(&status), Answer::Hit(json!({"machines": [machine]})));
    }

    #[test]
    fn either_sign_is_enough() {
        for (phase, reason) in [("Failed", ""), ("Provisioning", "InsufficientResources")] {
            let machine = json!({"name": "m", "phase": phase, "error_reason": reason, "error_message": ""});
            let answer = ask_about(&json!({"phase": phase, "errorReason": reason}));
            assert_eq!(answer, Answer::Hit(json!({"machines": [machine]})));
        }
    }

    #[test]
    fn a_machine_that_runs_or_is_being_made_is_none() {
        for phase in ["Running", "Provisioning", ""] {
            assert_eq!(ask_about(&json!({"phase": phase, "errorReason": null})), Answer::Miss, "{phase}");
        }
        assert_eq!(ask(MachineFailed, &[]), Answer::skip_all(&["machines"]));
    }
}
