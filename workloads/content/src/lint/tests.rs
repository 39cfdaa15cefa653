use serde_json::json;

use super::*;
use crate::Files;

const METADATA: &str =
    "description: D\nimpact: Data Loss\nlikelihood: 3\nresolution_risk: Pod Restart\ntags: [x]\n";

/// Returns a tree of one rule without a problem, with these files changed.
fn tree(changes: &[(&'static str, &'static str)]) -> ContentTree {
    let files = [
        ("config.yaml", "impact: {Data Loss: 4}\nresolution_risk: {Pod Restart: 2}\ntags: {topic: [x, y]}\n"),
        ("groups_config.yaml", "a: {name: A, tags: [x]}\n"),
        ("external/rules/a/plugin.yaml", "name: A\npython_module: acme.a\n"),
        ("external/rules/a/generic.md", "G"),
        ("external/rules/a/reason.md", "R {{=pydata.name}}"),
        ("external/rules/a/resolution.md", "1. Look:\n\n   ```\n   oc get nodes\n   ```\n"),
        ("external/rules/a/KEY/metadata.yaml", METADATA),
    ];
    let files: Files = files.iter().chain(changes).map(|&(path, text)| (path.to_owned(), text)).collect();
    ContentTree::load(&files).unwrap()
}

fn lint_with(path: &'static str, text: &'static str) -> Vec<String> {
    lint(&tree(&[(path, text)])).iter().map(ToString::to_string).collect()
}

#[test]
fn valid_tree_has_no_problem() {
    assert_eq!(lint(&tree(&[])), []);
}

#[test]
fn unknown_name_in_metadata_is_a_warning() {
    let file = "external/rules/a/KEY/metadata.yaml";
    let metadata = "description: D\nimpact: data loss\nlikelihood: 5\nresolution_risk: Luck\ntags: [y, z]\n";
    assert_eq!(
        lint_with(file, metadata),
        [
            r#"external/rules/a/KEY/metadata.yaml: warning: impact: "data loss" is not in config.yaml"#,
            r#"external/rules/a/KEY/metadata.yaml: warning: resolution_risk: "Luck" is not in config.yaml"#,
            "external/rules/a/KEY/metadata.yaml: warning: likelihood: 5 is not between 1 (low) and 4 (critical)",
            r#"external/rules/a/KEY/metadata.yaml: warning: tags: "z" is not in config.yaml"#,
            "external/rules/a/KEY/metadata.yaml: warning: tags: no tag belongs to a group of groups_config.yaml, so no filter finds it",
        ]
    );
}

#[test]
fn empty_text_and_resolution_without_command_are_warnings() {
    assert_eq!(
        lint_with("external/rules/a/generic.md", " \n"),
        ["external/rules/a/generic.md: warning: generic is empty"]
    );
    assert_eq!(
        lint_with("external/rules/a/resolution.md", "Repair it."),
        [
            "external/rules/a/resolution.md: warning: the resolution has no command: show how to check and how to fix in a block of ```"
        ]
    );
}

#[test]
fn tag_in_generic_and_unclosed_tag_are_warnings() {
    assert_eq!(
        lint_with("external/rules/a/generic.md", "a\n {{=pydata.name}}"),
        [
            "external/rules/a/generic.md:2:2: warning: generic.md is shown without a cluster: move what needs details to reason.md"
        ]
    );
    assert_eq!(
        lint_with("external/rules/a/reason.md", "{{=pydata.a}} {{=pydata.b"),
        [
            "external/rules/a/reason.md:1:15: warning: {{ begins a tag that is not closed, so it is shown as it is"
        ]
    );
}

#[test]
fn tag_of_another_language_is_a_warning_or_an_error_with_a_hint() {
    for (text, message) in [
        (
            "{{ pydata.name }}",
            "1:11: warning: {{ pydata.name }} prints nothing; write {{=…}} to print a value",
        ),
        ("{=pydata.name}", "1:3: warning: pydata stands outside of a tag, so it is shown as it is"),
        ("{% if pydata.name %}", "warning: pydata stands outside of a tag"),
        ("{{~}}", "error: {{~}} ends a loop, and none is open here"),
        ("{{?}}", "error: {{?}} ends a condition, and none is open here"),
        ("{{?pydata.a = 1}}x{{?}}", "found \"=\"; write == to compare"),
        ("{{?pydata.a and pydata.b}}x{{?}}", "found \"and\"; write &&"),
        ("{{~pydata.nodes :node}}{{=nod.name}}{{~}}", "unknown name \"nod\", did you mean node?"),
        ("{{=pydat.nodes}}", "unknown name \"pydat\", did you mean pydata?"),
    ] {
        let problems = lint_with("external/rules/a/reason.md", text);
        assert!(problems.len() == 1 && problems[0].contains(message), "{text}: {problems:?}");
    }
}

#[test]
fn problem_of_load_is_reported_by_lint() {
    let problems = lint_with("external/rules/a/reason.md", "{{?pydata.a}}");
    assert!(
        problems[0].starts_with("external/rules/a/reason.md:1:14: error: expected {{?}}"),
        "{problems:?}"
    );
}

fn lint_reason(text: &'static str, details: &Json) -> Vec<String> {
    let tree = tree(&[("external/rules/a/reason.md", text)]);
    let content = tree.contents().next().unwrap();
    lint_details(content, details).iter().map(ToString::to_string).collect()
}

#[test]
fn text_that_prints_a_missing_value_is_an_error() {
    assert_eq!(lint_reason("on {{=pydata.name}}", &json!({"name": "n1"})), [] as [&str; 0]);
    assert_eq!(
        lint_reason("a\non {{=pydata.name}}", &json!({})),
        ["external/rules/a/reason.md:2:14: error: it prints undefined: {{=pydata.name}}"]
    );
    assert_eq!(
        lint_reason("{{=pydata.name}}", &json!({"name": {}})),
        ["external/rules/a/reason.md:1:11: error: it prints [object Object]: {{=pydata.name}}"]
    );
    assert_eq!(
        lint_reason("null {{=pydata.name}}", &json!({"name": null})),
        ["external/rules/a/reason.md:1:16: error: it prints null: {{=pydata.name}}"]
    );
    assert_eq!(
        lint_reason("{{~pydata.list :item}}x{{~}}", &json!({"list": {"a": 1}})),
        [
            "external/rules/a/reason.md:1:11: error: {{~pydata.list :item}} loops over an object, which has no items"
        ]
    );
    assert_eq!(lint_reason("{{~pydata.list :item}}x{{~}}", &json!({})), [] as [&str; 0]);
    assert_eq!(
        lint_reason("in {{='no ' + pydata.name}}", &json!({})),
        ["external/rules/a/reason.md: error: it prints undefined: in no undefined"]
    );
    assert_eq!(lint_reason("{{=pydata.name}}", &json!({"name": "nullable"})), [] as [&str; 0]);
    assert_eq!(lint_reason("curl > /dev/null {{=pydata.name}}", &json!({"name": "n1"})), [] as [&str; 0]);
    assert_eq!(
        lint_reason("{{=pydata.a.b}}", &json!({})),
        [
            "external/rules/a/reason.md:1:13: error: failed to render it: unable to read \"b\" of undefined: guard it with {{?…}}"
        ]
    );
}

#[test]
fn unknown_detail_is_an_error_with_the_known_ones() {
    let tree = tree(&[("external/rules/a/reason.md", "{{?pydata.nodes}}{{=pydata.name}}{{?}}")]);
    let content = tree.contents().next().unwrap();
    let problems = lint_keys(content, &["name".to_owned(), "type".to_owned()].into());
    assert_eq!(
        problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["external/rules/a/reason.md: error: the rule does not provide pydata.nodes; it provides name, type"]
    );
}

#[test]
fn builtin_tree_has_no_problem() {
    assert_eq!(lint(ContentTree::builtin()), []);
}
