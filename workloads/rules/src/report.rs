//! What a run of the rules gives.

use std::{fmt, sync::Arc, time::Duration};

use ccx_messages::{ErrorKey, RuleFqdn};
use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::{Kind, RuleMeta, WorkloadRecommendation};

mod json;
mod workloads_json;

/// What the rules found in an archive.
#[derive(Debug, Default)]
pub struct Report {
    /// The moment that the archive describes, when known.
    pub now: Option<DateTime<Utc>>,
    /// The problems, by rule and key.
    pub hits: Vec<Finding>,
    /// Facts about the cluster, by rule and key.
    pub info: Vec<Finding>,
    /// What was looked at and is healthy, for the rules that say so; by rule and key.
    pub pass: Vec<Finding>,
    /// Facts that identify the cluster's kind, by rule and key.
    pub fingerprints: Vec<Finding>,
    /// The rules that the archive has too little data for, by rule.
    pub skips: Vec<Skip>,
    /// The checks that the users' workloads fail, as [`WorkloadChecks::run`](crate::WorkloadChecks::run) tells them. A message of
    /// their own.
    pub workloads: Option<Vec<WorkloadRecommendation>>,
    /// The rules that failed, by rule. Not part of the message: it is ours to repair them.
    pub faults: Vec<RuleFault>,
    /// Why some rules are missing from the report, when they should have run and could not.
    pub incomplete: Option<String>,
    /// How each rule ended and how long it took, by rule. For metrics.
    pub runs: Vec<RuleRun>,
    /// The sets of rules that were used beside the built-in ones.
    pub rule_sets: Arc<[RuleSetVersion]>,
    /// How long the log lines of all rules took to find, which no rule is charged for.
    pub log_scan: Duration,
}

impl Report {
    /// The version of the report's schema, `Version` in the message that carries the report.
    pub const VERSION: u8 = 2;

    /// The JSON object that the message carries as `Report`.
    ///
    /// The same archive and gathering time always give the same bytes: `start` and `finish` are the moment that the archive
    /// describes, or null when that is unknown, and not the wall clock.
    pub fn to_json(&self) -> Box<RawValue> {
        json::encode(self)
    }

    /// The JSON object that the message about workloads carries as `Metrics`, when there is something to tell. An empty list
    /// tells that workloads which failed checks once have been repaired.
    pub fn workloads_to_json(&self) -> Option<Box<RawValue>> {
        self.workloads.as_ref().map(|recommendations| workloads_json::encode(self, recommendations))
    }

    /// Adds what another engine found. Where both have the same rule and key, the other's finding stays and ours goes: it was
    /// asked for by name. Returns the number of findings that went.
    pub fn merge(&mut self, foreign: Foreign) -> usize {
        let Foreign { findings, skips } = foreign;
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

    /// Says that rules are missing from the report, and why, beside the reasons that are known.
    pub fn mark_incomplete(&mut self, reason: &str) {
        let reasons = self.incomplete.take().into_iter().chain([reason.to_owned()]);
        self.incomplete = Some(reasons.collect::<Vec<_>>().join("; "));
    }

    /// Orders each section by rule and key; consumers take a rule and key once.
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

/// What another engine found in the same archive.
#[derive(Debug, Default)]
pub struct Foreign {
    /// Its answers.
    pub findings: Vec<(Kind, Finding)>,
    /// The rules that it could not decide.
    pub skips: Vec<Skip>,
}

/// A set of rules, as a report names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSetVersion {
    /// What it is called.
    pub name: String,
    /// Which one it is.
    pub version: String,
}

/// A rule's answer.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: RuleFqdn,
    /// What it found: the error key of a hit, the info key of an information item, and so on.
    pub error_key: ErrorKey,
    /// The data for the texts: a JSON object that also has `type` and `error_key` (`info_key`, …).
    pub details: Box<RawValue>,
    /// The rule's tags.
    pub tags: Vec<String>,
    /// Where more is to be read: a JSON object of lists by topic; `None` when the rule has no links.
    pub links: Option<Box<RawValue>>,
}

/// A rule that could not be decided from the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The rule.
    pub rule: RuleFqdn,
    /// The class of the reason.
    pub reason: SkipReason,
    /// The reason: the inputs that are missing as `All: [..] Any: [..]`, else a sentence.
    pub details: String,
}

/// Why a rule could not be decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// The value of `reason` in the report; the Python engine knows the first.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::MissingRequirements => "MISSING_REQUIREMENTS",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Undecided => "UNDECIDED",
        }
    }
}

/// A rule that failed. Whatever it found does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFault {
    /// The rule.
    pub rule: RuleFqdn,
    /// How it failed.
    pub reason: FaultReason,
}

/// How a rule can fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultReason {
    /// It panicked with this message.
    Panicked(String),
    /// It took this long, which is more than it may.
    OverBudget(Duration),
    /// The time for the archive was used up before it began.
    NoTimeLeft,
    /// It answered with a key that it did not declare.
    UndeclaredKey(String),
    /// Its details are of a form that clients can't read; the text says why.
    InvalidDetails(String),
    /// It needed more of something than it may have; the text says of what.
    Limit(String),
    /// It came upon an error, such as a field that is missing.
    Failed(String),
}

impl fmt::Display for FaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::OverBudget(elapsed) => write!(f, "took {elapsed:?}, which is over its budget"),
            Self::NoTimeLeft => f.write_str("was not run: the time for the archive is used up"),
            Self::UndeclaredKey(key) => write!(f, "answered with the undeclared key {key:?}"),
            Self::InvalidDetails(what) => write!(f, "gave details that clients can't read: {what}"),
            Self::Limit(what) => write!(f, "was stopped at a limit: {what}"),
            Self::Failed(error) => write!(f, "failed: {error}"),
        }
    }
}

/// How a rule ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It answered.
    Response(Kind),
    /// It had nothing to say.
    Miss,
    /// It lacked data.
    Skip,
    /// It failed.
    Fault,
    /// It was stopped at a limit before it could tell.
    Limit,
}

impl Verdict {
    /// A word for metrics.
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
    /// How it ended.
    pub verdict: Verdict,
    /// The wall time that it took, including shared facts that it was the first to ask for.
    pub elapsed: Duration,
}
