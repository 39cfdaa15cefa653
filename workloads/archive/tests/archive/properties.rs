//! Properties of all archives.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use ccx_archive::{Archive, ArchiveError, Limits};
use proptest::{collection::vec, prelude::*, sample::Index};

use crate::pack::{bzip2, gzip, tar, xz, zip};

type Content = BTreeMap<String, Vec<u8>>;

/// Small enough that no test takes long, whatever the bytes ask for.
fn limits() -> Limits {
    Limits { unpacked_bytes: 8 << 20, ..Limits::default() }
}

fn read(bytes: Vec<u8>) -> Result<Content, ArchiveError> {
    let archive = Archive::read(bytes.into(), &limits())?;
    Ok(archive.files().map(|file| (file.path.to_owned(), file.content.to_vec())).collect())
}

/// Up to twelve files with paths of every length that tar writes differently.
fn any_files() -> impl Strategy<Value = Content> {
    let name = prop_oneof![4 => "[a-z]{1,12}", 1 => "[a-zä]{80,120}", 1 => "[a-z]{100}/[a-z]{120,200}"];
    let path = name.prop_map(|name| format!("config/{name}"));
    let content = prop_oneof![vec(any::<u8>(), 0..1600), vec(Just(b'x'), 0..1600)];
    vec((path, content), 1..12).prop_map(|files| files.into_iter().collect())
}

fn packed(files: &Content) -> [Vec<u8>; 5] {
    let files: Vec<(&str, &[u8])> =
        files.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    let plain = tar(&files);
    [gzip(&plain), bzip2(&plain), xz(&plain), zip(&files), plain]
}

/// The files that the `tar` crate reads.
fn read_with_tar_crate(bytes: &[u8]) -> Content {
    let mut archive = tar::Archive::new(Cursor::new(bytes));
    let mut files = Content::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        files.insert(path, content);
    }
    files
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn packed_files_are_read_back(files in any_files()) {
        for bytes in packed(&files) {
            prop_assert_eq!(&read(bytes).unwrap(), &files);
        }
    }

    #[test]
    fn tar_crate_reads_the_same(files in any_files()) {
        let [.., plain] = packed(&files);
        prop_assert_eq!(read(plain.clone()).unwrap(), read_with_tar_crate(&plain));
    }

    #[test]
    fn truncation_is_an_error_or_has_fewer_or_the_same_files(files in any_files(), at in any::<Index>()) {
        for mut bytes in packed(&files) {
            bytes.truncate(at.index(bytes.len()));
            if let Ok(read) = read(bytes) {
                prop_assert!(read.iter().all(|(path, content)| files.get(path) == Some(content)));
            }
        }
    }

    #[test]
    fn changed_bytes_never_panic(files in any_files(), changes in vec((any::<Index>(), any::<u8>()), 1..8)) {
        for mut bytes in packed(&files) {
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let _ = read(bytes);
        }
    }

    #[test]
    fn changed_gzip_archive_is_never_read_as_another(files in any_files(), at in any::<Index>(), flip in 1_u8..) {
        let [mut bytes, ..] = packed(&files);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(read) = read(bytes) {
            prop_assert_eq!(read, files);
        }
    }

    #[test]
    fn any_bytes_never_panic(magic in prop::sample::select(MAGIC.to_vec()), tail in vec(any::<u8>(), 0..2000)) {
        let _ = read([magic, &tail].concat());
    }

    #[test]
    fn any_bytes_in_gzip_never_panic(content in vec(any::<u8>(), 0..2000)) {
        let _ = read(gzip(&content));
    }
}

const MAGIC: [&[u8]; 8] = [
    b"",
    b"\x1f\x8b\x08\0",
    b"BZh9",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"\xfd7zXZ\0\0\0\xff\x12\xd9\x41",
    b"PK\x03\x04",
    b"PK\x05\x06",
];
