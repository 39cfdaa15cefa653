//! Small inputs that ask for much.

use ccx_archive::{Archive, Limits};
use tar::EntryType;

use crate::pack::{gzip, header, refusal, tar};

#[test]
fn a_tar_size_is_not_believed() {
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
fn a_long_name_without_end_is_not_believed() {
    let mut header = header(EntryType::GNULongName, 0);
    header.set_size(1 << 50);
    header.set_cksum();
    assert_eq!(refusal(header.as_bytes().to_vec()), "the archive is truncated before the first entry");
}

#[test]
fn an_xz_dictionary_of_gigabytes_is_refused() {
    // Stream header, and a block header that asks for the biggest dictionary.
    let stream_header = [0xfd, b'7', b'z', b'X', b'Z', 0, 0, 0, 0xff, 0x12, 0xd9, 0x41];
    let block_header = [2, 0, 0x21, 1, 40, 0, 0, 0];
    let checksum = libdeflater::crc32(&block_header).to_le_bytes();
    let bytes = [stream_header.as_slice(), &block_header, &checksum, &[0; 64]].concat();
    assert_eq!(refusal(bytes), "failed to decompress the xz data");
}

#[test]
fn members_of_nothing_come_to_an_end() {
    let bytes = gzip(b"").repeat(500_000);
    assert_eq!(refusal(bytes), "the gzip data has too many members: over the limit of 10000");
}

#[test]
fn links_without_number_are_limited_too() {
    let link = header(EntryType::Symlink, 0);
    let bytes = link.as_bytes().repeat(11);
    let limits = Limits { entries: 10, ..Limits::default() };
    let error = Archive::read(bytes.into(), &limits).unwrap_err();
    assert_eq!(error.to_string(), "the archive has too many entries: over the limit of 10");
}

#[test]
fn what_errors_repeat_of_an_archive_is_short_and_printable() {
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
