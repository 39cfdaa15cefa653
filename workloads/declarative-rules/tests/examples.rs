//! The example rules are free of errors and warnings, and pass their tests.

use std::path::PathBuf;

use ccx_declarative_rules::{RuleSet, rule_schema};

fn examples() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples")
}

#[test]
fn every_example_is_a_valid_rule_with_passing_tests() {
    let set =
        RuleSet::load(&[examples()]).unwrap().unwrap_or_else(|rejected| panic!("{:#?}", rejected.problems));
    assert!(set.rules().len() >= 4, "{:?}", set.rules());
    assert_eq!(set.warnings(), []);
    for rule in set.rules() {
        let expected: Vec<_> = rule.run_tests().into_iter().map(|outcome| outcome.name).collect();
        assert!(
            expected.len() >= 3,
            "{rule:?} shows a cluster with the problem, its healthy neighbour and none: {expected:?}"
        );
    }
}

#[test]
fn schema_has_every_field_of_the_examples() {
    let schema = rule_schema();
    for entry in std::fs::read_dir(examples()).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_alphabetic())) {
            let field = line.split(':').next().unwrap();
            assert!(schema["properties"].get(field).is_some(), "{field}");
        }
    }
}
