//! The complete children of three resources, as files that a reviewer can read.

use std::{fs, path::Path};

use ccx_crds::CcxPipeline;
use ccx_operator::build::yaml;
use ccx_test_support::assert_generated;

use crate::sample;

#[test]
fn children_of_the_minimal_example_is_up_to_date() {
    check("../crds/examples/minimal.yaml", "minimal");
}

#[test]
fn children_of_the_full_resource_is_up_to_date() {
    check("tests/children/golden/full.yaml", "full");
}

#[test]
fn children_on_external_services_is_up_to_date() {
    check("tests/children/golden/external.yaml", "external");
}

fn check(resource: &str, name: &str) {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(resource)).unwrap();
    let mut pipeline: CcxPipeline = serde_saphyr::from_str(&text).unwrap();
    pipeline.metadata.namespace.get_or_insert_with(|| "insights".into());
    let children = yaml::documents(&sample::children_with(&pipeline, &sample::references(&pipeline)));
    assert_generated(&format!("operator/tests/children/golden/{name}.children.yaml"), &children);
}

#[test]
fn each_alert_leads_to_a_section_of_the_runbooks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let children = fs::read_to_string(folder.join("tests/children/golden/minimal.children.yaml")).unwrap();
    let page = fs::read_to_string(folder.join("../docs/runbooks.md")).unwrap();
    let mut alerts: Vec<_> =
        children.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: ")).collect();
    let mut sections: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let anchors: Vec<_> = children
        .split_whitespace()
        .filter_map(|word| Some(word.split_once("/docs/runbooks.md#")?.1.to_owned()))
        .collect();
    assert_eq!(anchors, alerts.iter().map(|alert| alert.to_ascii_lowercase()).collect::<Vec<_>>());
    alerts.sort_unstable();
    sections.sort_unstable();
    assert_eq!(sections, alerts);
}
