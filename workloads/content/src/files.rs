//! The files of a content tree, in memory.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use snafu::{OptionExt, ResultExt, Snafu, ensure};

use crate::Digest;

mod archive;

/// The texts of a content tree by their path below its root, parts joined by `/`.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, Cow<'static, str>>);

/// Maximum size of a text; the largest built-in one has a few kilobytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Maximum number of files: ten times that of the largest known tree.
const MAX_FILES: usize = 50_000;
/// Maximum size of all texts together, which stay in memory.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// Maximum depth of folders below the root. A tree needs four; a link to a parent would never end.
const MAX_DEPTH: usize = 16;

/// A folder can't be read as a content tree.
#[derive(Debug, Snafu)]
pub enum ReadError {
    /// A file or folder can't be read.
    #[snafu(display("failed to read {}: {source}", path.display()))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A text is too long.
    #[snafu(display("{} has over {MAX_FILE_BYTES} bytes: a rule's text is shorter, so remove or split it", path.display()))]
    FileTooLong {
        /// The file.
        path: PathBuf,
    },
    /// There are too many files, or their total size is too large.
    #[snafu(display("{} has over {MAX_FILES} texts, or over {MAX_TOTAL_BYTES} bytes: is it a content tree?", path.display()))]
    TooMuch {
        /// The root.
        path: PathBuf,
    },
    /// A pipe, socket or device in a folder.
    #[snafu(display("{} is neither a file nor a folder; remove it", path.display()))]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The folders are nested too deep.
    #[snafu(display("{} is over {MAX_DEPTH} folders deep: does a link lead to a parent?", path.display()))]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// A file is not a valid archive.
    #[snafu(display("failed to read {} as an archive of a content tree: {source}", path.display()))]
    Archive {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: ccx_archive::ArchiveError,
    },
    /// A name is not UTF-8.
    #[snafu(display("the name of {} is not UTF-8: rename it", path.display()))]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
}

impl Files {
    /// Returns the files of the built-in tree.
    pub fn builtin() -> Self {
        const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_files.rs"));
        FILES
            .iter()
            .filter(|(path, _)| is_content(path))
            .map(|&(path, text)| (path.to_owned(), text))
            .collect()
    }

    /// Reads a content tree: a folder, or an archive (tar, alone or in gzip, bzip2 or xz, or zip), which may have the tree in a folder.
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        if fs::metadata(path).context(IoSnafu { path })?.is_dir() {
            Self::read_dir(path)
        } else {
            archive::read(path)
        }
    }

    /// Reads the `.md` and `.yaml` files below a folder.
    ///
    /// Names that begin with a dot are ignored: in a volume of a `ConfigMap`, the files are links into
    /// `..data`. Bytes that are not UTF-8 become U+FFFD, so that one invalid text does not prevent the others
    /// from loading.
    pub fn read_dir(root: &Path) -> Result<Self, ReadError> {
        let mut reader = Reader { root, files: Self::default(), total_bytes: 0 };
        reader.read_folder(root, "", MAX_DEPTH)?;
        Ok(reader.files)
    }

    /// Returns the text of a file.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(AsRef::as_ref)
    }

    /// Iterates over all paths with their texts, ordered by path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_ref()))
    }

    /// Returns the digest: equal only for the same paths with the same texts.
    pub(crate) fn digest(&self) -> Digest {
        Digest::from_parts(self.iter().flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()]))
    }
}

impl<T: Into<Cow<'static, str>>> FromIterator<(String, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, text)| (path, text.into())).collect())
    }
}

/// Returns whether a file belongs to the content.
fn is_content(path: &str) -> bool {
    let extension = path.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, Some("md" | "yaml")) && path != "README.md"
}

struct Reader<'a> {
    root: &'a Path,
    files: Files,
    total_bytes: usize,
}

impl Reader<'_> {
    fn read_folder(&mut self, folder: &Path, prefix: &str, depth_left: usize) -> Result<(), ReadError> {
        ensure!(depth_left > 0, TooDeepSnafu { path: folder });
        for entry in fs::read_dir(folder).context(IoSnafu { path: folder })? {
            let path = entry.context(IoSnafu { path: folder })?.path();
            let name = path.file_name().and_then(|name| name.to_str()).context(NameSnafu { path: &path })?;
            let below_root = format!("{prefix}{name}");
            if name.starts_with('.') {
                continue;
            }
            // Follows links: in a volume of a ConfigMap every name is a link.
            let metadata = fs::metadata(&path).context(IoSnafu { path: &path })?;
            if metadata.is_dir() {
                self.read_folder(&path, &format!("{below_root}/"), depth_left - 1)?;
            } else if is_content(&below_root) {
                // Reading a pipe would wait for its writer.
                ensure!(metadata.is_file(), NotAFileSnafu { path });
                ensure!(metadata.len() <= MAX_FILE_BYTES, FileTooLongSnafu { path });
                self.read_file(&path, below_root)?;
            }
        }
        Ok(())
    }

    fn read_file(&mut self, path: &Path, below_root: String) -> Result<(), ReadError> {
        let bytes = fs::read(path).context(IoSnafu { path })?;
        self.total_bytes += bytes.len();
        let is_too_much = self.files.0.len() >= MAX_FILES || self.total_bytes > MAX_TOTAL_BYTES;
        ensure!(!is_too_much, TooMuchSnafu { path: self.root });
        let text = String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        self.files.0.insert(below_root, text.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
