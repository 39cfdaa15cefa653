//! Every reason that a condition or an Event can have, with what it means and what to do.
//!
//! `docs/conditions.md` is made from this list, so that no reason is without advice.

mod page;

pub use page::page;

/// Makes the enum, its list and its texts from one table.
macro_rules! reasons {
    ($($name:ident: $meaning:literal, $advice:literal;)+) => {
        /// Why a condition is as it is, or why an Event was sent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $meaning] $name,)+
        }

        impl Reason {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word in the condition or Event.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What is the case.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// What to do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)+ }
            }
        }
    };
}

reasons! {
    AsExpected: "Everything is as it should be.", "Nothing.";
    Starting: "The objects exist and their pods are on the way.", "Wait. If it takes minutes, look at the pods' events.";
    RollingOut: "Pods are being replaced by pods of the newest version.", "Wait. The API answers meanwhile.";
    Waiting: "An earlier part must be ready first.", "Look at the condition of the part that the message names.";
    NotObserved: "Nothing has been seen yet that would tell.", "Wait until pods run. They tell what they can reach.";
    NotWanted: "The part is not used with this specification.", "Nothing.";
    Suspended: "The workloads are scaled to zero, as `spec.suspend` asks.", "Set `spec.suspend` to `false` to go on.";
    Suspending: "The workloads are being scaled to zero, one after the other.", "Wait: what is in flight is finished first.";
    Paused: "The operator touches nothing, as `spec.reconciliation` asks.", "Set `spec.reconciliation` to `Active` to go on.";
    Planned: "Nothing is changed, as `spec.mode` asks; `status.plan` says what would be.", "Read `status.plan`, then set `spec.mode` to `Apply`.";
    InvalidSpec: "The specification contradicts itself, or what it refers to.", "Correct the fields that the message names.";
    SecretMissing: "A Secret or ConfigMap that the specification names, or a key of it, does not exist.", "Create it. It is noticed within seconds. Pods that need it stay as they are until then; everything else goes on.";
    KindNotServed: "The cluster does not know a kind of object that the specification needs.", "Install the extension that the message names, or choose another option.";
    Conflict: "An object of the needed name exists and belongs to somebody else.", "Remove or rename that object, or give this resource another name.";
    Forbidden: "The operator may not do what is needed.", "Give its service account the permission that the message names. The chart's ClusterRole has all.";
    QuotaExceeded: "A quota of the namespace is used up.", "Raise the quota or lower `resources` and replicas.";
    Rejected: "The API server, or an admission policy, refuses an object.", "The message has the server's words. Correct the field of the specification that it follows from.";
    NamespaceTerminating: "The namespace is being deleted.", "Nothing. Nothing is made in it any more.";
    ApiFailure: "The API server failed to answer a request.", "It is tried again. If it stays, look at the API server.";
    ImagePullFailed: "An image can't be pulled.", "Check the name in `spec.image` and the registry's credentials in `spec.imagePullSecrets`.";
    Unschedulable: "No node takes a pod.", "Add nodes, lower the `resources`, or correct node selector, affinity and tolerations.";
    StoragePending: "The database's claim on storage has no volume.", "Check that the storage class exists and can make volumes; name one in `spec.database.managed.storage`.";
    StorageResizeFailed: "The database's volume does not grow.", "Check that its storage class allows expansion, or set the size back.";
    CrashLooping: "A process ends again and again.", "The message has its exit code and last words. `kubectl logs --previous` has more.";
    OutOfMemory: "A process was killed for using more memory than its limit.", "Raise the component's `resources.limits.memory`.";
    ProbeFailing: "A process runs and says that it is not ready.", "The message says what it lacks.";
    Stuck: "Pods did not become ready within the deadline.", "Look at the pods of the part that the message names.";
    PodsRefused: "The cluster refuses to make pods.", "The message has the reason: a quota, a policy, or a missing service account.";
    MigrationRunning: "The database's tables are being prepared.", "Wait.";
    MigrationFailed: "The database's tables could not be prepared.", "The message has the last words of the Job. Correct the cause, then delete the Job: it is made anew.";
    TopicsFailed: "The Kafka topics could not be made.", "The message has the last words of the Job. Grant the rights or create the topics, then delete the Job.";
    KafkaUnreachable: "The pods do not reach Kafka, or are not let in.", "Check `spec.kafka`: brokers, protocol, credentials, CA. Check NetworkPolicies.";
    ObjectStorageUnreachable: "The pods do not reach the object storage, or are not let in.", "Check `spec.objectStorage`: endpoint, region, credentials, CA.";
    DatabaseUnreachable: "The pods do not reach the database, or are not let in.", "Check `spec.database`, and whether the database runs.";
    RulesRejected: "The rules that users wrote can't be loaded; those from before go on.", "Correct the line that the message names.";
    DriftCorrected: "Somebody changed or deleted an object of the operator's; it was put back.", "Change the resource instead. Set `spec.reconciliation` to `Paused` to work by hand.";
    OrphanDeleted: "An object that the specification no longer needs was deleted.", "Nothing.";
    ConfigChanged: "Pods are replaced because their configuration has changed.", "Nothing.";
    SecretChanged: "Pods are replaced because a Secret with their credentials has changed.", "Nothing.";
    CaChanged: "Pods are replaced because a certificate authority that they trust has changed.", "Nothing.";
    RulesChanged: "Pods are replaced because rules that they read at their start have changed.", "Nothing.";
    ImageChanged: "Pods are replaced because their image has changed.", "Nothing.";
    ResourcesChanged: "Pods are replaced because their requests or limits have changed.", "Nothing.";
    TemplateChanged: "Pods are replaced because something else of their template has changed.", "Nothing.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_a_word_that_a_condition_accepts() {
        for reason in Reason::ALL {
            let name = reason.name();
            assert!(name.starts_with(|first: char| first.is_ascii_uppercase()), "{name}");
            assert!(name.chars().all(|character| character.is_ascii_alphanumeric()), "{name}");
        }
    }

    #[test]
    fn every_reason_has_sentences() {
        for reason in Reason::ALL {
            assert!(reason.meaning().ends_with('.') && reason.advice().ends_with('.'), "{}", reason.name());
        }
    }
}
