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
