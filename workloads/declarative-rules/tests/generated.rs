//! Generated files are as fresh as their sources. `CCX_UPDATE_GENERATED=1 cargo test` writes them.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{env, fs, path::Path};

use ccx_declarative_rules::{functions_table, rule_schema};

fn assert_fresh(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if env::var_os("CCX_UPDATE_GENERATED").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let actual = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        actual == expected,
        "{} is stale; run CCX_UPDATE_GENERATED=1 cargo test -p ccx-declarative-rules",
        path.display()
    );
}

#[test]
fn the_schema_of_rules_is_fresh() {
    assert_fresh("docs/schemas/rule.schema.json", &format!("{:#}\n", rule_schema()));
}

#[test]
fn the_page_of_functions_is_fresh() {
    let page = format!(
        "# Functions of rule expressions\n\n\
         Expressions are written in [CEL](https://cel.dev), the Common Expression Language. Besides its operators and the macros\n\
         `has`, `all`, `exists`, `exists_one`, `filter`, `map`, `optMap` and `optFlatMap`, a rule can use these functions.\n\
         `text.matches(pattern)` takes a regular expression that is written out, and is checked when the rule is loaded.\n\n{}",
        functions_table()
    );
    assert_fresh("docs/rule-functions.md", &page);
}
