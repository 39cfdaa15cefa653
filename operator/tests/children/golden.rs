//! The complete children of three resources, as files that a reviewer can read.

use std::{env, fs, path::PathBuf};

use ccx_crds::CcxPipeline;
use ccx_operator::yaml;

use crate::sample;

/// With this variable set, a test writes the file that it would compare.
const UPDATE: &str = "CCX_UPDATE_GENERATED";

#[test]
fn the_smallest_resource_is_built_as_before() {
    check("../crds/examples/minimal.yaml", "minimal");
}

#[test]
fn a_resource_with_everything_is_built_as_before() {
    check("tests/children/golden/full.yaml", "full");
}

#[test]
fn a_resource_on_services_of_others_is_built_as_before() {
    check("tests/children/golden/external.yaml", "external");
}

fn check(resource: &str, name: &str) {
    let text = fs::read_to_string(in_crate(resource)).unwrap();
    let mut pipeline: CcxPipeline = serde_saphyr::from_str(&text).unwrap();
    pipeline.metadata.namespace.get_or_insert_with(|| "insights".into());
    let children = yaml::documents(&sample::children_with(&pipeline, &sample::references(&pipeline)));
    let file = in_crate(&format!("tests/children/golden/{name}.children.yaml"));
    if env::var_os(UPDATE).is_some() {
        fs::write(&file, &children).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    let difference = similar::TextDiff::from_lines(&expected, &children).unified_diff().to_string();
    assert!(difference.is_empty(), "{name} is built in another way; {UPDATE}=1 accepts it:\n{difference}");
}

fn in_crate(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
