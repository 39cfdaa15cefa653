//! The types of the conditions.

/// The `type` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// Everything is as specified.
    Ready,
    /// Archives are processed and reports served.
    Available,
    /// A change is in progress.
    Progressing,
    /// A problem needs attention.
    Degraded,
    /// Pods can use Kafka.
    KafkaReachable,
    /// Pods can use the object storage.
    ObjectStorageReachable,
    /// The database accepts connections.
    DatabaseReady,
    /// The schema has the version of this release.
    SchemaMigrated,
    /// The pods of `data-pipeline` are ready.
    PipelineReady,
    /// The pod of the writer is ready.
    WriterReady,
    /// The pods of the aggregator are ready.
    ApiReady,
    /// The newest rules are in use.
    RulesLoaded,
    /// The autoscalers are working.
    AutoscalingReady,
    /// The Route, Ingress or HTTPRoute of the API is accepted.
    ApiExposed,
    /// The pod of the workloads' writer is ready.
    WorkloadsWriterReady,
    /// The pod of the requests' writer is ready.
    RequestsWriterReady,
    /// The pods of the public API are ready.
    PublicApiReady,
    /// The pods that receive archives are ready.
    IngressReady,
    /// The cleaner runs on its schedule.
    CleanerReady,
    /// The Route, Ingress or HTTPRoute of the public API is accepted.
    PublicApiExposed,
    /// Tokens of the users of the cluster can be reviewed.
    TokenReviewAllowed,
}

impl ConditionType {
    /// All types, in the order in which they are reported.
    pub const ALL: [Self; 21] = [
        Self::Ready,
        Self::Available,
        Self::Progressing,
        Self::Degraded,
        Self::KafkaReachable,
        Self::ObjectStorageReachable,
        Self::DatabaseReady,
        Self::SchemaMigrated,
        Self::PipelineReady,
        Self::WriterReady,
        Self::ApiReady,
        Self::RulesLoaded,
        Self::AutoscalingReady,
        Self::ApiExposed,
        Self::WorkloadsWriterReady,
        Self::RequestsWriterReady,
        Self::PublicApiReady,
        Self::IngressReady,
        Self::CleanerReady,
        Self::PublicApiExposed,
        Self::TokenReviewAllowed,
    ];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Available => "Available",
            Self::Progressing => "Progressing",
            Self::Degraded => "Degraded",
            Self::KafkaReachable => "KafkaReachable",
            Self::ObjectStorageReachable => "ObjectStorageReachable",
            Self::DatabaseReady => "DatabaseReady",
            Self::SchemaMigrated => "SchemaMigrated",
            Self::PipelineReady => "PipelineReady",
            Self::WriterReady => "WriterReady",
            Self::ApiReady => "ApiReady",
            Self::RulesLoaded => "RulesLoaded",
            Self::AutoscalingReady => "AutoscalingReady",
            Self::ApiExposed => "ApiExposed",
            Self::WorkloadsWriterReady => "WorkloadsWriterReady",
            Self::RequestsWriterReady => "RequestsWriterReady",
            Self::PublicApiReady => "PublicApiReady",
            Self::IngressReady => "IngressReady",
            Self::CleanerReady => "CleanerReady",
            Self::PublicApiExposed => "PublicApiExposed",
            Self::TokenReviewAllowed => "TokenReviewAllowed",
        }
    }

    /// Returns when it is true.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ready => {
                "all pods that the spec guarantees (fixed replicas, or the minimum of an autoscaler) are ready at the desired revision"
            }
            Self::Available => {
                "at least one pod of each workload is ready, or the autoscaler has scaled it to zero: archives are processed, results stored and reports served"
            }
            Self::Progressing => "a change is in progress",
            Self::Degraded => "a problem needs attention",
            Self::KafkaReachable => "pods can connect and authenticate to Kafka",
            Self::ObjectStorageReachable => "pods can connect and authenticate to the object storage",
            Self::DatabaseReady => "the database accepts connections",
            Self::SchemaMigrated => "the schema of the database has the version of this release",
            Self::PipelineReady => "all pods of `data-pipeline` are ready",
            Self::WriterReady => "the writer is ready",
            Self::ApiReady => "all pods of the aggregator are ready",
            Self::RulesLoaded => "the newest rules are in use",
            Self::AutoscalingReady => "the autoscalers have metrics to act on; absent without autoscalers",
            Self::ApiExposed => {
                "the controller of the Route, Ingress or HTTPRoute of the aggregator has accepted it; absent when `spec.aggregator.exposure` is `ClusterIP`"
            }
            Self::WorkloadsWriterReady => {
                "the writer of workloads is ready; absent without `spec.workloadsWriter`"
            }
            Self::RequestsWriterReady => {
                "the writer of requests is ready; absent without `spec.requestsWriter`"
            }
            Self::PublicApiReady => "all pods of the public API are ready; absent without `spec.publicApi`",
            Self::IngressReady => "all pods that receive archives are ready; absent without `spec.ingress`",
            Self::TokenReviewAllowed => {
                "the ServiceAccounts of the public API may review tokens of the cluster's users; absent without `authentication.tokenReview`"
            }
            Self::CleanerReady => {
                "the cleaner runs on its schedule, and its last run did not fail; absent without `spec.cleaner`"
            }
            Self::PublicApiExposed => {
                "the controller of the Route, Ingress or HTTPRoute of the public API has accepted it; absent when `spec.publicApi.exposure` is `ClusterIP`"
            }
        }
    }
}
