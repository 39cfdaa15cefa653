//! Every format gives the same archive.

use ccx_archive::{ArchiveKind, Format};
use chrono::DateTime;
use tar::{Builder, EntryType};

use crate::pack::{MODIFIED, bzip2, gzip, header, paths, raw_member, read, refusal, tar, xz, zip};

const ID: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";
const FILES: [(&str, &[u8]); 3] = [
    ("config/version.json", b"{}"),
    ("config/id", b"5d5892d3-1f74-4ccf-91af-548dfc9767aa\n"),
    ("config/empty", b""),
];

#[test]
fn format_is_detected_by_the_first_bytes() {
    let plain = tar(&FILES);
    for (bytes, format) in [
        (plain.clone(), Format::Tar),
        (gzip(&plain), Format::Gzip),
        (bzip2(&plain), Format::Bzip2),
        (xz(&plain), Format::Xz),
        (zip(&FILES), Format::Zip),
    ] {
        assert_eq!(Format::detect(&bytes), Some(format));
        let archive = read(bytes).unwrap();
        assert_eq!(paths(&archive), ["config/empty", "config/id", "config/version.json"], "{format}");
        assert_eq!(archive.file("config/version.json"), Some(b"{}".as_slice()), "{format}");
        assert_eq!(archive.file("config/empty"), Some(b"".as_slice()), "{format}");
        assert_eq!(archive.file("config"), None, "{format}");
        assert_eq!(archive.cluster_id(), Some(ID.parse().unwrap()), "{format}");
    }
}

#[test]
fn unpacked_size_is_of_the_tar_archive_or_of_the_zip_contents() {
    let plain = tar(&FILES);
    assert_eq!(read(gzip(&plain)).unwrap().unpacked_bytes(), plain.len() as u64);
    assert_eq!(read(zip(&FILES)).unwrap().unpacked_bytes(), 39);
}

#[test]
fn kind_follows_from_infrastructure_file() {
    let ocp = read(tar(&FILES)).unwrap().kind();
    let hypershift = read(tar(&[("config/infrastructure.json", b"{}")])).unwrap().kind();
    assert_eq!((ocp, ocp.label()), (ArchiveKind::Ocp, "ocp"));
    assert_eq!((hypershift, hypershift.label()), (ArchiveKind::HyperShift, "hypershift"));
}

#[test]
fn archive_without_valid_id_has_no_cluster() {
    assert_eq!(read(tar(&[("config/version.json", b"{}")])).unwrap().cluster_id(), None);
    assert_eq!(read(tar(&[("config/id", b"not a uuid")])).unwrap().cluster_id(), None);
}

#[test]
fn newest_file_dates_the_archive() {
    let mut builder = Builder::new(Vec::new());
    for (path, modified) in [("config/a", MODIFIED - 5), ("config/b", MODIFIED), ("config/c", MODIFIED - 9)] {
        let mut header = header(EntryType::Regular, 1);
        header.set_mtime(modified);
        builder.append_data(&mut header, path, b"x".as_slice()).unwrap();
    }
    let archive = read(builder.into_inner().unwrap()).unwrap();
    assert_eq!(archive.newest_modification(), DateTime::from_timestamp(1_768_478_400, 0));
}

#[test]
fn time_in_the_future_does_not_date_the_archive() {
    let tomorrow = u64::try_from(chrono::Utc::now().timestamp()).unwrap() + 2 * 24 * 60 * 60;
    let year_2100 = 4_102_444_800;
    for (modified, expected) in [
        (&[MODIFIED, year_2100][..], DateTime::from_timestamp(1_768_478_400, 0)),
        (&[tomorrow, MODIFIED], DateTime::from_timestamp(1_768_478_400, 0)),
        (&[year_2100, year_2100], None),
    ] {
        let mut builder = Builder::new(Vec::new());
        for (index, modified) in modified.iter().enumerate() {
            let mut header = header(EntryType::Regular, 1);
            header.set_mtime(*modified);
            builder.append_data(&mut header, format!("config/{index}"), b"x".as_slice()).unwrap();
        }
        let archive = read(builder.into_inner().unwrap()).unwrap();
        assert_eq!(archive.newest_modification(), expected, "{modified:?}");
    }
}

#[test]
fn time_that_tools_write_when_they_leave_it_out_dates_nothing() {
    let (zip, rust_tar) = (315_532_800, 1_153_704_088);
    for modified in [0, 1, zip, rust_tar, u64::MAX, 1 << 60] {
        let mut builder = Builder::new(Vec::new());
        let mut header = header(EntryType::Regular, 1);
        header.set_mtime(modified);
        builder.append_data(&mut header, "config/a", b"x".as_slice()).unwrap();
        let archive = read(builder.into_inner().unwrap()).unwrap();
        assert_eq!(archive.newest_modification(), None, "{modified}");
    }
}

#[test]
fn several_gzip_members_are_one_archive() {
    let plain = tar(&FILES);
    let (first, second) = plain.split_at(plain.len() / 2);
    let archive = read([gzip(first), gzip(second)].concat()).unwrap();
    assert_eq!(archive.files().len(), 3);
}

#[test]
fn duplicate_path_has_the_last_content() {
    let files: [(&str, &[u8]); 4] =
        [("config/x", b"1"), ("config/a", b"a"), ("./config/x", b"2"), ("config//x", b"3")];
    let archive = read(tar(&files)).unwrap();
    assert_eq!(paths(&archive), ["config/a", "config/x"]);
    assert_eq!(archive.file("config/x"), Some(b"3".as_slice()));
}

#[test]
fn long_paths_are_read_in_every_encoding() {
    let prefixed = format!("config/{}/{}", "p".repeat(100), "n".repeat(90));
    let long = format!("config/{}/{}", "d".repeat(150), "n".repeat(150));

    let mut ustar = tar::Header::new_ustar();
    ustar.set_size(1);
    ustar.set_path(&prefixed).unwrap();
    ustar.set_cksum();
    let mut builder = Builder::new(Vec::new());
    builder.append(&ustar, b"u".as_slice()).unwrap();
    builder.append_data(&mut header(EntryType::Regular, 1), &long, b"g".as_slice()).unwrap();
    let pax_path = format!("{long}.pax");
    builder
        .append_pax_extensions([("path", pax_path.as_bytes()), ("SCHILY.xattr.user.x", b"with\na newline")])
        .unwrap();
    builder.append_data(&mut header(EntryType::Regular, 1), "config/short", b"p".as_slice()).unwrap();

    let archive = read(builder.into_inner().unwrap()).unwrap();
    assert_eq!(archive.file(&prefixed), Some(b"u".as_slice()));
    assert_eq!(archive.file(&long), Some(b"g".as_slice()));
    assert_eq!(archive.file(&pax_path), Some(b"p".as_slice()));
    assert_eq!(archive.files().len(), 3);
}

#[test]
fn pax_size_overrides_that_of_the_header() {
    let mut builder = Builder::new(Vec::new());
    builder.append_pax_extensions([("size", b"3".as_slice())]).unwrap();
    let pax = builder.into_inner().unwrap();
    let pax = &pax[..pax.len() - 1024];
    let mut member = raw_member(EntryType::Regular, b"config/a", b"abc");
    let zero_size = header(EntryType::Regular, 0);
    member[124..136].copy_from_slice(&zero_size.as_bytes()[124..136]);
    tar::Header::from_byte_slice(&member[..512]).cksum().unwrap();
    let mut fixed = tar::Header::from_byte_slice(&member[..512]).clone();
    fixed.set_cksum();
    member[..512].copy_from_slice(fixed.as_bytes());
    let archive = read([pax, &member].concat()).unwrap();
    assert_eq!(archive.file("config/a"), Some(b"abc".as_slice()));
}

#[test]
fn missing_end_mark_and_padding_are_accepted() {
    let member = raw_member(EntryType::Regular, b"config/id", b"abc");
    assert_eq!(read(member.clone()).unwrap().file("config/id"), Some(b"abc".as_slice()));
    let cut_padding = &member[..515];
    let cut_end_mark = [&member[..], &[0; 100]].concat();
    for cut in [cut_padding, &cut_end_mark] {
        assert_eq!(read(cut).unwrap().file("config/id"), Some(b"abc".as_slice()));
    }
}

#[test]
fn other_bytes_are_not_an_archive() {
    assert_eq!(
        refusal("<?xml version='1.0'?><Error>"),
        "not an archive: it begins with \"<?xml version=\\'1\""
    );
    assert_eq!(refusal([7]), "not an archive: it begins with \"\\x07\"");
    assert_eq!(refusal(vec![b'x'; 4096]), "not an archive: it begins with \"xxxxxxxxxxxxxxxx\"");
    assert_eq!(refusal(""), "the archive is empty (0 bytes)");
}

#[test]
fn compressed_text_is_refused() {
    let text = b"a text that somebody compressed";
    let expected =
        |format| format!("the {format} data holds no tar archive: it begins with \"a text that some\"");
    assert_eq!(refusal(gzip(text)), expected("gzip"));
    assert_eq!(refusal(bzip2(text)), expected("bzip2"));
    assert_eq!(refusal(xz(text)), expected("xz"));
}

#[test]
fn archive_without_files_is_refused() {
    let no_files = "no files in the archive";
    assert_eq!(refusal(tar(&[])), no_files);
    assert_eq!(refusal(gzip(&tar(&[]))), no_files);
    assert_eq!(refusal(gzip(b"")), no_files);
    assert_eq!(refusal(zip(&[])), no_files);
    assert_eq!(refusal(raw_member(EntryType::Directory, b"config/", b"")), no_files);
}

#[test]
fn archive_is_shareable_between_threads() {
    fn assert_shareable<T: Send + Sync>() {}
    assert_shareable::<ccx_archive::Archive>();
}
