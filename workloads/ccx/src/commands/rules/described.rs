//! The description of an error key: its texts, and the inputs of its rule.

use std::fmt;

use ccx_content::Content;
use ccx_rules::{Applicability, Engine, Input, MinAge, RuleMeta, Versions, WORKLOAD_CHECKS};
use serde::Serialize;

use super::catalog::Catalog;

/// The description of a key for programs.
#[derive(Serialize)]
pub(crate) struct Described<'a> {
    pub(crate) error_key: &'a str,
    pub(crate) rule: &'a str,
    pub(crate) description: &'a str,
    pub(crate) total_risk: u8,
    pub(crate) risk: &'static str,
    pub(crate) impact: &'a ccx_content::Rating,
    pub(crate) likelihood: u8,
    pub(crate) resolution_risk: &'a ccx_content::Rating,
    pub(crate) tags: &'a [String],
    /// The first minor release whose archives have the required files; absent when all have them.
    pub(crate) since: Option<String>,
    /// The last; absent when the newest has them.
    pub(crate) until: Option<String>,
    pub(crate) reads: Vec<Read>,
    /// The families that the rule reads of `config/metrics`.
    pub(crate) metrics: Vec<Gathered>,
    /// The states that are reported only after a time.
    pub(crate) minimum_ages: Vec<MinimumAge>,
    /// The kinds of clusters to which the rule does not apply, or applies with a difference.
    pub(crate) cluster_kinds: Vec<KindOfCluster>,
}

/// A state that is normal for a while, and the time after which the rule reports it.
#[derive(Serialize)]
pub(crate) struct MinimumAge {
    pub(crate) state: &'static str,
    pub(crate) seconds: i64,
    /// The time for people.
    #[serde(skip)]
    pub(crate) duration: String,
}

/// A kind of cluster to which a rule does not apply, or applies with a difference.
#[derive(Serialize)]
pub(crate) struct KindOfCluster {
    pub(crate) kind: &'static str,
    pub(crate) applies: bool,
    /// The difference, or the reason why the rule does not apply.
    pub(crate) why: &'static str,
}

/// Files that a rule reads, under the name that a skip shows.
#[derive(Serialize)]
pub(crate) struct Read {
    pub(crate) name: String,
    /// Globs.
    pub(crate) files: Vec<String>,
    pub(crate) need: Need,
    pub(crate) locations: Vec<Gathered>,
}

impl fmt::Display for MinimumAge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.duration, self.state)
    }
}

impl fmt::Display for KindOfCluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, if self.applies { "adapted" } else { "no" })
    }
}

/// A glob or a family of metrics, and the minor releases whose Insights operator records it.
#[derive(Serialize)]
pub(crate) struct Gathered {
    pub(crate) name: String,
    pub(crate) since: Option<String>,
    pub(crate) until: Option<String>,
    /// The same for people, such as `4.9–4.17`.
    #[serde(skip)]
    pub(crate) versions: Versions,
}

/// The consequence of missing files.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Need {
    /// The rule is skipped.
    Required,
    /// The rule is skipped, unless it has another of its kind.
    OneOfThem,
    /// The rule runs with less information.
    Optional,
}

impl Need {
    /// Returns the words for a sentence.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::OneOfThem => "one of these is required",
            Self::Optional => "optional",
        }
    }
}

/// Describes every key that has content, by rule and key.
pub(super) fn all(Catalog { engine, content, .. }: &Catalog) -> Vec<Described<'_>> {
    content.contents().map(|content| describe(engine, content)).collect()
}

/// Describes one key.
pub(crate) fn describe<'a>(engine: &Engine, content: &'a Content) -> Described<'a> {
    let key = &content.selector.error_key;
    let of_module = || engine.rules().filter(|meta| meta.rule == content.selector.rule);
    // Several rules of users may share a module, each with a key of its own.
    let of_key = of_module().find(|meta| meta.error_keys.contains(key));
    let meta = of_key.or_else(|| of_module().next());
    let versions = meta.map_or(WORKLOAD_CHECKS.versions(), RuleMeta::versions);
    Described {
        error_key: content.selector.error_key.as_str(),
        rule: content.selector.rule.as_str(),
        description: content.description.source(),
        total_risk: content.total_risk(),
        risk: content.risk_label(),
        impact: &content.impact,
        likelihood: content.likelihood,
        resolution_risk: &content.resolution_risk,
        tags: &content.tags,
        since: versions.since.map(|version| version.to_string()),
        until: versions.until.map(|version| version.to_string()),
        reads: meta.map_or_else(reads_of_workload_check, reads),
        metrics: meta.map(metrics).unwrap_or_default(),
        minimum_ages: meta.map(minimum_ages).unwrap_or_default(),
        cluster_kinds: meta.map(cluster_kinds).unwrap_or_default(),
    }
}

fn minimum_ages(meta: &RuleMeta) -> Vec<MinimumAge> {
    let minimum_age = |age: &MinAge| MinimumAge {
        state: age.state,
        seconds: age.duration.num_seconds(),
        duration: age.duration_text(),
    };
    meta.min_ages.iter().map(minimum_age).collect()
}

fn cluster_kinds(meta: &RuleMeta) -> Vec<KindOfCluster> {
    let declared = meta.cluster_kinds.iter().filter_map(|&(kind, applicability)| match applicability {
        Applicability::Applies => None,
        Applicability::Adapts(why) => Some(KindOfCluster { kind: kind.as_str(), applies: true, why }),
        Applicability::Excluded(why) => Some(KindOfCluster { kind: kind.as_str(), applies: false, why }),
    });
    declared.collect()
}

fn reads(meta: &RuleMeta) -> Vec<Read> {
    let required = meta.required.iter().map(|input| read(input, Need::Required));
    let any_of = meta.any_of.iter().flatten().map(|input| read(input, Need::OneOfThem));
    let optional = meta.optional.iter().map(|input| read(input, Need::Optional));
    required.chain(any_of).chain(optional).collect()
}

fn read(input: &Input, need: Need) -> Read {
    let locations = input.locations().map(|(glob, versions)| Gathered::new(glob, versions));
    Read {
        name: input.name().to_owned(),
        files: input.globs().map(str::to_owned).collect(),
        need,
        locations: locations.collect(),
    }
}

fn metrics(meta: &RuleMeta) -> Vec<Gathered> {
    meta.metric_families.iter().map(|family| Gathered::new(&family.name, family.versions)).collect()
}

impl Gathered {
    fn new(name: &str, versions: Versions) -> Self {
        Self {
            name: name.to_owned(),
            since: versions.since.map(|version| version.to_string()),
            until: versions.until.map(|version| version.to_string()),
            versions,
        }
    }
}

impl fmt::Display for Gathered {
    /// Returns a path or a family with its versions, such as `config/alerts.json (4.12+)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, versions, .. } = self;
        if *versions == Versions::ALL { f.write_str(name) } else { write!(f, "{name} ({versions})") }
    }
}

fn reads_of_workload_check() -> Vec<Read> {
    vec![read(&WORKLOAD_CHECKS, Need::Required)]
}
