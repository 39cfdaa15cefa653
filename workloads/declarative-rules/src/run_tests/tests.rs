use crate::{TestFailure, TestOutcome, load_file, skip_reason};

/// Returns the outcomes of a rule that hits with the number of files as `n`.
fn outcomes(tests: &str) -> Vec<TestOutcome> {
    let text = format!(
        "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: KEY\ninputs: {{docs: {{glob: config/x/*.json, required: true}}}}\n\
         when: docs.exists(doc, doc.bad)\ndetails: {{n: size(docs), age: age(\"2026-01-15T11:00:00Z\")}}\ntests:\n{tests}"
    );
    let loaded = load_file("r.yaml", &text);
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    loaded.rules[0].run_tests()
}

fn failure(test: &str) -> Option<TestFailure> {
    outcomes(test).remove(0).failure
}

#[test]
fn test_with_the_expected_verdict_passes() {
    let outcomes = outcomes(
        "  - {name: a, files: {config/x/a.json: {bad: true}}, expect: {hit: {n: 1.0, age: 3600s}}}\n\
         \x20 - {name: b, files: {config/x/a.json: '{\"bad\": true}'}, gathered_at: 2026-01-15T11:00:01Z, expect: {hit: {n: 1, age: 1s}}}\n\
         \x20 - {name: c, files: {config/x/a.json: {bad: false}}, expect: miss}\n\
         \x20 - {name: d, expect: skip}\n\
         \x20 - {name: e, files: {config/x/a.json: {bad: true}}, expect: hit}\n",
    );
    let names: Vec<_> =
        outcomes.iter().map(|outcome| (outcome.name.as_str(), outcome.failure.is_none())).collect();
    assert_eq!(names, [("a", true), ("b", true), ("c", true), ("d", true), ("e", true)], "{outcomes:#?}");
    assert_eq!((outcomes[0].position.line, outcomes[0].position.column), (8, 12));
}

#[test]
fn test_with_other_details_fails_with_a_diff() {
    let failure =
        failure("  - {name: a, files: {config/x/a.json: {bad: true}}, expect: {hit: {n: 2, age: 3600s}}}\n");
    let failure = failure.expect("the number differs");
    assert_eq!((failure.expected, failure.actual.as_str()), ("hit", "hit with other details"));
    let expected = "--- expected\n+++ actual\n@@ -1,4 +1,4 @@\n {\n   \"age\": \"3600s\",\n-  \"n\": 2\n+  \"n\": 1\n }\n";
    assert_eq!(failure.diff.as_deref(), Some(expected));
}

#[test]
fn test_with_another_verdict_fails_with_its_reason() {
    let failure = |test| failure(test).map(|failure| (failure.expected, failure.actual, failure.diff));
    assert_eq!(
        failure("  - {name: a, files: {config/x/a.json: {bad: true}}, expect: miss}\n"),
        Some(("miss", r#"hit with {"age":"3600s","n":1}"#.into(), None))
    );
    assert_eq!(
        failure("  - {name: a, files: {config/x/a.json: {bad: false}}, expect: hit}\n"),
        Some(("hit", "miss".into(), None))
    );
    assert_eq!(
        failure("  - {name: a, expect: {hit: {}}}\n"),
        Some(("hit", "skip: the archive lacks config/x/*.json".into(), None))
    );
    let (_, actual, _) =
        failure("  - {name: a, files: {config/x/a.json: {}}, expect: miss}\n").expect("it fails");
    assert!(actual.starts_with("failed: r.yaml:5:27: `when`: there is no field `bad`"), "{actual}");
}

#[test]
fn reason_of_a_skip_names_what_the_archive_lacks() {
    assert_eq!(skip_reason("All: ['config/node/*.json'] Any: "), "the archive lacks config/node/*.json");
    assert_eq!(
        skip_reason("All: ['a', 'b'] Any: ['c', 'd'] Any: ['e']"),
        "the archive lacks a, b; the archive needs one of c, d; the archive needs one of e"
    );
    assert_eq!(skip_reason("failed: division by zero"), "failed: division by zero");
}
