//! Where the time of an archive goes.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ccx_archive::Archive;
use chrono::{DateTime, Utc};

use super::{Engine, scan_logs};
use crate::{Context, RuleMeta, Verdict};

/// What the steps of [`Engine::run`] take on one archive, as wall time.
#[derive(Debug)]
pub struct Profile {
    /// Looking up which file belongs to which input.
    pub plan: Duration,
    /// Matching the log patterns of all rules.
    pub log_scan: Duration,
    /// Parsing the documents that rules ask for, and working out the facts that they share.
    pub parse: Duration,
    /// Each rule alone, once all that it reads is parsed; by rule.
    pub rules: Vec<RuleCost>,
    /// Writing the report.
    pub format: Duration,
}

/// What one rule takes.
#[derive(Debug)]
pub struct RuleCost {
    /// The rule.
    pub rule: Arc<RuleMeta>,
    /// How it ended.
    pub verdict: Verdict,
    /// Its time, when it comes first and has to parse what it reads.
    pub first: Duration,
    /// Its time when all that it reads is parsed.
    pub alone: Duration,
}

impl Profile {
    /// All rules, without parsing.
    pub fn all_rules(&self) -> Duration {
        self.rules.iter().map(|cost| cost.alone).sum()
    }
}

impl Engine {
    /// Runs every rule on an archive twice: the first time documents are parsed, the second time they are there.
    pub fn profile(&self, archive: &Archive, gathered_at: Option<DateTime<Utc>>) -> Profile {
        let now = gathered_at.or_else(|| archive.newest_modification());
        let started = Instant::now();
        let context = Context::new(&self.plan, archive, now);
        let plan = started.elapsed();
        let log_scan = scan_logs(&context);
        let mut report = self.judge_all(&context, now, None);
        let again = self.judge_all(&context, now, None);
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
