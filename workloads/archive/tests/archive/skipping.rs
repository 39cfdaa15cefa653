//! Members that are not plain files below the root are left out and counted.

use std::io::{Cursor, Write};

use ccx_archive::Skipped;
use tar::EntryType;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::pack::{header, paths, raw_member, read};

/// The members and one good file.
fn with_good_file(members: &[Vec<u8>]) -> Vec<u8> {
    let good = raw_member(EntryType::Regular, b"config/id", b"x");
    [members.concat(), good].concat()
}

#[test]
fn unsafe_paths_are_left_out() {
    let unsafe_paths: [&[u8]; 6] = [b"/etc/passwd", b"../x", b"config/../../x", b"config/\xff", b".", b""];
    let members = unsafe_paths.map(|path| raw_member(EntryType::Regular, path, b"evil"));
    let archive = read(with_good_file(&members)).unwrap();
    assert_eq!(paths(&archive), ["config/id"]);
    assert_eq!(archive.skipped(), Skipped { unsafe_paths: 6, ..Skipped::default() });
}

#[test]
fn links_are_left_out() {
    let members = [EntryType::Symlink, EntryType::Link].map(|kind| raw_member(kind, b"config/link", b""));
    let archive = read(with_good_file(&members)).unwrap();
    assert_eq!(paths(&archive), ["config/id"]);
    assert_eq!(archive.skipped(), Skipped { links: 2, ..Skipped::default() });
}

#[test]
fn devices_pipes_and_unknown_members_are_left_out() {
    let kinds = [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::new(b'V')];
    let archive = read(with_good_file(&kinds.map(|kind| raw_member(kind, b"config/device", b"")))).unwrap();
    assert_eq!(paths(&archive), ["config/id"]);
    assert_eq!(archive.skipped(), Skipped { special_files: 4, ..Skipped::default() });
}

#[test]
fn directories_and_global_headers_are_not_counted_as_skipped() {
    let members = [
        raw_member(EntryType::XGlobalHeader, b"pax_global_header", b"15 comment=abc\n"),
        raw_member(EntryType::Directory, b"config/", b""),
        raw_member(EntryType::Regular, b"old-directory/", b""),
    ];
    let archive = read(with_good_file(&members)).unwrap();
    assert_eq!(paths(&archive), ["config/id"]);
    assert_eq!(archive.skipped(), Skipped::default());
}

#[test]
fn long_name_applies_to_one_member_only() {
    let members = [
        raw_member(EntryType::GNULongLink, b"././@LongLink", b"a/very/long/target\0"),
        raw_member(EntryType::GNULongName, b"././@LongLink", b"config/long\0"),
        raw_member(EntryType::Symlink, b"short", b""),
    ];
    assert_eq!(paths(&read(with_good_file(&members)).unwrap()), ["config/id"]);
}

#[test]
fn sparse_files_are_left_out_with_their_maps() {
    let mut sparse = header(EntryType::GNUSparse, 512);
    sparse.as_old_mut().name[..8].copy_from_slice(b"config/s");
    sparse.as_gnu_mut().unwrap().set_is_extended(true);
    sparse.set_cksum();
    let mut more_of_the_map = [0; 512];
    more_of_the_map[504] = 1;
    let end_of_the_map = [0; 512];
    let content = [b'x'; 512];
    let old_style = [sparse.as_bytes().as_slice(), &more_of_the_map, &end_of_the_map, &content].concat();

    let pax = raw_member(EntryType::XHeader, b"pax", b"22 GNU.sparse.major=1\n");
    let new_style = [pax, raw_member(EntryType::Regular, b"config/t", b"1\n0\n1\n")].concat();

    let archive = read(with_good_file(&[old_style, new_style])).unwrap();
    assert_eq!(paths(&archive), ["config/id"]);
    assert_eq!(archive.skipped(), Skipped { special_files: 2, ..Skipped::default() });
}

#[test]
fn unsafe_zip_members_are_left_out() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.add_directory("config", options).unwrap();
    writer.add_symlink("config/link", "/etc/passwd", options).unwrap();
    for path in ["../evil", "config/id"] {
        writer.start_file(path, options).unwrap();
        writer.write_all(b"x").unwrap();
    }
    let archive = read(writer.finish().unwrap().into_inner()).unwrap();
    assert_eq!(paths(&archive), ["config/id"]);
    assert_eq!(archive.skipped(), Skipped { unsafe_paths: 1, links: 1, special_files: 0 });
}
