//! Builds archives of every format.

use std::io::{Cursor, Read, Write};

use ccx_archive::{Archive, ArchiveError, Limits};
use flate2::{Compression, write::GzEncoder};
use tar::{Builder, EntryType, Header};
use zip::{ZipWriter, write::SimpleFileOptions};

/// The path and the content of each file.
pub(crate) type Files<'a> = &'a [(&'a str, &'a [u8])];

/// When every packed file was written, in seconds since 1970-01-01 UTC.
pub(crate) const MODIFIED: u64 = 1_768_478_400;

/// Reads with the default limits.
pub(crate) fn read(bytes: impl Into<Vec<u8>>) -> Result<Archive, ArchiveError> {
    Archive::read(bytes.into().into(), &Limits::default())
}

/// The message of the error with which an archive is refused.
pub(crate) fn refusal(bytes: impl Into<Vec<u8>>) -> String {
    read(bytes).unwrap_err().to_string()
}

/// The paths of an archive, in its order.
pub(crate) fn paths(archive: &Archive) -> Vec<&str> {
    archive.files().map(|file| file.path).collect()
}

pub(crate) fn tar(files: Files<'_>) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (path, content) in files {
        builder.append_data(&mut header(EntryType::Regular, content.len()), path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A tar archive of one member whose path is written as it is, however unsafe.
pub(crate) fn raw_member(kind: EntryType, path: &[u8], content: &[u8]) -> Vec<u8> {
    let mut header = header(kind, content.len());
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.set_cksum();
    let padding = content.len().next_multiple_of(512) - content.len();
    [header.as_bytes(), content, &vec![0; padding]].concat()
}

pub(crate) fn header(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size as u64);
    header.set_mode(0o640);
    header.set_mtime(MODIFIED);
    header.set_cksum();
    header
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn bzip2(content: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    bzip2::bufread::BzEncoder::new(content, bzip2::Compression::fast()).read_to_end(&mut compressed).unwrap();
    compressed
}

pub(crate) fn xz(content: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    liblzma::bufread::XzEncoder::new(content, 0).read_to_end(&mut compressed).unwrap();
    compressed
}

pub(crate) fn zip(files: Files<'_>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in files {
        writer.start_file(*path, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
