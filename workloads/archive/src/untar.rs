//! Tar: where each member lies in the decompressed bytes.
//!
//! The `tar` crate decodes the fields of a header; iteration is done here, over a slice, so that names and contents are
//! borrowed and every length is checked against the bytes that are really there.

use std::{borrow::Cow, ops::Range};

use snafu::{OptionExt, ensure};
use tar::{EntryType, Header};

use crate::{
    ArchiveError, Format, Place,
    decompress::{Completeness, Decompressed},
    error::{BrokenHeaderSnafu, NoFilesSnafu, NoTarInsideSnafu, TruncatedSnafu, shown_head, shown_path},
    index::{Index, IndexBuilder, MemberKind},
    limits::{Bounds, Permit},
    pax,
};

/// The longest content of an extension header, as in other readers of tar. Names and attributes are far shorter.
const MAX_EXTENSION_BYTES: usize = 1 << 20;

/// The most extension headers in front of a member. Programs write up to four.
const MAX_EXTENSIONS: usize = 64;

/// Headers and contents are padded to this many bytes.
const BLOCK_BYTES: usize = 512;

/// Whether `bytes` begin with a tar header, or with the block of zeros that ends an archive without members.
pub(crate) fn is_tar(bytes: &[u8]) -> bool {
    let Some(block) = bytes.get(..BLOCK_BYTES) else { return false };
    is_zero(block) || has_valid_checksum(Header::from_byte_slice(block)) || &block[257..262] == b"ustar"
}

/// Returns the index of a decompressed tar archive.
///
/// An archive that ends without the two blocks of zeros is taken as complete, as by every tar program; compressed archives
/// have a checksum of their own.
pub(crate) fn index(tar: &Decompressed, format: Format, bounds: &Bounds<'_>) -> Result<Index, ArchiveError> {
    let is_complete = tar.completeness == Completeness::Complete;
    ensure!(!(is_complete && tar.bytes.is_empty()), NoFilesSnafu);
    if is_complete || tar.bytes.len() >= BLOCK_BYTES {
        ensure!(is_tar(&tar.bytes), NoTarInsideSnafu { format, head: shown_head(&tar.bytes) });
    }

    let mut builder = IndexBuilder::new(bounds.limits);
    let mut members = Members { tar: &tar.bytes, position: 0, last_path: None };
    while let Some(member) = members.next()? {
        bounds.permit(0)?;
        builder.count_member()?;
        match member.kind {
            MemberKind::File => builder.add_file(&member.path, member.content, member.modified)?,
            MemberKind::Directory => {}
            MemberKind::Link => builder.skip_link(),
            MemberKind::Special => builder.skip_special_file(),
        }
        members.last_path = Some(member.path);
    }
    ensure!(is_complete, TruncatedSnafu { place: members.place() });
    builder.finish()
}

/// A member of a tar archive.
struct Member<'a> {
    path: Cow<'a, [u8]>,
    kind: MemberKind,
    /// Where the content lies in the archive.
    content: Range<usize>,
    /// In seconds since 1970-01-01 UTC; 0 when the header has none.
    modified: u64,
}

/// The contents of the extension headers in front of a member.
#[derive(Default)]
struct Extensions<'a> {
    path: Option<&'a [u8]>,
    size: Option<u64>,
    is_sparse: bool,
}

/// Iterates over the members.
struct Members<'a> {
    tar: &'a [u8],
    position: usize,
    last_path: Option<Cow<'a, [u8]>>,
}

impl<'a> Members<'a> {
    /// Returns the next member, or `None` at the end of the archive.
    fn next(&mut self) -> Result<Option<Member<'a>>, ArchiveError> {
        let mut extensions = Extensions::default();
        for _ in 0..MAX_EXTENSIONS {
            let Some(header) = self.next_header()? else { return Ok(None) };
            match header.entry_type() {
                EntryType::GNULongName => extensions.path = Some(until_nul(self.next_extension(header)?)),
                EntryType::XHeader => self.read_pax(header, &mut extensions)?,
                EntryType::GNULongLink | EntryType::XGlobalHeader => {
                    self.next_extension(header)?;
                }
                _ => return self.next_member(header, &extensions).map(Some),
            }
        }
        self.broken("a member has too many extension headers").fail()
    }

    fn next_header(&mut self) -> Result<Option<&'a Header>, ArchiveError> {
        let rest = &self.tar[self.position..];
        let block = &rest[..rest.len().min(BLOCK_BYTES)];
        if is_zero(block) {
            return Ok(None);
        }
        ensure!(block.len() == BLOCK_BYTES, TruncatedSnafu { place: self.place() });
        let header = Header::from_byte_slice(block);
        ensure!(has_valid_checksum(header), self.broken("the checksum is wrong"));
        self.position += BLOCK_BYTES;
        Ok(Some(header))
    }

    fn next_member(
        &mut self,
        header: &'a Header,
        extensions: &Extensions<'a>,
    ) -> Result<Member<'a>, ArchiveError> {
        let path = extensions.path.map_or_else(|| header.path_bytes(), Cow::Borrowed);
        let is_sparse = extensions.is_sparse || header.entry_type().is_gnu_sparse();
        if header.entry_type().is_gnu_sparse() {
            self.skip_sparse_map(header)?;
        }
        let size = match extensions.size {
            Some(size) => size,
            None => header.entry_size().ok().with_context(|| self.broken("the size is not a number"))?,
        };
        let content =
            self.take(size).with_context(|| TruncatedSnafu { place: Place::In(shown_path(&path)) })?;
        let kind = if is_sparse { MemberKind::Special } else { kind(header.entry_type(), &path) };
        Ok(Member { path, kind, content, modified: header.mtime().unwrap_or(0) })
    }

    /// Returns the content of an extension header.
    fn next_extension(&mut self, header: &Header) -> Result<&'a [u8], ArchiveError> {
        let size = header.entry_size().ok().with_context(|| self.broken("the size is not a number"))?;
        let content = self.take(size).with_context(|| TruncatedSnafu { place: self.place() })?;
        ensure!(content.len() <= MAX_EXTENSION_BYTES, self.broken("an extension header is too long"));
        Ok(&self.tar[content])
    }

    fn read_pax(&mut self, header: &Header, extensions: &mut Extensions<'a>) -> Result<(), ArchiveError> {
        for record in pax::records(self.next_extension(header)?) {
            let (key, value) = record.ok().with_context(|| self.broken("a PAX record is malformed"))?;
            match key {
                b"path" => extensions.path = Some(value),
                b"size" => {
                    let size = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
                    extensions.size =
                        Some(size.with_context(|| self.broken("the PAX size is not a number"))?);
                }
                _ if key.starts_with(b"GNU.sparse.") => extensions.is_sparse = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Skips the blocks in which the map of a sparse file continues after its header.
    fn skip_sparse_map(&mut self, header: &Header) -> Result<(), ArchiveError> {
        /// The position in such a block of the flag that another one follows.
        const IS_EXTENDED: usize = 504;
        let mut is_extended = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while is_extended {
            let block =
                self.take(BLOCK_BYTES as u64).with_context(|| TruncatedSnafu { place: self.place() })?;
            is_extended = self.tar[block][IS_EXTENDED] != 0;
        }
        Ok(())
    }

    /// Takes the next `size` bytes and their padding; `None` when there are fewer.
    fn take(&mut self, size: u64) -> Option<Range<usize>> {
        let left = self.tar.len() - self.position;
        let size = usize::try_from(size).ok().filter(|size| *size <= left)?;
        let content = self.position..self.position + size;
        // The padding of the last member may be missing.
        self.position = content.end.next_multiple_of(BLOCK_BYTES).min(self.tar.len());
        Some(content)
    }

    fn place(&self) -> Place {
        self.last_path.as_ref().map_or(Place::Start, |path| Place::After(shown_path(path)))
    }

    fn broken(&self, reason: &'static str) -> BrokenHeaderSnafu<Place, &'static str> {
        BrokenHeaderSnafu { place: self.place(), reason }
    }
}

fn kind(entry_type: EntryType, path: &[u8]) -> MemberKind {
    match entry_type {
        // Before POSIX a directory was a file whose name ends in a slash.
        EntryType::Regular | EntryType::Continuous if path.ends_with(b"/") => MemberKind::Directory,
        EntryType::Regular | EntryType::Continuous => MemberKind::File,
        EntryType::Directory => MemberKind::Directory,
        EntryType::Link | EntryType::Symlink => MemberKind::Link,
        _ => MemberKind::Special,
    }
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}

/// The checksum is the sum of the header's bytes, with its own field taken as spaces.
fn has_valid_checksum(header: &Header) -> bool {
    const FIELD: Range<usize> = 148..156;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    let bytes = header.as_bytes();
    let spaces = 8 * u32::from(b' ');
    let expected = sum(bytes) - sum(&bytes[FIELD]) + spaces;
    header.cksum().is_ok_and(|checksum| checksum == expected)
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    &bytes[..end]
}
