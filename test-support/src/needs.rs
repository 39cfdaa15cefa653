//! Where tests find what they need beyond this repository.
//!
//! A test that needs a server, a program or data is marked `#[ignore = "needs …"]`, so that `cargo test` never counts it as passed
//! without having run. `make test` (`hack/test.sh`) provides what the machine can, runs these tests, and ends with a line for each need
//! that was not met. The words after `needs` are the keys of the table in that script.

use std::{
    env,
    path::{Path, PathBuf},
};

/// Returns the kubeconfig of the Kubernetes API server for tests (`CCX_TEST_KUBECONFIG`).
pub fn kubeconfig() -> PathBuf {
    variable("CCX_TEST_KUBECONFIG", "hack/kubernetes.sh run").into()
}

/// Returns `host:port,user,password` of the Kafka broker with authentication (`CCX_TEST_KAFKA_SASL`).
pub fn kafka_sasl() -> String {
    variable("CCX_TEST_KAFKA_SASL", "hack/kafka.sh run")
}

/// Returns a folder of the published samples: `CCX_REFERENCE`, or `../shared/reference` beside the checkout.
pub fn published_samples(folder: &str) -> PathBuf {
    let beside_checkout = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/reference");
    let root = env::var_os("CCX_REFERENCE").map_or_else(beside_checkout, PathBuf::from);
    let path = root.join(folder);
    assert!(
        path.is_dir(),
        "{} does not exist: CCX_REFERENCE names the folder that has `{folder}`",
        path.display()
    );
    path
}

/// Returns a Chromium: `CCX_TEST_CHROMIUM`, or the first of its usual names in `PATH`.
pub fn chromium() -> PathBuf {
    let named = env::var_os("CCX_TEST_CHROMIUM").map(PathBuf::from);
    let folders = env::var_os("PATH").unwrap_or_default();
    let installed = || {
        let programs = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
        env::split_paths(&folders)
            .flat_map(|folder| programs.map(|program| folder.join(program)))
            .find(|path| path.is_file())
    };
    named.or_else(installed).expect("no Chromium: hack/install-dependencies.sh web installs one")
}

/// Returns a Python with insights-core, see [`find_python`].
pub fn python() -> PathBuf {
    find_python().expect("no Python with insights-core: hack/install-dependencies.sh python installs one")
}

/// Finds a Python with insights-core: `CCX_TEST_PYTHON`, or the one that `hack/install-dependencies.sh python` has installed.
pub fn find_python() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")));
    let installed = cache.map(|cache| cache.join("ccx/python/bin/python3"));
    let python = env::var_os("CCX_TEST_PYTHON").map(PathBuf::from).or(installed);
    python.filter(|python| python.exists())
}

fn variable(name: &str, provider: &str) -> String {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    value.unwrap_or_else(|| panic!("{name} is not set: {provider} provides it"))
}
