//! Tricks of gzip, bzip2 and xz.

use std::io::{Read, Write};

use bzip2::bufread::BzEncoder;
use flate2::{Compression, write::GzEncoder};
use liblzma::{
    bufread::XzEncoder,
    stream::{Check, Filters, LzmaOptions, Stream},
};
use tar::EntryType;

use super::{
    CONTENT_LIMIT, MIB, UPLOAD_LIMIT,
    tar::{gzip, header, id},
};

/// Everything that `encoder` gives.
fn encoded(mut encoder: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoder.read_to_end(&mut bytes).expect("reading from memory can't fail");
    bytes
}

/// The begin of an archive of one file of `zeros`, which follow.
fn head_of_zeros(zeros: usize) -> Vec<u8> {
    [id(), header(EntryType::Regular, "config/zeros", zeros as u64)].concat()
}

/// An archive of one file of zeros, in members that `compress` makes. The zeros are compressed once.
fn in_members(zeros_mib: usize, compress: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    const MEMBER_MIB: usize = 10;
    let zeros = compress(&vec![0; MEMBER_MIB * MIB]);
    [compress(&head_of_zeros(zeros_mib * MIB)), zeros.repeat(zeros_mib / MEMBER_MIB)].concat()
}

fn gzip_one(bytes: &[u8]) -> Vec<u8> {
    gzip([bytes.to_vec()])
}

fn bzip2_one(bytes: &[u8]) -> Vec<u8> {
    encoded(BzEncoder::new(bytes, bzip2::Compression::best()))
}

fn xz_one(bytes: &[u8]) -> Vec<u8> {
    encoded(XzEncoder::new(bytes, 0))
}

/// Two members whose contents are over the limit together; the last one states 300 MiB.
pub(super) fn gzip_members_over_the_limit() -> Vec<u8> {
    let zeros = gzip(std::iter::repeat_n(vec![0; MIB], 300));
    [gzip_one(&head_of_zeros(600 * MIB)), zeros.clone(), zeros].concat()
}

pub(super) fn gzip_members_at_the_limit() -> Vec<u8> {
    in_members(510, gzip_one)
}

/// Content of 600 MiB, and says so.
pub(super) fn gzip_states_too_much() -> Vec<u8> {
    gzip([head_of_zeros(600 * MIB)].into_iter().chain(std::iter::repeat_n(vec![0; MIB], 600)))
}

/// Content of 510 MiB, and says 1 byte.
pub(super) fn gzip_states_too_little() -> Vec<u8> {
    let zeros = std::iter::repeat_n(vec![0; MIB], 510);
    let mut bytes = gzip([head_of_zeros(510 * MIB)].into_iter().chain(zeros));
    let size = bytes.len() - 4;
    bytes[size..].copy_from_slice(&1_u32.to_le_bytes());
    bytes
}

/// As large as an upload may be: bytes that don't compress, and a bomb.
pub(super) fn gzip_of_a_whole_upload() -> Vec<u8> {
    let noise_bytes = UPLOAD_LIMIT - 4 * MIB;
    let mut state = 1_u32;
    let mut noise = vec![0; noise_bytes];
    for chunk in noise.chunks_exact_mut(4) {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        chunk.copy_from_slice(&libdeflater::crc32(&state.to_le_bytes()).to_le_bytes());
    }
    let head = head_of_zeros(noise_bytes + 410 * MIB);
    let zeros = gzip(std::iter::repeat_n(vec![0; MIB], 410));
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    let stored = encoder.write_all(&head).and_then(|()| encoder.write_all(&noise));
    let stored = stored.and_then(|()| encoder.finish()).expect("writing to memory can't fail");
    [stored, zeros].concat()
}

/// A header whose file name is longer than everything else.
pub(super) fn gzip_with_a_huge_name() -> Vec<u8> {
    const HAS_NAME: u8 = 8;
    let member = gzip([id()]);
    let mut bytes = member[..10].to_vec();
    bytes[3] = HAS_NAME;
    bytes.resize(50 * MIB, b'n');
    bytes.push(0);
    bytes.extend_from_slice(&member[10..]);
    bytes
}

pub(super) fn gzip_of_empty_members() -> Vec<u8> {
    let member = gzip([]);
    member.repeat(UPLOAD_LIMIT / member.len())
}

/// A deflate stream of stored blocks without bytes.
pub(super) fn gzip_of_empty_blocks() -> Vec<u8> {
    in_gzip(&deflate_of_empty_blocks(UPLOAD_LIMIT - 100))
}

/// A deflate stream of stored blocks without bytes, about `len` long.
pub(super) fn deflate_of_empty_blocks(len: usize) -> Vec<u8> {
    let mut blocks = [0, 0, 0, 0xff, 0xff].repeat(len / 5);
    let last = blocks.len() - 5;
    blocks[last] = 1;
    blocks
}

/// A deflate stream of blocks that each build new code tables for a single byte.
pub(super) fn gzip_of_small_blocks() -> Vec<u8> {
    let mut bits = Bits::default();
    while bits.bytes.len() < 7 * MIB {
        bits.push_small_block();
    }
    bits.push(0b011, 3);
    bits.push(0, 7);
    in_gzip(&bits.finish())
}

/// A gzip member around a deflate stream. Its checksum is wrong, which is found at its end.
fn in_gzip(deflated: &[u8]) -> Vec<u8> {
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    [&head, deflated, &[0, 0, 0, 0], &1_u32.to_le_bytes()].concat()
}

/// Bits as deflate packs them: the lowest first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u64, bits: u32) {
        self.pending |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push((self.pending & 0xff) as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// A dynamic block (RFC 1951, 3.2.7): the codes 0 (a byte) and 256 (the end) have one bit each, one distance code.
    fn push_small_block(&mut self) {
        self.push(0b100, 3);
        self.push(0, 5);
        self.push(0, 5);
        // Code lengths in the order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1: 18 and 1 have one bit each.
        self.push(14, 4);
        for position in 0..18 {
            self.push(u64::from(matches!(position, 2 | 17)), 3);
        }
        // Canonical codes of one bit: length 1 is 0, eighteen (a run of zeros) is 1.
        self.push(0, 1);
        for run in [138 - 11, 117 - 11] {
            self.push(1, 1);
            self.push(run, 7);
        }
        self.push(0, 1);
        self.push(0, 1);
        // A byte, and the end of the block.
        self.push(0, 1);
        self.push(1, 1);
    }

    fn finish(mut self) -> Vec<u8> {
        self.push(0, 7);
        self.bytes
    }
}

pub(super) fn bzip2_at_the_limit() -> Vec<u8> {
    in_members(510, bzip2_one)
}

pub(super) fn bzip2_over_the_limit() -> Vec<u8> {
    in_members(600, bzip2_one)
}

pub(super) fn bzip2_of_empty_streams() -> Vec<u8> {
    let stream = bzip2_one(b"");
    stream.repeat(UPLOAD_LIMIT / stream.len())
}

pub(super) fn xz_at_the_limit() -> Vec<u8> {
    in_members(510, xz_one)
}

/// States its size in the index of its only stream.
pub(super) fn xz_over_the_limit() -> Vec<u8> {
    let zeros = std::io::repeat(0).take((CONTENT_LIMIT + 50 * MIB) as u64);
    encoded(XzEncoder::new(std::io::BufReader::new(zeros), 0))
}

/// A few bytes that want a dictionary of 1.5 GiB.
pub(super) fn xz_with_a_huge_dictionary() -> Vec<u8> {
    let mut bytes = xz_with_dictionary(16 << 20);
    // The block header after the stream header: its size, flags, the filter, the size of its properties, the dictionary.
    let block = 12;
    bytes[block + 4] = 39;
    let checksum = libdeflater::crc32(&bytes[block..block + 8]).to_le_bytes();
    bytes[block + 8..block + 12].copy_from_slice(&checksum);
    bytes
}

fn xz_with_dictionary(bytes: u32) -> Vec<u8> {
    let mut options = LzmaOptions::new_preset(0).expect("preset 0 exists");
    options.dict_size(bytes);
    let mut filters = Filters::new();
    filters.lzma2(&options);
    let stream = Stream::new_stream_encoder(&filters, Check::Crc64).expect("the filters are right");
    encoded(XzEncoder::new_stream(head_of_zeros(0).as_slice(), stream))
}

/// Millions of blocks without content, each with a dictionary of 16 MiB.
pub(super) fn xz_of_empty_blocks() -> Vec<u8> {
    const STREAM_HEADER_BYTES: usize = 12;
    let header = [2_u8, 0, 0x21, 1, 0x18, 0, 0, 0];
    // The end of the data, its padding, and the CRC64 of nothing.
    let content = [0; 4 + 8];
    let block = [header.as_slice(), &libdeflater::crc32(&header).to_le_bytes(), &content].concat();
    let mut bytes = xz_one(b"")[..STREAM_HEADER_BYTES].to_vec();
    bytes.extend(block.repeat((UPLOAD_LIMIT - 100) / block.len()));
    bytes
}
