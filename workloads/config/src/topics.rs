//! `[kafka.topics]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Config, PipelineRole, Problem,
    formats::{DISTINCT_TOPICS, MAX_TOPIC_LENGTH, TOPIC},
};

/// The names of the topics.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Topics {
    /// Announcements of stored archives, which the pipeline reads.
    pub announce: String,
    /// Results of rules, which the pipeline writes and the writer reads.
    pub results: String,
    /// Failed checks of workloads, which the pipeline writes, for example `ccx.dvo.results`. Empty: not written.
    pub workloads: String,
    /// Progress of requests, which pipeline and writer write. Empty: not written.
    pub payload_status: String,
    /// Dead letters of the pipeline: announcements that it could not process.
    pub announce_dead_letters: String,
    /// Dead letters of the writer: results that it could not store.
    pub results_dead_letters: String,
    /// Dead letters of the writer of checked workloads.
    pub workloads_dead_letters: String,
    /// Digests of the images that a cluster runs, which the role `sha-extractor` writes.
    pub images: String,
    /// Copied archives, which the role `archive-sync` writes.
    pub archives: String,
    /// Results of rules on copied archives, which the role `rules-uploader` reads when it is alone.
    pub archive_results: String,
    /// Dead letters of a pipeline whose first role is `dvo-extractor`.
    pub dvo_extractor_dead_letters: String,
    /// Dead letters of a pipeline whose first role is `sha-extractor`.
    pub sha_extractor_dead_letters: String,
    /// Dead letters of a pipeline whose first role is `archive-sync`.
    pub archive_sync_dead_letters: String,
    /// Dead letters of a pipeline with the role `rules-uploader` alone.
    pub rules_uploader_dead_letters: String,
}

impl Default for Topics {
    fn default() -> Self {
        Self {
            announce: "platform.upload.announce".into(),
            results: "ccx.ocp.results".into(),
            workloads: String::new(),
            payload_status: "platform.payload-status".into(),
            announce_dead_letters: "ccx.data.pipeline.dead.letter.queue".into(),
            results_dead_letters: "ccx.aggregator.dead.letter.queue".into(),
            workloads_dead_letters: "ccx.dvowriter.dead.letter.queue".into(),
            images: "ccx.image.sha.results".into(),
            archives: "ccx.archive.synced".into(),
            archive_results: "ccx.insights.rules.results".into(),
            dvo_extractor_dead_letters: "ccx.dvo.extractor.dead.letter.queue".into(),
            sha_extractor_dead_letters: "ccx.sha.extractor.dead.letter.queue".into(),
            archive_sync_dead_letters: "ccx.archive.sync.dead.letter.queue".into(),
            rules_uploader_dead_letters: "ccx.rules.uploader.dead.letter.queue".into(),
        }
    }
}

impl Topics {
    /// Returns the dead letters of a pipeline whose first role is `role`.
    pub fn dead_letters_of(&self, role: PipelineRole) -> &str {
        match role {
            PipelineRole::Rules => &self.announce_dead_letters,
            PipelineRole::DvoExtractor => &self.dvo_extractor_dead_letters,
            PipelineRole::ShaExtractor => &self.sha_extractor_dead_letters,
            PipelineRole::ArchiveSync => &self.archive_sync_dead_letters,
            PipelineRole::RulesUploader => &self.rules_uploader_dead_letters,
        }
    }

    /// Returns the topic to which `ccx dlq replay` sends the messages of a dead-letter queue. It is separate from the topic that they
    /// came from, which other services read too.
    pub fn retry_of(dead_letters: &str) -> String {
        format!("{dead_letters}.retry")
    }

    /// Returns the topic to which `ccx dlq replay` sends announcements.
    pub fn announce_retry(&self) -> String {
        Self::retry_of(&self.announce_dead_letters)
    }

    /// Returns the topic to which `ccx dlq replay` sends results.
    pub fn results_retry(&self) -> String {
        Self::retry_of(&self.results_dead_letters)
    }

    fn required(&self) -> [(&'static str, &str); 4] {
        [
            ("announce", &self.announce),
            ("results", &self.results),
            ("announce_dead_letters", &self.announce_dead_letters),
            ("results_dead_letters", &self.results_dead_letters),
        ]
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let optional = [("workloads", self.workloads.as_str()), ("payload_status", &self.payload_status)];
        self.required().into_iter().chain(optional)
    }

    /// The topics of the writer of workloads and of the pipeline's further roles.
    fn role_topics(&self) -> [(&'static str, &str); 8] {
        [
            ("workloads_dead_letters", &self.workloads_dead_letters),
            ("images", &self.images),
            ("archives", &self.archives),
            ("archive_results", &self.archive_results),
            ("dvo_extractor_dead_letters", &self.dvo_extractor_dead_letters),
            ("sha_extractor_dead_letters", &self.sha_extractor_dead_letters),
            ("archive_sync_dead_letters", &self.archive_sync_dead_letters),
            ("rules_uploader_dead_letters", &self.rules_uploader_dead_letters),
        ]
    }

    pub(crate) fn check(&self, problems: &mut Vec<Problem>) {
        let problem = |key: &str, reason: String| Problem::new(format!("kafka.topics.{key}"), reason);
        let empty =
            self.required().into_iter().chain(self.role_topics()).filter(|(_, topic)| topic.is_empty());
        problems.extend(empty.map(|(key, _)| problem(key, "is empty; give the topic's name".into())));
        let invalid = self.all().chain(self.role_topics()).filter(|(_, topic)| {
            !TOPIC.matches(topic) || topic.len() > MAX_TOPIC_LENGTH as usize || matches!(*topic, "." | "..")
        });
        problems.extend(invalid.map(|(key, _)| problem(key, format!("is invalid: {}", TOPIC.advice))));
        for distinct in DISTINCT_TOPICS {
            let name = |key: &str| self.all().find(|(known, _)| *known == key).map(|(_, topic)| topic);
            let topic = name(distinct.topic).filter(|topic| !topic.is_empty());
            let same = distinct.others.iter().find(|other| topic.is_some() && name(other) == topic);
            problems.extend(same.map(|other| {
                problem(distinct.topic, format!("is the same as kafka.topics.{other}; {}", distinct.advice))
            }));
        }
        let role_topics = self.role_topics();
        for (number, (key, topic)) in
            role_topics.iter().enumerate().filter(|(_, (_, topic))| !topic.is_empty())
        {
            let same =
                self.all().chain(role_topics[..number].iter().copied()).find(|(_, other)| other == topic);
            problems.extend(same.map(|(other, _)| {
                problem(key, format!("is the same as kafka.topics.{other}; name a topic of its own"))
            }));
        }
    }
}

impl Config {
    /// Returns the names of the topics that the workloads use, as far as this configuration enables them.
    pub fn topics_in_use(&self) -> Vec<&str> {
        let topics = &self.kafka.topics;
        let mut names: Vec<&str> =
            topics.all().map(|(_, topic)| topic).filter(|topic| !topic.is_empty()).collect();
        if !topics.workloads.is_empty() {
            names.push(&topics.workloads_dead_letters);
        }
        let main_role = self.pipeline.main_role();
        if main_role != PipelineRole::Rules {
            names.push(topics.dead_letters_of(main_role));
        }
        for role in &self.pipeline.roles {
            match role {
                PipelineRole::ShaExtractor => names.push(&topics.images),
                PipelineRole::ArchiveSync => names.push(&topics.archives),
                PipelineRole::RulesUploader if main_role == *role => names.push(&topics.archive_results),
                PipelineRole::Rules | PipelineRole::DvoExtractor | PipelineRole::RulesUploader => {}
            }
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_roles_are_in_use_only_with_the_role() {
        let mut config = Config::default();
        assert_eq!(config.topics_in_use().len(), 5);
        config.kafka.topics.workloads = "ccx.dvo.results".into();
        assert!(config.topics_in_use().contains(&"ccx.dvowriter.dead.letter.queue"));
        config.pipeline.roles = vec![PipelineRole::ShaExtractor, PipelineRole::ArchiveSync];
        let names = config.topics_in_use();
        for name in ["ccx.image.sha.results", "ccx.archive.synced", "ccx.sha.extractor.dead.letter.queue"] {
            assert!(names.contains(&name), "{name}");
        }
        assert!(
            !names.contains(&"ccx.archive.sync.dead.letter.queue"),
            "dead letters are those of the first role"
        );
        config.pipeline.roles = vec![PipelineRole::RulesUploader];
        assert!(config.topics_in_use().contains(&"ccx.insights.rules.results"));
    }

    #[test]
    fn topic_of_a_role_must_be_its_own() {
        let mut topics = Topics { images: "ccx.ocp.results".into(), ..Topics::default() };
        topics.archives = topics.archive_results.clone();
        topics.sha_extractor_dead_letters.clear();
        let mut problems = Vec::new();
        topics.check(&mut problems);
        let texts: Vec<String> =
            problems.into_iter().map(|problem| format!("{} {}", problem.key, problem.reason)).collect();
        assert_eq!(
            texts,
            [
                "kafka.topics.sha_extractor_dead_letters is empty; give the topic's name",
                "kafka.topics.images is the same as kafka.topics.results; name a topic of its own",
                "kafka.topics.archive_results is the same as kafka.topics.archives; name a topic of its own",
            ]
        );
    }
}
