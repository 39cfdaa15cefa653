//! `ccx rules`, as an author of rules uses it.

use std::{fs, path::Path};

use serde_json::Value;

use crate::process::{Outcome, ccx, run};

const ID: &str = "acme.external.operator_stuck";

fn rules(arguments: &[&str], path: &Path) -> Outcome {
    run(ccx(["rules"]).args(arguments).arg(path))
}

fn new_rule(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("rule.yaml");
    let outcome = rules(&["new", ID], &path);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    path
}

#[test]
fn new_rule_is_valid_and_passes_its_tests() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_rule(folder.path());
    let linted = rules(&["lint", "--deny-warnings"], &path);
    assert_eq!(
        (linted.code, linted.stdout.trim()),
        (Some(0), "1 rule(s) are fine, 0 warning(s)"),
        "{linted:?}"
    );
    let tested = rules(&["test"], &path);
    assert_eq!(tested.code, Some(0), "{tested:?}");
    assert!(tested.stdout.ends_with("3 tests passed\n"), "{}", tested.stdout);
}

#[test]
fn existing_file_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_rule(folder.path());
    fs::write(&path, "mine").unwrap();
    let outcome = rules(&["new", ID], &path);
    assert_eq!(outcome.code, Some(1));
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[test]
fn mistake_is_reported_with_its_location_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_rule(folder.path());
    let text = fs::read_to_string(&path).unwrap();
    let line = 1 + text.lines().position(|line| line.starts_with("when:")).unwrap();
    fs::write(&path, text.replace("when:", "whn:")).unwrap();
    let outcome = rules(&["lint"], &path);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(
        outcome.stdout.contains(&format!("rule.yaml:{line}:")) && outcome.stdout.contains("`when`"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn failed_rule_test_shows_the_difference() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_rule(folder.path());
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("operators: [dns]", "operators: [etcd]"))
        .unwrap();
    let junit = folder.path().join("junit.xml");
    let outcome = run(ccx(["rules", "test"]).arg(&path).arg("--junit").arg(&junit));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("etcd") && outcome.stdout.contains("dns"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("1 of 3 tests failed"), "{}", outcome.stderr);
    assert!(fs::read_to_string(junit).unwrap().contains(r#"failures="1""#));
}

#[test]
fn try_shows_all_inputs_of_the_rule() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive.tar.gz");
    let sampled = run(ccx(["sample-archive", "--fault", "cluster-operator-degraded", "-o"]).arg(&archive));
    assert_eq!(sampled.code, Some(0), "{sampled:?}");
    let path = new_rule(folder.path());

    let tried = run(ccx(["rules", "try"]).arg(&archive).arg(&path));
    assert!(
        tried.stdout.contains("operators: list of") && tried.stdout.contains("\nhit"),
        "{}",
        tried.stdout
    );
    let tried = run(ccx(["rules", "try", "--output", "json"]).arg(&archive).arg("CLUSTER_OPERATOR_DEGRADED"));
    let verdict: Value = serde_json::from_str(tried.stdout.trim()).expect("a line of JSON");
    assert_eq!(verdict["verdict"], "hit");
    assert_eq!(verdict["details"]["operators"][0]["name"], "authentication");

    let unknown = run(ccx(["rules", "try"]).arg(&archive).arg("NO_SUCH_RULE"));
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("ccx rules list"), "{}", unknown.stderr);
}

#[test]
fn try_of_user_rule_shows_clock_facts_and_rendered_texts() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("insights-2026-01-15-120000.tar.gz");
    run(ccx(["sample-archive", "--fault", "cluster-operator-degraded", "-o"]).arg(&archive));
    let path = new_rule(folder.path());
    let tried = run(ccx(["rules", "try"]).arg(&archive).arg(&path));
    assert_eq!(tried.code, Some(0), "{tried:?}");
    for part in ["now() is 2026-01-15T12:00:00Z", "\nfacts\n", "\nreason\n", "- `authentication`", "\nhit"] {
        assert!(tried.stdout.contains(part), "{part}: {}", tried.stdout);
    }
    assert!(!tried.stdout.contains("{{"), "{}", tried.stdout);
    let by_id = run(ccx(["rules", "try"]).arg(&archive).arg(ID).env("CCX__RULES__DIRECTORIES", &path));
    assert!(by_id.stdout.contains("\nhit"), "{by_id:?}");
    // The sample's own time: built-in rules wait until a state has lasted.
    let own_time = folder.path().join("archive.tar.gz");
    fs::copy(&archive, &own_time).unwrap();
    let builtin = run(ccx(["rules", "try"]).arg(&own_time).arg("CLUSTER_OPERATOR_DEGRADED"));
    assert!(
        builtin.stdout.contains("\nresolution\n") && !builtin.stdout.contains("{{="),
        "{}",
        builtin.stdout
    );
}

#[test]
fn try_of_invalid_rule_fails() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive.tar.gz");
    run(ccx(["sample-archive", "-o"]).arg(&archive));
    let path = folder.path().join("fault.yaml");
    let rule = "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: K\ninputs: {v: {file: config/version.json}}\nwhen: size(v.none) > 0\n";
    fs::write(&path, rule).unwrap();
    let tried = run(ccx(["rules", "try"]).arg(&archive).arg(&path));
    assert_eq!(tried.code, Some(1), "{tried:?}");
    assert!(tried.stdout.contains("\nfault: "), "{}", tried.stdout);
}

#[test]
fn command_for_paths_without_a_rule_fails_and_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive.tar.gz");
    let created = run(ccx(["sample-archive", "-o"]).arg(&archive));
    assert_eq!(created.code, Some(0), "{created:?}");
    for command in ["lint", "test", "list", "explain", "bench"] {
        for path in [folder.path(), &archive] {
            let outcome = rules(&[command], path);
            assert_eq!(outcome.code, Some(1), "{command}: {outcome:?}");
            let error = format!("there is no rule in {}", path.display());
            assert!(outcome.stderr.contains(&error), "{command}: {}", outcome.stderr);
        }
    }
}

#[test]
fn path_that_does_not_exist_is_reported_once() {
    for command in ["lint", "test", "list", "bench"] {
        let outcome = rules(&[command], Path::new("nosuch.yaml"));
        assert_eq!(outcome.code, Some(1), "{command}: {outcome:?}");
        assert_eq!(outcome.stderr.matches("No such file").count(), 1, "{command}: {}", outcome.stderr);
    }
}

#[test]
fn try_of_unknown_rule_suggests_similar_ones() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive.tar.gz");
    assert_eq!(run(ccx(["sample-archive", "-o"]).arg(&archive)).code, Some(0));
    let outcome = run(ccx(["rules", "try"]).arg(&archive).arg("NODES_NOT_READY"));
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains("did you mean NODE_NOT_READY"), "{}", outcome.stderr);
}

#[test]
fn list_and_explain_include_rules_of_users_and_content_trees() {
    let folder = tempfile::tempdir().unwrap();
    let path = new_rule(folder.path());
    let listed = rules(&["list"], &path);
    assert!(
        listed.stdout.contains("OPERATOR_STUCK") && listed.stdout.contains("NODE_NOT_READY"),
        "{listed:?}"
    );
    let explained = rules(&["explain"], &path);
    assert_eq!(explained.code, Some(0), "{explained:?}");
    assert!(explained.stdout.starts_with("OPERATOR_STUCK: "), "{}", explained.stdout);
    let explained = run(ccx(["rules", "explain", ID]).env("CCX__RULES__DIRECTORIES", &path));
    assert!(explained.stdout.starts_with("OPERATOR_STUCK: "), "{explained:?}");

    let tree = folder.path().join("content");
    let key = tree.join("external/rules/python/PYTHON_KEY");
    fs::create_dir_all(&key).unwrap();
    fs::write(tree.join("config.yaml"), "impact: {}\n").unwrap();
    fs::write(key.parent().unwrap().join("plugin.yaml"), "python_module: acme.python\n").unwrap();
    for (name, text) in
        [("generic.md", "G"), ("reason.md", "R"), ("metadata.yaml", "description: Found by Python\n")]
    {
        fs::write(key.join(name), text).unwrap();
    }
    let explained =
        run(ccx(["rules", "explain", "PYTHON_KEY"]).env("CCX__RULES__CONTENT_DIRECTORIES", &tree));
    assert!(explained.stdout.starts_with("PYTHON_KEY: Found by Python"), "{explained:?}");
}

#[test]
fn minimum_ages_and_kinds_of_clusters_are_listed_and_explained() {
    let explained = run(&mut ccx(["rules", "explain", "ETCD_ENCRYPTION_NOT_ENABLED"])).stdout;
    assert!(explained.contains("\n  does not apply   hosted control plane: "), "{explained}");
    let explained = run(&mut ccx(["rules", "explain", "CLUSTER_OPERATOR_DEGRADED"])).stdout;
    assert!(explained.lines().any(|line| line.starts_with("  minimum age      ")), "{explained}");

    let listed = run(&mut ccx(["rules", "list", "--output", "json"])).stdout;
    let rows: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let row = |key: &str| rows.iter().find(|row| row["error_key"] == key).unwrap();
    let kind = &row("ETCD_ENCRYPTION_NOT_ENABLED")["cluster_kinds"][0];
    assert_eq!((kind["kind"].as_str(), &kind["applies"]), (Some("hosted control plane"), &false.into()));
    let age = &row("CLUSTER_OPERATOR_DEGRADED")["minimum_ages"][0];
    assert!(age["seconds"].as_u64() > Some(0) && age["state"].is_string(), "{age}");
    let table = run(&mut ccx(["rules", "list"])).stdout;
    assert!(table.contains("hosted control plane: no"), "{table}");
}

#[test]
fn built_in_rules_pass_their_tests() {
    let outcome = run(&mut ccx(["rules", "test"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    // A hit, a healthy neighbour and a cluster without data for each of 86, but one that always reports.
    assert!(outcome.stdout.ends_with("257 tests passed\n"), "{}", outcome.stdout);
}

#[test]
fn bench_shows_the_cost_of_each_rule() {
    let outcome = run(&mut ccx(["rules", "bench", "--rounds", "1", "--output", "json"]));
    assert_eq!(outcome.stdout.lines().count(), 86, "{outcome:?}");
}

#[test]
fn rule_schema_is_json() {
    let outcome = run(&mut ccx(["rules", "schema"]));
    let schema: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert!(schema["properties"]["when"].is_object());
}

#[test]
fn archive_of_the_operator_is_evaluated_at_the_time_in_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let verdict = |name: &str, extra: &[&str]| {
        let archive = folder.path().join(name);
        fs::create_dir_all(archive.join("config/node")).unwrap();
        let node = r#"{"metadata": {"name": "n"}, "status": {"conditions": [
            {"type": "Ready", "status": "Unknown", "lastTransitionTime": "2026-01-15T11:00:00Z"}]}}"#;
        fs::write(archive.join("config/node/n.json"), node).unwrap();
        let tried =
            run(ccx(["rules", "try", "--output", "json"]).args(extra).arg(&archive).arg("NODE_NOT_READY"));
        let outcome: Value = serde_json::from_str(&tried.stdout).unwrap_or_else(|_| panic!("{tried:?}"));
        outcome["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("insights-2026-01-15-120000", &[]), "hit");
    assert_eq!(verdict("insights-2026-01-15-110500", &[]), "miss");
    assert_eq!(
        verdict("insights-2026-01-15-110500", &["--gathered-at", "2026-01-15T12:00:00Z"]),
        "hit",
        "the option goes before the name"
    );
    assert_eq!(verdict("unpacked", &[]), "hit", "its files were written now");
}

#[test]
fn rule_with_the_id_and_key_of_a_builtin_one_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rule.yaml");
    let new = ["rules", "new", "ccx_rules.external.node_not_ready", "--error-key", "NODE_NOT_READY"];
    assert_eq!(run(ccx(new).arg(&path)).code, Some(0));
    let linted = rules(&["lint", "--deny-warnings"], &path);
    assert_eq!(linted.code, Some(1), "{linted:?}");
    assert!(linted.stdout.contains("a built-in rule has this id and error key"), "{linted:?}");
}

#[test]
fn list_of_an_unknown_tag_fails_with_the_known_ones() {
    let outcome = run(&mut ccx(["rules", "list", "--tag", "nope"]));
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    assert!(outcome.stderr.contains("no rule has the tag nope; the tags are "), "{outcome:?}");
    assert!(outcome.stderr.contains("service_availability"), "{outcome:?}");
}
