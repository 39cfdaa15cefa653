//! The format of gathering rules, as the insights operator validates them. It refuses unknown fields and, with one fault, all rules.

use std::{fmt::Write as _, ops::RangeInclusive, sync::LazyLock};

use regex::Regex;
use serde::Deserialize;

/// The file for releases that know version 2 of the API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a JSON object")]
pub(super) struct RemoteConfigurationFile {
    pub(super) version: String,
    conditional_gathering_rules: Vec<Rule>,
    container_logs: Vec<ContainerLog>,
}

/// The file for older releases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a JSON object")]
pub(super) struct ConditionalRulesFile {
    #[serde(rename = "version")]
    _version: String,
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Rule {
    conditions: Vec<Condition>,
    gathering_functions: Functions,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Condition {
    #[serde(rename = "type")]
    kind: ConditionKind,
    alert: Option<Alert>,
    cluster_version_matches: Option<VersionMatch>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum ConditionKind {
    AlertIsFiring,
    ClusterVersionMatches,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Alert {
    name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct VersionMatch {
    version: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Functions {
    logs_of_namespace: Option<LogsOfNamespace>,
    image_streams_of_namespace: Option<ImageStreams>,
    api_request_counts_of_resource_from_alert: Option<OfAlert>,
    containers_logs: Option<ContainersLogs>,
    pod_definition: Option<OfAlert>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct LogsOfNamespace {
    namespace: String,
    tail_lines: i64,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ImageStreams {
    namespace: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct OfAlert {
    alert_name: String,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ContainersLogs {
    alert_name: String,
    namespace: Option<String>,
    container: Option<String>,
    tail_lines: i64,
    #[serde(default, rename = "previous")]
    _previous: bool,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct ContainerLog {
    namespace: String,
    pod_name_regex: String,
    messages: Vec<String>,
    #[serde(default, rename = "previous")]
    _previous: bool,
}

/// The number of rules of one configuration.
const RULES: RangeInclusive<usize> = 1..=64;

/// The number of conditions of one rule.
const CONDITIONS: RangeInclusive<usize> = 0..=8;

/// The number of lines at the end of a log.
const TAIL_LINES: RangeInclusive<i64> = 1..=4096;

/// The length of a range of versions, in characters.
const VERSION_LENGTH: RangeInclusive<usize> = 1..=64;

/// Collects faults with their paths.
#[derive(Debug, Default)]
struct Faults(String);

impl RemoteConfigurationFile {
    /// Returns every fault, one on each line.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut faults = Faults::default();
        check_rules("conditional_gathering_rules", &self.conditional_gathering_rules, &mut faults);
        for (index, log) in self.container_logs.iter().enumerate() {
            log.check(&format!("container_logs[{index}]"), &mut faults);
        }
        faults.into_result()
    }
}

impl ConditionalRulesFile {
    /// Returns every fault, one on each line.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut faults = Faults::default();
        check_rules("rules", &self.rules, &mut faults);
        faults.into_result()
    }
}

fn check_rules(path: &str, rules: &[Rule], faults: &mut Faults) {
    faults.require(RULES.contains(&rules.len()), path, "must have 1 to 64 rules");
    for (index, rule) in rules.iter().enumerate() {
        let path = format!("{path}[{index}]");
        faults.require(!rules[..index].contains(rule), &path, "repeats a rule");
        let conditions = &rule.conditions;
        faults.require(CONDITIONS.contains(&conditions.len()), &path, "must have at most 8 conditions");
        for (index, condition) in conditions.iter().enumerate() {
            let path = format!("{path}.conditions[{index}]");
            faults.require(!conditions[..index].contains(condition), &path, "repeats a condition");
            condition.check(&path, faults);
        }
        rule.gathering_functions.check(&format!("{path}.gathering_functions"), faults);
    }
}

impl Condition {
    fn check(&self, path: &str, faults: &mut Faults) {
        match (self.kind, &self.alert, &self.cluster_version_matches) {
            (ConditionKind::AlertIsFiring, Some(alert), None) => faults.require_alert(path, &alert.name),
            (ConditionKind::ClusterVersionMatches, None, Some(matches)) => {
                let is_valid = VERSION_LENGTH.contains(&matches.version.chars().count());
                faults.require(is_valid, path, "must have a version of 1 to 64 characters");
            }
            _ => faults.add(path, "must have the parameters of its type, and no others"),
        }
    }
}

impl Functions {
    fn check(&self, path: &str, faults: &mut Faults) {
        let mut has_any = false;
        if let Some(function) = &self.logs_of_namespace {
            has_any = true;
            faults.require_namespace(path, &function.namespace);
            faults.require_tail_lines(path, function.tail_lines);
        }
        if let Some(function) = &self.image_streams_of_namespace {
            has_any = true;
            faults.require_namespace(path, &function.namespace);
        }
        for function in
            [&self.api_request_counts_of_resource_from_alert, &self.pod_definition].into_iter().flatten()
        {
            has_any = true;
            faults.require_alert(path, &function.alert_name);
        }
        if let Some(function) = &self.containers_logs {
            has_any = true;
            faults.require_alert(path, &function.alert_name);
            faults.require_tail_lines(path, function.tail_lines);
            function.namespace.iter().for_each(|namespace| faults.require_namespace(path, namespace));
            let is_name = |name: &str| is_word(name, "_.-");
            faults.require(
                function.container.as_deref().is_none_or(is_name),
                path,
                "must name a container by 1 to 128 letters, digits, _, . and -",
            );
        }
        faults.require(has_any, path, "must have at least one function");
    }
}

impl ContainerLog {
    fn check(&self, path: &str, faults: &mut Faults) {
        static NAMESPACE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new("^(openshift|kube)-[a-zA-Z0-9_.-]{1,128}$").expect("a valid pattern")
        });
        let is_namespace = NAMESPACE.is_match(&self.namespace);
        faults.require(is_namespace, path, "must have a namespace that begins with openshift- or kube-");
        for pattern in std::iter::once(&self.pod_name_regex).chain(&self.messages) {
            faults.require(Regex::new(pattern).is_ok(), path, "must have valid regular expressions");
        }
    }
}

impl Faults {
    fn add(&mut self, path: &str, fault: &str) {
        let separator = if self.0.is_empty() { "" } else { "; " };
        let _ = write!(self.0, "{separator}{path} {fault}");
    }

    fn require(&mut self, is_valid: bool, path: &str, fault: &str) {
        if !is_valid {
            self.add(path, fault);
        }
    }

    fn require_alert(&mut self, path: &str, name: &str) {
        self.require(is_word(name, "_"), path, "must name an alert by 1 to 128 letters, digits and _");
    }

    fn require_namespace(&mut self, path: &str, name: &str) {
        let is_valid = name.strip_prefix("openshift-").is_some_and(|rest| is_word(rest, "_.-"));
        self.require(is_valid, path, "must name a namespace that begins with openshift-");
    }

    fn require_tail_lines(&mut self, path: &str, lines: i64) {
        self.require(TAIL_LINES.contains(&lines), path, "must have 1 to 4096 tail_lines");
    }

    fn into_result(self) -> Result<(), String> {
        if self.0.is_empty() { Ok(()) } else { Err(self.0) }
    }
}

fn is_word(text: &str, others: &str) -> bool {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || others.contains(letter);
    (1..=128).contains(&text.len()) && text.chars().all(is_allowed)
}
