//! Ingress controllers with one replica on clusters of several nodes.

use serde::Serialize;

use super::{meta, non_empty};
use ccx_rules::{
    ClusterKind, Context, Response, Rule, RuleMeta,
    documents::{INFRASTRUCTURE, INGRESS_CONTROLLERS, IngressController},
};

const KEY: &str = "INGRESS_SINGLE_REPLICA";

pub(super) struct IngressSingleReplica;

#[derive(Serialize)]
struct Details<'a> {
    controllers: Vec<Single<'a>>,
}

#[derive(Serialize)]
struct Single<'a> {
    name: &'a str,
    replicas: i64,
}

impl Rule for IngressSingleReplica {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.ingress_single_replica", KEY)
            .requires(INGRESS_CONTROLLERS)
            .requires(INFRASTRUCTURE)
            .not_on(ClusterKind::SingleNode, "there is one node")
            .adapts_to(ClusterKind::HostedControlPlane, "clusters with one worker node are excluded")
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let status = &context.infrastructure()?.status;
        if status.is_empty() {
            return Some(Response::undecided("the infrastructure has no `status`"));
        }
        if &*status.infrastructure_topology == "SingleReplica" {
            return None;
        }
        let controllers = non_empty(context.within_budget(context.ingress_controllers()).filter_map(single))?;
        Some(Response::hit(KEY, &Details { controllers }))
    }
}

fn single<'a>(controller: &IngressController<'a>) -> Option<Single<'a>> {
    let replicas = controller.spec.replicas.0.filter(|&replicas| replicas == 1)?;
    Some(Single { name: controller.name, replicas })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(replicas: &Value, topology: &str) -> Answer {
        let path = "config/clusteroperator/operator.openshift.io/ingresscontroller/openshift-ingress-operator/shard.json";
        let files = [
            (path, json!({"spec": {"replicas": replicas}})),
            ("config/infrastructure.json", json!({"status": {"infrastructureTopology": topology}})),
        ];
        ask(IngressSingleReplica, &files)
    }

    #[test]
    fn one_replica_on_several_nodes_is_a_hit() {
        let hit = Answer::Hit(json!({"controllers": [{"name": "shard", "replicas": 1}]}));
        assert_eq!(ask_about(&json!(1), "HighlyAvailable"), hit);
        assert_eq!(ask_about(&json!(1), ""), hit);
    }

    #[test]
    fn infrastructure_without_a_status_is_a_skip() {
        let controller = "config/clusteroperator/operator.openshift.io/ingresscontroller/openshift-ingress-operator/shard.json";
        for infrastructure in [json!({"status": {}}), json!({"status": null, "spec": {}})] {
            let files = [
                (controller, json!({"spec": {"replicas": 1}})),
                ("config/infrastructure.json", infrastructure),
            ];
            assert_eq!(
                ask(IngressSingleReplica, &files),
                Answer::Skip("the infrastructure has no `status`".into())
            );
        }
    }

    #[test]
    fn single_node_is_a_skip() {
        let controller = "config/clusteroperator/operator.openshift.io/ingresscontroller/openshift-ingress-operator/default.json";
        let files = [
            (controller, json!({"spec": {"replicas": 1}})),
            ("config/infrastructure.json", json!({"status": {"controlPlaneTopology": "SingleReplica"}})),
        ];
        assert!(matches!(ask(IngressSingleReplica, &files), Answer::Skip(_)));
    }

    #[test]
    fn two_replicas_the_default_or_one_worker_are_silent() {
        assert_eq!(ask_about(&json!(2), "HighlyAvailable"), Answer::Miss);
        assert_eq!(ask_about(&json!(null), "HighlyAvailable"), Answer::Miss);
        assert_eq!(ask_about(&json!(1), "SingleReplica"), Answer::Miss);
        assert_eq!(
            ask(IngressSingleReplica, &[]),
            Answer::skip_all(&["ingress_controllers", "infrastructure"])
        );
    }
}
