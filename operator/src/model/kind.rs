//! The kinds of the children.

use kube::core::ApiResource;

/// A kind of child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of Kubernetes")]
pub enum Kind {
    ServiceAccount,
    ConfigMap,
    Secret,
    Service,
    PersistentVolumeClaim,
    NetworkPolicy,
    PodDisruptionBudget,
    StatefulSet,
    Job,
    CronJob,
    Deployment,
    HorizontalPodAutoscaler,
    ScaledObject,
    TriggerAuthentication,
    Ingress,
    Route,
    HttpRoute,
    PodMonitor,
    ServiceMonitor,
    PrometheusRule,
}

/// Whether a cluster serves a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// Every cluster does.
    Always,
    /// Only a cluster with the extension that defines it.
    Optional,
}

/// The names of a kind in the API.
struct Names {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    availability: Availability,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 20] = [
        Self::ServiceAccount,
        Self::ConfigMap,
        Self::Secret,
        Self::Service,
        Self::PersistentVolumeClaim,
        Self::NetworkPolicy,
        Self::PodDisruptionBudget,
        Self::StatefulSet,
        Self::Job,
        Self::CronJob,
        Self::Deployment,
        Self::HorizontalPodAutoscaler,
        Self::ScaledObject,
        Self::TriggerAuthentication,
        Self::Ingress,
        Self::Route,
        Self::HttpRoute,
        Self::PodMonitor,
        Self::ServiceMonitor,
        Self::PrometheusRule,
    ];

    /// Returns the value of `kind:`.
    pub fn name(self) -> &'static str {
        self.names().kind
    }

    /// Returns the value of `apiVersion:`.
    pub fn api_version(self) -> String {
        let Names { group, version, .. } = self.names();
        if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
    }

    /// Returns whether every cluster serves it.
    pub fn availability(self) -> Availability {
        self.names().availability
    }

    /// Returns the resource for a dynamic client.
    pub fn api_resource(self) -> ApiResource {
        let Names { group, version, kind, plural, .. } = self.names();
        ApiResource {
            group: group.into(),
            version: version.into(),
            api_version: self.api_version(),
            kind: kind.into(),
            plural: plural.into(),
        }
    }

    fn names(self) -> Names {
        match self {
            Self::ServiceAccount => always("", "v1", "ServiceAccount", "serviceaccounts"),
            Self::ConfigMap => always("", "v1", "ConfigMap", "configmaps"),
            Self::Secret => always("", "v1", "Secret", "secrets"),
            Self::Service => always("", "v1", "Service", "services"),
            Self::PersistentVolumeClaim => {
                always("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
            }
            Self::NetworkPolicy => always("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
            Self::PodDisruptionBudget => {
                always("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets")
            }
            Self::StatefulSet => always("apps", "v1", "StatefulSet", "statefulsets"),
            Self::Job => always("batch", "v1", "Job", "jobs"),
            Self::CronJob => always("batch", "v1", "CronJob", "cronjobs"),
            Self::Deployment => always("apps", "v1", "Deployment", "deployments"),
            Self::HorizontalPodAutoscaler => {
                always("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers")
            }
            Self::ScaledObject => optional("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
            Self::TriggerAuthentication => {
                optional("keda.sh", "v1alpha1", "TriggerAuthentication", "triggerauthentications")
            }
            Self::Ingress => always("networking.k8s.io", "v1", "Ingress", "ingresses"),
            Self::Route => optional("route.openshift.io", "v1", "Route", "routes"),
            Self::HttpRoute => optional("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
            Self::PodMonitor => optional("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
            Self::ServiceMonitor => {
                optional("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")
            }
            Self::PrometheusRule => {
                optional("monitoring.coreos.com", "v1", "PrometheusRule", "prometheusrules")
            }
        }
    }
}

fn always(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> Names {
    Names { group, version, kind, plural, availability: Availability::Always }
}

fn optional(group: &'static str, version: &'static str, kind: &'static str, plural: &'static str) -> Names {
    Names { group, version, kind, plural, availability: Availability::Optional }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn list_contains_every_kind() {
        let distinct: BTreeSet<Kind> = Kind::ALL.into_iter().collect();
        assert_eq!(distinct.len(), Kind::PrometheusRule as usize + 1);
    }

    #[test]
    fn kind_of_core_group_has_version_only() {
        assert_eq!(Kind::Secret.api_version(), "v1");
        assert_eq!(Kind::Job.api_resource().api_version, "batch/v1");
    }

    #[test]
    fn kind_of_extension_is_optional() {
        assert_eq!(Kind::Route.availability(), Availability::Optional);
        assert_eq!(Kind::Ingress.availability(), Availability::Always);
    }
}
