//! The limit of what is parsed of one archive.
//!
//! Parsed documents take more memory than their text: an object of two bytes takes hundreds. The limits of single inputs
//! ([`documents`](crate::documents)) do not bound their sum, so an archive of many dense documents could take gigabytes. The
//! in-cluster operator records 24 MiB at most, with an object for each 130 bytes and a comma for each 50; an archive that has much
//! more is not one of its archives, and its documents are not parsed.

use ccx_archive::{Archive, File};

/// The largest archive of which documents are parsed.
const MAX_ARCHIVE_BYTES: u64 = 128 << 20;

/// The most objects in the documents of all inputs. One takes up to some hundred bytes.
const MAX_OBJECTS: usize = 400_000;

/// The most commas in the documents of all inputs. They separate the texts of lists, which take 24 bytes each.
const MAX_COMMAS: usize = 2_000_000;

/// An element of a list that takes memory has two bytes and a comma.
const MIN_ELEMENT_BYTES: usize = 3;

/// Whether parsing the documents may take more memory than those of any archive of the operator.
pub(crate) fn are_exceeded<'a, 'f>(
    archive: &Archive,
    documents: &(impl Iterator<Item = &'f File<'a>> + Clone),
) -> bool
where
    'a: 'f,
{
    let bytes: usize = documents.clone().map(|file| file.content.len()).sum();
    let has_more_than = |max: usize, byte: u8| {
        // Fewer bytes cannot have so many, and need not be counted.
        let may_have = bytes / MIN_ELEMENT_BYTES > max;
        may_have
            && documents.clone().map(|file| memchr::memchr_iter(byte, file.content).count()).sum::<usize>()
                > max
    };
    let is_too_large = archive.unpacked_bytes() > MAX_ARCHIVE_BYTES;
    bytes > 0 && (is_too_large || has_more_than(MAX_OBJECTS, b'{') || has_more_than(MAX_COMMAS, b','))
}
