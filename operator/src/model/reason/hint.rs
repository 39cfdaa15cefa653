//! Short advice for problems whose message is that of a pod, a controller or the API server.

use super::Reason;

impl Reason {
    /// Returns what to do, as the end of a message; `None` where the message itself says it.
    pub fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::ImagePullFailed => {
                "correct the image, or the registry's credentials in spec.imagePullSecrets"
            }
            Self::Unschedulable => "add nodes, or correct resources, nodeSelector, affinity or tolerations",
            Self::OutOfMemory => "raise resources.limits.memory of the component",
            Self::QuotaExceeded => "raise the quota, or lower resources and replicas",
            Self::Forbidden => "grant it to the operator's service account, as the chart's roles do",
            Self::ProvisioningFailed => "correct spec.database.managed.storage.storageClassName",
            Self::AutoscalerFailing => "check the metrics server, or KEDA and its access to Kafka",
            Self::TokenReviewForbidden => {
                "an administrator of the cluster binds it: authDelegators in the values of the chart, or \
                 oc adm policy add-cluster-role-to-user system:auth-delegator -z ACCOUNT"
            }
            Self::TopicsFailed | Self::MigrationFailed => {
                "after correcting it, wait for the repetition, or delete the Job to repeat it at once"
            }
            _ => return None,
        })
    }
}
