//! Generated files match the code.

use ccx_declarative_rules::{functions_table, rule_schema};
use ccx_test_support::assert_generated;

#[test]
fn schema_of_rules_is_up_to_date() {
    assert_generated("docs/schemas/rule.schema.json", &format!("{:#}\n", rule_schema()));
}

#[test]
fn page_of_functions_is_up_to_date() {
    let page = format!(
        "# Functions of rule expressions\n\n\
         Expressions are written in [CEL](https://cel.dev), the Common Expression Language. Besides its operators and the macros\n\
         `has`, `all`, `exists`, `exists_one`, `filter`, `map`, `optMap` and `optFlatMap`, a rule can use these functions.\n\
         `text.matches(pattern)` takes a regular expression that is written out, and is checked when the rule is loaded.\n\n{}",
        functions_table()
    );
    assert_generated("docs/rule-functions.md", &page);
}
