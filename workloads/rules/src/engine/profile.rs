//! The time that each step and each rule takes on an archive.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ccx_archive::Archive;
use chrono::{DateTime, Utc};

use super::{Engine, scan_logs};
use crate::{Context, RuleMeta, Verdict};

/// The wall times of the steps of [`Engine::run`] on one archive.
#[derive(Debug)]
pub struct Profile {
    /// Sorting the files by input.
    pub plan: Duration,
    /// Matching the log patterns of all rules.
    pub log_scan: Duration,
    /// Parsing documents and computing shared facts.
    pub parse: Duration,
    /// Each rule on parsed documents, by rule.
    pub rules: Vec<RuleCost>,
    /// Encoding the report.
    pub format: Duration,
}

/// The cost of one rule.
#[derive(Debug)]
pub struct RuleCost {
    /// The rule.
    pub rule: Arc<RuleMeta>,
    /// Its verdict.
    pub verdict: Verdict,
    /// The time of its first run, which parses documents that no earlier rule has read.
    pub first: Duration,
    /// The time of its second run, with parsed documents.
    pub alone: Duration,
}

impl Profile {
    /// Returns the time of all rules, without parsing.
    pub fn all_rules(&self) -> Duration {
        self.rules.iter().map(|cost| cost.alone).sum()
    }
}

impl Engine {
    /// Runs every rule on an archive twice: first with parsing, then with parsed documents.
    pub fn profile(&self, archive: &Archive, gathered_at: Option<DateTime<Utc>>) -> Profile {
        let now = gathered_at.or_else(|| archive.newest_modification());
        let started = Instant::now();
        let context = Context::new(&self.plan, archive, now);
        let plan = started.elapsed();
        let log_scan = scan_logs(&context);
        let mut report = self.run_rules(&context, now, None);
        let again = self.run_rules(&context, now, None);
        let rules: Vec<RuleCost> = report
            .runs
            .drain(..)
            .zip(&again.runs)
            .map(|(first, alone)| RuleCost {
                rule: first.rule,
                verdict: first.verdict,
                first: first.elapsed,
                alone: alone.elapsed,
            })
            .collect();
        let parse = rules.iter().map(|cost| cost.first.saturating_sub(cost.alone)).sum();
        let started = Instant::now();
        std::hint::black_box(again.to_json());
        Profile { plan, log_scan, parse, rules, format: started.elapsed() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{Budget, Context, Engine, Input, Location, Response, Rule, RuleMeta, testing};

    const WORDS: Input = Input::text("words", &[Location::new("words/*.txt")]);

    struct AlwaysHits;

    impl Rule for AlwaysHits {
        fn meta(&self) -> RuleMeta {
            RuleMeta::new("pack.a".parse().unwrap(), "KEY".parse().unwrap()).requires(WORDS)
        }

        fn check(&self, _: &Context<'_>) -> Option<Response> {
            Some(Response::hit("KEY", &json!({})))
        }
    }

    #[test]
    fn profile_of_any_archive_has_the_verdict_of_every_rule() {
        let engine = Engine::new(vec![Box::new(AlwaysHits)], Budget::default());
        for archive in [testing::archive(&[]), testing::archive(&[("words/a.txt", json!("text"))])] {
            let profile = engine.profile(&archive, None);
            let verdicts: Vec<_> = profile.rules.iter().map(|cost| (&cost.rule.rule, cost.verdict)).collect();
            let report = engine.run(&archive, None);
            let expected: Vec<_> = report.runs.iter().map(|run| (&run.rule.rule, run.verdict)).collect();
            assert_eq!((verdicts.len(), &verdicts), (1, &expected));
        }
    }
}
