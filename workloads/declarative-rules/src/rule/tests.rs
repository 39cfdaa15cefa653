use ccx_archive::{Archive, Limits};
use ccx_rules::{Budget, Engine, Report, Verdict};
use serde_json::{Value as Json, json};

use crate::{DeclarativeRule, load_file};

fn rule(inputs: &str, when: &str, details: &str) -> DeclarativeRule {
    let text = format!(
        "apiVersion: ccx.rules/v1\nid: acme.external.a\nerror_key: KEY\ninputs: {{{inputs}}}\nwhen: >-\n  {when}\ndetails:\n{details}"
    );
    let mut loaded = load_file("r.yaml", &text);
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    loaded.rules.remove(0)
}

pub(crate) fn archive(files: &[(&str, Json)]) -> Archive {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files.iter().chain(&[("config/none", json!(""))]) {
        let content = content.as_str().map_or_else(|| content.to_string(), Into::into);
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        tar.append_data(&mut header, path, content.as_bytes()).unwrap();
    }
    Archive::read(tar.into_inner().unwrap().into(), &Limits::default()).unwrap()
}

fn run(rules: &[DeclarativeRule], files: &[(&str, Json)]) -> Report {
    let rules = rules.iter().map(|rule| Box::new(rule.clone()) as Box<dyn ccx_rules::Rule>).collect();
    Engine::new(rules, Budget::default()).run(&archive(files), Some("2026-01-15T12:00:00Z".parse().unwrap()))
}

/// Returns the details of the only hit.
fn hit(rule: &DeclarativeRule, files: &[(&str, Json)]) -> Json {
    let report = run(std::slice::from_ref(rule), files);
    assert_eq!(report.hits.len(), 1, "{report:?}");
    serde_json::from_str(report.hits[0].details.get()).unwrap()
}

/// Returns the verdict and reason of a fault.
fn fault(rule: &DeclarativeRule, files: &[(&str, Json)]) -> (Verdict, String) {
    let report = run(std::slice::from_ref(rule), files);
    assert_eq!(report.hits.len(), 0, "{report:?}");
    (report.runs[0].verdict, report.faults[0].reason.to_string())
}

const DOCUMENTS: &str = "docs: {glob: config/x/*.json, required: true}";

/// Returns a document with a list of `count` numbers.
fn numbers(count: usize) -> Vec<(String, Json)> {
    vec![("config/x/a.json".into(), json!({"items": (0..count).collect::<Vec<_>>()}))]
}

fn borrowed(files: &[(String, Json)]) -> Vec<(&str, Json)> {
    files.iter().map(|(path, content)| (path.as_str(), content.clone())).collect()
}

#[test]
fn documents_are_a_list_with_their_paths() {
    let rule = rule(DOCUMENTS, "size(docs) == 3", "  docs: docs\n");
    let files = [
        ("config/x/b.json", json!([1])),
        ("config/x/a.json", json!({"a": 1})),
        ("config/x/c.json", json!({})),
        ("config/x/d.json", json!("{")),
    ];
    assert_eq!(
        hit(&rule, &files)["docs"],
        json!([{"a": 1, "_path": "config/x/a.json"}, [1], {"_path": "config/x/c.json"}])
    );
}

#[test]
fn optional_file_that_is_missing_or_invalid_is_null() {
    let rule = rule("doc: {file: config/x.json}", "doc == null", "  doc: doc\n");
    assert_eq!(hit(&rule, &[])["doc"], json!(null));
    assert_eq!(hit(&rule, &[("config/x.json", json!("{"))])["doc"], json!(null));
    let report = run(&[rule], &[("config/x.json", json!({"a": 1}))]);
    assert_eq!(report.runs[0].verdict, Verdict::Miss);
}

#[test]
fn log_lines_have_path_line_and_groups() {
    let logs = r"lines: {logs: config/pod/*/logs/*/*.log, pattern: 'drain (?P<what>ok|failed): (?P<node>\w+)(?P<more>!)?', max_matches: 2}";
    let rule = rule(logs, "size(lines) == 2", "  lines: lines\n");
    let files = [
        ("config/pod/b/logs/p/x.log", json!("fine\ndrain failed: n1\ndrain ok: n2\n")),
        ("config/pod/a/logs/p/x.log", json!("drain ok: n0!\n")),
    ];
    let expected = json!([
        {"path": "config/pod/a/logs/p/x.log", "line": "drain ok: n0!", "groups": {"what": "ok", "node": "n0", "more": "!"}},
        {"path": "config/pod/b/logs/p/x.log", "line": "drain failed: n1", "groups": {"what": "failed", "node": "n1"}},
    ]);
    assert_eq!(hit(&rule, &files)["lines"], expected);
}

#[test]
fn samples_have_labels_and_a_value() {
    let rule =
        rule("up: {metrics: up, required: true}", "up.exists(sample, sample.value < 1.0)", "  up: up\n");
    let files = [("config/metrics", json!("up{job=\"a\",instance=\"b:1\"} 0 17\ndown 1\nup 2\n"))];
    let expected =
        json!([{"labels": {"job": "a", "instance": "b:1"}, "value": 0}, {"labels": {}, "value": 2}]);
    assert_eq!(hit(&rule, &files)["up"], expected);
}

#[test]
fn rule_without_its_inputs_is_skipped() {
    let required = rule(DOCUMENTS, "true", "  a: \"1\"\n");
    let skip = |rule: DeclarativeRule, files: &[(&str, Json)]| run(&[rule], files).skips[0].details.clone();
    assert_eq!(skip(required.clone(), &[]), "All: ['config/x/*.json'] Any: ");
    assert_eq!(skip(required, &[("config/x/a.json", json!("{"))]), "All: ['config/x/*.json'] Any: ");
    let any = "a: {file: config/a.json, required: any}, b: {file: config/b.json, required: any}";
    let any = rule(any, "a != null || b != null", "  a: \"1\"\n");
    assert_eq!(skip(any.clone(), &[]), "All: [] Any: ['config/a.json', 'config/b.json']");
    assert_eq!(hit(&any, &[("config/b.json", json!({}))])["a"], json!(1));
}

#[test]
fn evaluation_error_is_a_fault_with_its_position() {
    let rule = rule(DOCUMENTS, "docs.all(doc, doc.status.ready)", "  a: \"1\"\n");
    let (verdict, reason) = fault(&rule, &[("config/x/a.json", json!({}))]);
    assert_eq!(verdict, Verdict::Fault);
    assert_eq!(
        reason,
        "failed: r.yaml:6:20: `when`: there is no field `status`; where a field may be missing, write `.?status.orValue(...)` or check `has(...)` first"
    );
    let (_, reason) =
        fault(&super::tests::rule(DOCUMENTS, "docs", "  a: \"1\"\n"), &[("config/x/a.json", json!({}))]);
    assert_eq!(reason, "failed: r.yaml:6:3: `when`: a condition must be a bool and is a list");
}

#[test]
fn rule_out_of_steps_ends_as_limit_and_not_as_hit() {
    // The complete evaluation is a miss; one that ignored the limit would be a hit.
    let when = "!docs[0].items.exists(a, docs[0].items.exists(b, a + b == 3998 && a == b))";
    let rule = rule(DOCUMENTS, when, "  a: \"1\"\n");
    let report = run(std::slice::from_ref(&rule), &borrowed(&numbers(100)));
    assert_eq!(report.hits.len(), 1);
    let (verdict, reason) = fault(&rule, &borrowed(&numbers(2000)));
    assert_eq!(verdict, Verdict::Limit);
    assert!(reason.starts_with("was stopped at a limit: r.yaml:6:"), "{reason}");
    // On a slow machine the deadline passes before the steps are used up.
    assert!(reason.contains("it needed more "), "{reason}");
}

#[test]
fn limit_in_the_details_is_not_a_hit() {
    let rule = rule(DOCUMENTS, "true", "  a: docs[0].items.map(a, docs[0].items.map(b, a + b))\n");
    let (verdict, reason) = fault(&rule, &borrowed(&numbers(2000)));
    assert_eq!(verdict, Verdict::Limit);
    assert!(reason.contains("`details.a`"), "{reason}");
}

#[test]
fn documents_over_the_limit_end_as_limit() {
    let rule = rule(DOCUMENTS, "true", "  a: \"1\"\n");
    let many = format!("[{}1]", "1,".repeat(1_100_000));
    let (verdict, reason) = fault(&rule, &[("config/x/a.json", json!(many))]);
    assert_eq!(verdict, Verdict::Limit);
    assert!(reason.contains("more than 24 MiB, or more than 1000000 values"), "{reason}");
}

#[test]
fn rules_of_an_archive_share_its_time() {
    let slow = "docs[0].items.all(a, docs[0].items.all(b, a + b >= 0))";
    let text = |name: usize| {
        format!(
            "apiVersion: ccx.rules/v1\nid: acme.external.a{name}\nerror_key: KEY\ninputs: {{{DOCUMENTS}}}\nwhen: {slow}\n---\n"
        )
    };
    let text: String = (0..60).map(text).collect();
    let rules = load_file("r.yaml", &text).rules;
    assert_eq!(rules.len(), 60);
    let started = std::time::Instant::now();
    // Each rule takes some two million steps, which take far more than 2 s / 60 in a debug build.
    let report = run(&rules, &borrowed(&numbers(2000)));
    assert!(started.elapsed() < std::time::Duration::from_secs(30));
    assert!(report.runs.iter().all(|run| run.verdict == Verdict::Limit), "{report:?}");
    let last = report.faults.last().unwrap().reason.to_string();
    assert!(last.contains("have used the 2s that they have for an archive"), "{last}");
}

#[test]
fn long_details_are_truncated_for_the_report() {
    let rule = rule(
        DOCUMENTS,
        "true",
        "  items: docs[0].items\n  text: docs[0].items.map(i, \"é\" + string(i)).join(\"\")\n",
    );
    let details = hit(&rule, &borrowed(&numbers(1500)));
    assert_eq!(details["items"].as_array().unwrap().len(), 1000);
    assert!((4094..=4096).contains(&details["text"].as_str().unwrap().len()));
    let long =
        super::tests::rule(DOCUMENTS, "true", "  items: docs[0].items.map(i, docs[0].items.map(j, i + j))\n");
    let details = hit(&long, &borrowed(&numbers(200)));
    assert!(details["max_detail_length_error"].as_u64().unwrap() > 64 * 1024, "{details}");
}

#[test]
fn details_keep_the_order_of_the_file() {
    let rule = rule(DOCUMENTS, "true", "  z: \"1\"\n  a: \"2\"\n  m: '{\"y\": 1, \"b\": 2}'\n");
    let report = run(&[rule], &[("config/x/a.json", json!({}))]);
    assert_eq!(
        report.hits[0].details.get(),
        r#"{"type":"rule","error_key":"KEY","z":1,"a":2,"m":{"y":1,"b":2}}"#
    );
}

#[test]
fn deep_expression_fits_on_the_stack_of_a_worker() {
    let deep = format!("{}docs{}", "[".repeat(60), "]".repeat(60));
    let rule = rule(DOCUMENTS, &format!("size({deep}) == 1"), "  a: \"1\"\n");
    let worker = std::thread::Builder::new().stack_size(1 << 20);
    let hits =
        worker.spawn(move || run(&[rule], &[("config/x/a.json", json!({}))]).hits.len()).unwrap().join();
    assert_eq!(hits.unwrap(), 1);
}

#[test]
fn rules_with_the_same_input_name_do_not_share_files() {
    let a = rule("docs: {glob: config/x/*.json}", "size(docs) == 1", "  a: docs[0].n\n");
    let text = "apiVersion: ccx.rules/v1\nid: acme.external.b\nerror_key: KEY\ninputs: {docs: {glob: config/y/*.json}}\nwhen: size(docs) == 2\n";
    let b = load_file("r.yaml", text).rules.remove(0);
    let files = [
        ("config/x/a.json", json!({"n": 1})),
        ("config/y/a.json", json!({"n": 2})),
        ("config/y/b.json", json!({"n": 2})),
    ];
    assert_eq!(run(&[a, b], &files).hits.len(), 2);
}

#[test]
fn rule_that_needs_an_unknown_gathering_time_is_skipped() {
    let files = [("config/x/a.json", json!({"since": "2026-01-13T04:00:00Z"}))];
    for when in ["docs.exists(d, age(d.since) > duration('1h'))", "now() > timestamp('2026-01-01T00:00:00Z')"]
    {
        let rule = rule(DOCUMENTS, when, "  n: size(docs)\n");
        assert_eq!(hit(&rule, &files), json!({"n": 1, "type": "rule", "error_key": "KEY"}));
        let report = Engine::new(vec![Box::new(rule)], Budget::default()).run(&archive(&files), None);
        assert_eq!((report.runs[0].verdict, report.faults.len()), (Verdict::Skip, 0), "{when}");
        assert_eq!(report.skips[0].details, "All: ['gathering_time'] Any: ");
    }
}

#[test]
fn rule_that_does_not_need_an_unknown_gathering_time_is_evaluated() {
    let files = [("config/x/a.json", json!({"since": "2026-01-13T04:00:00Z"}))];
    for (when, verdict) in [
        ("size(docs) == 1 || age(docs[0].since) > duration('1h')", Verdict::Response(ccx_rules::Kind::Hit)),
        ("size(docs) == 2 && age(docs[0].since) > duration('1h')", Verdict::Miss),
    ] {
        let rule = rule(DOCUMENTS, when, "  n: size(docs)\n");
        let report = Engine::new(vec![Box::new(rule)], Budget::default()).run(&archive(&files), None);
        assert_eq!(report.runs[0].verdict, verdict, "{when}: {report:?}");
    }
}
