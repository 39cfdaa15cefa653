//! A Python with insights-core.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The Python for tests of insights-core's rules: the one that `CCX_TEST_PYTHON` names, or the one that
/// `hack/install-dependencies.sh python` has installed. Without one a test is skipped.
///
/// # Panics
///
/// In CI, where no test is skipped.
pub fn test_python() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")));
    let installed = cache.map(|cache| cache.join("ccx/python/bin/python3"));
    let found =
        env::var_os("CCX_TEST_PYTHON").map(PathBuf::from).or(installed).filter(|python| python.exists());
    if found.is_none() {
        assert!(
            env::var_os("CI").is_none(),
            "no Python with insights-core; hack/install-dependencies.sh python"
        );
        eprintln!("SKIPPED: no Python with insights-core; hack/install-dependencies.sh python installs one");
    }
    found
}
