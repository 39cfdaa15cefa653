//! The `privileged` security context constraint, granted to broad groups.

use std::collections::BTreeSet;

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ClusterRoleBinding, PRIVILEGED_SCC, PRIVILEGED_SCC_BINDING},
};

const KEY: &str = "PRIVILEGED_SCC_GRANTED_WIDELY";
const CONSTRAINT: &str = "SecurityContextConstraints/privileged";
const BINDING: &str = "ClusterRoleBinding/system:openshift:scc:privileged";

/// Groups of all users and of all service accounts.
const WIDE_GROUPS: [&str; 3] = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];
const GROUP_OF_NAMESPACE: &str = "system:serviceaccounts:";

pub(super) struct PrivilegedSccWide;

#[derive(Serialize)]
struct Details<'a> {
    grants: BTreeSet<Grant<'a>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Grant<'a> {
    object: &'static str,
    group: &'a str,
}

impl Rule for PrivilegedSccWide {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.privileged_scc_wide", KEY)
            .requires_any(&[PRIVILEGED_SCC, PRIVILEGED_SCC_BINDING])
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let constraint = context.privileged_scc().into_iter().flat_map(|constraint| constraint.groups.iter());
        let binding = context.privileged_scc_binding().into_iter().flat_map(ClusterRoleBinding::names);
        let by_constraint = constraint.map(|group| Grant { object: CONSTRAINT, group });
        let by_binding = binding.map(|group| Grant { object: BINDING, group });
        let all = context.within_budget(by_constraint.chain(by_binding));
        let grants: BTreeSet<Grant<'_>> = all.filter(|grant| is_wide(grant.group)).collect();
        (!grants.is_empty()).then(|| Response::hit(KEY, &Details { grants }))
    }
}

fn is_wide(group: &str) -> bool {
    let is_of_users =
        |namespace: &str| !namespace.starts_with("openshift-") && !namespace.starts_with("kube-");
    WIDE_GROUPS.contains(&group) || group.strip_prefix(GROUP_OF_NAMESPACE).is_some_and(is_of_users)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about_constraint(group: &str) -> Answer {
        let constraint = json!({"groups": ["system:cluster-admins", group]});
        ask(PrivilegedSccWide, &[("config/securitycontextconstraint/privileged.json", constraint)])
    }

    fn ask_about_binding(binding: Value) -> Answer {
        ask(PrivilegedSccWide, &[("config/clusterrolebinding/system_openshift_scc_privileged.json", binding)])
    }

    #[test]
    fn constraint_with_a_broad_group_is_a_hit() {
        for group in WIDE_GROUPS.into_iter().chain(["system:serviceaccounts:shop"]) {
            let grant = json!({"object": "SecurityContextConstraints/privileged", "group": group});
            assert_eq!(ask_about_constraint(group), Answer::Hit(json!({"grants": [grant]})));
        }
    }

    #[test]
    fn bound_group_is_listed_once() {
        let group = "system:serviceaccounts:shop";
        let answer = ask_about_binding(
            json!({"groupNames": [group], "subjects": [{"kind": "SystemGroup", "name": group}]}),
        );
        let grant = json!({"object": "ClusterRoleBinding/system:openshift:scc:privileged", "group": group});
        assert_eq!(answer, Answer::Hit(json!({"grants": [grant]})));
    }

    #[test]
    fn administrators_single_accounts_and_the_platform_are_silent() {
        for group in
            ["system:masters", "system:serviceaccounts:openshift-infra", "system:serviceaccounts:kube-system"]
        {
            assert_eq!(ask_about_constraint(group), Answer::Miss, "{group}");
        }
        let account = json!({"kind": "ServiceAccount", "namespace": "shop", "name": "default"});
        assert_eq!(ask_about_binding(json!({"groupNames": null, "subjects": [account]})), Answer::Miss);
        let missing = "All: [] Any: ['privileged_scc', 'privileged_scc_binding']";
        assert_eq!(ask(PrivilegedSccWide, &[]), Answer::Skip(missing.into()));
    }
}
