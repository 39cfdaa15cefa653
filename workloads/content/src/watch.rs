//! Loading sets of files when they change.

use std::path::PathBuf;

use crate::{ContentTree, Digest, Files, Problem};

/// The outcome of polling watched files.
#[derive(Debug)]
pub enum Update<T> {
    /// The files, or the reasons why they were rejected, are the same as at the last poll, or the files change right now.
    Unchanged,
    /// A new set, to be used from now on.
    Loaded(T),
    /// The files were rejected, and the previous set remains in use. The first problem is an error.
    Rejected(Vec<Problem>),
    /// The files are again those of the set in use, after others were rejected.
    Recovered,
}

/// Remembers which files are in use and which were rejected, so that each change is reported once.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    loaded: Option<Digest>,
    rejected: Option<Rejection>,
}

/// The files that were rejected last.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rejection {
    Unreadable(Problem),
    Invalid(Digest),
}

impl Watch {
    /// Reads files by `read`, and loads them by `load` if they are not those of the last poll. `digest` tells them apart.
    ///
    /// Files are taken when two reads give the same: the volume of a `ConfigMap` may be replaced during a read.
    pub fn poll<F, T>(
        &mut self,
        read: impl Fn() -> Result<F, Problem>,
        digest: impl Fn(&F) -> Digest,
        load: impl FnOnce(&F) -> Result<T, Vec<Problem>>,
    ) -> Update<T> {
        match read().and_then(|files| Ok((digest(&read()?) == digest(&files)).then_some(files))) {
            Ok(Some(files)) => self.update(digest(&files), || load(&files)),
            Ok(None) => Update::Unchanged,
            Err(problem) => self.reject(Rejection::Unreadable(problem.clone()), vec![problem]),
        }
    }

    fn update<T>(&mut self, digest: Digest, load: impl FnOnce() -> Result<T, Vec<Problem>>) -> Update<T> {
        if self.loaded == Some(digest) {
            let had_problem = self.rejected.take().is_some();
            return if had_problem { Update::Recovered } else { Update::Unchanged };
        }
        if self.rejected == Some(Rejection::Invalid(digest)) {
            return Update::Unchanged;
        }
        match load() {
            Ok(set) => {
                (self.loaded, self.rejected) = (Some(digest), None);
                Update::Loaded(set)
            }
            Err(problems) => self.reject(Rejection::Invalid(digest), problems),
        }
    }

    fn reject<T>(&mut self, rejection: Rejection, problems: Vec<Problem>) -> Update<T> {
        if self.rejected.as_ref() == Some(&rejection) {
            return Update::Unchanged;
        }
        self.rejected = Some(rejection);
        Update::Rejected(problems)
    }
}

/// Watches content trees in directories and archives. A broken rule of a tree does not reject it; see [`ContentTree::rules`].
///
/// ```
/// use ccx_content::{ContentWatcher, Update};
///
/// let mut watcher = ContentWatcher::new(vec!["/no/such/directory".into()]);
/// assert!(matches!(watcher.poll(), Update::Rejected(_)));
/// assert!(matches!(watcher.poll(), Update::Unchanged), "a problem is reported once");
/// ```
#[derive(Clone, Debug)]
pub struct ContentWatcher {
    directories: Vec<PathBuf>,
    watch: Watch,
}

impl ContentWatcher {
    /// Creates a watcher. Nothing is read yet.
    pub fn new(directories: Vec<PathBuf>) -> Self {
        Self { directories, watch: Watch::default() }
    }

    /// Reads the trees, and joins them if one has changed: where several have content for a key, the first one counts.
    /// Blocks.
    pub fn poll(&mut self) -> Update<ContentTree> {
        let directories = &self.directories;
        let digest = |trees: &Vec<_>| digest(trees);
        self.watch.poll(|| read(directories), digest, |trees| load(trees).map_err(|problem| vec![problem]))
    }
}

impl ContentTree {
    /// Reads trees in directories and archives, and joins them: where several have content for a key, the first one counts.
    pub fn read_all(directories: &[PathBuf]) -> Result<Self, Problem> {
        load(&read(directories)?)
    }
}

/// Reads the files of each tree; returns them with its directory.
fn read(directories: &[PathBuf]) -> Result<Vec<(String, Files)>, Problem> {
    let read = |directory: &PathBuf| {
        let name = directory.display().to_string();
        match Files::read(directory) {
            Ok(files) => Ok((name, files)),
            Err(error) => Err(Problem::error(name, error)),
        }
    };
    directories.iter().map(read).collect()
}

fn digest(trees: &[(String, Files)]) -> Digest {
    let digests: Vec<String> = trees.iter().map(|(_, files)| files.digest().to_string()).collect();
    Digest::from_parts(digests.iter().map(String::as_bytes))
}

fn load(trees: &[(String, Files)]) -> Result<ContentTree, Problem> {
    let mut joined: Option<ContentTree> = None;
    for (directory, files) in trees {
        let tree = ContentTree::load(files).map_err(|error| Problem::error(directory, error))?;
        joined = Some(match joined {
            Some(first) => first.over(&tree),
            None => tree,
        });
    }
    joined.ok_or_else(|| Problem::error("", "no content tree is given"))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use tempfile::TempDir;

    use super::*;

    fn write(root: &Path, module: &str, description: &str) {
        let key = root.join("external/rules/a/KEY");
        fs::create_dir_all(&key).unwrap();
        fs::write(root.join("config.yaml"), "impact: {}\n").unwrap();
        fs::write(root.join("external/rules/a/plugin.yaml"), format!("python_module: {module}\n")).unwrap();
        fs::write(key.join("generic.md"), "G").unwrap();
        fs::write(key.join("reason.md"), "R").unwrap();
        fs::write(key.join("metadata.yaml"), format!("description: {description}\n")).unwrap();
    }

    fn description(tree: &ContentTree, selector: &str) -> String {
        tree.find(&selector.parse().unwrap()).unwrap().description.source().to_owned()
    }

    #[test]
    fn poll_of_several_trees_joins_them_with_the_first_on_top() {
        let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        write(first.path(), "acme.a", "first");
        write(second.path(), "acme.a", "second");
        let mut watcher = ContentWatcher::new(vec![first.path().into(), second.path().into()]);
        let Update::Loaded(tree) = watcher.poll() else { panic!() };
        assert_eq!(description(&tree, "acme.a|KEY"), "first");
        assert!(matches!(watcher.poll(), Update::Unchanged));
        write(second.path(), "acme.b", "second");
        let Update::Loaded(tree) = watcher.poll() else { panic!() };
        assert_eq!(description(&tree, "acme.b|KEY"), "second");
    }

    #[test]
    fn poll_of_invalid_tree_is_rejected_once_with_its_directory_and_recovers() {
        let directory = TempDir::new().unwrap();
        write(directory.path(), "acme.a", "D");
        let mut watcher = ContentWatcher::new(vec![directory.path().into()]);
        assert!(matches!(watcher.poll(), Update::Loaded(_)));
        fs::remove_file(directory.path().join("config.yaml")).unwrap();
        let Update::Rejected(problems) = watcher.poll() else { panic!() };
        assert_eq!(problems[0].file, directory.path().display().to_string());
        assert!(problems[0].message.starts_with("config.yaml is missing"), "{problems:?}");
        assert!(matches!(watcher.poll(), Update::Unchanged));
        write(directory.path(), "acme.a", "D");
        assert!(matches!(watcher.poll(), Update::Recovered));
    }

    #[test]
    fn poll_of_missing_directory_says_why() {
        let Update::Rejected(problems) = ContentWatcher::new(vec!["/no/such".into()]).poll() else {
            panic!()
        };
        assert!(problems[0].to_string().contains("No such file"), "{problems:?}");
    }
}
