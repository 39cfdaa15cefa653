use std::time::{Duration, Instant};

use ccx_messages::{ClusterId, OrgId, Results, ResultsMessage, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::{
    Input, Location,
    testing::{archive, now},
};

const WORDS: Input = Input::text("words", &[Location::new("words/*.txt")]);

/// A rule that does what a test wants.
struct Scripted<F> {
    module: &'static str,
    check: F,
}

impl<F: Fn(&Context<'_>) -> Option<Response> + Send + Sync> Rule for Scripted<F> {
    fn meta(&self) -> RuleMeta {
        RuleMeta::new(self.module.parse().unwrap(), "KEY".parse().unwrap()).tags(&["tag"]).requires(WORDS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        (self.check)(context)
    }
}

fn rule(
    module: &'static str,
    check: impl Fn(&Context<'_>) -> Option<Response> + Send + Sync + 'static,
) -> Box<dyn Rule> {
    Box::new(Scripted { module, check })
}

fn healthy(module: &'static str) -> Box<dyn Rule> {
    rule(module, |_| Some(Response::hit("KEY", &json!({"a": 1}))))
}

/// Runs the rules on an archive with a file of words, each with the given time.
fn run(rules: Vec<Box<dyn Rule>>, budget: Budget) -> Report {
    Engine::new(rules, budget).run(&archive(&[("words/a.txt", json!("text"))]), Some(now()))
}

fn hit_rules(report: &Report) -> Vec<&str> {
    report.hits.iter().map(|hit| hit.rule.as_str()).collect()
}

/// Returns the fault of a rule that answers `response`.
fn fault_of(response: impl Fn() -> Response + Send + Sync + 'static) -> FaultReason {
    let report =
        run(vec![rule("pack.bad", move |_| Some(response())), healthy("pack.good")], Budget::default());
    assert_eq!(hit_rules(&report), ["pack.good"]);
    report.faults[0].reason.clone()
}

#[test]
fn rule_that_panics_is_a_fault_and_others_run() {
    let broken = rule("pack.m", |context| panic!("no {}", context.files(&WORDS).len()));
    let report = run(vec![healthy("pack.z"), broken, healthy("pack.a")], Budget::default());
    assert_eq!(hit_rules(&report), ["pack.a", "pack.z"]);
    let fault = RuleFault { rule: "pack.m".parse().unwrap(), reason: FaultReason::Panicked("no 1".into()) };
    assert_eq!(report.faults, [fault]);
    assert!(!report.to_json().get().contains("pack.m"));
}

#[test]
fn rule_over_its_budget_is_a_fault_and_its_answer_is_discarded() {
    let slow = rule("pack.slow", |context| {
        // An endless loop, which ends when the budget is used up.
        let items = context.within_budget(std::iter::repeat(())).count();
        Some(Response::hit("KEY", &json!({"items": items})))
    });
    let budget = Budget { time_per_rule: Duration::from_millis(500), ..Budget::default() };
    let started = Instant::now();
    let report = run(vec![slow, healthy("pack.z")], budget);
    assert!(started.elapsed() < Duration::from_mins(1), "the budget did not end the loop");
    assert_eq!(hit_rules(&report), ["pack.z"]);
    let [RuleFault { reason: FaultReason::OverBudget(elapsed), .. }] = report.faults[..] else {
        panic!("{report:?}")
    };
    assert!(elapsed > Duration::from_millis(500));
}

/// A rule that reads documents.
struct ReadsDocuments;

impl ReadsDocuments {
    const INPUT: Input = Input::documents("nodes", &[Location::new("config/node/*.json")], |_| true);
}

impl Rule for ReadsDocuments {
    fn meta(&self) -> RuleMeta {
        RuleMeta::new("pack.nodes".parse().unwrap(), "KEY".parse().unwrap()).requires(Self::INPUT)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        Some(Response::hit("KEY", &json!({"files": context.files(&Self::INPUT).len()})))
    }
}

#[test]
fn documents_that_would_take_too_much_memory_together_are_not_parsed() {
    // Each is within the limits of an input; parsed together they would take hundreds of megabytes.
    let dense = json!({"items": vec![json!({}); 300_000]});
    let run = |count: usize| {
        let paths: Vec<_> = (0..count).map(|number| format!("config/node/{number}.json")).collect();
        let documents = paths.iter().map(|path| (path.as_str(), dense.clone()));
        let files: Vec<_> = documents.chain([("words/a.txt", json!("text"))]).collect();
        let rules = vec![Box::new(ReadsDocuments) as Box<dyn Rule>, healthy("pack.z")];
        Engine::new(rules, Budget::default()).run(&archive(&files), Some(now()))
    };
    let usual = run(1);
    assert_eq!((hit_rules(&usual), &usual.incomplete), (vec!["pack.nodes", "pack.z"], &None));
    let hostile = run(2);
    assert_eq!(hit_rules(&hostile), ["pack.z"], "rules that read no documents run");
    assert_eq!(
        hostile.incomplete.as_deref(),
        Some("the documents of the archive are too large to be parsed")
    );
}

#[test]
fn rules_after_the_deadline_are_faults() {
    let slow = rule("pack.slow", |context| {
        let items = context.within_budget(std::iter::repeat(())).count();
        Some(Response::hit("KEY", &json!({"items": items})))
    });
    let engine = Engine::new(vec![healthy("pack.a"), slow, healthy("pack.z")], Budget::default());
    let deadline = Instant::now() + Duration::from_millis(300);
    let report = engine.run_until(&archive(&[("words/a.txt", json!("text"))]), None, Some(deadline));
    assert_eq!(hit_rules(&report), ["pack.a"]);
    let reasons: Vec<_> = report.faults.iter().map(|fault| &fault.reason).collect();
    assert!(matches!(reasons[..], [FaultReason::OverBudget(_), FaultReason::NoTimeLeft]), "{reasons:?}");
}

#[test]
fn undeclared_key_is_a_fault() {
    let reason = fault_of(|| Response::hit("OTHER", &json!({})));
    assert_eq!(reason.to_string(), r#"answered with the undeclared key "OTHER""#);
}

#[test]
fn details_that_clients_can_not_read_are_a_fault() {
    let reason = fault_of(|| Response::hit("KEY", &json!([1])));
    assert_eq!(reason.to_string(), "gave details that clients can't decode: they are not a JSON object");
    let reason = fault_of(|| Response::hit("KEY", &json!({"nodes": [{"name": "a"}]})));
    assert!(reason.to_string().contains("`nodes`"), "{reason}");
    let not_json = std::collections::HashMap::from([(vec![1], 1)]);
    let FaultReason::InvalidDetails(reason) = fault_of(move || Response::hit("KEY", &not_json)) else {
        panic!()
    };
    assert!(reason.contains("key must be a string"), "{reason}");
}

#[test]
fn rule_that_reports_a_fault_gives_its_reason() {
    let limit = FaultReason::Limit("200000 iterations".into());
    assert_eq!(fault_of(|| Response::fault(FaultReason::Limit("200000 iterations".into()))), limit);
    let report = run(
        vec![rule("pack.a", |_| Some(Response::fault(FaultReason::Limit(String::new()))))],
        Budget::default(),
    );
    assert_eq!(report.runs[0].verdict, Verdict::Limit);
    let slow = rule("pack.a", |_| {
        std::thread::sleep(Duration::from_millis(2));
        Some(Response::fault(FaultReason::Limit("time".into())))
    });
    let report = run(vec![slow], Budget { time_per_rule: Duration::from_millis(1), ..Budget::default() });
    assert_eq!(report.faults[0].reason, FaultReason::Limit("time".into()));
    let failed = fault_of(|| Response::fault(FaultReason::Failed("no such key: a".into())));
    assert_eq!(failed.to_string(), "failed: no such key: a");
}

#[test]
fn details_over_the_limit_are_replaced_by_their_size() {
    let answer = |text_len: usize| {
        move |_: &Context<'_>| Some(Response::hit("KEY", &json!({"a": "x".repeat(text_len)})))
    };
    let budget = Budget { max_details_bytes: 100, ..Budget::default() };
    let report = run(vec![rule("pack.a", answer(92)), rule("pack.b", answer(93))], budget);
    assert_eq!(report.hits[0].details.get().len(), r#""type":"rule","error_key":"KEY","#.len() + 100);
    assert_eq!(
        report.hits[1].details.get(),
        r#"{"type":"rule","error_key":"KEY","max_detail_length_error":101}"#
    );
}

#[test]
fn second_answer_with_the_same_key_is_dropped() {
    let other = rule("pack.a", |_| Some(Response::hit("KEY", &json!({"a": 2}))));
    let report = run(vec![healthy("pack.a"), other], Budget::default());
    assert_eq!(report.hits.len(), 1);
    assert_eq!(report.hits[0].details.get(), r#"{"type":"rule","error_key":"KEY","a":1}"#);
}

#[test]
fn each_kind_of_answer_has_its_section_and_each_run_its_verdict() {
    let answer = |kind| move |_: &Context<'_>| Some(Response::new(kind, "KEY".into(), &json!({})));
    let kinds = [Kind::Hit, Kind::Info, Kind::Pass, Kind::Fingerprint];
    let modules = ["pack.a", "pack.b", "pack.c", "pack.d"];
    let mut rules: Vec<_> =
        modules.into_iter().zip(kinds).map(|(module, kind)| rule(module, answer(kind))).collect();
    rules.push(rule("pack.e", |_| None));
    let report = run(rules, Budget::default());
    let verdicts: Vec<_> = report.runs.iter().map(|run| run.verdict).collect();
    assert_eq!(verdicts[..4], kinds.map(Verdict::Response));
    assert_eq!(verdicts[4], Verdict::Miss);
    assert_eq!(report.info[0].details.get(), r#"{"type":"info","info_key":"KEY"}"#);
    assert_eq!(report.pass[0].details.get(), r#"{"type":"pass","pass_key":"KEY"}"#);
    assert_eq!(report.fingerprints[0].details.get(), r#"{"type":"fingerprint","fingerprint_key":"KEY"}"#);
}

#[test]
fn report_has_the_shape_that_consumers_know() {
    let skipped = Engine::new(vec![healthy("ccx_rules.external.a")], Budget::default());
    let report = skipped.run(&archive(&[]), Some(now()));
    let skip = json!({"rule_fqdn": "ccx_rules.external.a.report", "reason": "MISSING_REQUIREMENTS",
        "details": "All: ['words'] Any: ", "type": "skip"});
    let expected = json!({
        "analysis_metadata": {
            "start": "2026-01-15T12:00:00+00:00", "finish": "2026-01-15T12:00:00+00:00",
            "execution_context": "ccx_rules.Archive",
            "plugin_sets": {"ccx_rules": {"version": env!("CARGO_PKG_VERSION"), "commit": null}},
        },
        "fingerprints": [], "info": [], "pass": [], "reports": [], "skips": [skip],
        "system": {"metadata": {}, "hostname": null},
    });
    assert_eq!(serde_json::from_str::<Value>(report.to_json().get()).unwrap(), expected);
    assert_eq!(report.runs[0].verdict, Verdict::Skip);
}

#[test]
fn set_of_rules_is_named_with_its_version() {
    let engine = Engine::new(Vec::new(), Budget::default()).with_rule_set("user_rules", "c0ffee");
    let json = engine.run(&archive(&[]), Some(now())).to_json();
    let report: Value = serde_json::from_str(json.get()).unwrap();
    let sets = &report["analysis_metadata"]["plugin_sets"];
    assert_eq!(sets["user_rules"], json!({"version": "c0ffee", "commit": null}));
    assert_eq!(sets["ccx_rules"]["commit"], json!(null));
}

#[test]
fn engine_without_requested_rules_marks_its_reports_incomplete() {
    let engine = Engine::new(vec![healthy("pack.a")], Budget::default()).incomplete("A");
    let mut report = engine.run(&archive(&[("words/a.txt", json!("text"))]), Some(now()));
    let incomplete = |report: &Report| -> Value {
        serde_json::from_str::<Value>(report.to_json().get()).unwrap()["analysis_metadata"]["incomplete"]
            .clone()
    };
    assert_eq!((incomplete(&report), hit_rules(&report)), (json!("A"), vec!["pack.a"]));
    report.mark_incomplete("B");
    assert_eq!(incomplete(&report), json!("A; B"));
}

#[test]
fn hit_has_the_shape_that_consumers_know() {
    let json = run(vec![healthy("ccx_rules.external.a")], Budget::default()).to_json();
    let report: Value = serde_json::from_str(json.get()).unwrap();
    let hit = json!({"rule_id": "a|KEY", "component": "ccx_rules.external.a.report", "type": "rule", "key": "KEY",
        "details": {"type": "rule", "error_key": "KEY", "a": 1}, "tags": ["tag"], "links": {}});
    assert_eq!(report["reports"], json!([hit]));
}

#[test]
fn tags_of_content_replace_those_of_the_rule() {
    let files = [
        ("config.yaml", ""),
        ("external/a/plugin.yaml", "python_module: ccx_rules.external.a"),
        ("external/a/generic.md", "text"),
        ("external/a/reason.md", "text"),
        ("external/a/KEY/metadata.yaml", "tags: [from, content]"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text)).into_iter().collect();
    let rules = vec![healthy("ccx_rules.external.a"), healthy("ccx_rules.external.b")];
    let engine = Engine::new(rules, Budget::default()).with_content(&ContentTree::load(&files).unwrap());
    let report = engine.run(&archive(&[("words/a.txt", json!("text"))]), Some(now()));
    assert_eq!(report.hits[0].tags, ["from", "content"]);
    assert_eq!(report.hits[1].tags, ["tag"]);
}

#[test]
fn report_of_hits_is_read_by_the_writer() {
    let files = [("words/a.txt", json!(""))];
    let report = Engine::new(vec![healthy("pack.a")], Budget::default()).run(&archive(&files), Some(now()));
    let message = ResultsMessage {
        org_id: OrgId::new(1).unwrap(),
        account_number: None,
        cluster_id: ClusterId::random(),
        report: &report.to_json(),
        last_checked: &Timestamp::from(now()),
        version: Report::VERSION,
        request_id: None,
        metadata: ccx_messages::Metadata {
            gathering_time: Some("2026-01-15T12:00:00Z".into()),
            cluster_name: None,
        },
    };
    let json = message.to_json();
    let results = Results::parse(&json).unwrap();
    let hits: Vec<_> = results.report.hits.iter().map(|hit| (&*hit.component, &*hit.error_key)).collect();
    assert_eq!(hits, [("pack.a.report", "KEY")]);
}

#[test]
fn run_without_gathering_time_takes_that_of_the_newest_file() {
    let engine = Engine::new(vec![healthy("pack.a")], Budget::default());
    let archive = archive(&[]);
    assert_eq!(engine.run(&archive, None).now, archive.newest_modification());
    assert_eq!(engine.run(&archive, Some(now())).now, Some(now()));
}

/// Returns the outcome of a rule on an archive whose gathering time is unknown.
fn outcome_without_time(
    check: impl Fn(&Context<'_>) -> Option<Response> + Send + Sync + 'static,
) -> (Verdict, Option<String>) {
    let archive = archive(&[("words/a.txt", json!("text"))]);
    assert_eq!(archive.newest_modification(), None);
    let engine = Engine::new(vec![rule("pack.a", check), healthy("pack.b")], Budget::default());
    let report = engine.run(&archive, None);
    assert_eq!((report.now, hit_rules(&report).contains(&"pack.b")), (None, true));
    (report.runs[0].verdict, report.skips.first().map(|skip| skip.details.clone()))
}

#[test]
fn rule_that_asks_for_an_unknown_time_and_finds_nothing_is_skipped() {
    let skipped = (Verdict::Skip, Some("All: ['gathering_time'] Any: ".to_owned()));
    assert_eq!(outcome_without_time(|context| context.now().and(None)), skipped);
    let old =
        |context: &Context<'_>| context.age("2026-01-01T00:00:00Z").map(|_| Response::hit("KEY", &json!({})));
    assert_eq!(outcome_without_time(old), skipped);
    assert_eq!(outcome_without_time(|_| Some(Response::missing("gathering_time"))), skipped);
}

#[test]
fn rule_that_needs_no_time_is_judged_without_one() {
    assert_eq!(outcome_without_time(|_| None), (Verdict::Miss, None));
    assert_eq!(outcome_without_time(|context| context.gathered_at().and(None)), (Verdict::Miss, None));
    // What has no time at all is not to be judged by one.
    assert_eq!(outcome_without_time(|context| context.age("").and(None)), (Verdict::Miss, None));
    let hit = |context: &Context<'_>| context.now().is_none().then(|| Response::hit("KEY", &json!({})));
    assert_eq!(outcome_without_time(hit), (Verdict::Response(Kind::Hit), None));
}

#[test]
fn threads_can_share_an_engine() {
    fn assert_shareable<T: Send + Sync>() {}
    assert_shareable::<Engine>();
}
