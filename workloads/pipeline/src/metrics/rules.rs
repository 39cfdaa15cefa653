//! Durations and outcomes of rules, and the state of the rules of users.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
};

use ccx_rules::{RuleRun, Verdict};
use ccx_service::MetricRegistrar;
use prometheus::{Counter, CounterVec, IntCounter, IntCounterVec, IntGauge};

/// Counters for each rule, made when a rule first runs and kept then: rules come and go while the pipeline runs.
pub(crate) struct RuleCosts {
    seconds: CounterVec,
    faults: IntCounterVec,
    by_rule: RwLock<HashMap<String, RuleCost>>,
}

struct RuleCost {
    seconds: Counter,
    faults: IntCounter,
}

impl RuleCosts {
    pub(super) fn new(registrar: MetricRegistrar<'_>) -> Result<Self, prometheus::Error> {
        let seconds = registrar.float_counters(
            "ccx_pipeline_rule_seconds_total",
            "Time spent in each rule",
            &["rule"],
        )?;
        let faults =
            registrar.counters("ccx_pipeline_rule_faults_total", "Failures of each rule", &["rule"])?;
        Ok(Self { seconds, faults, by_rule: RwLock::default() })
    }

    /// Counts how the rules ended and how long they took.
    pub(super) fn count(&self, runs: &[RuleRun]) {
        let known = self.by_rule.read().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<&RuleRun> = runs
            .iter()
            .filter(|run| !known.get(run.rule.rule.as_str()).is_some_and(|cost| cost.count(run)))
            .collect();
        drop(known);
        if !new.is_empty() {
            self.count_new(&new);
        }
    }

    fn count_new(&self, runs: &[&RuleRun]) {
        let mut by_rule = self.by_rule.write().unwrap_or_else(PoisonError::into_inner);
        for run in runs {
            let name = run.rule.rule.as_str();
            let cost = by_rule.entry(name.to_owned()).or_insert_with(|| RuleCost {
                seconds: self.seconds.with_label_values(&[name]),
                faults: self.faults.with_label_values(&[name]),
            });
            cost.count(run);
        }
    }
}

impl RuleCost {
    /// Counts a run; true, since it is counted.
    fn count(&self, run: &RuleRun) -> bool {
        self.seconds.inc_by(run.elapsed.as_secs_f64());
        self.faults.inc_by(u64::from(matches!(run.verdict, Verdict::Fault | Verdict::Limit)));
        true
    }
}

/// Which rules of users are in use.
#[derive(Clone)]
pub(crate) struct RuleSetMetrics {
    /// Sets that were taken.
    pub(crate) loads: IntCounter,
    /// Sets that were refused or could not be read.
    pub(crate) failures: IntCounter,
    /// 1 while what is there is not what is in use.
    pub(crate) refused: IntGauge,
    /// The rules of users that are in use.
    pub(crate) rules: IntGauge,
}

impl RuleSetMetrics {
    pub(super) fn new(registrar: MetricRegistrar<'_>) -> Result<Self, prometheus::Error> {
        Ok(Self {
            loads: registrar
                .counter("ccx_pipeline_rule_set_loads_total", "Sets of rules of users that were taken")?,
            failures: registrar.counter(
                "ccx_pipeline_rule_set_failures_total",
                "Sets of rules of users that were refused",
            )?,
            refused: registrar
                .gauge("ccx_pipeline_rule_set_refused", "1 while the rules of users are not the latest")?,
            rules: registrar.gauge("ccx_pipeline_user_rules", "Rules of users that are in use")?,
        })
    }
}
