//! The reasons of conditions and Events, with their meaning and advice.
//!
//! `docs/conditions.md` is generated from this list, so that every reason has advice.

mod hint;
mod page;

pub use page::page;

/// Generates the enum, its list and its texts from one table.
macro_rules! reasons {
    ($($name:ident: $meaning:literal, $advice:literal;)+) => {
        /// The reason of a condition or an Event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $meaning] $name,)+
        }

        impl Reason {
            /// All reasons, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns the word in the condition or Event.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// Returns the meaning.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// Returns the advice.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)+ }
            }
        }
    };
}

reasons! {
    AsExpected: "The observed state is the desired state.", "None.";
    Starting: "The objects exist and their pods are starting.", "Wait. If it takes minutes, check the Events of the pods.";
    RollingOut: "Pods are being replaced by pods of the newest revision.", "Wait. The API stays available.";
    Waiting: "A dependency has to be ready first.", "Check the condition of the dependency that the message names.";
    NotObserved: "Nothing has been observed yet.", "Wait until pods run: they report which dependencies they can use.";
    NotWanted: "The part is not used with this spec.", "None.";
    Suspended: "The workloads are scaled to zero by `spec.suspend`, or the cleaner is stopped by `spec.cleaner.suspend`.", "Set the field to `false` to resume.";
    Suspending: "The workloads are being scaled to zero, one after the other.", "Wait: work in progress is finished first.";
    Paused: "Reconciliation is paused by `spec.mode`.", "Set `spec.mode` to `Apply` to resume.";
    Planned: "`spec.mode` is `Plan`: nothing is changed, and `status.plan` lists the changes.", "Review `status.plan`, then set `spec.mode` to `Apply`.";
    InvalidSpec: "The spec is inconsistent, or does not match its references.", "Correct the fields that the message names.";
    SecretMissing: "A referenced Secret or ConfigMap, or a key of it, does not exist.", "Create it. It is detected within seconds. Pods that need it stay unchanged until then; all others are updated.";
    KindNotServed: "The cluster does not serve a kind that the spec needs.", "Install the extension that the message names, or choose another option.";
    Conflict: "An object with the required name exists and is not managed by this resource.", "Give this resource another name, or move the object that the message names.";
    ClaimedByOther: "Another operator manages the resource; this one writes nothing.", "Let the operators watch different namespaces. The claim of an operator that does not renew its Lease for ten minutes is taken over. To take it over at once, remove it: `kubectl patch ccxp NAME --subresource=status --type=merge -p '{\"status\": {\"controller\": null}}'`.";
    ClaimTakenOver: "The operator in `status.controller` did not renew its Lease, and another one manages the resource now.", "None. If the former operator starts again, it leaves the resource alone.";
    Contested: "Another client keeps changing fields of a child that the operator sets; corrections are delayed more and more.", "Exclude the object from the manager that the message names, or set the value in the spec.";
    Forbidden: "The operator lacks a permission.", "Grant its service account the permission that the message names. The chart's ClusterRole has all.";
    QuotaExceeded: "A quota of the namespace is exceeded.", "Raise the quota, or lower `resources` and replicas.";
    Rejected: "The API server or an admission policy rejected an object.", "The message is that of the server. Correct the field of the spec from which the object is built.";
    NamespaceTerminating: "The namespace is being deleted.", "None. No object is created in it any more.";
    ApiFailure: "The API server failed to respond to a request.", "The request is retried. If the condition persists, check the API server.";
    ImagePullFailed: "An image can't be pulled.", "Check the name in `spec.image`, and the registry credentials in `spec.imagePullSecrets`.";
    Unschedulable: "A pod can't be scheduled.", "Add nodes, lower `resources`, or correct node selector, affinity and tolerations.";
    WaitingForNode: "A pod can't be scheduled yet, for less than ten minutes.", "Wait for a node. After ten minutes the reason is `Unschedulable`.";
    StoragePending: "The PersistentVolumeClaim of the database is not bound.", "Check that the storage class exists and can provision volumes; set one in `spec.database.managed.storage`.";
    ProvisioningFailed: "No volume can be provisioned for the PersistentVolumeClaim of the database.", "The message is that of the cluster. Correct `spec.database.managed.storage.storageClassName`, which can be changed while there is no volume.";
    StorageResizePending: "The volume of the database was expanded, and its file system was not yet.", "Delete the pod of the database: it is recreated with the larger file system.";
    StorageResizeFailed: "The volume of the database can't be expanded.", "Check that its storage class allows expansion, or set `spec.database.managed.storage.size` back.";
    DatabaseVersionMismatch: "The image of the managed database can't read the present data, or its version is too old.", "Set an image of the major version that the message names. To upgrade, dump the database and restore it into a new one.";
    CrashLooping: "A process exits repeatedly.", "The message has its exit code and last output. `kubectl logs --previous` has more.";
    OutOfMemory: "A process was killed because it exceeded its memory limit.", "Raise `resources.limits.memory` of the component.";
    ProbeFailing: "A process runs and reports that it is not ready.", "The message names the dependency that it waits for.";
    Stuck: "Pods did not become ready within the progress deadline.", "Check the pods of the component that the message names.";
    PodsRefused: "The cluster refuses to create pods.", "The message has the cause: a quota, a policy, or a missing service account.";
    MigrationRunning: "The schema of the database is being migrated.", "Wait.";
    MigrationFailed: "The migration of the schema failed.", "The message has the last output of the Job. Correct the cause. The Job is repeated after 5 minutes, later after up to an hour; delete it to repeat it at once.";
    TopicsFailed: "The Kafka topics could not be created.", "The message has the last output of the Job. Grant the permissions or create the topics. The Job is repeated after 5 minutes, later after up to an hour; delete it to repeat it at once.";
    KafkaUnreachable: "Pods can't connect or authenticate to Kafka.", "Check `spec.kafka`: brokers, protocol, credentials, CA. Check NetworkPolicies.";
    ObjectStorageUnreachable: "Pods can't connect or authenticate to the object storage.", "Check `spec.objectStorage`: endpoint, region, credentials, CA.";
    DatabaseUnreachable: "Pods can't connect or authenticate to the database.", "Check `spec.database`, and whether the database is running.";
    AutoscalerFailing: "An autoscaler can't determine the number of pods; the present number stays.", "The message is that of its controller. Check the metrics server, or KEDA and its access to Kafka.";
    ExposureRejected: "The controller of the Route, Ingress or HTTPRoute does not accept it.", "The message is that of the controller. Correct `spec.aggregator.exposure`.";
    UnverifiedIdentity: "The API is exposed, and it is not stated that a gateway authenticates clients.", "Any client can forge `x-rh-identity`. Let a gateway authenticate and set the header, then set `spec.aggregator.exposure.identity` to `Gateway`; or limit the clients by `allowFrom`.";
    AuthenticationMissing: "The public API refuses every request, since no authentication is set.", "Set one or more kinds in `spec.publicApi.authentication`: tokens of clusters, `oidc`, `tokenReview`, or an identity that a gateway verifies.";
    CleanerFailed: "The last run of the cleaner failed.", "The message has its last output. It runs again when it is due; `kubectl create job --from=cronjob/NAME-cleaner NAME-cleaner-now` runs it at once.";
    TokenReviewForbidden: "A ServiceAccount of the public API may not review tokens, so that users of the cluster are refused.", "An administrator of the cluster binds the ClusterRole `system:auth-delegator` to it: `authDelegators` in the values of the chart, or `oc adm policy add-cluster-role-to-user system:auth-delegator -z ACCOUNT`. It is checked again within minutes.";
    RulesRejected: "The newest rules of users can't be loaded; the previous ones stay in use.", "Correct the line that the message names.";
    UnknownRules: "`disabledRules` names rules that do not exist.", "Correct the names, in a form that `ccx rules explain` takes.";
    DriftCorrected: "Another client changed or deleted a child; it was restored.", "Change the resource instead. Set `spec.mode` to `Paused` to work by hand.";
    CertificateRenewed: "The generated certificate of the managed database was renewed before its expiry.", "None. The server reads it again without a restart.";
    JobRepeated: "A Job that had failed was deleted, so that it is created again.", "None.";
    OrphanDeleted: "A child that the spec no longer needs was deleted.", "None.";
    ConfigChanged: "Pods are replaced because their configuration has changed.", "None.";
    SecretChanged: "Pods are replaced because a Secret with their credentials has changed.", "None.";
    CaChanged: "Pods are replaced because a CA certificate that they trust has changed.", "None.";
    RulesChanged: "Pods are replaced because rules that they read at their start have changed.", "None.";
    ImageChanged: "Pods are replaced because their image has changed.", "None.";
    ResourcesChanged: "Pods are replaced because their requests or limits have changed.", "None.";
    IdentityChanged: "Pods are replaced because the annotations that link their service account to a cloud identity have changed.", "None.";
    TemplateChanged: "Pods are replaced because another field of their template has changed.", "None.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reason_name_is_valid_in_a_condition() {
        for reason in Reason::ALL {
            let name = reason.name();
            assert!(name.starts_with(|first: char| first.is_ascii_uppercase()), "{name}");
            assert!(name.chars().all(|character| character.is_ascii_alphanumeric()), "{name}");
        }
    }

    #[test]
    fn reason_has_meaning_and_advice_as_sentences() {
        for reason in Reason::ALL {
            assert!(reason.meaning().ends_with('.') && reason.advice().ends_with('.'), "{}", reason.name());
        }
    }
}
