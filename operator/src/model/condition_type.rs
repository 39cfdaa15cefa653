//! The types of the conditions.

/// A condition of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// All is as the specification says.
    Ready,
    /// It does its work.
    Available,
    /// It is on its way.
    Progressing,
    /// Something is wrong.
    Degraded,
    /// Kafka.
    KafkaReachable,
    /// The object storage.
    ObjectStorageReachable,
    /// The database.
    DatabaseReady,
    /// The database's tables.
    SchemaMigrated,
    /// The pods that run rules.
    PipelineReady,
    /// The pod that writes.
    WriterReady,
    /// The pods that answer.
    ApiReady,
    /// The rules.
    RulesLoaded,
}

impl ConditionType {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 12] = [
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
    ];

    /// Its `type`.
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
        }
    }

    /// When it is true.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ready => "everything that the specification asks for is there and works",
            Self::Available => {
                "archives are processed, results stored and reports served, if need be by fewer pods"
            }
            Self::Progressing => "the operator or the cluster is still at work",
            Self::Degraded => "something is wrong that will not pass by itself",
            Self::KafkaReachable => "the pods reach Kafka and are let in",
            Self::ObjectStorageReachable => "the pods reach the object storage and are let in",
            Self::DatabaseReady => "the database takes connections",
            Self::SchemaMigrated => "the database's tables are those of this version",
            Self::PipelineReady => "all pods of the pipeline are ready",
            Self::WriterReady => "the writer is ready",
            Self::ApiReady => "all pods of the aggregator are ready",
            Self::RulesLoaded => "the newest rules are in use",
        }
    }
}
