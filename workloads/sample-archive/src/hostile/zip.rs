//! Tricks of zip (APPNOTE.TXT 6.3): built by hand, since no library writes them.
#![expect(clippy::cast_possible_truncation, reason = "no length here is over 100 MiB")]

use std::io::Write;

use flate2::{Compression, write::DeflateEncoder};

use super::{CONTENT_LIMIT, MIB, UPLOAD_LIMIT, compressed::deflate_of_empty_blocks};

const ID: &[u8] = b"5d5892d3-1f74-4ccf-91af-548dfc9767aa";
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A member, as its headers describe it.
struct Member<'a> {
    name: &'a str,
    method: u16,
    checksum: u32,
    compressed_bytes: u32,
    unpacked_bytes: u32,
}

impl Member<'_> {
    /// The fields that both headers have.
    fn fields(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for number in [20, 0, self.method, 0, 0x5c21] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [self.checksum, self.compressed_bytes, self.unpacked_bytes] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend((self.name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes
    }

    fn local_header(&self) -> Vec<u8> {
        [b"PK\x03\x04", self.fields().as_slice(), self.name.as_bytes()].concat()
    }

    fn directory_entry(&self, offset: u32) -> Vec<u8> {
        let tail = [[0; 10].as_slice(), &offset.to_le_bytes()].concat();
        [b"PK\x01\x02\x14\0", self.fields().as_slice(), &tail, self.name.as_bytes()].concat()
    }
}

/// An archive out of its members' bytes and its directory. States the number of `entries`.
fn archive(members: Vec<u8>, directory: &[u8], entries: u16) -> Vec<u8> {
    let offset = members.len() as u32;
    let mut bytes = members;
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(entries.to_le_bytes());
    bytes.extend(entries.to_le_bytes());
    bytes.extend((directory.len() as u32).to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn stored_id(name: &str) -> Member<'_> {
    let bytes = ID.len() as u32;
    Member {
        name,
        method: STORED,
        checksum: libdeflater::crc32(ID),
        compressed_bytes: bytes,
        unpacked_bytes: bytes,
    }
}

fn deflated_zeros(bytes: usize) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; MIB];
    let written = (0..bytes / MIB).try_for_each(|_| encoder.write_all(&zeros));
    written.and_then(|()| encoder.finish()).expect("writing to memory can't fail")
}

/// A member of 600 MiB that states 1 MiB.
pub(super) fn over_the_limit() -> Vec<u8> {
    let deflated = deflated_zeros(CONTENT_LIMIT + 88 * MIB);
    let zeros = Member {
        name: "config/zeros",
        method: DEFLATED,
        checksum: 0,
        compressed_bytes: deflated.len() as u32,
        unpacked_bytes: MIB as u32,
    };
    let members = [zeros.local_header(), deflated].concat();
    archive(members, &zeros.directory_entry(0), 1)
}

/// As many entries as are allowed, all of them the same 10 MiB, which unpack to nothing but take their time.
pub(super) fn overlapping_entries() -> Vec<u8> {
    let deflated = deflate_of_empty_blocks(10 * MIB);
    let nothing = |name| Member {
        name,
        method: DEFLATED,
        checksum: 0,
        compressed_bytes: 10 * MIB as u32 / 5 * 5,
        unpacked_bytes: 0,
    };
    let members = [nothing("config/000000").local_header(), deflated].concat();
    let names: Vec<_> = (0..60_000).map(|number| format!("config/{number:06}")).collect();
    let directory: Vec<u8> = names.iter().flat_map(|name| nothing(name).directory_entry(0)).collect();
    archive(members, &directory, 60_000)
}

/// A directory that fills the upload, and states a single entry.
pub(super) fn with_a_huge_directory() -> Vec<u8> {
    let id = stored_id("config/id");
    let entry = id.directory_entry(0);
    let directory = entry.repeat((UPLOAD_LIMIT - 1000) / entry.len());
    archive([id.local_header(), ID.to_vec()].concat(), &directory, 1)
}

/// An end of the directory that is followed by nothing but what could be others.
pub(super) fn that_hides_its_directory() -> Vec<u8> {
    let id = stored_id("config/id");
    let mut bytes = archive([id.local_header(), ID.to_vec()].concat(), &id.directory_entry(0), 1);
    bytes.extend(b"PK\x05\x06".repeat((UPLOAD_LIMIT - bytes.len()) / 4));
    bytes
}

/// One member of the size of an upload that unpacks to nothing.
pub(super) fn empty_blocks() -> Vec<u8> {
    let deflated = deflate_of_empty_blocks(UPLOAD_LIMIT - 1000);
    let nothing = Member {
        name: "config/nothing",
        method: DEFLATED,
        checksum: 0,
        compressed_bytes: deflated.len() as u32,
        unpacked_bytes: 0,
    };
    archive([nothing.local_header(), deflated].concat(), &nothing.directory_entry(0), 1)
}

/// Members whose paths are as long as allowed.
pub(super) fn long_names() -> Vec<u8> {
    let names: Vec<_> =
        (0..12_000).map(|number| format!("config/{number:06}/{}", "n".repeat(4000))).collect();
    let mut members = Vec::new();
    let mut directory = Vec::new();
    for name in &names {
        let id = stored_id(name);
        directory.extend(id.directory_entry(members.len() as u32));
        members.extend(id.local_header());
        members.extend(ID);
    }
    archive(members, &directory, 12_000)
}
