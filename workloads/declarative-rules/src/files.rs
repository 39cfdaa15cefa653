//! Rule files of directories, single files and archives, read into memory.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use ccx_archive::{Archive, ArchiveError, Limits};
use ccx_content::{Digest, Problem};
use snafu::{ResultExt, Snafu, ensure};

use crate::limits::{MAX_FILE_BYTES, MAX_SET_BYTES, MAX_SET_FILES};

/// Maximum depth of directories below a source; ends the recursion if a link leads to a parent.
const MAX_DEPTH: usize = 8;

/// Texts of rule files, ordered by source and path.
#[derive(Clone, Debug, Default)]
pub struct RuleFiles {
    files: Vec<RuleFile>,
    bytes: usize,
}

/// A rule file.
#[derive(Clone, Debug)]
pub(crate) struct RuleFile {
    /// Name in problems.
    pub name: String,
    /// Path relative to its source, so that the digest does not depend on the location of the source.
    path: String,
    pub text: String,
}

/// Failure to read a source.
#[derive(Debug, Snafu)]
pub enum FilesError {
    /// An I/O operation failed.
    #[snafu(display("failed to read {}: {source}", path.display()))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file with `.tar` in its name is not a valid archive.
    #[snafu(display("failed to read {} as an archive of rule files: {source}", path.display()))]
    Unpack {
        /// The file.
        path: PathBuf,
        /// Error of the archive reader.
        source: ArchiveError,
    },
    /// The number or size of the files exceeds the limits.
    #[snafu(display("{} has over {MAX_SET_FILES} rule files, or over {MAX_SET_BYTES} bytes: is it a directory of rules?", path.display()))]
    TooMuch {
        /// The source.
        path: PathBuf,
    },
    /// A pipe, socket or device in a directory.
    #[snafu(display("{} is neither a file nor a directory; remove it", path.display()))]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The directories are nested too deeply.
    #[snafu(display("{} is over {MAX_DEPTH} directories deep: does a link lead to a parent?", path.display()))]
    TooDeep {
        /// The directory.
        path: PathBuf,
    },
}

impl FilesError {
    /// Returns the source, file or directory that can't be read.
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. }
            | Self::Unpack { path, .. }
            | Self::TooMuch { path }
            | Self::NotAFile { path }
            | Self::TooDeep { path } => path,
        }
    }

    /// Converts the error to a problem of the path.
    pub fn to_problem(&self) -> Problem {
        Problem::error(self.path().display().to_string(), self)
    }
}

impl RuleFiles {
    /// Reads the `.yaml` and `.yml` files of the sources: directories, single files, and archives (`.tar`,
    /// `.tar.gz`, `.tgz`).
    ///
    /// Names that begin with a dot are ignored: the files of a `ConfigMap` volume are links into `..data`,
    /// which would be read twice.
    pub fn read(sources: &[PathBuf]) -> Result<Self, FilesError> {
        let mut files = Self::default();
        for source in sources {
            let metadata = fs::metadata(source).context(IoSnafu { path: source })?;
            if metadata.is_dir() {
                files.read_directory(source, source, MAX_DEPTH)?;
            } else if is_archive(source) {
                files.read_archive(source)?;
            } else {
                let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
                files.read_file(source, source, name)?;
            }
        }
        Ok(files)
    }

    /// Creates rule files from names and texts.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let files = texts.into_iter().map(|(name, text)| RuleFile {
            name: name.into(),
            path: name.into(),
            text: text.into(),
        });
        Self { files: files.collect(), bytes: 0 }
    }

    /// Returns a digest of the relative paths and texts.
    pub fn digest(&self) -> Digest {
        let by_path: BTreeMap<&str, Vec<&str>> =
            self.files.iter().fold(BTreeMap::new(), |mut by_path, file| {
                by_path.entry(&file.path).or_insert_with(Vec::new).push(&file.text);
                by_path
            });
        let parts = by_path.into_iter().flat_map(|(path, texts)| std::iter::once(path).chain(texts));
        Digest::from_parts(parts.map(str::as_bytes))
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = &RuleFile> {
        self.files.iter()
    }

    fn read_directory(
        &mut self,
        source: &Path,
        directory: &Path,
        depth_left: usize,
    ) -> Result<(), FilesError> {
        ensure!(depth_left > 0, TooDeepSnafu { path: directory });
        let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut paths: Vec<PathBuf> =
            entries.context(IoSnafu { path: directory })?.iter().map(fs::DirEntry::path).collect();
        paths.sort();
        for path in paths {
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            // Follows links: every entry of a ConfigMap volume is one.
            let metadata = fs::metadata(&path).context(IoSnafu { path: &path })?;
            if metadata.is_dir() {
                self.read_directory(source, &path, depth_left - 1)?;
            } else if is_rule_file(&path.to_string_lossy()) {
                // Reading a pipe would wait for its writer.
                ensure!(metadata.is_file(), NotAFileSnafu { path });
                let below = path.strip_prefix(source).unwrap_or(&path).to_string_lossy().into_owned();
                self.read_file(source, &path, below)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, source: &Path, path: &Path, below: String) -> Result<(), FilesError> {
        let bytes = fs::read(path).context(IoSnafu { path })?;
        self.add(source, path.display().to_string(), below, &bytes)
    }

    fn read_archive(&mut self, source: &Path) -> Result<(), FilesError> {
        let bytes = fs::read(source).context(IoSnafu { path: source })?;
        let limits =
            Limits { unpacked_bytes: MAX_SET_BYTES as u64, entries: MAX_SET_FILES, ..Limits::default() };
        let archive = Archive::read(bytes.into(), &limits).context(UnpackSnafu { path: source })?;
        for file in archive.files().filter(|file| is_rule_file(file.path)) {
            self.add(
                source,
                format!("{}/{}", source.display(), file.path),
                file.path.to_owned(),
                file.content,
            )?;
        }
        Ok(())
    }

    /// Adds a file. Bytes that are not UTF-8 become U+FFFD, which the parser then reports with its position.
    fn add(&mut self, source: &Path, name: String, path: String, bytes: &[u8]) -> Result<(), FilesError> {
        self.bytes += bytes.len();
        let is_too_much =
            self.files.len() >= MAX_SET_FILES || self.bytes > MAX_SET_BYTES || bytes.len() > MAX_SET_BYTES;
        ensure!(!is_too_much, TooMuchSnafu { path: source });
        // The loader rejects longer files, so the rest is not needed.
        let kept = &bytes[..bytes.len().min(MAX_FILE_BYTES + 1)];
        self.files.push(RuleFile { name, path, text: String::from_utf8_lossy(kept).into_owned() });
        Ok(())
    }
}

fn is_rule_file(path: &str) -> bool {
    let extension = Path::new(path).extension().unwrap_or_default();
    extension == "yaml" || extension == "yml"
}

fn is_archive(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".tar", ".tar.gz", ".tgz"].iter().any(|extension| name.ends_with(extension))
}

#[cfg(test)]
mod tests;
