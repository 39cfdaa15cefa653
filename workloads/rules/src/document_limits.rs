//! The limit of what is parsed of one archive.
//!
//! Parsed documents take more memory than their text: an object of two bytes takes hundreds. The limits of single inputs
//! ([`documents`](crate::documents)) do not bound their sum, so an archive of many dense documents could take gigabytes. The
//! in-cluster operator records 24 MiB at most, with an object for each 130 bytes and a comma for each 50; an archive that has
//! several times as much is not one of its archives, and its documents are not parsed.

use ccx_archive::{Archive, File};

/// The largest archive of which documents are parsed.
const MAX_ARCHIVE_BYTES: u64 = 128 << 20;

/// The most objects in the documents of all inputs.
const MAX_OBJECTS: usize = 500_000;

/// The most commas in the documents of all inputs, which separate the values of lists.
const MAX_COMMAS: usize = 2_000_000;

/// Whether parsing the documents may take more memory than those of any honest archive.
pub(crate) fn are_exceeded<'a, 'f>(
    archive: &Archive,
    documents: &(impl Iterator<Item = &'f File<'a>> + Clone),
) -> bool
where
    'a: 'f,
{
    let bytes: usize = documents.clone().map(|file| file.content.len()).sum();
    // Braces and a comma: fewer bytes cannot have too many objects, and need not be counted.
    let may_have_too_many = bytes / 3 > MAX_OBJECTS;
    let count =
        |byte| documents.clone().map(|file| memchr::memchr_iter(byte, file.content).count()).sum::<usize>();
    let is_dense = || count(b'{') > MAX_OBJECTS || count(b',') > MAX_COMMAS;
    bytes > 0 && (archive.unpacked_bytes() > MAX_ARCHIVE_BYTES || (may_have_too_many && is_dense()))
}
