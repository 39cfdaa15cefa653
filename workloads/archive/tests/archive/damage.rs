//! Truncated and corrupt archives are refused with the position of the damage.

use ccx_archive::{Archive, ArchiveError, Limits};
use ccx_messages::ErrorClass;
use tar::EntryType;

use crate::pack::{bzip2, gzip, raw_member, read, refusal, tar, xz, zip};

#[test]
fn truncated_archive_names_the_entry() {
    let plain = tar(&[("config/a", b"x"), ("config/b", &[b'y'; 5000])]);
    let end_of_a = 1024;
    assert_eq!(refusal(&plain[..end_of_a + 600]), "the archive is truncated in the entry \"config/b\"");
    assert_eq!(refusal(&plain[..end_of_a + 100]), "the archive is truncated after the entry \"config/a\"");
}

#[test]
fn truncated_compressed_archive_names_the_entry() {
    // Bytes that hardly compress, so that a cut in the middle is one in the middle of the file.
    let noise: Vec<u8> =
        (0_u32..300_000).map(|n| libdeflater::crc32(&n.to_le_bytes()).to_le_bytes()[0]).collect();
    let plain = tar(&[("config/a", b"x"), ("config/noise", &noise)]);
    for compressed in [gzip(&plain), xz(&plain), bzip2(&plain)] {
        let cut = compressed.len() * 9 / 10;
        let message = refusal(&compressed[..cut]);
        assert!(message.starts_with("the archive is truncated "), "{message}");
    }
    assert_eq!(refusal(&gzip(&plain)[..50_000]), "the archive is truncated in the entry \"config/noise\"");
}

#[test]
fn missing_checksum_is_a_truncation_although_no_file_is_missing() {
    let compressed = gzip(&tar(&[("config/a", b"x")]));
    let without_trailer = &compressed[..compressed.len() - 8];
    assert_eq!(refusal(without_trailer), "the archive is truncated after the entry \"config/a\"");
}

#[test]
fn magic_number_alone_is_a_truncation() {
    for magic in [b"\x1f\x8b".as_slice(), b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\xfd7zXZ\0", b"BZh9"] {
        assert_eq!(refusal(magic), "the archive is truncated before the first entry", "{magic:?}");
    }
    assert_eq!(refusal("PK\x03\x04"), "failed to read the zip directory");
}

#[test]
fn truncation_at_any_byte_is_an_error_or_has_fewer_files() {
    let files: [(&str, &[u8]); 3] = [("config/a", b"x"), ("config/b", &[b'y'; 700]), ("config/c", b"z")];
    let plain = tar(&files);
    for whole in [gzip(&plain), bzip2(&plain), xz(&plain), zip(&files)] {
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut]).is_err(), "{cut} of {}", whole.len());
        }
    }
    let end_of_c = plain.len() - 1024 - 511;
    for cut in (0..end_of_c).step_by(7) {
        assert!(read(&plain[..cut]).map_or(0, |archive| archive.files().len()) < 3, "{cut}");
    }
}

#[test]
fn wrong_checksum_is_reported() {
    let mut compressed = gzip(&tar(&[("config/a", b"x")]));
    let checksum = compressed.len() - 8;
    compressed[checksum] ^= 1;
    assert_eq!(refusal(compressed), "failed to decompress the gzip data");

    let mut compressed = xz(&tar(&[("config/a", b"x")]));
    let middle = compressed.len() / 2;
    compressed[middle] ^= 1;
    assert_eq!(refusal(compressed), "failed to decompress the xz data");
}

#[test]
fn broken_header_is_reported_with_its_place() {
    let first = raw_member(EntryType::Regular, b"config/a", b"x");
    let mut second = raw_member(EntryType::Regular, b"config/b", b"x");
    second[0] = b'C';
    let message = refusal([first, second].concat());
    assert_eq!(message, "unable to read the tar header after the entry \"config/a\": the checksum is wrong");
}

#[test]
fn header_with_magic_number_and_wrong_checksum_is_broken() {
    let mut plain = tar(&[("config/a", b"x")]);
    plain[0] = b'C';
    assert_eq!(refusal(plain), "unable to read the tar header before the first entry: the checksum is wrong");
}

#[test]
fn malformed_extensions_are_reported() {
    let member = raw_member(EntryType::Regular, b"config/a", b"x");
    for (records, reason) in
        [("8 path=x\n", "a PAX record is malformed"), ("10 size=x\n", "the PAX size is not a number")]
    {
        let pax = raw_member(EntryType::XHeader, b"pax", records.as_bytes());
        let message = refusal([pax, member.clone()].concat());
        assert_eq!(message, format!("unable to read the tar header before the first entry: {reason}"));
    }
}

#[test]
fn damaged_zip_member_is_named() {
    let mut compressed = zip(&[("config/a", b"some content")]);
    let content = 30 + "config/a".len();
    compressed[content + 3] ^= 0xff;
    assert_eq!(refusal(compressed), "the zip entry \"config/a\" is corrupt");
}

#[test]
fn archive_errors_are_bad_input() {
    let errors: [ArchiveError; 3] = [
        read("").unwrap_err(),
        read("no archive").unwrap_err(),
        Archive::read(vec![0; 9].into(), &Limits { compressed_bytes: 8, ..Limits::default() }).unwrap_err(),
    ];
    assert!(errors.iter().all(|error| error.class() == ErrorClass::BadInput));
}
