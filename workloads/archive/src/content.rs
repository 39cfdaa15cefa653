//! Memory for content whose size is only known once it is unpacked.

use bytes::Bytes;
use memmap2::{MmapMut, MmapOptions};
use snafu::ResultExt;

use crate::{ArchiveError, error::OutOfMemorySnafu};

/// A buffer that grows without being copied.
///
/// It reserves *addresses* for the largest content; the kernel provides a page when it is written for the first time. So
/// the memory in use is what was really unpacked, never an old and a new copy, and all of it is returned at the end,
/// whatever the allocator does.
pub(crate) struct Content {
    reserved: MmapMut,
    len: usize,
}

impl Content {
    /// Reserves addresses for `limit` bytes.
    pub(crate) fn with_limit(limit: usize) -> Result<Self, ArchiveError> {
        let bytes = limit.max(1);
        let reserved = MmapOptions::new().len(bytes).no_reserve_swap().map_anon();
        Ok(Self { reserved: reserved.context(OutOfMemorySnafu { bytes })?, len: 0 })
    }

    /// The bytes that were unpacked.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The next `max` bytes to unpack into; fewer near the limit, none at it.
    pub(crate) fn spare(&mut self, max: usize) -> &mut [u8] {
        let end = self.len.saturating_add(max).min(self.reserved.len());
        &mut self.reserved[self.len..end]
    }

    /// The unpacked bytes, to be overwritten.
    pub(crate) fn as_mut(&mut self) -> &mut [u8] {
        &mut self.reserved[..self.len]
    }

    /// Counts the first `bytes` of [`Content::spare`] as unpacked.
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.len = (self.len + bytes).min(self.reserved.len());
    }

    /// The content, shared without a copy.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Content {
    fn as_ref(&self) -> &[u8] {
        &self.reserved[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_grows_to_its_limit_and_no_further() {
        let mut content = Content::with_limit(10).unwrap();
        content.spare(4).copy_from_slice(b"0123");
        content.advance(4);
        assert_eq!(content.spare(100).len(), 6);
        content.spare(100).copy_from_slice(b"456789");
        content.advance(6);
        assert_eq!(content.spare(100).len(), 0);
        assert_eq!(&content.into_bytes()[..], b"0123456789");
    }

    #[test]
    fn reserved_addresses_take_no_memory_before_they_are_written() {
        let far_beyond_the_machine = 1 << 42;
        let content = Content::with_limit(far_beyond_the_machine).unwrap();
        assert_eq!(content.into_bytes().len(), 0);
    }

    #[test]
    fn more_addresses_than_there_are_is_an_error() {
        assert!(matches!(Content::with_limit(usize::MAX / 4), Err(ArchiveError::OutOfMemory { .. })));
    }
}
