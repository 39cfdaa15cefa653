use super::*;

/// Returns the problems of the rule after a text is replaced.
fn problems_with(from: &str, to: &str) -> Vec<String> {
    assert!(RULE.contains(from), "{from}");
    problems(&RULE.replacen(from, to, 1))
}

fn problems(text: &str) -> Vec<String> {
    load_file("r.yaml", text).problems.iter().map(ToString::to_string).collect()
}

fn problem_with(from: &str, to: &str) -> String {
    let mut problems = problems_with(from, to);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

const RULE: &str = r#"apiVersion: ccx.rules/v1
id: acme.external.pool
error_key: ACME_POOL
inputs:
  pools: {glob: "config/machineconfigpools/*.json", required: true}
  lines: {logs: "config/pod/*/logs/*/*.log", pattern: 'drain failed: (?P<node>\S+)'}
facts:
  bad: >-
    pools.filter(pool,
      pool.?status.?degraded.orValue(0) > 0)
when: size(bad) > 0
details:
  names: bad.map(pool, pool.metadata.name)
  lines: "lines.map(line, line.groups.node) + [\"é\"]"
content: {impact: 1, likelihood: 1, description: D, reason: "{{=pydata.names}}", resolution: S}
tests:
  - {name: nothing, files: {}, expect: skip}
"#;

#[test]
fn valid_rule_is_loaded_without_problems() {
    let loaded = load_file("r.yaml", RULE);
    assert_eq!(loaded.problems, []);
    let [rule] = &loaded.rules[..] else { panic!() };
    assert_eq!(
        (rule.id().as_str(), rule.error_key().as_str(), rule.file()),
        ("acme.external.pool", "ACME_POOL", "r.yaml")
    );
}

#[test]
fn unknown_field_is_an_error_with_a_suggestion() {
    let problems = problems_with("when:", "whn:");
    assert_eq!(
        problems,
        [
            "r.yaml:1:1: error: a rule needs the field `when`",
            "r.yaml:11:1: error: unknown field `whn`, did you mean `when`?",
        ]
    );
    assert_eq!(
        problem_with("required: true", "severity: 1"),
        "r.yaml:5:53: error: unknown field `severity`; an input has file, glob, logs, metrics, pattern, max_matches, required"
    );
    assert_eq!(
        problem_with("resolution: S", "resolution: S, impct: 1"),
        "r.yaml:15:97: error: unknown field `impct`, did you mean `impact`?"
    );
    assert_eq!(
        problem_with("files: {}", "file: {}"),
        "r.yaml:17:21: error: unknown field `file`, did you mean `files`?"
    );
}

/// Returns the known fields that the error about an unknown one lists.
fn known_fields(from: &str, to: &str) -> Vec<String> {
    let problem = problem_with(from, to);
    let (_, fields) = problem.split_once(" has ").unwrap();
    let mut fields: Vec<String> = fields.split(", ").map(str::to_owned).collect();
    fields.sort();
    fields
}

#[test]
fn schema_has_the_fields_that_are_parsed() {
    let schema = crate::rule_schema();
    let of_schema = |object: &serde_json::Value| {
        let mut fields: Vec<String> = object["properties"].as_object().unwrap().keys().cloned().collect();
        fields.sort();
        fields
    };
    assert_eq!(known_fields("when:", "zzzzzzzz: 1\nwhen:"), of_schema(&schema));
    for (definition, from, to) in [
        ("InputDefinition", "required: true", "zzzzzzzz: 1"),
        ("ContentDefinition", "resolution: S", "resolution: S, zzzzzzzz: 1"),
        ("TestDefinition", "files: {}", "zzzzzzzz: 1"),
    ] {
        assert_eq!(known_fields(from, to), of_schema(&schema["$defs"][definition]), "{definition}");
    }
}

#[test]
fn error_in_an_expression_has_its_position_in_the_file() {
    assert_eq!(
        problem_with("pool.?status", "pol.?status"),
        "r.yaml:10:7: error: `facts.bad`: unknown name `pol`, did you mean `pool`?"
    );
    assert_eq!(
        problem_with("size(bad) > 0", "siz(bad) > 0"),
        "r.yaml:11:10: error: `when`: unknown function `siz`, did you mean `size`?"
    );
    assert_eq!(
        problem_with(r#"+ [\"é\"]"#, r#"+ [\"é\", nme]"#),
        "r.yaml:14:55: error: `details.lines`: unknown name `nme`"
    );
    let syntax = problem_with("size(bad) > 0", "size(bad) >");
    assert!(syntax == "r.yaml:11:18: error: `when`: unexpected end: a value is missing", "{syntax}");
}

#[test]
fn file_with_several_errors_reports_all_of_them() {
    let text = RULE.replace("size(bad)", "siz(bad)").replace("apiVersion: ccx.rules/v1", "apiVersion: v2");
    let text = text
        .replace("drain failed: (", "drain failed: ((")
        .replace("expect: skip", "expect: maybe")
        .replace("ACME_POOL", "acme pool");
    let two = format!("{text}---\n{}", text.replace("id: acme", "id: a c m e"));
    let problems = problems(&two);
    let lines: Vec<&str> =
        problems.iter().map(|problem| problem.split(": error").next().unwrap_or_default()).collect();
    let first = ["r.yaml:1:13", "r.yaml:3:12", "r.yaml:6:55", "r.yaml:11:10", "r.yaml:17:40"];
    let second =
        ["r.yaml:19:13", "r.yaml:20:5", "r.yaml:21:12", "r.yaml:24:55", "r.yaml:29:10", "r.yaml:35:40"];
    assert_eq!(lines, [&first[..], &second[..]].concat(), "{problems:#?}");
}

#[test]
fn file_without_a_rule_is_an_error() {
    assert!(problems("- a\n- b\n")[0].contains("a rule must be a map and is a list"));
    assert!(problems("just text")[0].contains("a rule must be a map and is a text"));
    assert!(problems("a: [")[0].contains("not valid YAML"));
    assert!(problems(&"#".repeat(2 << 20))[0].contains("split it"));
    assert!(load_file("r.yaml", "# nothing\n").problems.is_empty());
}

#[test]
fn input_with_none_or_several_sources_is_an_error() {
    assert!(
        problem_with("{glob: \"config/machineconfigpools/*.json\", required: true}", "{required: true}")
            .contains("one of `file`, `glob`, `logs` and `metrics`")
    );
    assert!(problem_with("required: true}", "file: config/a.json}").contains("one of `file`"));
    assert!(
        problem_with(", pattern: 'drain failed: (?P<node>\\S+)'", "").contains("`logs` needs a `pattern`")
    );
    assert!(problem_with("required: true}", "max_matches: 3}").contains("belongs to `logs`"));
    assert!(problem_with("\\S+)'}", "\\S+)', max_matches: 5000}").contains("from 1 to 1000"));
    assert!(problem_with("required: true", "required: maybe").contains("true, false or any"));
    assert_eq!(problems_with("required: true", "required: any"), [] as [&str; 0]);
}

#[test]
fn path_that_no_archive_can_have_is_an_error() {
    let with = |path: &str| problem_with("config/machineconfigpools/*.json", path);
    for (path, mistake) in [
        ("/config/*.json", "is absolute"),
        ("config/**/a.json", "has `**`"),
        ("config/[ab].json", "wildcard other than `*`"),
        ("config/../a.json", "`..`"),
        ("*.json", "has no directory"),
    ] {
        assert!(with(path).contains(mistake), "{path}: {}", with(path));
    }
    assert!(
        problem_with("glob: \"config/machineconfigpools/*.json\"", "file: \"config/*.json\"")
            .contains("write `glob`")
    );
}

#[test]
fn name_that_is_reserved_or_duplicate_is_an_error() {
    assert!(
        problems_with("  lines: {logs", "  lin-es: {logs")[0]
            .contains("`lin-es` can't be a name in an expression")
    );
    assert!(
        problems_with("  bad: >-", "  pools: >-")
            .iter()
            .any(|problem| problem.contains("already the name of an input"))
    );
    assert!(problems_with("  bad: >-", "  in: >-").iter().any(|problem| problem.contains("a reserved word")));
    assert!(
        problems_with("  bad: >-", "  string: >-").iter().any(|problem| problem.contains("a reserved word"))
    );
}

#[test]
fn cycle_of_facts_is_an_error() {
    let later = problems_with("  bad: >-", "  count: size(bad)\n  bad: >-");
    assert_eq!(later, ["r.yaml:8:3: warning: the fact `count` is never used"]);
    let cycle = problem_with(
        "  bad: >-\n    pools.filter",
        "  a: size(bad)\n  bad: >-\n    [a].map(x, pools)[0].filter",
    );
    assert_eq!(cycle, "r.yaml:8:3: error: facts need each other: `a` needs `bad` needs `a`");
    assert!(problem_with("pools.filter(pool,", "bad.filter(pool,").contains("`bad` needs `bad`"));
}

#[test]
fn invalid_test_is_an_error() {
    assert!(
        problem_with("files: {}", "files: {}, gathered_at: today").contains("`gathered_at` must be a time")
    );
    assert!(problem_with("name: nothing, ", "").contains("a test needs the field `name`"));
    assert!(problem_with("expect: skip", "expect: {hit: {}, miss: {}}").contains("a test expects"));
}

#[test]
fn input_in_any_directory_of_an_archive_has_no_warning() {
    for path in [
        "aggregated/unused_machine_configs_count.json",
        "cluster-scoped-resources/nmstate.io/nodenetworkstates/*.json",
        "customresources/installers.datahub.sap.com/datahubs/*/*.json",
        "machinesets/*/*.json",
        "namespace/*/loki.grafana.com/lokistacks/*.json",
        "namespaces/*/pods/*/virt-launcher.json",
    ] {
        assert_eq!(problems_with("config/machineconfigpools/*.json", path), [] as [&str; 0], "{path}");
    }
}

#[test]
fn questionable_rule_has_a_warning() {
    let warning = |from: &str, to: &str| {
        let problem = problem_with(from, to);
        problem.split_once("warning: ").map(|(_, text)| text.to_owned()).unwrap_or(problem)
    };
    assert!(warning("drain failed: (?P<node>\\S+)", "(?P<node>\\S+): x").contains("tried on every line"));
    assert!(
        warning("config/pod/", "confg/pod/")
            .contains("no archive is known to have a directory `confg`, did you mean `config`?")
    );
    assert!(warning("lines.map(line, line.groups.node)", "[]").contains("the input `lines` is never used"));
    assert!(
        warning("tests:\n  - {name: nothing, files: {}, expect: skip}\n", "")
            .contains("the rule has no tests")
    );
    assert!(
        warning("content: {impact: 1, likelihood: 1, description: D, reason: \"{{=pydata.names}}\", resolution: S}\n", "")
            .contains("no `content`")
    );
    assert!(warning(", resolution: S", "").contains("the content has no `resolution`"));
    assert!(
        warning("{{=pydata.names}}", "{{=pydata.name}}")
            .contains("`name`, which is not a field of the details, did you mean `names`?")
    );
}

#[test]
fn detail_with_a_reserved_name_is_an_error() {
    for name in ["type", "error_key"] {
        let problem = problem_with("  names:", &format!("  {name}: 1\n  names:"));
        assert_eq!(
            problem,
            format!("r.yaml:13:3: error: the report sets `{name}` itself; give the detail another name")
        );
    }
}

#[test]
fn nodes_without_a_test_that_hits_have_a_warning() {
    let warning = "r.yaml:13:3: warning: clients take `nodes` for a list of strings; add a test that hits, which shows that it is one";
    let with_nodes = RULE.replace("  names:", "  nodes: '[\"a\"]'\n  names:");
    assert_eq!(problems(&with_nodes), [warning]);
    assert_eq!(problems(&format!("{with_nodes}  - {{name: b, expect: hit}}\n")), Vec::<String>::new());
}

#[test]
fn too_many_entries_are_an_error() {
    let many: Vec<String> = (0..70).map(|number| format!("  d{number}: \"1\"\n")).collect();
    let many = many.concat();
    assert!(
        problem_with("details:\n", &format!("details:\n{many}"))
            .contains("`details` has 72 entries and may have 64")
    );
}

#[test]
fn syntax_slip_in_a_block_is_one_problem_at_its_line() {
    let text = "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: K\ninputs:\n  pools: {glob: 'config/pool/*.json'}\n\
                when: size(pools) > 0\ndetails:\n  pools: >-\n    pools\n      .filter(p, p.ready)\n\
                \x20     .map(p {\"name\": p.name})\n  other: |\n    pools.map(p,\n      {\"a\": p.a\n       \"b\": p.b})\n";
    let loaded = load_file("r.yaml", text);
    let errors: Vec<String> = loaded
        .problems
        .iter()
        .filter(|problem| problem.severity == crate::Severity::Error)
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        errors,
        [
            "r.yaml:11:14: error: `details.pools`: unexpected `{`: is a `,` missing before it?",
            "r.yaml:15:8: error: `details.other`: unexpected `\"b\"`: is a `,` missing before it?",
        ]
    );
}

#[test]
fn mistake_in_yaml_says_what_to_write() {
    for (from, to, hint) in [
        (
            "when: size(bad) > 0",
            "when: size(bad) > 0 ? true : false",
            "put quotes around a text with a colon",
        ),
        ("when: size(bad) > 0", "when: \"a\" in [\"a\"]", "put single quotes around an expression"),
        (
            "when: size(bad) > 0",
            "when: [1].size() > 0",
            "put quotes around an expression that begins with a bracket",
        ),
        (
            "when: size(bad) > 0",
            "when: !(size(bad) == 0)",
            "put quotes around an expression that begins with `!`",
        ),
        ("when: size(bad) > 0", "when: *bad", "put quotes around a text that begins with `*`"),
        ("when: size(bad) > 0", "when: [1]", "`when` must be an expression and is a list; put quotes"),
        ("when: size(bad) > 0", "when:", "`when` must be an expression and is empty"),
        ("error_key: ACME_POOL", "error_key:", "`error_key` must be a text and is empty"),
        ("impact: 1", "impact: high", "`impact` must be a whole number and is a text"),
        ("impact: 1", "impact: 1.5", "`impact` must be a whole number and is a fraction"),
        ("impact: 1", "impact: 5", "`impact` goes from 1 (low) to 4 (critical) and is 5"),
        (
            "error_key: ACME_POOL",
            "id: b",
            "duplicate mapping key: id; the rules of one file are separated by `---`",
        ),
        (
            "glob: \"config/machineconfigpools/*.json\"",
            "metrics: \"a{b}\"",
            "is not the name of a metric, without labels",
        ),
        ("files: {}", "files: {/config/a.json: {}}", "the path `/config/a.json` is absolute"),
        ("files: {}", "files: {config/*.json: {}}", "has a `*`; a test has files"),
        (
            "files: {}",
            "gathered_at: yesterday, files: {}",
            "must be a time with its zone, as in 2026-01-15T12:00:00Z",
        ),
    ] {
        let problem = problem_with(from, to);
        assert!(problem.contains(hint), "{to}: {problem}");
    }
}

#[test]
fn consequences_of_a_mistake_are_not_reported() {
    let problems = problems_with(
        "pools: {glob: \"config/machineconfigpools/*.json\", required: true}",
        "pools: config/a.json",
    );
    assert_eq!(problems, ["r.yaml:5:10: error: an input must be a map and is a text"]);
    let problems = problems_with(
        "inputs:\n  pools: {glob: \"config/machineconfigpools/*.json\", required: true}",
        "inputs:\n- pools",
    );
    assert!(problems.iter().all(|problem| !problem.contains("unknown name")), "{problems:?}");
    assert_eq!(
        self::problems("x: 1\n"),
        [
            "r.yaml:1:1: error: a rule needs the fields `apiVersion`, `id`, `error_key`, `inputs`, `when`",
            "r.yaml:1:1: error: unknown field `x`; a rule has apiVersion, id, error_key, inputs, facts, when, details, content, tests",
        ]
    );
}

#[test]
fn file_that_is_no_text_is_one_problem() {
    for (text, expected) in [
        ("PK\u{3}\u{4}\0", "a zip archive is no rule file"),
        ("\u{1f}\u{fffd}\u{8}", "a compressed file is no rule file"),
        ("\u{fffd}\u{fffd}a\0p\0i\0", "not a text in UTF-8"),
    ] {
        let problems = problems(text);
        assert!(problems.len() == 1 && problems[0].contains(expected), "{problems:?}");
    }
}

#[test]
fn warnings_about_content_are_at_its_line() {
    for (from, to) in [("likelihood: 1, ", ""), ("description: D", "description: ''")] {
        let problem = problem_with(from, to);
        assert!(
            problem.starts_with("r.yaml:15:") && problem.contains("warning: the content has no `"),
            "{problem}"
        );
    }
}
