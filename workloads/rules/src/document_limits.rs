//! The limit of what is parsed of one archive.
//!
//! Parsed documents take more memory than their text: an object of two bytes takes hundreds. The limits of single inputs
//! ([`documents`](crate::documents)) do not bound their sum, so an archive of many dense documents could take gigabytes. The
//! in-cluster operator records 24 MiB at most, with a comma for each 50 bytes; an archive that has much more is not one of its
//! archives, and its documents are not parsed.

use ccx_archive::{Archive, File};

/// The largest archive of which documents are parsed.
const MAX_ARCHIVE_BYTES: u64 = 128 << 20;

/// The most commas in the documents of all inputs: they separate the objects and texts of lists, of which there may be any
/// number.
const MAX_COMMAS: usize = 750_000;

/// Whether parsing the documents may take more memory than those of any archive of the operator.
pub(crate) fn are_exceeded<'a, 'f>(
    archive: &Archive,
    documents: &(impl Iterator<Item = &'f File<'a>> + Clone),
) -> bool
where
    'a: 'f,
{
    let bytes: usize = documents.clone().map(|file| file.content.len()).sum();
    // An element that takes memory has two bytes and a comma: fewer bytes need not be counted.
    let may_have_too_many = bytes / 3 > MAX_COMMAS;
    let commas =
        || documents.clone().map(|file| memchr::memchr_iter(b',', file.content).count()).sum::<usize>();
    bytes > 0
        && (archive.unpacked_bytes() > MAX_ARCHIVE_BYTES || (may_have_too_many && commas() > MAX_COMMAS))
}
