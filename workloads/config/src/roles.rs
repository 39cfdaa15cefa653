//! `pipeline.roles`, and the sections of the roles: `[dvo_extractor]`, `[sha_extractor]`, `[archive_sync]` and `[rules_uploader]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Compression, Config, Pipeline, Problem, formats::BUCKET};

/// A part of the pipeline's work. Each was a service of its own, whose name it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PipelineRole {
    /// Runs the rules: announced archives become results.
    Rules,
    /// Runs the checks of users' workloads.
    DvoExtractor,
    /// Sends the digests of the images that a cluster runs.
    ShaExtractor,
    /// Copies archives to a bucket.
    ArchiveSync,
    /// Stores the results of rules as objects beside the copies of the archives.
    RulesUploader,
}

/// The checks of users' workloads, when they run in a process without the rules.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DvoExtractor {
    /// The consumer group of a process without the role `rules`.
    pub group: String,
}

/// The digests of the images that a cluster runs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ShaExtractor {
    /// The consumer group of a process without the roles `rules` and `dvo-extractor`.
    pub group: String,
    /// Compression of messages.
    pub compression: Compression,
}

/// Copies of archives.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ArchiveSync {
    /// The consumer group of a process that has no other role that reads announcements.
    pub group: String,
    /// The bucket that copies go to, in the service of `[object_storage]`; empty means `object_storage.bucket`.
    pub bucket: String,
    /// Prefix of the copies' keys, without a slash at its end; may be empty.
    pub prefix: String,
    /// The rest of a key. `$cluster_id`, `$org_id`, `$year`, `$month`, `$day`, `$hour`, `$minute`, `$second` and `$time` (`HHMMSS`)
    /// are replaced by what they name, the times being that of the announcement; `$cluster_id[:2]` is the first two characters.
    pub name_template: String,
    /// The canned access control list of the copies: `private`, `bucket-owner-read` or `bucket-owner-full-control`. Absent means
    /// that the bucket decides; most services refuse any other list than the owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<CannedAcl>,
}

/// A predefined access control list of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CannedAcl {
    /// Only the writer has access.
    Private,
    /// The owner of the bucket can read the object, too.
    BucketOwnerRead,
    /// The owner of the bucket has all rights, too.
    BucketOwnerFullControl,
}

impl CannedAcl {
    /// Returns the name in the protocol of S3.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::BucketOwnerRead => "bucket-owner-read",
            Self::BucketOwnerFullControl => "bucket-owner-full-control",
        }
    }
}

/// Results of rules as objects.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RulesUploader {
    /// The consumer group of a process that has this role alone and reads `kafka.topics.archive_results`.
    pub group: String,
    /// The bucket that results go to, in the service of `[object_storage]`; empty means `object_storage.bucket`.
    pub bucket: String,
}

/// The variables of [`ArchiveSync::name_template`].
pub const TEMPLATE_VARIABLES: [&str; 9] =
    ["cluster_id", "org_id", "year", "month", "day", "hour", "minute", "second", "time"];

impl PipelineRole {
    /// Every role, in the order in which a process takes its consumer group and dead letters from its roles.
    pub const ALL: [Self; 5] =
        [Self::Rules, Self::DvoExtractor, Self::ShaExtractor, Self::ArchiveSync, Self::RulesUploader];

    /// Returns the name in the configuration and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::DvoExtractor => "dvo-extractor",
            Self::ShaExtractor => "sha-extractor",
            Self::ArchiveSync => "archive-sync",
            Self::RulesUploader => "rules-uploader",
        }
    }
}

impl Default for DvoExtractor {
    fn default() -> Self {
        Self { group: "dvo_extractor_app".into() }
    }
}

impl Default for ShaExtractor {
    fn default() -> Self {
        Self { group: "sha_extractor_app".into(), compression: Compression::Gzip }
    }
}

impl Default for ArchiveSync {
    fn default() -> Self {
        Self {
            group: "multiplexor_app".into(),
            bucket: String::new(),
            prefix: "archives/compressed".into(),
            name_template: "$cluster_id[:2]/$cluster_id/$year$month/$day/$time.tar.gz".into(),
            acl: None,
        }
    }
}

impl Default for RulesUploader {
    fn default() -> Self {
        Self { group: "rules_uploader_app".into(), bucket: String::new() }
    }
}

impl Pipeline {
    /// Returns whether the process has a role.
    pub fn has_role(&self, role: PipelineRole) -> bool {
        self.roles.contains(&role)
    }

    /// Returns the role from which a process takes its consumer group and its dead letters.
    pub fn main_role(&self) -> PipelineRole {
        PipelineRole::ALL.into_iter().find(|role| self.has_role(*role)).unwrap_or(PipelineRole::Rules)
    }
}

impl Config {
    /// Returns the consumer group of the pipeline's process: that of its first role.
    pub fn pipeline_group(&self) -> &str {
        match self.pipeline.main_role() {
            PipelineRole::Rules => &self.pipeline.group,
            PipelineRole::DvoExtractor => &self.dvo_extractor.group,
            PipelineRole::ShaExtractor => &self.sha_extractor.group,
            PipelineRole::ArchiveSync => &self.archive_sync.group,
            PipelineRole::RulesUploader => &self.rules_uploader.group,
        }
    }

    /// Returns the bucket of copied archives.
    pub fn archive_sync_bucket(&self) -> &str {
        self.bucket_or_default(&self.archive_sync.bucket)
    }

    /// Returns the bucket of uploaded results.
    pub fn rules_uploader_bucket(&self) -> &str {
        self.bucket_or_default(&self.rules_uploader.bucket)
    }

    fn bucket_or_default<'a>(&'a self, bucket: &'a str) -> &'a str {
        if bucket.is_empty() { &self.object_storage.bucket } else { bucket }
    }
}

/// Checks the roles of the pipeline and their sections.
pub(crate) fn check(config: &Config, problems: &mut Vec<Problem>) {
    if config.pipeline.roles.is_empty() {
        problems.push(Problem::new("pipeline.roles", "is empty; name at least one role, for example rules"));
    }
    if config.pipeline.roles == [PipelineRole::DvoExtractor] && config.kafka.topics.workloads.is_empty() {
        let reason =
            "is empty; a pipeline with the role dvo-extractor alone needs it, for example ccx.dvo.results";
        problems.push(Problem::new("kafka.topics.workloads", reason));
    }
    let groups = [
        ("dvo_extractor.group", &config.dvo_extractor.group),
        ("sha_extractor.group", &config.sha_extractor.group),
        ("archive_sync.group", &config.archive_sync.group),
        ("rules_uploader.group", &config.rules_uploader.group),
    ];
    let empty = groups.into_iter().filter(|(_, group)| group.is_empty());
    problems.extend(empty.map(|(key, _)| Problem::new(key, "is empty; give the consumer group's name")));
    config.check_buckets(problems);
    config.archive_sync.check(problems);
}

impl Config {
    fn check_buckets(&self, problems: &mut Vec<Problem>) {
        let buckets = [
            ("archive_sync.bucket", &self.archive_sync.bucket, PipelineRole::ArchiveSync),
            ("rules_uploader.bucket", &self.rules_uploader.bucket, PipelineRole::RulesUploader),
        ];
        for (key, bucket, role) in buckets {
            if !bucket.is_empty() && !BUCKET.matches(bucket) {
                problems.push(Problem::new(key, format!("is invalid: {}", BUCKET.advice)));
            }
            if self.pipeline.has_role(role) && self.bucket_or_default(bucket).is_empty() {
                let reason = format!("is empty; the role {} needs a bucket", role.as_str());
                problems.push(Problem::new(key, reason));
            }
        }
    }
}

impl ArchiveSync {
    const TEMPLATE_KEY: &str = "archive_sync.name_template";

    fn check(&self, problems: &mut Vec<Problem>) {
        if self.prefix.starts_with('/') || self.prefix.ends_with('/') {
            let reason = "begins or ends with /; the key has a / between it and the name";
            problems.push(Problem::new("archive_sync.prefix", reason));
        }
        if self.name_template.is_empty() {
            problems
                .push(Problem::new(Self::TEMPLATE_KEY, "is empty; every archive would have the same key"));
        }
        let unknown = variables(&self.name_template).find(|name| !TEMPLATE_VARIABLES.contains(name));
        problems.extend(unknown.map(|name| {
            let known = TEMPLATE_VARIABLES.map(|name| format!("${name}")).join(", ");
            Problem::new(Self::TEMPLATE_KEY, format!("has the unknown variable ${name}; known are {known}"))
        }));
    }
}

/// Returns the names behind each `$`.
fn variables(template: &str) -> impl Iterator<Item = &str> {
    template.split('$').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let end =
            rest.find(|letter: char| !(letter.is_ascii_lowercase() || matches!(letter, '_' | '0'..='9')));
        Some(&rest[..end.unwrap_or(rest.len())]).filter(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(roles: &[PipelineRole]) -> Config {
        let mut config = Config::default();
        config.object_storage.bucket = "insights-upload".into();
        config.pipeline.roles = roles.to_vec();
        config
    }

    fn keys(config: &Config) -> Vec<String> {
        config.problems().into_iter().map(|problem| problem.key).collect()
    }

    #[test]
    fn process_has_the_group_of_its_first_role() {
        use PipelineRole::{ArchiveSync, DvoExtractor, Rules, RulesUploader, ShaExtractor};
        for (roles, group) in [
            (&[ArchiveSync, Rules][..], "ccx_data_pipeline_extractor"),
            (&[ShaExtractor, DvoExtractor], "dvo_extractor_app"),
            (&[ArchiveSync, ShaExtractor], "sha_extractor_app"),
            (&[ArchiveSync], "multiplexor_app"),
            (&[RulesUploader], "rules_uploader_app"),
        ] {
            assert_eq!(config(roles).pipeline_group(), group, "{roles:?}");
        }
    }

    #[test]
    fn every_role_is_known_by_its_name() {
        for role in PipelineRole::ALL {
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }

    #[test]
    fn problems_of_roles_are_found() {
        assert!(keys(&config(&PipelineRole::ALL)).is_empty());
        assert_eq!(keys(&config(&[])), ["pipeline.roles"]);
        assert_eq!(keys(&config(&[PipelineRole::DvoExtractor])), ["kafka.topics.workloads"]);
        let mut odd = config(&[PipelineRole::ArchiveSync]);
        odd.object_storage.bucket.clear();
        odd.archive_sync.prefix = "/archives".into();
        odd.archive_sync.name_template = "$cluster/$time.tar.gz".into();
        odd.sha_extractor.group.clear();
        let expected = [
            "sha_extractor.group",
            "archive_sync.bucket",
            "archive_sync.prefix",
            "archive_sync.name_template",
        ];
        assert_eq!(keys(&odd), expected);
    }

    #[test]
    fn variables_of_a_template_are_found() {
        let found: Vec<&str> = variables("$cluster_id[:2]/${time}-$day.tar.gz$").collect();
        assert_eq!(found, ["cluster_id", "time", "day"]);
    }
}
