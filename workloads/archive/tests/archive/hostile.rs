//! Small inputs that need much memory or time.

use std::io::Write;

use ccx_archive::{Archive, Limits};
use ccx_sample_archive::hostile::HostileArchive;
use tar::EntryType;

use crate::pack::{gzip, header, raw_member, read, refusal, tar, zip};

fn hostile(name: &str) -> Vec<u8> {
    HostileArchive::ALL.iter().find(|archive| archive.name == name).unwrap().to_bytes()
}

#[test]
fn stated_size_over_the_limit_is_refused_before_anything_is_unpacked() {
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    let tar = tar(&[("config/zeros", &vec![0; 2 << 20])]);
    let asks_for_nothing = &mut NoMemory;
    for bytes in [gzip(&tar), crate::pack::xz(&tar), zip(&[("config/zeros", &tar)])] {
        let error = Archive::read_metered(bytes.into(), &limits, asks_for_nothing).unwrap_err();
        assert_eq!(error.to_string(), "the unpacked archive is too big: over the limit of 1048576 bytes");
    }
}

/// Permits no content at all.
struct NoMemory;

impl ccx_archive::Meter for NoMemory {
    fn permit(&mut self, content_bytes: u64) -> Result<(), ccx_archive::TimedOut> {
        assert_eq!(content_bytes, 0);
        Ok(())
    }
}

#[test]
fn upload_and_content_together_are_limited() {
    let limits = Limits { unpacked_bytes: 20 << 20, ..Limits::default() };
    let tar = tar(&[("config/zeros", &vec![0; 18 << 20])]);
    let mut stored = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    stored.write_all(&tar).unwrap();
    let more = gzip(&vec![0; 1 << 20]);
    let error = Archive::read([stored.finish().unwrap(), more].concat().into(), &limits);
    let message = error.unwrap_err().to_string();
    assert!(message.starts_with("the unpacked archive is too big: over the limit of 18"), "{message}");
}

#[test]
fn overlapping_zip_entries_are_refused() {
    assert_eq!(refusal(hostile("zip-of-overlapping-entries")), "the entries of the zip archive overlap");
    // Entries next to each other do not overlap.
    assert_eq!(read(zip(&[("config/a", b""), ("config/b", b"")])).unwrap().files().len(), 2);
}

#[test]
fn zip_directory_with_more_entries_than_it_states_is_refused() {
    // One entry is stated, two million are there.
    let message = refusal(hostile("zip-with-a-huge-directory"));
    assert_eq!(message, "the archive has too many entries: over the limit of 100000");
}

#[test]
fn paths_that_are_too_long_in_total_are_refused() {
    let message = refusal(hostile("zip-of-long-names"));
    assert_eq!(message, "the paths of the archive are too long in total: over the limit of 8000000 bytes");
}

#[test]
fn extension_headers_are_limited_in_size_and_number() {
    let member = raw_member(EntryType::Regular, b"config/id", b"x");
    let long = raw_member(EntryType::XHeader, b"pax", &b"6 a=b\n".repeat(200_000));
    let message = refusal([long, member.clone()].concat());
    assert_eq!(
        message,
        "unable to read the tar header before the first entry: an extension header is too long"
    );

    let global = raw_member(EntryType::XGlobalHeader, b"pax_global_header", b"");
    assert!(read([global.repeat(63), member.clone()].concat()).is_ok());
    let message = refusal([global.repeat(64), member].concat());
    let expected =
        "unable to read the tar header before the first entry: a member has too many extension headers";
    assert_eq!(message, expected);
}

#[test]
fn stated_tar_size_is_checked_against_the_bytes() {
    for size in [1 << 20, 1 << 40, u64::MAX - 511, u64::MAX] {
        let mut header = header(EntryType::Regular, 0);
        header.set_path("config/a").unwrap();
        header.set_size(size);
        header.set_cksum();
        assert_eq!(
            refusal(header.as_bytes().to_vec()),
            "the archive is truncated in the entry \"config/a\"",
            "{size}"
        );
    }
}

#[test]
fn stated_size_of_a_long_name_is_checked_against_the_bytes() {
    let mut header = header(EntryType::GNULongName, 0);
    header.set_size(1 << 50);
    header.set_cksum();
    assert_eq!(refusal(header.as_bytes().to_vec()), "the archive is truncated before the first entry");
}

#[test]
fn xz_dictionary_of_gigabytes_is_refused() {
    // Stream header, and a block header that asks for the biggest dictionary.
    let stream_header = [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 0, 0xff, 0x12, 0xd9, 0x41];
    let block_header = [2, 0, 0x21, 1, 40, 0, 0, 0];
    let checksum = libdeflater::crc32(&block_header).to_le_bytes();
    let bytes = [stream_header.as_slice(), &block_header, &checksum, &[0; 64]].concat();
    assert_eq!(refusal(bytes), "failed to decompress the xz data");
}

#[test]
fn empty_gzip_members_are_limited() {
    let bytes = gzip(b"").repeat(500_000);
    assert_eq!(refusal(bytes), "the gzip data has too many members: over the limit of 10000");
}

#[test]
fn links_count_as_entries() {
    let link = header(EntryType::Symlink, 0);
    let bytes = link.as_bytes().repeat(11);
    let limits = Limits { entries: 10, ..Limits::default() };
    let error = Archive::read(bytes.into(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "the archive has too many entries: over the limit of 10");
}

#[test]
fn path_in_an_error_is_short_and_printable() {
    let path = format!("config/\u{1b}[31m{}", "x".repeat(3000));
    let bytes = tar(&[(&path, &[b'x'; 512])]);
    let end_mark = 1024;
    let message = refusal(&bytes[..bytes.len() - end_mark - 1]);
    assert!(
        message.starts_with("the archive is truncated in the entry \"config/\\u{1b}[31mxxx"),
        "{message}"
    );
    assert!(message.len() < 300, "{}", message.len());
}
