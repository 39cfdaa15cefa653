//! The files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that git ignores. A source archive is no checkout and a machine may lack git, so git is not asked.
const GENERATED_FOLDERS: [&str; 5] = [".git", "target", "node_modules", "dist", "corpus"];

/// Returns the root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the parent folder exists")
}

/// Returns the paths of all files with an extension, relative to the root and sorted.
pub fn source_files(extension: &str) -> Vec<String> {
    let root = root();
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder") {
            let entry = entry.expect("a readable folder");
            let (path, name) = (entry.path(), entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if !GENERATED_FOLDERS.iter().any(|generated| name == *generated) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                let relative = path.strip_prefix(&root).expect("a path below the root");
                files.push(relative.to_str().expect("a path in UTF-8").to_owned());
            }
        }
    }
    files.sort();
    files
}
