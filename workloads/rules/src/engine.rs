//! The engine: a fixed set of rules that is run on one archive after the other.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use ccx_archive::Archive;
use ccx_content::ContentTree;
use ccx_messages::ErrorKey;
use chrono::{DateTime, Utc};

use crate::{
    Context, FaultReason, Finding, Kind, Report, Response, Rule, RuleFault, RuleMeta, RuleRun,
    RuleSetVersion, Skip, SkipReason, Verdict,
    context::GATHERING_TIME,
    plan::Plan,
    response::{Answer, Details, Undecided},
    rule::Missing,
};

mod profile;

pub use profile::{Profile, RuleCost};

/// The limits of one rule on one archive.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The wall time after which a rule's answer is discarded.
    pub time_per_rule: Duration,
    /// The size of the details' JSON, in bytes, above which only the size is reported.
    pub max_details_bytes: usize,
}

impl Default for Budget {
    /// Built-in rules take microseconds, so two seconds are only reached by a rule that loops, also on a
    /// crowded machine; and the texts of the largest known hits need less than 64 kB.
    fn default() -> Self {
        Self { time_per_rule: Duration::from_secs(2), max_details_bytes: 64 * 1024 }
    }
}

/// A set of rules and the plan of the files that they need. Immutable, so that threads can share it.
///
/// A rule can't be interrupted: one that never returns blocks its thread. The budget is enforced where the
/// rule asks ([`Context::within_budget`]) and measured when it returns. Panics are caught; they still reach
/// the process's panic hook.
pub struct Engine {
    rules: Vec<Registered>,
    plan: Plan,
    budget: Budget,
    rule_sets: Arc<[RuleSetVersion]>,
    /// The reason why requested rules are missing.
    incomplete: Option<String>,
}

struct Registered {
    meta: Arc<RuleMeta>,
    rule: Box<dyn Rule>,
    /// The tags of the content, by key; the rule's own tags apply to other keys.
    tags: BTreeMap<ErrorKey, Vec<String>>,
}

impl Registered {
    fn new(rule: Box<dyn Rule>) -> Self {
        Self { meta: Arc::new(rule.meta()), rule, tags: BTreeMap::new() }
    }
}

impl Engine {
    /// Creates an engine. When two rules answer with the same rule and key, only the first answer is
    /// reported.
    ///
    /// # Panics
    ///
    /// Panics when a log query has an invalid regular expression; every rule has a test that compiles it.
    pub fn new(rules: Vec<Box<dyn Rule>>, budget: Budget) -> Self {
        let mut rules: Vec<_> = rules.into_iter().map(Registered::new).collect();
        rules.sort_by(|a, b| (&a.meta.rule, &a.meta.error_keys).cmp(&(&b.meta.rule, &b.meta.error_keys)));
        let plan = Plan::new(rules.iter().map(|rule| &*rule.meta));
        Self { rules, plan, budget, rule_sets: Arc::default(), incomplete: None }
    }

    /// Returns the engine with the tags of `content` for its findings. Keys without content keep their tags.
    #[must_use]
    pub fn with_content(mut self, content: &ContentTree) -> Self {
        for Registered { meta, tags, .. } in &mut self.rules {
            let contents = meta.error_keys.iter().filter_map(|error_key| content.get(&meta.rule, error_key));
            tags.extend(contents.map(|content| (content.selector.error_key.clone(), content.tags.clone())));
        }
        self
    }

    /// Returns the engine with another budget.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Returns the engine with the name and version of a set of rules, for its reports.
    #[must_use]
    pub fn with_rule_set(self, name: impl Into<String>, version: impl Into<String>) -> Self {
        let set = RuleSetVersion { name: name.into(), version: version.into() };
        Self { rule_sets: self.rule_sets.iter().cloned().chain([set]).collect(), ..self }
    }

    /// Returns the engine with the reason why rules are missing from it, for its reports.
    #[must_use]
    pub fn incomplete(self, reason: impl Into<String>) -> Self {
        Self { incomplete: Some(reason.into()), ..self }
    }

    /// Returns the declarations of the rules, by rule.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = &RuleMeta> {
        self.rules.iter().map(|rule| &*rule.meta)
    }

    /// Runs every rule on an archive.
    ///
    /// Ages are counted up to `gathered_at`, or up to the newest file of the archive, but never up to the
    /// wall clock. When both are unknown, a rule that asks for the time and finds nothing is skipped.
    pub fn run(&self, archive: &Archive, gathered_at: Option<DateTime<Utc>>) -> Report {
        self.run_until(archive, gathered_at, None)
    }

    /// Like [`Engine::run`]; rules that have not begun at `deadline` are faults, and those that run then get
    /// no more time.
    pub fn run_until(
        &self,
        archive: &Archive,
        gathered_at: Option<DateTime<Utc>>,
        deadline: Option<Instant>,
    ) -> Report {
        let now = gathered_at.or_else(|| archive.newest_modification());
        let context = Context::new(&self.plan, archive, now);
        let log_scan = scan_logs(&context);
        Report { log_scan, ..self.run_rules(&context, now, deadline) }
    }

    fn run_rules(
        &self,
        context: &Context<'_>,
        now: Option<DateTime<Utc>>,
        deadline: Option<Instant>,
    ) -> Report {
        let rule_sets = Arc::clone(&self.rule_sets);
        let mut report = Report { now, rule_sets, incomplete: self.incomplete.clone(), ..Report::default() };
        if context.lacks_documents() {
            report.mark_incomplete("the documents of the archive are too large to be parsed");
        }
        for rule in &self.rules {
            let started = Instant::now();
            let time_left = deadline.map(|deadline| deadline.saturating_duration_since(started));
            let outcome = match time_left {
                Some(Duration::ZERO) => Outcome::Fault(FaultReason::NoTimeLeft),
                _ => self.run_rule(rule, context, started, time_left),
            };
            report.add(&rule.meta, outcome, started.elapsed());
        }
        report.sort_findings();
        report
    }

    fn run_rule(
        &self,
        registered: &Registered,
        context: &Context<'_>,
        started: Instant,
        time_left: Option<Duration>,
    ) -> Outcome {
        let Registered { meta, rule, .. } = registered;
        let time = self.budget.time_per_rule.min(time_left.unwrap_or(Duration::MAX));
        context.start_rule(started + time);
        let checked = catch_unwind(AssertUnwindSafe(|| match precondition(meta, context) {
            Some(unmet) => Err(unmet),
            None => Ok(rule.check(context)),
        }));
        let elapsed = started.elapsed();
        match checked {
            Err(panic) => Outcome::Fault(FaultReason::Panicked(panic_message(&*panic))),
            Ok(Ok(Some(Response(Err(Undecided::Fault(reason)))))) => Outcome::Fault(reason),
            Ok(_) if elapsed > time => Outcome::Fault(FaultReason::OverBudget(elapsed)),
            Ok(Err(unmet)) => unmet,
            Ok(Ok(Some(Response(Err(Undecided::Missing(input)))))) => Outcome::lacking(&input),
            Ok(Ok(Some(Response(Err(Undecided::Unclear(details)))))) => {
                Outcome::Skip(SkipReason::Undecided, details)
            }
            Ok(Ok(None)) if context.lacked_time() => Outcome::lacking(GATHERING_TIME),
            Ok(Ok(None)) => Outcome::Miss,
            Ok(Ok(Some(Response(Ok(answer))))) => self
                .accept(registered, &answer)
                .map_or_else(Outcome::Fault, |(kind, finding)| Outcome::Finding(kind, finding)),
        }
    }

    /// Checks the answer of a rule.
    fn accept(&self, registered: &Registered, answer: &Answer) -> Result<(Kind, Finding), FaultReason> {
        let Registered { meta, tags, .. } = registered;
        let Answer { kind, key, details } = answer;
        let kind = *kind;
        let declared_key = meta.error_keys.iter().find(|declared| declared.as_str() == key);
        let error_key = declared_key.ok_or_else(|| FaultReason::UndeclaredKey(key.to_string()))?.clone();
        let details =
            Details { kind, key: &error_key, data: details }.to_json(self.budget.max_details_bytes)?;
        let tags = tags.get(&error_key).unwrap_or(&meta.tags).clone();
        Ok((kind, Finding { rule: meta.rule.clone(), error_key, details, tags, links: None }))
    }
}

/// Returns why a rule is not run on an archive, if so.
fn precondition(meta: &RuleMeta, context: &Context<'_>) -> Option<Outcome> {
    let excluded = || meta.exclusion(context).map(|why| Outcome::Skip(SkipReason::NotApplicable, why));
    let missing = || meta.missing_requirements(context);
    let skip = |missing: Missing<'_>| Outcome::Skip(SkipReason::MissingRequirements, missing.to_string());
    excluded().or_else(|| missing().map(skip))
}

/// Matches the log patterns of all rules, so that the time is not charged to a single rule.
fn scan_logs(context: &Context<'_>) -> Duration {
    let started = Instant::now();
    // Should this panic, the rules that need the result panic as well, and are reported.
    let _ = catch_unwind(AssertUnwindSafe(|| context.scan_logs()));
    started.elapsed()
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("(no message)").to_owned()
}

enum Outcome {
    Finding(Kind, Finding),
    Miss,
    Skip(SkipReason, String),
    Fault(FaultReason),
}

impl Outcome {
    /// Returns the skip of a rule that lacked an input while it ran.
    fn lacking(input: &str) -> Self {
        let missing = Missing { all: vec![input], any: Vec::new() };
        Self::Skip(SkipReason::MissingRequirements, missing.to_string())
    }
}

impl Report {
    fn add(&mut self, meta: &Arc<RuleMeta>, outcome: Outcome, elapsed: Duration) {
        let verdict = match outcome {
            Outcome::Finding(kind, finding) => {
                self.section_mut(kind).push(finding);
                Verdict::Response(kind)
            }
            Outcome::Miss => Verdict::Miss,
            Outcome::Skip(reason, details) => {
                self.skips.push(Skip { rule: meta.rule.clone(), reason, details });
                Verdict::Skip
            }
            Outcome::Fault(reason) => {
                let verdict =
                    if matches!(reason, FaultReason::Limit(_)) { Verdict::Limit } else { Verdict::Fault };
                self.faults.push(RuleFault { rule: meta.rule.clone(), reason });
                verdict
            }
        };
        self.runs.push(RuleRun { rule: Arc::clone(meta), verdict, elapsed });
    }
}

#[cfg(test)]
mod tests;
