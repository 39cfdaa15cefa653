//! The result of a run of the rules.

use std::{fmt, sync::Arc, time::Duration};

use ccx_messages::{ErrorKey, RuleFqdn};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use strum::IntoStaticStr;

use crate::{Kind, RuleMeta, WorkloadRecommendation};

mod json;
mod workloads_json;

/// The findings of all rules in an archive.
#[derive(Debug, Default)]
pub struct Report {
    /// When the data was gathered, if known.
    pub now: Option<DateTime<Utc>>,
    /// The problems, by rule and key.
    pub hits: Vec<Finding>,
    /// Facts about the cluster, by rule and key.
    pub info: Vec<Finding>,
    /// Checks that passed, of the rules that report it; by rule and key.
    pub pass: Vec<Finding>,
    /// Facts that identify the cluster's kind, by rule and key.
    pub fingerprints: Vec<Finding>,
    /// The rules that were skipped for lack of data, by rule.
    pub skips: Vec<Skip>,
    /// The checks that the users' workloads fail, from [`WorkloadChecks::run`](crate::WorkloadChecks::run).
    /// They are a message of their own.
    pub workloads: Option<Vec<WorkloadRecommendation>>,
    /// The rules that failed, by rule. Not part of the message: a fault is a bug of the rule.
    pub faults: Vec<RuleFault>,
    /// The reason why rules that should have run are missing from the report.
    pub incomplete: Option<String>,
    /// The verdict and the time of each rule, by rule. For metrics.
    pub runs: Vec<RuleRun>,
    /// The sets of rules that were used beside the built-in ones.
    pub rule_sets: Arc<[RuleSetVersion]>,
    /// The time of the log scan, which is not charged to a rule.
    pub log_scan: Duration,
}

impl Report {
    /// The version of the report's schema, `Version` in the message that carries the report.
    pub const VERSION: u8 = 2;

    /// Returns the JSON object that the message carries as `Report`.
    ///
    /// ```
    /// use ccx_rules::Report;
    ///
    /// let json = Report::default().to_json();
    /// assert!(json.get().contains(r#""reports":[]"#));
    /// ```
    ///
    /// The same archive and gathering time always give the same bytes: `start` and `finish` are the gathering
    /// time, or null when it is unknown, and not the wall clock.
    pub fn to_json(&self) -> Box<RawValue> {
        json::encode(self)
    }

    /// Returns the JSON object that the message about workloads carries as `Metrics`, if there is one. An
    /// empty list means that workloads which failed checks before have been fixed.
    pub fn workloads_to_json(&self) -> Option<Box<RawValue>> {
        self.workloads.as_ref().map(|recommendations| workloads_json::encode(self, recommendations))
    }

    /// Adds the findings of another engine. Where both have the same rule and key, the other's finding
    /// replaces the built-in one, since it was requested by name. Returns the number of findings that were replaced.
    pub fn merge(&mut self, external: ExternalFindings) -> usize {
        let ExternalFindings { findings, skips } = external;
        let total = |report: &Self| {
            report.hits.len() + report.info.len() + report.pass.len() + report.fingerprints.len()
        };
        let before = total(self) + findings.len();
        for (kind, finding) in findings.into_iter().rev() {
            self.section_mut(kind).insert(0, finding);
        }
        self.sort_findings();
        self.skips.splice(0..0, skips);
        self.skips.sort_by(|a, b| a.rule.cmp(&b.rule));
        self.skips.dedup_by(|later, first| later.rule == first.rule);
        before - total(self)
    }

    /// Adds a reason why rules are missing from the report.
    pub fn mark_incomplete(&mut self, reason: &str) {
        let reasons = self.incomplete.take().into_iter().chain([reason.to_owned()]);
        self.incomplete = Some(reasons.collect::<Vec<_>>().join("; "));
    }

    /// Sorts each section by rule and key, without duplicates: consumers accept a rule and key once.
    pub(crate) fn sort_findings(&mut self) {
        for kind in [Kind::Hit, Kind::Info, Kind::Pass, Kind::Fingerprint] {
            let section = self.section_mut(kind);
            section.sort_by(|a, b| (&a.rule, &a.error_key).cmp(&(&b.rule, &b.error_key)));
            section
                .dedup_by(|later, first| (&later.rule, &later.error_key) == (&first.rule, &first.error_key));
        }
    }

    pub(crate) fn section_mut(&mut self, kind: Kind) -> &mut Vec<Finding> {
        match kind {
            Kind::Hit => &mut self.hits,
            Kind::Info => &mut self.info,
            Kind::Pass => &mut self.pass,
            Kind::Fingerprint => &mut self.fingerprints,
        }
    }
}

/// The findings of another engine in the same archive.
#[derive(Debug, Default)]
pub struct ExternalFindings {
    /// Its findings.
    pub findings: Vec<(Kind, Finding)>,
    /// The rules that it skipped.
    pub skips: Vec<Skip>,
}

/// A set of rules, as a report names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetVersion {
    /// The name.
    pub name: String,
    /// The version.
    pub version: String,
}

/// A rule's answer.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: RuleFqdn,
    /// The key: the error key of a hit, the info key of an information item, and so on.
    pub error_key: ErrorKey,
    /// The data for the texts: a JSON object that also has `type` and `error_key` (`info_key`, …).
    pub details: Box<RawValue>,
    /// The rule's tags.
    pub tags: Vec<String>,
    /// Links to documentation: a JSON object of lists by topic; `None` when the rule has no links.
    pub links: Option<Box<RawValue>>,
}

/// A rule that was skipped because the archive lacks data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The rule.
    pub rule: RuleFqdn,
    /// The class of the reason.
    pub reason: SkipReason,
    /// The reason: the inputs that are missing as `All: [..] Any: [..]`, else a sentence.
    pub details: String,
}

/// The class of the reason why a rule was skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SkipReason {
    /// Inputs are missing, or the time of gathering.
    #[default]
    MissingRequirements,
    /// The rule does not apply to clusters of this kind.
    NotApplicable,
    /// The inputs lack a fact.
    Undecided,
}

impl SkipReason {
    /// Returns the value of `reason` in the report; the Python engine has only the first.
    pub(crate) fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A rule that failed. Its findings are discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The rule.
    pub rule: RuleFqdn,
    /// The reason.
    pub reason: FaultReason,
}

/// The reason why a rule failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultReason {
    /// It panicked with this message.
    Panicked(String),
    /// It took this long, which is over its budget.
    OverBudget(Duration),
    /// The time for the archive was used up before it began.
    NoTimeLeft,
    /// It answered with a key that it did not declare.
    UndeclaredKey(String),
    /// Its details have a form that clients can't decode; the text says why.
    InvalidDetails(String),
    /// It reached a limit; the text says which.
    Limit(String),
    /// It reported an error, such as a missing field.
    Failed(String),
}

impl fmt::Display for FaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::OverBudget(elapsed) => write!(f, "took {elapsed:?}, which is over its budget"),
            Self::NoTimeLeft => f.write_str("was not run: the time for the archive is used up"),
            Self::UndeclaredKey(key) => write!(f, "answered with the undeclared key {key:?}"),
            Self::InvalidDetails(what) => write!(f, "gave details that clients can't decode: {what}"),
            Self::Limit(what) => write!(f, "was stopped at a limit: {what}"),
            Self::Failed(error) => write!(f, "failed: {error}"),
        }
    }
}

/// The outcome of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It answered with a finding.
    Response(Kind),
    /// It found nothing.
    Miss,
    /// It lacked data.
    Skip,
    /// It failed.
    Fault,
    /// It was stopped at a limit.
    Limit,
}

impl Verdict {
    /// Returns the value of the label in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Response(Kind::Hit) => "hit",
            Self::Response(kind) => kind.as_str(),
            Self::Miss => "miss",
            Self::Skip => "skip",
            Self::Fault => "fault",
            Self::Limit => "limit",
        }
    }
}

/// One run of one rule.
#[derive(Clone, Debug)]
pub struct RuleRun {
    /// The rule.
    pub rule: Arc<RuleMeta>,
    /// The verdict.
    pub verdict: Verdict,
    /// The wall time, including documents that it was the first to read.
    pub elapsed: Duration,
}
