//! The index of an archive: where each file lies in the unpacked bytes.

use std::{
    ops::Range,
    time::{Duration, SystemTime},
};

use ccx_messages::EARLIEST_GATHERING_TIME;
use chrono::{DateTime, Utc};
use snafu::ensure;

use crate::{
    ArchiveError, Limits,
    error::{NoFilesSnafu, PathTooLongSnafu, PathsTooLongSnafu, TooManyEntriesSnafu, shown_path},
    path::push_normalised,
};

/// A file of an archive.
///
/// ```
/// use ccx_archive::{Archive, File, Limits};
/// use ccx_sample_archive::SampleArchive;
///
/// let uploaded = SampleArchive::small("5d5892d3-1f74-4ccf-91af-548dfc9767aa".parse().unwrap()).to_tar_gz();
/// let archive = Archive::read(uploaded.into(), &Limits::default())?;
/// let id = archive.files().find(|file| file.path == "config/id");
/// assert_eq!(id, Some(File { path: "config/id", content: b"5d5892d3-1f74-4ccf-91af-548dfc9767aa" }));
/// # Ok::<(), ccx_archive::ArchiveError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File<'a> {
    /// Its path from the archive's root, such as `config/id`.
    pub path: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

/// The number of members that were left out, by reason.
///
/// ```
/// use ccx_archive::{Archive, Limits, Skipped};
/// use ccx_sample_archive::SampleArchive;
///
/// let uploaded = SampleArchive::small("5d5892d3-1f74-4ccf-91af-548dfc9767aa".parse().unwrap()).to_tar_gz();
/// let archive = Archive::read(uploaded.into(), &Limits::default())?;
/// assert_eq!(archive.skipped(), Skipped { unsafe_paths: 0, links: 0, special_files: 0 });
/// # Ok::<(), ccx_archive::ArchiveError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Absolute paths, paths with `..`, paths that are not UTF-8, and empty ones.
    pub unsafe_paths: usize,
    /// Symbolic and hard links.
    pub links: usize,
    /// Devices, named pipes, sparse files and members of unknown types.
    pub special_files: usize,
}

/// The kind of a member.
pub(crate) enum MemberKind {
    File,
    Directory,
    Link,
    /// Devices, named pipes, sparse files (whose content would have to be assembled first) and unknown types.
    Special,
}

/// Files by path. All paths lie in one string, so that an archive of ten thousand files takes three allocations.
pub(crate) struct Index {
    paths: String,
    /// Sorted by path, each path once.
    entries: Vec<Entry>,
    /// The length of the leading directory, which every path in `paths` has and no caller sees: 4 for `foo/config/id`.
    root_len: usize,
    skipped: Skipped,
    /// The newest modification time that is not in the future, in seconds since 1970-01-01 UTC; 0 when no member has one.
    newest: u64,
}

struct Entry {
    path: Range<usize>,
    content: Range<usize>,
}

impl Index {
    pub(crate) fn find(&self, path: &str) -> Option<Range<usize>> {
        let found = self.entries.binary_search_by(|entry| self.path(entry).cmp(path)).ok()?;
        Some(self.entries[found].content.clone())
    }

    pub(crate) fn files<'a>(&'a self, unpacked: &'a [u8]) -> impl ExactSizeIterator<Item = File<'a>> {
        self.entries
            .iter()
            .map(|entry| File { path: self.path(entry), content: &unpacked[entry.content.clone()] })
    }

    pub(crate) fn newest_modification(&self) -> Option<DateTime<Utc>> {
        let newest = DateTime::from_timestamp(i64::try_from(self.newest).ok()?, 0)?;
        (newest >= EARLIEST_GATHERING_TIME).then_some(newest)
    }

    pub(crate) fn skipped(&self) -> Skipped {
        self.skipped
    }

    fn path(&self, entry: &Entry) -> &str {
        &self.paths[entry.path.start + self.root_len..entry.path.end]
    }

    /// Returns the length of the leading directory, below which lie files that the in-cluster operator writes into every
    /// archive.
    ///
    /// `foo/config/id` and `foo/events/x.json` have the root `foo/`. A directory is only removed when all files are in it;
    /// an archive without any of those files stays as it is, since nothing says that it is one of the operator's.
    fn find_root(&self) -> usize {
        /// Each version of the operator writes at least one of these.
        const MARKERS: [&str; 4] =
            ["config/id", "config/version", "config/version.json", "insights-operator/gathers.json"];

        let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) else { return 0 };
        let (first, last) = (&self.paths[first.path.clone()], &self.paths[last.path.clone()]);
        let mut root_len = 0;
        loop {
            let has_marker = |marker: &&str| self.contains(&first[..root_len], marker);
            if MARKERS.iter().any(has_marker) {
                return root_len;
            }
            let Some(slash) = first[root_len..].find('/') else { return 0 };
            let deeper = root_len + slash + 1;
            // The paths are sorted: a prefix of the first and the last one is a prefix of all.
            if !last.starts_with(&first[..deeper]) {
                return 0;
            }
            root_len = deeper;
        }
    }

    /// Whether there is a file `path` below `root`, which is a prefix of all paths.
    fn contains(&self, root: &str, path: &str) -> bool {
        let below_root = |entry: &Entry| &self.paths[entry.path.start + root.len()..entry.path.end];
        self.entries.binary_search_by(|entry| below_root(entry).cmp(path)).is_ok()
    }
}

/// Returns the latest modification time that a member can have: the present, and a day by which clocks may differ. By a
/// later one, everything in the archive would be old.
fn latest_modification() -> u64 {
    const TOLERANCE: Duration = Duration::from_hours(24);
    let since_epoch = (SystemTime::now() + TOLERANCE).duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.map_or(0, |since_epoch| since_epoch.as_secs())
}

/// Collects the members of an archive within the limits.
pub(crate) struct IndexBuilder<'a> {
    limits: &'a Limits,
    members: usize,
    /// The latest modification time that counts, in seconds since 1970-01-01 UTC.
    latest: u64,
    index: Index,
}

impl<'a> IndexBuilder<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        let index = Index {
            paths: String::new(),
            entries: Vec::new(),
            root_len: 0,
            skipped: Skipped::default(),
            newest: 0,
        };
        Self { limits, members: 0, latest: latest_modification(), index }
    }

    /// Counts a member of any kind.
    pub(crate) fn count_member(&mut self) -> Result<(), ArchiveError> {
        self.members += 1;
        let limit = self.limits.entries;
        ensure!(self.members <= limit, TooManyEntriesSnafu { limit });
        Ok(())
    }

    /// Adds a file, or counts its path as unsafe. `modified` is in seconds since 1970-01-01 UTC.
    pub(crate) fn add_file(
        &mut self,
        path: &[u8],
        content: Range<usize>,
        modified: u64,
    ) -> Result<(), ArchiveError> {
        let (bytes, limit) = (path.len(), self.limits.path_bytes);
        ensure!(bytes <= limit, PathTooLongSnafu { entry: shown_path(path), bytes, limit });

        let limit = self.limits.all_paths_bytes();
        ensure!(self.index.paths.len() + bytes <= limit, PathsTooLongSnafu { limit });

        let index = &mut self.index;
        let start = index.paths.len();
        match push_normalised(path, &mut index.paths) {
            Ok(()) => {
                index.entries.push(Entry { path: start..index.paths.len(), content });
                if modified <= self.latest {
                    index.newest = index.newest.max(modified);
                }
            }
            Err(_) => index.skipped.unsafe_paths += 1,
        }
        Ok(())
    }

    pub(crate) fn skip_link(&mut self) {
        self.index.skipped.links += 1;
    }

    pub(crate) fn skip_special_file(&mut self) {
        self.index.skipped.special_files += 1;
    }

    /// Returns the finished index. Of several files of one path the last one counts, as if they were unpacked in turn.
    pub(crate) fn finish(self) -> Result<Index, ArchiveError> {
        let mut index = self.index;
        ensure!(!index.entries.is_empty(), NoFilesSnafu);
        let paths = &index.paths;
        let path = |entry: &Entry| &paths[entry.path.clone()];
        index.entries.sort_by(|a, b| path(a).cmp(path(b)));
        index.entries.dedup_by(|later, kept| {
            let is_duplicate = path(later) == path(kept);
            if is_duplicate {
                std::mem::swap(later, kept);
            }
            is_duplicate
        });
        index.root_len = index.find_root();
        Ok(index)
    }
}
