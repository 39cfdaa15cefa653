//! Loading the files of users' rules when they change.

use std::path::PathBuf;

use crate::{Digest, Problem, RuleFiles, RuleSet};

/// Watches directories of users' rules, and loads a set of files as a whole or not at all.
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
    loaded: Option<Digest>,
    rejected: Option<Rejection>,
}

/// The result of [`RuleWatcher::poll`].
#[derive(Debug)]
pub enum RuleUpdate {
    /// The files, or the reasons why they were rejected, are the same as at the last poll, or the files change right now.
    Unchanged,
    /// A new set, to be used from now on.
    Loaded(RuleSet),
    /// The files can't be used, and the set in use stays. The first problem is an error.
    Rejected(Vec<Problem>),
    /// The files are again those of the set in use, after others were rejected.
    Recovered,
}

/// The files that were rejected last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rejection {
    Unreadable(Problem),
    Invalid(Digest),
}

impl RuleWatcher {
    /// Creates a watcher of directories, single files and archives, see [`RuleFiles::read`]. Nothing is read yet.
    pub fn new(directories: Vec<PathBuf>) -> Self {
        Self { directories, loaded: None, rejected: None }
    }

    /// Reads the files, and compiles and tests the rules if they have changed. Blocks.
    ///
    /// Files are taken when two reads give the same: the volume of a `ConfigMap` may be replaced during a read.
    pub fn poll(&mut self) -> RuleUpdate {
        match self.read() {
            Ok(Some(files)) => self.update(&files),
            Ok(None) => RuleUpdate::Unchanged,
            Err(problem) => self.reject(Rejection::Unreadable(problem.clone()), vec![problem]),
        }
    }

    /// Reads the files; `None` when they change meanwhile.
    fn read(&self) -> Result<Option<RuleFiles>, Problem> {
        let read = || RuleFiles::read(&self.directories).map_err(|error| error.to_problem());
        let files = read()?;
        let is_settled = read()?.digest() == files.digest();
        Ok(is_settled.then_some(files))
    }

    fn update(&mut self, files: &RuleFiles) -> RuleUpdate {
        let digest = files.digest();
        if self.loaded == Some(digest) {
            let had_problem = self.rejected.take().is_some();
            return if had_problem { RuleUpdate::Recovered } else { RuleUpdate::Unchanged };
        }
        if self.rejected == Some(Rejection::Invalid(digest)) {
            return RuleUpdate::Unchanged;
        }
        match RuleSet::new(files) {
            Ok(set) => {
                (self.loaded, self.rejected) = (Some(digest), None);
                RuleUpdate::Loaded(set)
            }
            Err(rejected) => self.reject(Rejection::Invalid(digest), rejected.problems),
        }
    }

    fn reject(&mut self, rejection: Rejection, problems: Vec<Problem>) -> RuleUpdate {
        if self.rejected.as_ref() == Some(&rejection) {
            return RuleUpdate::Unchanged;
        }
        self.rejected = Some(rejection);
        RuleUpdate::Rejected(problems)
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
