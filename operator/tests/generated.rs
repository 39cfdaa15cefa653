//! Files that are generated from code are committed; here they are compared with what the code says.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{env, fs, path::Path};

/// With this variable set, a test writes the file that it would compare.
const UPDATE: &str = "CCX_UPDATE_GENERATED";

#[test]
fn the_charts_rules_are_those_of_the_operator() {
    assert_fresh("charts/ccx-operator/files/rules.yaml", &ccx_operator::rbac::rules_yaml());
}

#[test]
fn the_charts_definition_is_that_of_the_resource() {
    assert_fresh("charts/ccx-operator/files/ccxpipelines.ccx.openshift.io.yaml", &ccx_crds::crd_yaml());
}

fn assert_fresh(file: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if env::var_os(UPDATE).is_some() {
        fs::write(&path, expected).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == expected, "{file} is stale; run this test with {UPDATE}=1");
}
