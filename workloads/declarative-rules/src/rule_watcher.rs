//! Reloading of rule files when they change.

use std::path::PathBuf;

use ccx_content::{Update, Watch};

use crate::{FilesError, RuleFiles, RuleSet};

/// Watches directories of rule files and loads them as a whole or not at all.
///
/// ```
/// use ccx_declarative_rules::{RuleUpdate, RuleWatcher};
///
/// let mut watcher = RuleWatcher::new(vec!["/no/such/directory".into()]);
/// assert!(matches!(watcher.poll(), RuleUpdate::Rejected(_)));
/// assert!(matches!(watcher.poll(), RuleUpdate::Unchanged), "a problem is reported once");
/// ```
#[derive(Clone, Debug)]
pub struct RuleWatcher {
    directories: Vec<PathBuf>,
    watch: Watch,
}

/// The result of [`RuleWatcher::poll`].
pub type RuleUpdate = Update<RuleSet>;

impl RuleWatcher {
    /// Creates a watcher of directories, single files and archives, see [`RuleFiles::read`]. Nothing is read
    /// yet.
    pub fn new(directories: Vec<PathBuf>) -> Self {
        Self { directories, watch: Watch::default() }
    }

    /// Reads the files, and compiles and tests the rules if they have changed. Blocks.
    pub fn poll(&mut self) -> RuleUpdate {
        let read = || RuleFiles::read(&self.directories).map_err(|error: FilesError| error.to_problem());
        let load = |files: &RuleFiles| RuleSet::new(files).map_err(|rejected| rejected.problems);
        self.watch.poll(read, RuleFiles::digest, load)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    const VALID: &str = include_str!("../examples/pool-degraded.yaml");

    struct Fixture {
        directory: TempDir,
        watcher: RuleWatcher,
    }

    impl Fixture {
        fn new() -> Self {
            let directory = TempDir::new().unwrap();
            let watcher = RuleWatcher::new(vec![directory.path().to_owned()]);
            Self { directory, watcher }
        }

        fn poll_with(&mut self, text: &str) -> RuleUpdate {
            fs::write(self.directory.path().join("a.yaml"), text).unwrap();
            self.watcher.poll()
        }
    }

    #[test]
    fn poll_of_changed_files_loads_each_set_once() {
        let mut fixture = Fixture::new();
        let RuleUpdate::Loaded(set) = fixture.poll_with(VALID) else { panic!() };
        assert_eq!(set.rules().len(), 1);
        assert!(matches!(fixture.poll_with(VALID), RuleUpdate::Unchanged));
        assert!(matches!(fixture.poll_with(&format!("{VALID}# more\n")), RuleUpdate::Loaded(_)));
    }

    #[test]
    fn poll_of_invalid_files_rejects_them_once_and_recovers() {
        let mut fixture = Fixture::new();
        fixture.poll_with(VALID);
        let invalid = VALID.replace("when:", "whn:");
        let RuleUpdate::Rejected(problems) = fixture.poll_with(&invalid) else { panic!() };
        assert!(problems[0].to_string().contains("a.yaml:2:1: error:"), "{}", problems[0]);
        assert!(matches!(fixture.poll_with(&invalid), RuleUpdate::Unchanged));
        assert!(matches!(fixture.poll_with(VALID), RuleUpdate::Recovered));
        assert!(matches!(fixture.poll_with(VALID), RuleUpdate::Unchanged));
    }

    #[test]
    fn poll_of_missing_directory_is_rejected_once_with_its_path() {
        let mut fixture = Fixture::new();
        fixture.poll_with(VALID);
        let path = fixture.directory.path().to_owned();
        let elsewhere = path.with_extension("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        let RuleUpdate::Rejected(problems) = fixture.watcher.poll() else { panic!() };
        assert_eq!(problems[0].file, path.display().to_string());
        assert!(problems[0].message.contains("No such file"), "{}", problems[0]);
        assert!(matches!(fixture.watcher.poll(), RuleUpdate::Unchanged));
        fs::rename(&elsewhere, &path).unwrap();
        assert!(matches!(fixture.watcher.poll(), RuleUpdate::Recovered));
    }

    #[test]
    fn poll_of_invalid_files_after_missing_directory_rejects_them_again() {
        let mut fixture = Fixture::new();
        assert!(matches!(fixture.poll_with("- no rule"), RuleUpdate::Rejected(_)));
        let path = fixture.directory.path().to_owned();
        let elsewhere = path.with_extension("elsewhere");
        fs::rename(&path, &elsewhere).unwrap();
        assert!(matches!(fixture.watcher.poll(), RuleUpdate::Rejected(_)));
        fs::rename(&elsewhere, &path).unwrap();
        assert!(matches!(fixture.watcher.poll(), RuleUpdate::Rejected(_)));
    }

    #[test]
    fn poll_of_empty_directory_loads_an_empty_set() {
        assert!(matches!(Fixture::new().watcher.poll(), RuleUpdate::Loaded(set) if set.rules().is_empty()));
    }
}
