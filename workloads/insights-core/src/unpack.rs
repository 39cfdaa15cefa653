//! Unpacking an archive's files into a folder for Python.

use std::{
    collections::HashSet,
    fs,
    io::{self, Write as _},
    path::Path,
};

use ccx_archive::Archive;
use ccx_rules::Glob;
use snafu::ResultExt;
use tempfile::TempDir;

use crate::{AdapterError, error::UnpackSnafu};

/// Name of an additional file in the root. insights-core takes the common parent of all files as the root of
/// the archive; this file keeps it in place when all others are in one directory.
const ANCHOR: &str = ".root";

/// The files of an archive that rules can read.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// All files: it is unknown which ones are read.
    All,
    /// The files that match these globs.
    Some { exact: HashSet<String>, globs: Vec<Glob> },
}

impl Wanted {
    /// Compiles the globs that a worker reports.
    pub(crate) fn new(patterns: Option<&[String]>) -> Self {
        let Some(patterns) = patterns else { return Self::All };
        let (exact, globs): (Vec<_>, Vec<_>) =
            patterns.iter().partition(|pattern| Glob::new(pattern).is_literal());
        Self::Some {
            exact: exact.into_iter().cloned().collect(),
            globs: globs.into_iter().map(|glob| Glob::new(glob)).collect(),
        }
    }

    fn contains(&self, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some { exact, globs } => {
                exact.contains(path) || globs.iter().any(|glob| glob.matches(path))
            }
        }
    }
}

/// Writes the wanted files into a new folder below `work_folder`, which is removed with the value.
///
/// The paths of an [`Archive`] are relative and have no `..`, and it has no links.
pub(crate) fn unpack(
    archive: &Archive,
    wanted: &Wanted,
    work_folder: &Path,
) -> Result<TempDir, AdapterError> {
    write(archive, wanted, work_folder).context(UnpackSnafu { folder: work_folder })
}

fn write(archive: &Archive, wanted: &Wanted, work_folder: &Path) -> io::Result<TempDir> {
    let root = tempfile::Builder::new().prefix("ccx-archive-").tempdir_in(work_folder)?;
    fs::write(root.path().join(ANCHOR), [])?;
    let mut directory = None;
    for file in archive.files().filter(|file| wanted.contains(file.path)) {
        let path = root.path().join(file.path);
        if path.parent() != directory.as_deref() {
            directory = path.parent().map(Path::to_owned);
            directory.iter().try_for_each(fs::create_dir_all)?;
        }
        fs::File::create(path)?.write_all(file.content)?;
    }
    Ok(root)
}

#[cfg(test)]
mod tests {
    use ccx_archive::Limits;
    use ccx_sample_archive::SampleArchive;

    use super::*;

    fn archive() -> Archive {
        let sample = SampleArchive::small("11111111-2222-3333-4444-555555555555".parse().unwrap());
        Archive::read(sample.to_tar_gz().into(), &Limits::default()).unwrap()
    }

    fn unpacked(wanted: &Wanted) -> (TempDir, usize) {
        let folder = unpack(&archive(), wanted, &std::env::temp_dir()).unwrap();
        let files = count(folder.path());
        (folder, files)
    }

    fn count(folder: &Path) -> usize {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }

    #[test]
    fn unpack_of_wanted_files_writes_them_and_the_anchor() {
        let wanted = Wanted::new(Some(&["config/version.json".into(), "config/node/*.json".into()]));
        let nodes = archive().files().filter(|file| file.path.starts_with("config/node/")).count();
        let (folder, files) = unpacked(&wanted);
        assert_eq!(files, 1 + 1 + nodes);
        assert_eq!(
            fs::read(folder.path().join("config/version.json")).unwrap(),
            archive().file("config/version.json").unwrap()
        );
    }

    #[test]
    fn unpack_without_globs_writes_all_files() {
        assert_eq!(unpacked(&Wanted::new(None)).1, 1 + archive().files().len());
    }

    #[test]
    fn unpacked_folder_is_removed_when_dropped() {
        let (folder, _) = unpacked(&Wanted::All);
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn unpack_into_missing_folder_names_it() {
        let error = unpack(&archive(), &Wanted::All, Path::new("/nowhere")).unwrap_err();
        assert!(error.to_string().contains("/nowhere"), "{error}");
    }
}
