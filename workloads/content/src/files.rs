//! The files of a content tree, in memory.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use snafu::{OptionExt, ResultExt, Snafu, ensure};

use crate::Digest;

/// The texts of a content tree by their path below its root, parts joined by `/`.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, Cow<'static, str>>);

/// Longest text of a rule; the longest of the built-in ones has a few kilobytes.
const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Most files: a tree ten times as large as the largest known one.
const MAX_FILES: usize = 50_000;
/// All texts together, which stay in memory.
const MAX_TOTAL_BYTES: usize = 64 * 1024 * 1024;
/// Deepest folder below the root. A tree needs four; a link to a parent would have no end.
const MAX_DEPTH: usize = 16;

/// A folder can't be read as a content tree.
#[derive(Debug, Snafu)]
pub enum ReadError {
    /// The operating system refuses.
    #[snafu(display("failed to read {}: {source}", path.display()))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// A text is too long.
    #[snafu(display("{} has over {MAX_FILE_BYTES} bytes: a rule's text is shorter, so remove or split it", path.display()))]
    FileTooLong {
        /// The file.
        path: PathBuf,
    },
    /// There are too many files, or they are too long together.
    #[snafu(display("{} has over {MAX_FILES} texts, or over {MAX_TOTAL_BYTES} bytes: is it a content tree?", path.display()))]
    TooMuch {
        /// The root.
        path: PathBuf,
    },
    /// The folders are nested too deep.
    #[snafu(display("{} is over {MAX_DEPTH} folders deep: does a link lead to a parent?", path.display()))]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// A name that no rule can have.
    #[snafu(display("the name of {} is not UTF-8: rename it", path.display()))]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
}

impl Files {
    /// The built-in tree.
    pub fn builtin() -> Self {
        const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin_files.rs"));
        FILES
            .iter()
            .filter(|(path, _)| is_content(path))
            .map(|&(path, text)| (path.to_owned(), text))
            .collect()
    }

    /// Reads the `.md` and `.yaml` files below a folder.
    ///
    /// Names that begin with a dot are left out, as in a volume of a `ConfigMap`, whose real files are behind links to
    /// `..data`. Bytes that are not UTF-8 become U+FFFD, so that one odd text does not hide the others.
    pub fn read_dir(root: &Path) -> Result<Self, ReadError> {
        let mut reader = Reader { root, files: Self::default(), total_bytes: 0 };
        reader.read_folder(root, "", MAX_DEPTH)?;
        Ok(reader.files)
    }

    /// The text of a file.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(AsRef::as_ref)
    }

    /// Every path with its text, in the order of the paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_ref()))
    }

    /// What the tree is known by: equal only for the same paths with the same texts.
    pub(crate) fn digest(&self) -> Digest {
        Digest::from_parts(self.iter().flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()]))
    }
}

impl<T: Into<Cow<'static, str>>> FromIterator<(String, T)> for Files {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(files: I) -> Self {
        Self(files.into_iter().map(|(path, text)| (path, text.into())).collect())
    }
}

/// Whether a file belongs to the content, and not only lies beside it.
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
            // Follows links: in a volume of a ConfigMap every name is one.
            let metadata = fs::metadata(&path).context(IoSnafu { path: &path })?;
            if metadata.is_dir() {
                self.read_folder(&path, &format!("{below_root}/"), depth_left - 1)?;
            } else if is_content(&below_root) {
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
