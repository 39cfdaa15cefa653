//! Content trees in archives.

use std::{borrow::Cow, fs, path::Path};

use ccx_archive::{Archive, Limits};
use snafu::{ResultExt as _, ensure};

use super::{
    ArchiveSnafu, FileTooLongSnafu, Files, IoSnafu, MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES,
    TooDeepSnafu, TooMuchSnafu, is_content,
};

/// The file that tells the root of a tree.
const CONFIG: &str = "config.yaml";

/// Reads a tree from an archive, whose root may be a folder of the archive.
pub(super) fn read(path: &Path) -> Result<Files, super::ReadError> {
    let bytes = fs::metadata(path).context(IoSnafu { path })?.len();
    ensure!(bytes <= MAX_TOTAL_BYTES as u64, TooMuchSnafu { path });
    let limits = Limits {
        compressed_bytes: MAX_TOTAL_BYTES as u64,
        // With the headers of a tar archive.
        unpacked_bytes: 2 * MAX_TOTAL_BYTES as u64,
        entries: 2 * MAX_FILES,
        ..Limits::default()
    };
    let archive = fs::read(path).context(IoSnafu { path })?;
    let archive = Archive::read(archive.into(), &limits).context(ArchiveSnafu { path })?;
    let root = root(archive.files().map(|file| file.path)).unwrap_or_default().to_owned();
    let (mut files, mut total_bytes) = (Files::default(), 0);
    for file in archive.files() {
        let Some(below_root) = file.path.strip_prefix(&root) else { continue };
        let is_hidden = below_root.split('/').any(|part| part.starts_with('.'));
        if is_hidden || !is_content(below_root) {
            continue;
        }
        ensure!(file.content.len() as u64 <= MAX_FILE_BYTES, FileTooLongSnafu { path: path.join(file.path) });
        ensure!(below_root.split('/').count() <= MAX_DEPTH, TooDeepSnafu { path: path.join(file.path) });
        total_bytes += file.content.len();
        ensure!(files.0.len() < MAX_FILES && total_bytes <= MAX_TOTAL_BYTES, TooMuchSnafu { path });
        let text = String::from_utf8_lossy(file.content).into_owned();
        files.0.insert(below_root.to_owned(), Cow::Owned(text));
    }
    Ok(files)
}

/// Returns the prefix of the tree's paths: the folder of the outermost `config.yaml`.
fn root<'a>(paths: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let roots = paths.filter_map(|path| path.strip_suffix(CONFIG));
    let roots = roots.filter(|root| root.is_empty() || root.ends_with('/'));
    roots.min_by_key(|root| root.matches('/').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_the_folder_of_the_outermost_configuration() {
        assert_eq!(root(["a/b/config.yaml", "a/config.yaml", "a/x.md"].into_iter()), Some("a/"));
        assert_eq!(root(["config.yaml", "a/config.yaml"].into_iter()), Some(""));
        assert_eq!(root(["my-config.yaml"].into_iter()), None);
    }
}
