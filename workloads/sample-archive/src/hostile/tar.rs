//! Tricks of tar. All are packed in gzip, as clusters do.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use tar::{EntryType, Header};

use super::{CONTENT_LIMIT, MIB};

const BLOCK_BYTES: usize = 512;

/// The header of a member.
pub(super) fn header(kind: EntryType, path: &str, size: u64) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o640);
    header.set_mtime(1_768_478_400);
    header.set_cksum();
    header.as_bytes().to_vec()
}

/// A member with content and padding.
pub(super) fn member(kind: EntryType, path: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = header(kind, path, content.len() as u64);
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK_BYTES), 0);
    bytes
}

/// The file that every archive of the insights operator has.
pub(super) fn id() -> Vec<u8> {
    member(EntryType::Regular, "config/id", b"5d5892d3-1f74-4ccf-91af-548dfc9767aa")
}

/// Compresses `parts` one after another.
pub(super) fn gzip(parts: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = parts.into_iter().try_for_each(|part| encoder.write_all(&part));
    written.and_then(|()| encoder.finish()).expect("writing to memory can't fail")
}

/// The identity, and `part` as often as fits below the limit of the content.
fn gzip_repeated(part: Vec<u8>) -> Vec<u8> {
    let times = (CONTENT_LIMIT - MIB) / part.len();
    gzip([id()].into_iter().chain(std::iter::repeat_n(part, times)))
}

pub(super) fn empty_members() -> Vec<u8> {
    gzip_repeated(header(EntryType::Regular, "config/empty", 0))
}

pub(super) fn directories() -> Vec<u8> {
    gzip_repeated(header(EntryType::Directory, "config/", 0))
}

/// As many members as are allowed, whose paths are as long as allowed.
pub(super) fn long_names() -> Vec<u8> {
    let members = (0..99_990).map(|number| {
        let path = format!("config/{number:06}/{}\0", "n".repeat(4000));
        let name = member(EntryType::GNULongName, "././@LongLink", path.as_bytes());
        [name, header(EntryType::Regular, "x", 0)].concat()
    });
    gzip([id()].into_iter().chain(members))
}

/// Paths of two thousand directories each, all of them equal but for the end.
pub(super) fn deep_names() -> Vec<u8> {
    let members = (0..1900).map(|number| {
        let path = format!("{}{number:06}\0", "a/".repeat(2040));
        let name = member(EntryType::GNULongName, "././@LongLink", path.as_bytes());
        [name, header(EntryType::Regular, "x", 0)].concat()
    });
    gzip(members)
}

pub(super) fn with_a_huge_size() -> Vec<u8> {
    gzip([id(), header(EntryType::Regular, "config/huge", u64::MAX >> 1), vec![0; BLOCK_BYTES]])
}

/// One header with a hundred million records.
pub(super) fn with_a_huge_pax_header() -> Vec<u8> {
    let records = b"6 a=b\n".repeat((CONTENT_LIMIT - MIB) / 6);
    gzip([member(EntryType::XHeader, "pax", &records), id()])
}

/// A million headers that are no members.
pub(super) fn global_headers() -> Vec<u8> {
    gzip_repeated(header(EntryType::XGlobalHeader, "pax_global_header", 0))
}

/// A sparse file whose map says in each block that another one follows.
pub(super) fn with_a_sparse_map_without_end() -> Vec<u8> {
    let mut sparse = Header::new_gnu();
    sparse.as_old_mut().name[..8].copy_from_slice(b"config/s");
    sparse.set_entry_type(EntryType::GNUSparse);
    sparse.set_size(0);
    sparse.set_mode(0o640);
    if let Some(gnu) = sparse.as_gnu_mut() {
        gnu.set_is_extended(true);
    }
    sparse.set_cksum();
    let mut map = vec![0; BLOCK_BYTES];
    map[504] = 1;
    let blocks = std::iter::repeat_n(map, (CONTENT_LIMIT - MIB) / BLOCK_BYTES);
    gzip([id(), sparse.as_bytes().to_vec()].into_iter().chain(blocks))
}

/// Archives in an archive, three deep, 8 GiB in all: nothing but files to a reader that unpacks once.
pub(super) fn nested_archives() -> Vec<u8> {
    const COPIES: usize = 5;
    let mut inner = gzip([id(), member(EntryType::Regular, "config/zeros", &vec![0; 64 * MIB])]);
    for _ in 0..3 {
        let copy = |number| member(EntryType::Regular, &format!("config/{number}.tar.gz"), &inner);
        inner = gzip([id()].into_iter().chain((0..COPIES).map(copy)));
    }
    inner
}
