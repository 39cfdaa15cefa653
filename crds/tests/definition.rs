//! The generated definition: fresh, described, bounded, and of one mind with the types about defaults.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{env, fs, path::Path};

use ccx_crds::crd_yaml;

const FILE: &str = "ccxpipelines.ccx.openshift.io.yaml";

#[test]
fn the_committed_definition_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if env::var_os("CCX_UPDATE_GENERATED").is_some() {
        fs::write(&path, crd_yaml()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert!(committed == crd_yaml(), "crds/{FILE} is stale; run the tests with CCX_UPDATE_GENERATED=1");
}
