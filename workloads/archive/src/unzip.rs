//! Zip: the contents of all members, one after another in one buffer.
//!
//! The directory is read where it lies, entry by entry: it costs no memory, and more entries than allowed are refused before
//! any is unpacked. No two members may share bytes of the file, so unpacking reads no more bytes than the file has.

use std::ops::Range;

use bytes::Bytes;
use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, ZipSliceEntry};
use snafu::{ResultExt, ensure};

use crate::{
    ArchiveError,
    content::Content,
    error::{
        OverlappingEntriesSnafu, TooManyEntriesSnafu, ZipDirectorySnafu, ZipEntryChecksumSnafu,
        ZipEntrySnafu, ZipMethodSnafu, shown_path,
    },
    index::{Index, IndexBuilder, MemberKind},
    input::Input,
    limits::{Bounds, Permit},
    members::append,
};

/// Unpacks a zip archive: the contents, and where each of them is.
pub(crate) fn unzip(compressed: &[u8], bounds: &Bounds<'_>) -> Result<(Bytes, Index), ArchiveError> {
    let archive = ZipArchive::from_slice(compressed).context(ZipDirectorySnafu)?;
    check_directory(&archive, bounds)?;

    let mut builder = IndexBuilder::new(bounds.limits);
    let mut content = Content::with_limit(bounds.content_len().saturating_add(1))?;
    for entry in archive.entries() {
        let entry = entry.context(ZipDirectorySnafu)?;
        builder.count_member()?;
        match kind(&entry) {
            MemberKind::File => {
                let start = content.len();
                unpack(&archive, &entry, &mut content, bounds)?;
                let path = entry.file_path();
                builder.add_file(path.as_bytes(), start..content.len(), modified(&entry))?;
            }
            MemberKind::Directory => {}
            MemberKind::Link => builder.skip_link(),
            MemberKind::Special => builder.skip_special_file(),
        }
    }
    Ok((content.into_bytes(), builder.finish()?))
}

/// Checks what can be known before anything is unpacked: the number of entries, the stated sizes, and that no two entries
/// share bytes of the file.
fn check_directory(archive: &ZipSliceArchive<&[u8]>, bounds: &Bounds<'_>) -> Result<(), ArchiveError> {
    let limit = bounds.limits.entries;
    let stated_entries = usize::try_from(archive.entries_hint()).unwrap_or(usize::MAX);
    ensure!(stated_entries <= limit, TooManyEntriesSnafu { limit });

    let mut stated_bytes = 0_u64;
    let mut ranges = Vec::with_capacity(stated_entries);
    for entry in archive.entries() {
        bounds.permit(0)?;
        ensure!(ranges.len() < limit, TooManyEntriesSnafu { limit });
        let entry = entry.context(ZipDirectorySnafu)?;
        stated_bytes = stated_bytes.saturating_add(entry.uncompressed_size_hint());
        bounds.check_content(stated_bytes)?;
        let (_, end) = located(archive, &entry)?.compressed_data_range();
        ranges.push(entry.local_header_offset()..end);
    }
    ranges.sort_unstable_by_key(|range| range.start);
    let overlaps = |pair: &[Range<u64>]| pair[0].end > pair[1].start;
    let reaches_into_directory = ranges.last().is_some_and(|last| last.end > archive.directory_offset());
    ensure!(!ranges.windows(2).any(overlaps) && !reaches_into_directory, OverlappingEntriesSnafu);
    Ok(())
}

fn located<'a>(
    archive: &'a ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
) -> Result<ZipSliceEntry<'a>, ArchiveError> {
    archive.get_entry(entry.wayfinder()).context(ZipEntrySnafu { entry: shown(entry) })
}

/// Appends the content of a file.
fn unpack(
    archive: &ZipSliceArchive<&[u8]>,
    entry: &ZipFileHeaderRecord<'_>,
    content: &mut Content,
    bounds: &Bounds<'_>,
) -> Result<(), ArchiveError> {
    let member = located(archive, entry)?;
    let start = content.len();
    let mut input = Input::new(member.data(), bounds, start as u64);
    let is_encrypted = entry.flags().is_encrypted();
    let read = match entry.compression_method() {
        CompressionMethod::STORE if !is_encrypted => append(&mut input, content, bounds)?,
        CompressionMethod::DEFLATE if !is_encrypted => {
            append(&mut DeflateDecoder::new(input), content, bounds)?
        }
        method => {
            return ZipMethodSnafu { entry: shown(entry), method: method.as_u16(), is_encrypted }.fail();
        }
    };
    let unpacked = &content.as_ref()[start..];
    let verifier = member.claim_verifier();
    let is_whole = read.is_ok() && unpacked.len() as u64 == verifier.uncompressed_size;
    let has_checksum = libdeflater::crc32(unpacked) == verifier.crc;
    ensure!(is_whole && has_checksum, ZipEntryChecksumSnafu { entry: shown(entry) });
    Ok(())
}

/// The kind of a member, by its Unix mode where the writer gave one.
fn kind(entry: &ZipFileHeaderRecord<'_>) -> MemberKind {
    const TYPE_MASK: u32 = 0o170_000;
    const REGULAR: u32 = 0o100_000;
    const SYMBOLIC_LINK: u32 = 0o120_000;

    match entry.mode().value() & TYPE_MASK {
        _ if entry.is_dir() => MemberKind::Directory,
        0 | REGULAR => MemberKind::File,
        SYMBOLIC_LINK => MemberKind::Link,
        _ => MemberKind::Special,
    }
}

/// In seconds since 1970-01-01. Most zip archives have no time zone; such a time is taken as UTC.
fn modified(entry: &ZipFileHeaderRecord<'_>) -> u64 {
    let time = entry.last_modified();
    let date = chrono::NaiveDate::from_ymd_opt(time.year().into(), time.month().into(), time.day().into());
    let time = date
        .and_then(|date| date.and_hms_opt(time.hour().into(), time.minute().into(), time.second().into()));
    time.and_then(|time| u64::try_from(time.and_utc().timestamp()).ok()).unwrap_or(0)
}

fn shown(entry: &ZipFileHeaderRecord<'_>) -> String {
    shown_path(entry.file_path().as_bytes())
}
