//! The permissions of the operator, from which the roles in the chart and in `deploy/` are generated.

use k8s_openapi::api::rbac::v1::PolicyRule;
use serde::Serialize;

/// The scope of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The watched namespaces: a `ClusterRole` when all are watched, else a `Role` in each.
    Watched,
    /// The operator's own namespace.
    Own,
    /// The cluster: kinds without a namespace.
    Cluster,
}

/// Verbs on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permission {
    /// The API group; empty for the core.
    pub group: &'static str,
    /// The plural name, and the subresource after a slash.
    pub resource: &'static str,
    /// The verbs.
    pub verbs: &'static [&'static str],
    /// The scope.
    pub reach: Reach,
}

/// Children are read to compare, watched to correct drift, applied, and deleted when the spec no longer needs
/// them. Clusters that enforce owner references, such as OpenShift, require `delete` also to become the owner
/// of an existing object.
const CHILD: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// The verbs on children that the operator only observes.
const READ: &[&str] = &["get", "list", "watch"];

/// All requests that the operator sends to the API server.
pub const PERMISSIONS: [Permission; 31] = [
    // The resource and its status.
    watched("ccx.openshift.io", "ccxpipelines", &["get", "list", "watch"]),
    watched("ccx.openshift.io", "ccxpipelines/status", &["patch"]),
    // Required by OwnerReferencesPermissionEnforcement to set `blockOwnerDeletion`.
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
    watched("batch", "cronjobs", CHILD),
    watched("autoscaling", "horizontalpodautoscalers", CHILD),
    // Children of optional kinds.
    watched("keda.sh", "scaledobjects", CHILD),
    watched("keda.sh", "triggerauthentications", CHILD),
    watched("route.openshift.io", "routes", CHILD),
    // Required by OpenShift to set and to change the host of a Route.
    watched("route.openshift.io", "routes/custom-host", &["create", "update"]),
    watched("gateway.networking.k8s.io", "httproutes", CHILD),
    watched("monitoring.coreos.com", "podmonitors", CHILD),
    watched("monitoring.coreos.com", "servicemonitors", CHILD),
    watched("monitoring.coreos.com", "prometheusrules", CHILD),
    // The listeners of a referenced Strimzi cluster.
    watched("kafka.strimzi.io", "kafkas", &["get", "list", "watch"]),
    // The state of pods.
    watched("", "pods", &["list", "watch"]),
    // Its own Events, and those of refused pods.
    watched("events.k8s.io", "events", &["list", "create", "patch"]),
    // Whether another operator, which has claimed a resource, still runs.
    watched("coordination.k8s.io", "leases", &["get"]),
    // Whether the ServiceAccounts of the public API may review tokens.
    cluster("authorization.k8s.io", "subjectaccessreviews", &["create"]),
    // The links to pages in the menu of OpenShift's console.
    cluster("console.openshift.io", "consolelinks", &["list", "create", "patch", "delete"]),
    // Leader election.
    own("coordination.k8s.io", "leases", &["get", "create", "update"]),
];

/// The rules of the roles.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rules {
    /// The rules in the watched namespaces.
    pub watched: Vec<PolicyRule>,
    /// The same, without the rights that only managed databases need.
    pub without_managed_databases: Vec<PolicyRule>,
    /// The rules in the operator's own namespace.
    pub own: Vec<PolicyRule>,
    /// The rules for kinds without a namespace.
    pub cluster: Vec<PolicyRule>,
}

/// Returns the rules of the roles; neighbours with the same group and verbs share a rule.
pub fn rules() -> Rules {
    let of = |reach| PERMISSIONS.into_iter().filter(move |permission| permission.reach == reach);
    Rules {
        watched: merge(of(Reach::Watched)),
        without_managed_databases: merge(of(Reach::Watched).map(without_managed_databases)),
        own: merge(of(Reach::Own)),
        cluster: merge(of(Reach::Cluster)),
    }
}

/// The comment before the generated YAML.
const HEADER: &str = "# Generated from operator/src/rbac.rs; `make generate` writes this file.\n";

/// Returns the rules as YAML for the chart.
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

const fn cluster(group: &'static str, resource: &'static str, verbs: &'static [&'static str]) -> Permission {
    Permission { group, resource, verbs, reach: Reach::Cluster }
}

/// Secrets stay readable, since resources refer to them.
fn without_managed_databases(permission: Permission) -> Permission {
    let is_of_databases = matches!(
        (permission.group, permission.resource),
        ("", "secrets" | "persistentvolumeclaims") | ("apps", "statefulsets")
    );
    if is_of_databases { Permission { verbs: READ, ..permission } } else { permission }
}

fn merge(permissions: impl Iterator<Item = Permission>) -> Vec<PolicyRule> {
    let mut rules: Vec<PolicyRule> = Vec::new();
    for permission in permissions {
        let rule = rule(&permission);
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
    fn permissions_of_children_match_kinds() {
        let children = Kind::ALL.map(|kind| (kind.api_resource().group, kind.api_resource().plural));
        let kept = PERMISSIONS.iter().filter(|permission| permission.verbs == CHILD);
        let kept: BTreeSet<_> =
            kept.map(|permission| (permission.group.to_owned(), permission.resource.to_owned())).collect();
        assert_eq!(kept, children.into());
    }

    #[test]
    fn permissions_have_no_wildcard_and_no_escalation() {
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
    fn secrets_and_volumes_are_read_only_without_managed_databases() {
        let writes = |rules: &[PolicyRule], resource: &str| {
            let mut on = rules.iter().filter(|rule| rule.resources.iter().flatten().any(|it| it == resource));
            on.any(|rule| rule.verbs.iter().any(|verb| !READ.contains(&verb.as_str())))
        };
        let Rules { watched, without_managed_databases, .. } = rules();
        for resource in ["secrets", "persistentvolumeclaims", "statefulsets"] {
            assert!(
                writes(&watched, resource) && !writes(&without_managed_databases, resource),
                "{resource}"
            );
        }
        assert!(writes(&without_managed_databases, "deployments"));
    }

    #[test]
    fn pods_are_read_only() {
        assert_eq!(verbs_on("", "pods"), ["list", "watch"]);
    }

    #[test]
    fn leases_of_other_namespaces_are_read_only() {
        let own: Vec<_> = PERMISSIONS.iter().filter(|permission| permission.reach == Reach::Own).collect();
        assert_eq!(own.iter().map(|permission| permission.resource).collect::<Vec<_>>(), ["leases"]);
        let watched = PERMISSIONS.iter().filter(|it| it.resource == "leases" && it.reach == Reach::Watched);
        assert_eq!(watched.flat_map(|it| it.verbs).collect::<Vec<_>>(), [&"get"]);
    }

    #[test]
    fn resources_with_same_verbs_share_a_rule() {
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
