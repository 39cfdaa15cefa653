use std::time::Duration;

use super::*;
use crate::{Limits, Meter, TimedOut};

/// Returns everything that `encoder` gives.
fn compressed<R: Read>(mut encoder: R) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoder.read_to_end(&mut bytes).unwrap();
    bytes
}

fn gz(text: &[u8]) -> Vec<u8> {
    compressed(flate2::bufread::GzEncoder::new(text, flate2::Compression::fast()))
}

fn bz(text: &[u8]) -> Vec<u8> {
    compressed(bzip2::bufread::BzEncoder::new(text, bzip2::Compression::fast()))
}

fn xz(text: &[u8]) -> Vec<u8> {
    compressed(liblzma::bufread::XzEncoder::new(text, 0))
}

fn read(format: Format, compressed: &[u8], meter: &mut dyn Meter) -> Result<Decompressed, ArchiveError> {
    let limits = Limits::default();
    let bounds = Bounds::new(compressed.len() as u64, &limits, meter);
    match format {
        Format::Bzip2 => read_members::<BzDecoder<_>>(compressed, &bounds),
        Format::Xz => read_members::<XzDecoder<_>>(compressed, &bounds),
        _ => read_members::<GzDecoder<_>>(compressed, &bounds),
    }
}

fn assert_reads(format: Format, compressed: &[u8], expected: &[u8], completeness: Completeness) {
    let read = read(format, compressed, &mut ()).unwrap();
    assert_eq!((&read.bytes[..], read.completeness), (expected, completeness), "{format}");
}

type Compressor = fn(&[u8]) -> Vec<u8>;

const FORMATS: [(Format, Compressor); 3] = [(Format::Gzip, gz), (Format::Bzip2, bz), (Format::Xz, xz)];

#[test]
fn several_members_are_read_one_after_the_other() {
    for (format, compress) in FORMATS {
        let members = [compress(b"one "), compress(b""), compress(b"two")].concat();
        assert_reads(format, &members, b"one two", Completeness::Complete);
    }
}

#[test]
fn padding_and_garbage_are_ignored() {
    let padded = [xz(b"one "), vec![0; 8], xz(b"two"), vec![0; 4]].concat();
    assert_reads(Format::Xz, &padded, b"one two", Completeness::Complete);
    let followed = [bz(b"one"), b"garbage".to_vec()].concat();
    assert_reads(Format::Bzip2, &followed, b"one", Completeness::Complete);
}

#[test]
fn cut_off_member_is_a_truncation() {
    for (format, compress) in FORMATS {
        for cut in 1..10 {
            let bytes = [&compress(b"one")[..], &compress(b"two")[..cut]].concat();
            assert_reads(format, &bytes, b"one", Completeness::Truncated);
        }
    }
}

#[test]
fn more_members_than_the_limit_are_refused() {
    let most = read(Format::Bzip2, &bz(b"").repeat(MAX_MEMBERS), &mut ());
    assert_eq!(most.unwrap().bytes.len(), 0);
    let error = read(Format::Bzip2, &bz(b"").repeat(MAX_MEMBERS + 1), &mut ()).unwrap_err();
    assert_eq!(error.to_string(), "the bzip2 data has too many members: over the limit of 10000");
}

/// Permits a number of questions.
struct Patience {
    questions: usize,
    largest: u64,
}

impl Meter for Patience {
    fn permit(&mut self, content_bytes: u64) -> Result<(), TimedOut> {
        self.largest = self.largest.max(content_bytes);
        self.questions = self.questions.checked_sub(1).ok_or(TimedOut { limit: Duration::from_secs(7) })?;
        Ok(())
    }
}

#[test]
fn meter_is_asked_before_the_content_grows() {
    let content = vec![b'x'; 3 << 20];
    for (format, compress) in FORMATS {
        let mut meter = Patience { questions: usize::MAX, largest: 0 };
        read(format, &compress(&content), &mut meter).unwrap();
        assert!(meter.largest >= 3 << 20, "{format}");

        let mut meter = Patience { questions: 6, largest: 0 };
        let error = read(format, &compress(&content), &mut meter).unwrap_err();
        assert_eq!(error.to_string(), "reading the archive takes longer than 7s", "{format}");
        assert!(meter.largest < 3 << 20, "{format}");
    }
}

#[test]
fn meter_is_asked_although_nothing_is_unpacked() {
    // A stream of xz with a million empty blocks would be read in a single call.
    let whole = xz(b"");
    let header = &whole[..12];
    let block_header = {
        let header = [2_u8, 0, 0x21, 1, 0x16, 0, 0, 0];
        [header.as_slice(), &libdeflater::crc32(&header).to_le_bytes()].concat()
    };
    // An empty LZMA2 stream, its padding, and the CRC64 of nothing.
    let block = [block_header.as_slice(), &[0, 0, 0, 0], &[0; 8]].concat();
    let bytes = [header, &block.repeat(100_000)].concat();
    let mut meter = Patience { questions: 10, largest: 0 };
    let error = read(Format::Xz, &bytes, &mut meter).unwrap_err();
    assert!(matches!(error, ArchiveError::TimedOut { .. }), "{error:?}");
}
