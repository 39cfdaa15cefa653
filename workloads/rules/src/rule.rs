//! Rules, and the declaration of their inputs.

use std::borrow::Cow;

use ccx_messages::{ErrorKey, RuleFqdn};
use chrono::TimeDelta;

use crate::{
    Applicability, ClusterKind, Context, Location, LogQuery, MetricFamily, Response, Versions,
    documents::METRICS, location::Locations,
};

/// A check of a cluster, answered from its archive.
pub trait Rule: Send + Sync {
    /// Returns the name of the rule and its inputs. Called once, when an engine is created.
    fn meta(&self) -> RuleMeta;

    /// Returns the answer; `None` when the rule finds nothing.
    ///
    /// Called only when every required input is available. Loops over data of a size that the cluster decides
    /// go through [`Context::within_budget`], since a rule can't be stopped from outside.
    fn check(&self, context: &Context<'_>) -> Option<Response>;
}

/// Files of an archive with one meaning, for example "the nodes".
///
/// An input is identified by its name; rules that use the same input share the work of reading it.
///
/// ```
/// use ccx_rules::{Input, Location};
///
/// const JOURNAL: Input =
///     Input::text("node_logs", &[Location::new("config/node/logs/*.log").until(4, 9), Location::new("config/nodes/logs/*.log")]);
/// assert_eq!(JOURNAL.globs().count(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Input {
    name: Cow<'static, str>,
    locations: Locations,
    readability: Readability,
}

/// The check whether files can be read.
#[derive(Clone, Copy, Debug)]
enum Readability {
    /// Text can always be read.
    Text,
    /// One function for one constant input.
    Constant(fn(&Context<'_>) -> bool),
    /// One function for many inputs that are made at run time.
    Dynamic(fn(&Context<'_>, &Input) -> bool),
}

impl Input {
    /// Creates an input of documents: it is available when `is_readable` returns that at least one could be
    /// parsed.
    pub const fn documents(
        name: &'static str,
        locations: &'static [Location],
        is_readable: fn(&Context<'_>) -> bool,
    ) -> Self {
        Self {
            name: Cow::Borrowed(name),
            locations: Locations::Known(locations),
            readability: Readability::Constant(is_readable),
        }
    }

    /// Creates an input of text files: it is available when there is one.
    pub const fn text(name: &'static str, locations: &'static [Location]) -> Self {
        Self {
            name: Cow::Borrowed(name),
            locations: Locations::Known(locations),
            readability: Readability::Text,
        }
    }

    /// Creates an input of documents as [`Input::documents`], for a rule that is made at run time.
    pub fn dynamic_documents(
        name: String,
        globs: Vec<String>,
        is_readable: fn(&Context<'_>, &Input) -> bool,
    ) -> Self {
        let locations = Locations::Dynamic(globs.into());
        Self { name: name.into(), locations, readability: Readability::Dynamic(is_readable) }
    }

    /// Creates an input of text files as [`Input::text`], for a rule that is made at run time.
    pub fn dynamic_text(name: String, globs: Vec<String>) -> Self {
        Self {
            name: name.into(),
            locations: Locations::Dynamic(globs.into()),
            readability: Readability::Text,
        }
    }

    /// Returns the name, as skips show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the paths, as globs.
    pub fn globs(&self) -> impl Iterator<Item = &str> {
        self.locations().map(|(glob, _)| glob)
    }

    /// Returns the paths, as globs, with the versions whose archives have them.
    pub fn locations(&self) -> impl Iterator<Item = (&str, Versions)> {
        self.locations.iter()
    }

    /// Returns the versions whose archives have such files.
    pub fn versions(&self) -> Versions {
        self.locations().map(|(_, versions)| versions).reduce(Versions::or).unwrap_or_default()
    }

    /// Returns whether the files are documents, which are parsed into memory as a whole.
    pub(crate) fn is_document(&self) -> bool {
        !matches!(self.readability, Readability::Text)
    }

    /// Returns whether the archive has such files and they can be read.
    fn is_available(&self, context: &Context<'_>) -> bool {
        let is_readable = || match self.readability {
            Readability::Text => true,
            Readability::Constant(is_readable) => is_readable(context),
            Readability::Dynamic(is_readable) => is_readable(context, self),
        };
        !context.files(self).is_empty() && is_readable()
    }
}

/// The name of a rule and its inputs.
///
/// ```
/// use ccx_rules::{
///     RuleMeta,
///     documents::{ALERTS, METRICS, NODES},
/// };
///
/// let (module, key) = ("example.slow_disk".parse()?, "SLOW_DISK".parse()?);
/// let meta = RuleMeta::new(module, key).requires_any(&[ALERTS, METRICS]).may_read(NODES);
/// assert_eq!(meta.inputs().map(|input| input.name()).collect::<Vec<_>>(), ["alerts", "metrics", "nodes"]);
/// # Ok::<(), ccx_messages::IdError>(())
/// ```
#[derive(Clone, Debug)]
pub struct RuleMeta {
    /// The rule's module.
    pub rule: RuleFqdn,
    /// The keys that the rule may answer with.
    pub error_keys: Vec<ErrorKey>,
    /// The tags of its findings; tags of content replace them.
    pub tags: Vec<String>,
    /// Inputs of which all are needed; otherwise the rule is skipped.
    pub required: Vec<Input>,
    /// Groups of inputs of which one each is needed; otherwise the rule is skipped.
    pub any_of: Vec<Vec<Input>>,
    /// Inputs that make the answer more precise.
    pub optional: Vec<Input>,
    /// The log lines that the rule searches for.
    pub log_queries: Vec<LogQuery>,
    /// The metric families that the rule reads.
    pub metric_families: Vec<MetricFamily>,
    /// The states that are reported only once they have lasted for a while; the shortest time for each.
    pub min_ages: Vec<MinAge>,
    /// The kinds of clusters to which the rule does not apply, or applies differently; each kind at most
    /// once.
    pub cluster_kinds: Vec<(ClusterKind, Applicability)>,
}

/// The time that a state has to last before a rule reports it, because it is normal for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinAge {
    /// The state, as it completes "has been …".
    pub state: &'static str,
    /// The time.
    pub duration: TimeDelta,
}

impl MinAge {
    /// Returns the time for people, such as `2 h` or `45 min`.
    pub fn duration_text(&self) -> String {
        let minutes = self.duration.num_minutes();
        if minutes % 60 == 0 { format!("{} h", minutes / 60) } else { format!("{minutes} min") }
    }
}

impl RuleMeta {
    /// Creates a rule with one key and without inputs.
    pub fn new(rule: RuleFqdn, error_key: ErrorKey) -> Self {
        Self {
            rule,
            error_keys: vec![error_key],
            tags: Vec::new(),
            required: Vec::new(),
            any_of: Vec::new(),
            optional: Vec::new(),
            log_queries: Vec::new(),
            metric_families: Vec::new(),
            min_ages: Vec::new(),
            cluster_kinds: Vec::new(),
        }
    }

    /// Adds tags.
    #[must_use]
    pub fn tags(mut self, tags: &[&str]) -> Self {
        self.tags.extend(tags.iter().map(|&tag| tag.into()));
        self
    }

    /// Adds a required input.
    #[must_use]
    pub fn requires(mut self, input: Input) -> Self {
        self.required.push(input);
        self
    }

    /// Adds inputs of which at least one is required.
    #[must_use]
    pub fn requires_any(mut self, inputs: &[Input]) -> Self {
        self.any_of.push(inputs.to_vec());
        self
    }

    /// Adds an optional input.
    #[must_use]
    pub fn may_read(mut self, input: Input) -> Self {
        self.optional.push(input);
        self
    }

    /// Adds log lines to search for; the files are required.
    #[must_use]
    pub fn scans(mut self, query: LogQuery) -> Self {
        self.required.push(query.files().clone());
        self.log_queries.push(query);
        self
    }

    /// Adds a metric family to read.
    #[must_use]
    pub fn reads_metric(mut self, family: impl Into<MetricFamily>) -> Self {
        self.metric_families.push(family.into());
        self
    }

    /// Declares that a state is reported only once it has lasted for `duration`; see [`Context::has_lasted`].
    #[must_use]
    pub fn for_at_least(mut self, duration: TimeDelta, state: &'static str) -> Self {
        self.min_ages.push(MinAge { state, duration });
        self
    }

    /// Declares that the rule does not apply to a kind of cluster: the engine skips it there.
    #[must_use]
    pub fn not_on(self, kind: ClusterKind, reason: &'static str) -> Self {
        self.declare(kind, Applicability::Excluded(reason))
    }

    /// Declares that the rule applies to a kind of cluster with a difference, which the rule or its texts
    /// make.
    #[must_use]
    pub fn adapts_to(self, kind: ClusterKind, difference: &'static str) -> Self {
        self.declare(kind, Applicability::Adapts(difference))
    }

    fn declare(mut self, kind: ClusterKind, applicability: Applicability) -> Self {
        for input in kind.inputs() {
            if self.inputs().all(|known| known.name() != input.name()) {
                self.optional.push(input);
            }
        }
        self.cluster_kinds.push((kind, applicability));
        self
    }

    /// Returns whether the rule applies to a kind of cluster.
    pub fn applicability(&self, kind: ClusterKind) -> Applicability {
        let declared = self.cluster_kinds.iter().find(|(declared, _)| *declared == kind);
        declared.map_or(Applicability::Applies, |&(_, applicability)| applicability)
    }

    /// Returns why the rule does not apply to this cluster, if so.
    pub(crate) fn exclusion(&self, context: &Context<'_>) -> Option<String> {
        self.cluster_kinds.iter().find_map(|&(kind, applicability)| match applicability {
            Applicability::Excluded(reason) if kind.matches(context) => {
                Some(format!("Not applicable ({}): {reason}", kind.as_str()))
            }
            _ => None,
        })
    }

    /// Returns all inputs: required ones, groups, then optional ones.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        self.required.iter().chain(self.any_of.iter().flatten()).chain(&self.optional)
    }

    /// Returns the versions whose archives have what the rule needs.
    pub fn versions(&self) -> Versions {
        let required = self.required.iter().map(|input| self.versions_of(input));
        let any_of = self
            .any_of
            .iter()
            .filter_map(|group| group.iter().map(|input| self.versions_of(input)).reduce(Versions::or));
        required.chain(any_of).fold(Versions::ALL, Versions::and)
    }

    /// Returns the versions whose archives have an input: of metrics, one of the families that the rule
    /// reads.
    fn versions_of(&self, input: &Input) -> Versions {
        let families = self.metric_families.iter().filter(|_| input.name() == METRICS.name());
        let families = families.map(|family| family.versions).reduce(Versions::or);
        input.versions().and(families.unwrap_or_default())
    }

    /// Returns the requirements that the archive does not meet, if any.
    pub(crate) fn missing_requirements(&self, context: &Context<'_>) -> Option<Missing<'_>> {
        let is_missing = |input: &&Input| !input.is_available(context);
        let all: Vec<_> = self.required.iter().filter(is_missing).map(Input::name).collect();
        let any_groups = self.any_of.iter().filter(|group| group.iter().all(|input| is_missing(&input)));
        let any: Vec<Vec<_>> = any_groups.map(|group| group.iter().map(Input::name).collect()).collect();
        (!all.is_empty() || !any.is_empty()).then_some(Missing { all, any })
    }
}

/// Requirements of a rule that an archive does not meet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missing<'a> {
    /// Inputs that are needed.
    pub all: Vec<&'a str>,
    /// Groups of which one input is needed.
    pub any: Vec<Vec<&'a str>>,
}

impl std::fmt::Display for Missing<'_> {
    /// The text that the Python rules use, lists in their notation: `All: ['a', 'b'] Any: ['c', 'd']`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |names: &[&str]| format!("['{}']", names.join("', '"));
        let all = if self.all.is_empty() { "[]".into() } else { list(&self.all) };
        let any: Vec<String> = self.any.iter().map(|group| list(group)).collect();
        write!(f, "All: {all} Any: {}", any.join(" Any: "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_requirements_read_as_those_of_the_python_rules() {
        let text = |all: &[&str], any: &[&[&str]]| {
            Missing { all: all.to_vec(), any: any.iter().map(|group| group.to_vec()).collect() }.to_string()
        };
        assert_eq!(text(&["nodes"], &[]), "All: ['nodes'] Any: ");
        assert_eq!(
            text(&["nodes", "pods"], &[&["alerts", "metrics"]]),
            "All: ['nodes', 'pods'] Any: ['alerts', 'metrics']"
        );
        assert_eq!(text(&[], &[&["a", "b"], &["c"]]), "All: [] Any: ['a', 'b'] Any: ['c']");
    }
}
