//! `spec.kafka.topics` and `spec.kafka.topicManagement`

use ccx_config::formats::{DISTINCT_TOPICS, DistinctTopic};
use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{
    field::{optional_topic_name, topic_name},
    rule::{forbidden, rule},
};

/// The names of the topics.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = Topics::rules()))]
pub struct Topics {
    /// Announcements of stored archives; the pipeline reads it.
    #[schemars(transform = topic_name)]
    pub announce: String,
    /// Results of rules; the pipeline writes it, the writer reads it.
    #[schemars(transform = topic_name)]
    pub results: String,
    /// Progress of requests; empty means that it is not published.
    #[schemars(transform = optional_topic_name)]
    pub payload_status: String,
    /// Failed checks of clusters' workloads; the pipeline writes it. Empty means that they are not published.
    ///
    /// `dataPipeline.workloadChecks` says which. Example: `ccx.dvo.results`.
    #[schemars(transform = optional_topic_name)]
    pub workloads: String,
    /// Dead letters of the pipeline.
    #[schemars(transform = topic_name)]
    pub announce_dead_letters: String,
    /// Dead letters of the writer.
    #[schemars(transform = topic_name)]
    pub results_dead_letters: String,
}

impl Topics {
    fn rules() -> Vec<Rule> {
        DISTINCT_TOPICS.iter().map(distinct).collect()
    }
}

/// Returns the rule that a topic differs from others.
fn distinct(DistinctTopic { topic, others, advice }: &DistinctTopic) -> Rule {
    let topic = camel_case(topic);
    let others: Vec<String> = others.iter().map(|other| format!("self.{}", camel_case(other))).collect();
    let expression = format!("self.{topic} == '' || !(self.{topic} in [{}])", others.join(", "));
    rule(&expression, advice).field_path(format!(".{topic}"))
}

/// Returns the name of a field of the resource for a key of the configuration file.
fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_ascii_uppercase() + &word[1..])
}

/// Whether missing topics are created, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = TopicManagement::rules()))]
pub struct TopicManagement {
    /// Whether missing topics are created. Topics are never deleted, and existing ones are not changed unless they are in
    /// `ownedTopics`.
    pub policy: TopicPolicy,
    /// Partitions of a created or owned topic: the maximum of pods that consume it. It may only grow.
    #[schemars(range(min = 1, max = 1024))]
    pub partitions: u32,
    /// The replication factor of new topics.
    #[schemars(range(min = 1))]
    pub replication_factor: u16,
    /// The topics that belong to this installation: they get more partitions when `partitions` is raised, which needs the right Alter.
    /// Others may be shared with other services.
    ///
    /// Example: `[Results]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4), extend("x-kubernetes-list-type" = "set"))]
    pub owned_topics: Vec<OwnedTopic>,
}

/// A topic that can belong to an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OwnedTopic {
    /// `topics.results`
    Results,
    /// `topics.workloads`
    Workloads,
    /// `topics.announceDeadLetters`
    AnnounceDeadLetters,
    /// `topics.resultsDeadLetters`
    ResultsDeadLetters,
}

impl TopicManagement {
    fn rules() -> Vec<Rule> {
        vec![
            forbidden(
                "self.policy != 'Managed' || oldSelf.policy != 'Managed' || self.partitions >= oldSelf.partitions",
                "choose at least as many partitions as now: Kafka can't remove any",
            )
            .field_path(".partitions"),
            rule("self.replicationFactor <= 5", "choose at most 5 copies: more only slow writing down")
                .field_path(".replicationFactor"),
        ]
    }
}

/// Whether missing topics are created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TopicPolicy {
    /// The operator creates missing topics.
    #[default]
    Managed,
    /// Topics are managed externally; a missing one is reported.
    External,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            announce: "platform.upload.announce".into(),
            results: "ccx.ocp.results".into(),
            payload_status: "platform.payload-status".into(),
            workloads: String::new(),
            announce_dead_letters: "ccx.data.pipeline.dead.letter.queue".into(),
            results_dead_letters: "ccx.aggregator.dead.letter.queue".into(),
        }
    }
}

impl Default for TopicManagement {
    fn default() -> Self {
        Self {
            policy: TopicPolicy::default(),
            partitions: 32,
            replication_factor: 3,
            owned_topics: Vec::new(),
        }
    }
}
