//! Control plane machines that belong to a compute machine set.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{MACHINE_SETS, MachineSet},
};

const KEY: &str = "MASTER_DEFINED_AS_MACHINESETS";

pub(super) struct MasterDefinedAsMachinesets;

#[derive(Serialize)]
struct Details<'a> {
    machinesets: Vec<ControlPlaneSet<'a>>,
}

#[derive(Serialize)]
struct ControlPlaneSet<'a> {
    name: &'a str,
    namespace: &'a str,
    replicas: i64,
}

impl Rule for MasterDefinedAsMachinesets {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.master_defined_as_machinesets", KEY)
            .requires(MACHINE_SETS)
            .not_on(ClusterKind::HostedControlPlane, "the control plane has no machines")
            .not_on(ClusterKind::ManagedService, "the provider maintains the control plane")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let machinesets =
            non_empty(context.within_budget(context.machine_sets()).filter_map(control_plane_set))?;
        Some(Response::hit(KEY, &Details { machinesets }))
    }
}

fn control_plane_set<'a>(set: &'a MachineSet<'_>) -> Option<ControlPlaneSet<'a>> {
    (set.role() == "master").then(|| ControlPlaneSet {
        name: &set.metadata.name,
        namespace: &set.metadata.namespace,
        replicas: set.replicas(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(path: &str, role: &str) -> Answer {
        let labels = json!({"machine.openshift.io/cluster-api-machine-role": role});
        let set = json!({"metadata": {"name": "s", "namespace": "openshift-machine-api"},
            "spec": {"replicas": 3, "template": {"metadata": {"labels": labels}}}});
        ask(MasterDefinedAsMachinesets, &[(path, set)])
    }

    #[test]
    fn machine_set_of_the_control_plane_is_a_hit() {
        let set = json!({"name": "s", "namespace": "openshift-machine-api", "replicas": 3});
        for path in
            ["machinesets/openshift-machine-api/s.json", "config/machinesets/openshift-machine-api/s.json"]
        {
            assert_eq!(ask_about(path, "master"), Answer::Hit(json!({"machinesets": [set]})), "{path}");
        }
    }

    #[test]
    fn machine_set_of_workers_is_silent() {
        assert_eq!(ask_about("machinesets/openshift-machine-api/s.json", "worker"), Answer::Miss);
        assert_eq!(ask(MasterDefinedAsMachinesets, &[]), Answer::skip_all(&["machine_sets"]));
    }
}
