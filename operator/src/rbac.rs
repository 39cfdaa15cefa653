//! What the operator may do: no more than it does. The roles in the chart and in the plain YAML are generated from this table.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Serialize;

/// Where a permission is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In the namespaces whose resources are watched: a `ClusterRole` when that is all of them, else a `Role` in each.
    Watched,
    /// In the operator's own namespace.
    Own,
}

/// Some verbs on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The plural name, and the subresource after a slash.
    pub resource: &'static str,
    /// What may be done with it.
    pub verbs: &'static [&'static str],
    /// Where.
    pub reach: Reach,
}

/// Children are read to compare, watched to correct drift, applied, and deleted when the resource no longer wants them. Some are
/// always wanted; but to become the owner of an object that is there, as when `deletionPolicy` changes or a resource takes over what
/// one of its name has left, is to be able to delete it, and clusters that enforce owners' rights, such as OpenShift, say so.
const CHILD: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// Everything that the operator asks the API server for.
pub const PERMISSIONS: [Permission; 27] = [
    // The resource: what is wanted, and what is.
    watched("ccx.openshift.io", "ccxpipelines", &["get", "list", "watch"]),
    watched("ccx.openshift.io", "ccxpipelines/status", &["patch"]),
    // Clusters that enforce it want this of whoever sets an owner reference that blocks the owner's deletion.
    watched("ccx.openshift.io", "ccxpipelines/finalizers", &["update"]),
    // Its children.
    watched("", "serviceaccounts", CHILD),
    watched("", "configmaps", CHILD),
    watched("", "secrets", CHILD),
    watched("", "services", CHILD),
    watched("", "persistentvolumeclaims", CHILD),
    watched("networking.k8s.io", "networkpolicies", CHILD),
    watched("networking.k8s.io", "ingresses", CHILD),
    watched("policy", "poddisruptionbudgets", CHILD),
    watched("apps", "statefulsets", CHILD),
    watched("apps", "deployments", CHILD),
    watched("batch", "jobs", CHILD),
    watched("autoscaling", "horizontalpodautoscalers", CHILD),
    // Those of extensions, where the cluster has them.
    watched("keda.sh", "scaledobjects", CHILD),
    watched("keda.sh", "triggerauthentications", CHILD),
    watched("route.openshift.io", "routes", CHILD),
    // A host name of one's own choice on a Route is a permission of its own on OpenShift, and another one is one more.
    watched("route.openshift.io", "routes/custom-host", &["create", "update"]),
    watched("gateway.networking.k8s.io", "httproutes", CHILD),
    watched("monitoring.coreos.com", "podmonitors", CHILD),
    watched("monitoring.coreos.com", "servicemonitors", CHILD),
    watched("monitoring.coreos.com", "prometheusrules", CHILD),
    // Where the brokers of a referenced Strimzi cluster are.
    watched("kafka.strimzi.io", "kafkas", &["get", "list", "watch"]),
    // Why something does not run.
    watched("", "pods", &["list", "watch"]),
    // What happened, for people.
    watched("events.k8s.io", "events", &["create"]),
    // Which of our pods may write.
    own("coordination.k8s.io", "leases", &["get", "create", "update"]),
];

/// The rules of the roles.
#[derive(Debug, Serialize)]
pub struct Rules {
    /// Of the role for the watched namespaces.
    pub watched: Vec<PolicyRule>,
    /// Of the role in the operator's own namespace.
    pub own: Vec<PolicyRule>,
}

/// The rules of the roles, with neighbours of one group and the same verbs in one rule.
pub fn rules() -> Rules {
    let of = |reach| merge(PERMISSIONS.iter().filter(move |permission| permission.reach == reach));
    Rules { watched: of(Reach::Watched), own: of(Reach::Own) }
}

/// Goes before the generated YAML.
const HEADER: &str = "# Generated from operator/src/rbac.rs; `make generate` writes this file.\n";

/// The rules as the chart reads them.
///
/// # Panics
/// Never: rules are lists of texts.
pub fn rules_yaml() -> String {
    let rules = serde_saphyr::to_string(&rules()).expect("lists of texts can be written as YAML");
    format!("{HEADER}{rules}")
}

const fn watched(group: &'static str, resource: &'static str, verbs: &'static [&'static str]) -> Permission {
    Permission { group, resource, verbs, reach: Reach::Watched }
}

const fn own(group: &'static str, resource: &'static str, verbs: &'static [&'static str]) -> Permission {
    Permission { group, resource, verbs, reach: Reach::Own }
}

fn merge<'a>(permissions: impl Iterator<Item = &'a Permission>) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for permission in permissions {
        let rule = rule(permission);
        match rules.iter_mut().find(|other| other.api_groups == rule.api_groups && other.verbs == rule.verbs)
        {
            Some(same) => same.resources.get_or_insert_default().push(permission.resource.to_owned()),
            None => rules.push(rule),
        }
    }
    rules
}

fn rule(permission: &Permission) -> PolicyRule {
    PolicyRule {
        api_groups: Some(vec![permission.group.to_owned()]),
        resources: Some(vec![permission.resource.to_owned()]),
        verbs: permission.verbs.iter().map(|&verb| verb.to_owned()).collect(),
        ..PolicyRule::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::kind::Kind;

    fn verbs_on(group: &str, resource: &str) -> Vec<&'static str> {
        let is_asked =
            |permission: &&Permission| permission.group == group && permission.resource == resource;
        PERMISSIONS.iter().filter(is_asked).flat_map(|permission| permission.verbs).copied().collect()
    }

    #[test]
    fn every_kind_of_child_and_nothing_else_can_be_kept_as_it_should_be() {
        let children = Kind::ALL.map(|kind| (kind.api_resource().group, kind.api_resource().plural));
        let kept = PERMISSIONS.iter().filter(|permission| permission.verbs == CHILD);
        let kept: BTreeSet<_> =
            kept.map(|permission| (permission.group.to_owned(), permission.resource.to_owned())).collect();
        assert_eq!(kept, children.into());
    }

    #[test]
    fn nothing_is_granted_by_a_wildcard_and_no_permission_can_be_widened() {
        for Permission { group, resource, verbs, .. } in PERMISSIONS {
            assert!(
                !group.contains('*') && !resource.contains('*') && !verbs.contains(&"*"),
                "{group}/{resource}"
            );
            assert!(
                !verbs.iter().any(|verb| ["bind", "escalate", "impersonate"].contains(verb)),
                "{group}/{resource}"
            );
            assert_ne!(group, "rbac.authorization.k8s.io");
        }
    }

    #[test]
    fn pods_are_only_seen() {
        assert_eq!(verbs_on("", "pods"), ["list", "watch"]);
    }

    #[test]
    fn leases_are_touched_in_our_own_namespace_only() {
        let own: Vec<_> = PERMISSIONS.iter().filter(|permission| permission.reach == Reach::Own).collect();
        assert_eq!(own.iter().map(|permission| permission.resource).collect::<Vec<_>>(), ["leases"]);
    }

    #[test]
    fn resources_with_the_same_verbs_share_a_rule() {
        let monitoring: Vec<_> = rules()
            .watched
            .into_iter()
            .filter(|rule| rule.api_groups == Some(vec!["monitoring.coreos.com".to_owned()]))
            .collect();
        assert_eq!(monitoring.len(), 1);
        let resources = ["podmonitors", "servicemonitors", "prometheusrules"].map(String::from);
        assert_eq!(monitoring[0].resources, Some(resources.into()));
    }
}
