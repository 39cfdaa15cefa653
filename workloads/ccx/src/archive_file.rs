//! An archive on disk.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use bytes::Bytes;
use ccx_archive::{Archive, Limits};
use ccx_config::ArchiveLimits;
use ccx_messages::ClusterId;
use chrono::{DateTime, Utc};
use snafu::{ResultExt, Snafu, ensure};

use crate::archive_time::gathering_time;

/// The archive can't be read from disk. Its content is validated by the pipeline.
#[derive(Debug, Snafu)]
pub(crate) enum ArchiveFileError {
    #[snafu(display("failed to read {}", path.display()))]
    Read { path: PathBuf, source: io::Error },
    #[snafu(display("failed to pack the folder {}", path.display()))]
    Pack { path: PathBuf, source: io::Error },
    #[snafu(display("{} is too big: {bytes} bytes, archive.max_compressed allows {limit}", path.display()))]
    TooBig { path: PathBuf, bytes: u64, limit: u64 },
}

/// An archive and its metadata.
#[derive(Clone, Debug)]
pub(crate) struct ArchiveFile {
    /// The path from the command line.
    pub(crate) name: String,
    /// The bytes to upload.
    pub(crate) bytes: Bytes,
    /// The cluster id in the archive, if it can be read.
    pub(crate) cluster_id: Option<ClusterId>,
    /// When the data was gathered: the time in the name, that of the newest member, or that of the file.
    pub(crate) gathered_at: Option<DateTime<Utc>>,
    /// Why the pipeline will not be able to read it, if so.
    pub(crate) problem: Option<String>,
    /// A hash of the files in the archive, or of its bytes when they are not an archive.
    content_hash: u128,
}

impl ArchiveFile {
    /// Reads a file, or packs a folder. Blocks, and takes about a millisecond per megabyte.
    pub(crate) fn read(path: &Path, limits: &ArchiveLimits) -> Result<Self, ArchiveFileError> {
        let limit = limits.max_compressed.as_u64();
        let metadata = fs::metadata(path).context(ReadSnafu { path })?;
        let bytes = if metadata.is_dir() {
            pack(path).context(PackSnafu { path })?
        } else {
            ensure!(metadata.len() <= limit, TooBigSnafu { path, bytes: metadata.len(), limit });
            fs::read(path).context(ReadSnafu { path })?
        };
        let size = bytes.len() as u64;
        ensure!(size <= limit, TooBigSnafu { path, bytes: size, limit });
        let file = Self::new(path.display().to_string(), bytes.into(), limits);
        // A name such as `.` contains no time; the canonical one may.
        let full_path = fs::canonicalize(path).ok();
        let modified = (!metadata.is_dir()).then(|| metadata.modified().ok()).flatten();
        let gathered_at =
            gathering_time(full_path.as_deref(), file.gathered_at, modified.map(DateTime::<Utc>::from));
        Ok(Self { gathered_at, ..file })
    }

    /// Wraps an archive that is in memory already.
    pub(crate) fn new(name: String, bytes: Bytes, limits: &ArchiveLimits) -> Self {
        let archive = Archive::read(bytes.clone(), &reader_limits(limits));
        let problem = archive.as_ref().err().map(ToString::to_string);
        let archive = archive.ok();
        let content_hash = archive.as_ref().map_or_else(|| fnv1a([&*bytes]), hash_of_files);
        let cluster_id = archive.as_ref().and_then(Archive::cluster_id);
        let gathered_at = archive.as_ref().and_then(Archive::newest_modification);
        Self { name, bytes, cluster_id, gathered_at, problem, content_hash }
    }

    /// Returns an id for a cluster whose archive has none: the same for the same files, packed or not.
    pub(crate) fn made_up_cluster_id(&self) -> Option<ClusterId> {
        let uuid = uuid::Builder::from_custom_bytes(self.content_hash.to_be_bytes()).into_uuid();
        uuid.to_string().parse().ok()
    }
}

fn hash_of_files(archive: &Archive) -> u128 {
    let lines = archive.files().flat_map(|file| [file.path.as_bytes(), &[0], file.content, &[0]]);
    fnv1a(lines)
}

/// Returns the configured limits as those of the archive reader.
fn reader_limits(limits: &ArchiveLimits) -> Limits {
    Limits {
        compressed_bytes: limits.max_compressed.as_u64(),
        unpacked_bytes: limits.max_unpacked.as_u64(),
        entries: limits.max_entries,
        path_bytes: limits.max_path_bytes,
    }
}

/// Packs the files of `folder` with paths relative to it, sorted and with their times.
fn pack(folder: &Path) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for path in files_below(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let file = fs::File::open(&path)?;
        let metadata = file.metadata()?;
        let mut header = tar::Header::new_gnu();
        header.set_size(metadata.len());
        header.set_mode(0o640);
        header.set_mtime(seconds_since_epoch(metadata.modified()?));
        archive.append_data(&mut header, name, io::Read::take(file, metadata.len()))?;
    }
    archive.into_inner()
}

fn seconds_since_epoch(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Returns all regular files below `folder`, sorted; links are not followed.
fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// FNV-1a with 128 bits: a few lines, well distributed and stable, which the hashes of the standard library
/// do not promise.
fn fnv1a<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u128 {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = parts.into_iter().flatten();
    bytes.fold(OFFSET_BASIS, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-2222-4333-8444-555555555555";

    fn folder_with_id() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("config/node")).unwrap();
        fs::write(folder.path().join("config/id"), ID).unwrap();
        fs::write(folder.path().join("config/node/n1.json"), "{}").unwrap();
        folder
    }

    #[test]
    fn folder_is_packed_and_its_cluster_id_read() {
        let folder = folder_with_id();
        let file = ArchiveFile::read(folder.path(), &ArchiveLimits::default()).unwrap();
        assert_eq!(file.cluster_id, Some(ID.parse().unwrap()));
        let archive = Archive::read(file.bytes.clone(), &Limits::default()).unwrap();
        let paths: Vec<String> = archive.files().map(|file| file.path.to_owned()).collect();
        assert_eq!(paths, ["config/id", "config/node/n1.json"]);
        assert_eq!(ArchiveFile::read(folder.path(), &ArchiveLimits::default()).unwrap().bytes, file.bytes);
    }

    fn set_modified(path: &Path, time: &str) {
        let time: DateTime<Utc> = time.parse().unwrap();
        fs::File::options().write(true).open(path).unwrap().set_modified(time.into()).unwrap();
    }

    fn gathered_at(path: &Path) -> Option<String> {
        let file = ArchiveFile::read(path, &ArchiveLimits::default()).unwrap();
        file.gathered_at.map(|time| time.to_rfc3339())
    }

    #[test]
    fn folder_was_gathered_when_its_newest_file_was_written() {
        let folder = folder_with_id();
        set_modified(&folder.path().join("config/id"), "2026-01-15T12:00:00Z");
        set_modified(&folder.path().join("config/node/n1.json"), "2026-01-14T12:00:00Z");
        assert_eq!(gathered_at(folder.path()).as_deref(), Some("2026-01-15T12:00:00+00:00"));
        let named = folder.path().join("insights-2026-01-13-010203");
        fs::create_dir(&named).unwrap();
        fs::rename(folder.path().join("config"), named.join("config")).unwrap();
        assert_eq!(gathered_at(&named).as_deref(), Some("2026-01-13T01:02:03+00:00"));
    }

    #[test]
    fn file_of_members_without_times_was_gathered_when_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(1);
        tar.append_data(&mut header, "config/id", b"x".as_slice()).unwrap();
        let path = folder.path().join("archive.tar");
        fs::write(&path, tar.into_inner().unwrap()).unwrap();
        set_modified(&path, "2026-01-15T12:00:00Z");
        assert_eq!(gathered_at(&path).as_deref(), Some("2026-01-15T12:00:00+00:00"));
    }

    #[test]
    fn generated_id_is_independent_of_file_times() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "x").unwrap();
        let id = || ArchiveFile::read(folder.path(), &ArchiveLimits::default()).unwrap().made_up_cluster_id();
        let first = id();
        set_modified(&path, "2026-01-15T12:00:00Z");
        assert_eq!(id(), first);
        fs::write(&path, "y").unwrap();
        assert_ne!(id(), first);
    }

    #[test]
    fn file_that_is_not_an_archive_has_no_cluster_id() {
        let file = ArchiveFile::new("x".into(), Bytes::from_static(b"no archive"), &ArchiveLimits::default());
        assert_eq!(file.cluster_id, None);
    }

    #[test]
    fn derived_cluster_id_depends_on_the_content_alone() {
        let file = |bytes: &'static [u8]| {
            ArchiveFile::new("x".into(), Bytes::from_static(bytes), &ArchiveLimits::default())
        };
        assert_eq!(file(b"a").made_up_cluster_id(), file(b"a").made_up_cluster_id());
        assert_ne!(file(b"a").made_up_cluster_id(), file(b"b").made_up_cluster_id());
        assert!(file(b"").made_up_cluster_id().is_some());
    }

    #[test]
    fn hash_equals_the_published_vectors() {
        assert_eq!(fnv1a([]), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a([b"a".as_slice()]), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn missing_or_too_large_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("big.tar");
        fs::write(&path, [0; 11]).unwrap();
        let limits = ArchiveLimits { max_compressed: "10B".parse().unwrap(), ..ArchiveLimits::default() };
        let error = ArchiveFile::read(&path, &limits).unwrap_err().to_string();
        assert!(error.contains("big.tar is too big: 11 bytes"), "{error}");
        let error = ArchiveFile::read(&folder.path().join("none"), &limits).unwrap_err().to_string();
        assert!(error.ends_with("none"), "{error}");
    }
}
