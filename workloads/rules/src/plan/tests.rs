use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Location, testing::archive};

const ROOT: Input = Input::text("root", &[Location::new("*.txt")]);
const EXACT: Input =
    Input::text("exact", &[Location::new("config/version.json"), Location::new("config/version")]);
const NODES: Input = Input::text("nodes", &[Location::new("config/node/*.json")]);
const LOGS: Input = Input::text(
    "logs",
    &[Location::new("config/pod/*/logs/*/*.log"), Location::new("config/pod/a/logs/*/*.log")],
);
const DEEP: Input = Input::text("deep", &[Location::new("config/*/*/x")]);
const INPUTS: [Input; 5] = [ROOT, EXACT, NODES, LOGS, DEEP];

fn plan() -> Plan {
    let meta = RuleMeta::new("pack.a".parse().unwrap(), "KEY".parse().unwrap());
    let meta = INPUTS.into_iter().fold(meta, RuleMeta::may_read);
    Plan::new([&meta].into_iter())
}

fn paths(plan: &Plan, archive: &Archive, input: &Input) -> Vec<String> {
    let files = plan.sort_files(archive);
    files[plan.index_of(input).unwrap()].iter().map(|file| file.path.to_owned()).collect()
}

#[test]
fn each_input_gets_its_files_once_and_in_order() {
    let files = [
        "config/version.json",
        "config/node/b.json",
        "config/node/a.json",
        "config/node/logs/a.json",
        "config/pod/a/logs/p/x.log",
        "config/pod/b/logs/p/x.log",
        "config/pod/b/p.json",
        "note.txt",
    ]
    .map(|path| (path, json!("")));
    let (plan, archive) = (plan(), archive(&files));
    assert_eq!(paths(&plan, &archive, &ROOT), ["note.txt"]);
    assert_eq!(paths(&plan, &archive, &EXACT), ["config/version.json"]);
    assert_eq!(paths(&plan, &archive, &NODES), ["config/node/a.json", "config/node/b.json"]);
    assert_eq!(paths(&plan, &archive, &LOGS), ["config/pod/a/logs/p/x.log", "config/pod/b/logs/p/x.log"]);
    assert!(paths(&plan, &archive, &DEEP).is_empty());
}

#[test]
fn input_of_a_rule_made_at_run_time_is_sorted_like_a_constant() {
    let owned =
        Input::dynamic_text("owned".into(), vec!["config/node/*.json".into(), "config/version".into()]);
    let meta = RuleMeta::new("pack.a".parse().unwrap(), "KEY".parse().unwrap()).may_read(owned.clone());
    let plan = Plan::new([&meta].into_iter());
    let archive =
        archive(&[("config/node/a.json", json!("")), ("config/version", json!("")), ("config/x", json!(""))]);
    assert_eq!(paths(&plan, &archive, &owned), ["config/node/a.json", "config/version"]);
}

#[test]
fn input_that_no_rule_declares_is_unknown() {
    const OTHER: Input = Input::text("other", &[Location::new("config/version")]);
    assert_eq!(plan().index_of(&OTHER), None);
}

proptest! {
    #[test]
    fn walk_finds_the_files_that_every_glob_matches(
        names in proptest::collection::btree_set("(config/)?((node|pod|a)/){0,3}(logs/(a|p)/)?(x|version|a\\.txt|b\\.json|c\\.log)", 0..12)
    ) {
        let files: Vec<(&str, Value)> = names.iter().map(|name| (name.as_str(), json!(""))).collect();
        // A name can't be a file and a directory.
        prop_assume!(names.iter().all(|name| !names.iter().any(|other| other.starts_with(&format!("{name}/")))));
        let (plan, archive) = (plan(), archive(&files));
        for input in INPUTS {
            let matches = |path: &str| input.globs().any(|glob| Glob::new(glob).matches(path));
            let expected: Vec<&str> = archive.files().map(|file| file.path).filter(|path| matches(path)).collect();
            prop_assert_eq!(paths(&plan, &archive, &input), expected, "{}", input.name());
        }
    }
}
