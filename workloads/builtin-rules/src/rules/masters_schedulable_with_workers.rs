//! Users' pods on the control plane although there are workers for them.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{NODES, Role, SCHEDULER},
};

const KEY: &str = "CONTROL_PLANE_SCHEDULABLE";

/// With a single worker the control plane has to help when that is away.
const MIN_WORKERS: usize = 2;

pub(super) struct MastersSchedulableWithWorkers;

#[derive(Serialize)]
struct Details {
    workers: usize,
    control_plane: usize,
}

impl Rule for MastersSchedulableWithWorkers {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.masters_schedulable_with_workers", KEY).requires(SCHEDULER).requires(NODES)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_schedulable = context.scheduler()?.spec.masters_schedulable.0 == Some(true);
        let nodes = context.nodes();
        let workers = context.within_budget(nodes).filter(|node| node.role() == Role::Worker).count();
        let details = Details { workers, control_plane: nodes.len() - workers };
        (is_schedulable && workers >= MIN_WORKERS).then(|| Response::hit(KEY, &details))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(masters_schedulable: bool, roles: &[&str]) -> Answer {
        let node = |role: &&str| -> Value {
            let label = format!("node-role.kubernetes.io/{role}");
            json!({"metadata": {"labels": {label: ""}}})
        };
        let paths: Vec<String> =
            (0..roles.len()).map(|number| format!("config/node/{number}.json")).collect();
        let mut files: Vec<(&str, Value)> =
            paths.iter().map(|path| &**path).zip(roles.iter().map(node)).collect();
        files.push((
            "config/schedulers/cluster.json",
            json!({"spec": {"mastersSchedulable": masters_schedulable}}),
        ));
        ask(MastersSchedulableWithWorkers, &files)
    }

    #[test]
    fn a_schedulable_control_plane_beside_workers_is_a_hit() {
        let answer = ask_about(true, &["master", "master", "master", "worker", "worker"]);
        assert_eq!(answer, Answer::Hit(json!({"workers": 2, "control_plane": 3})));
    }

    #[test]
    fn a_control_plane_that_has_to_help_is_none() {
        assert_eq!(ask_about(true, &["master", "master", "master", "worker"]), Answer::Miss);
        assert_eq!(ask_about(false, &["master", "worker", "worker"]), Answer::Miss);
    }

    #[test]
    fn both_files_are_needed() {
        assert_eq!(ask(MastersSchedulableWithWorkers, &[]), Answer::skip_all(&["scheduler", "nodes"]));
    }
}
