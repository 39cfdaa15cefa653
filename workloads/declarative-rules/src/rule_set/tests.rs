use super::*;

const GOOD: &str = include_str!("../../examples/pool-degraded.yaml");

fn rejected(files: &[(&str, &str)]) -> Vec<String> {
    let rejected = RuleSet::new(&RuleFiles::from_texts(files.iter().copied())).unwrap_err();
    rejected.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn set_of_several_files_has_all_their_rules() {
    let other = GOOD.replace("id: examples", "id: other");
    let set = RuleSet::new(&RuleFiles::from_texts([("a.yaml", GOOD), ("b.yaml", &other)])).unwrap();
    let ids: Vec<_> = set.rules().iter().map(|rule| rule.id().as_str()).collect();
    assert_eq!(ids, ["examples.external.pool_degraded", "other.external.pool_degraded"]);
    assert_eq!(set.engine_rules().len(), 2);
    assert_eq!(set.warnings(), []);
}

#[test]
fn set_with_an_invalid_file_is_rejected_with_errors_of_all_files_first() {
    let bad = GOOD.replace("when:", "whn:");
    let untested = GOOD.split("tests:").next().unwrap().replace("id: examples", "id: other");
    let problems = rejected(&[("a.yaml", &bad), ("b.yaml", "- x"), ("c.yaml", &untested)]);
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert!(problems[0].starts_with("a.yaml:2:1: error: a rule needs the field `when`"), "{problems:#?}");
    assert!(problems[2].starts_with("b.yaml:1:1: error: a rule must be a map"), "{problems:#?}");
    assert!(problems[3].starts_with("c.yaml:2:1: warning: the rule has no tests"), "{problems:#?}");
}

#[test]
fn duplicate_rule_is_an_error_with_both_positions() {
    let problems = rejected(&[("a.yaml", GOOD), ("b.yaml", GOOD)]);
    let expected = "b.yaml:2:1: error: examples.external.pool_degraded|POOL_DEGRADED is already a rule, at a.yaml:2:1; choose another key";
    assert_eq!(problems, [expected]);
}

#[test]
fn rule_that_fails_its_test_is_rejected() {
    let problems = rejected(&[("a.yaml", &GOOD.replace("expect: miss", "expect: hit"))]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("the test `pools that are as they should be` of examples.external.pool_degraded expects hit, and the rule says: miss"), "{problems:#?}");
}

#[test]
fn rule_with_details_that_clients_can_not_decode_is_rejected() {
    let nodes = r#"nodes: 'bad.map(p, {"name": p.metadata.name})'"#;
    let text = GOOD.replace("  nodes: lines.map(l, l.groups.node).distinct().sort()", &format!("  {nodes}"));
    assert_ne!(text, GOOD);
    let problems = rejected(&[("a.yaml", &text)]);
    assert!(
        problems[0].contains("gave details that clients can't decode: clients expect `nodes` to be a list"),
        "{problems:#?}"
    );
}

#[test]
fn content_tree_with_the_texts_of_a_rule_solves_the_warning_and_is_rendered() {
    let (head, _) = GOOD.split_once("content:").unwrap();
    let (_, tests) = GOOD.split_once("\ntests:").unwrap();
    let text = format!("{head}tests:{tests}");
    let set = RuleSet::new(&RuleFiles::from_texts([("a.yaml", &*text)])).unwrap();
    let warnings: Vec<&str> = set.warnings().iter().map(|warning| &*warning.message).collect();
    assert_eq!(warnings, [NO_CONTENT]);

    let tree = |reason: &str| {
        let rule = "external/rules/pool_degraded";
        let files: ccx_content::Files = [
            ("config.yaml".to_owned(), r#"{"impact": {"High": 3}, "resolution_risk": {"High": 3}}"#.to_owned()),
            (format!("{rule}/plugin.yaml"), "python_module: examples.external.pool_degraded\n".to_owned()),
            (
                format!("{rule}/POOL_DEGRADED/metadata.yaml"),
                "{description: A pool, impact: High, likelihood: 3, resolution_risk: High, tags: [openshift]}".to_owned(),
            ),
            (format!("{rule}/POOL_DEGRADED/generic.md"), "Pools.".to_owned()),
            (format!("{rule}/POOL_DEGRADED/reason.md"), reason.to_owned()),
        ]
        .into_iter()
        .collect();
        ContentTree::load(&files).unwrap()
    };
    assert_eq!(set.problems_with_content(&tree("Some pools.")), []);
    let problems = set.problems_with_content(&tree("{{=pydata.missing.name}}"));
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert_eq!(problems[0].file, "external/rules/pool_degraded/POOL_DEGRADED/reason.md");
    assert_eq!(problems[0].severity, Severity::Error);
    assert_eq!(set.problems_with_content(ContentTree::builtin()).len(), 1, "the tree has no such key");
}
