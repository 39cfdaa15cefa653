//! Files of the chart that are generated from code.

use ccx_test_support::assert_generated;

#[test]
fn rbac_rules_of_the_chart_is_up_to_date() {
    assert_generated("charts/ccx-operator/files/rules.yaml", &ccx_operator::rbac::rules_yaml());
}

#[test]
fn crd_of_the_chart_is_up_to_date() {
    assert_generated("charts/ccx-operator/files/ccxpipelines.ccx.openshift.io.yaml", &ccx_crds::crd_yaml());
}
