//! Each limit holds exactly, and its error says which it is.

use ccx_archive::{Archive, Limits};

use crate::pack::{bzip2, gzip, tar, xz, zip};

fn read(bytes: Vec<u8>, limits: &Limits) -> Result<usize, String> {
    Archive::read(bytes.into(), limits)
        .map(|archive| archive.files().len())
        .map_err(|error| error.to_string())
}

#[test]
fn upload_at_the_limit_is_read() {
    let bytes = gzip(&tar(&[("config/a", b"x")]));
    let size = bytes.len() as u64;
    let limit = |compressed_bytes| Limits { compressed_bytes, ..Limits::default() };
    assert_eq!(read(bytes.clone(), &limit(size)), Ok(1));
    let expected = format!("the archive is too big: {size} bytes, the limit is {}", size - 1);
    assert_eq!(read(bytes, &limit(size - 1)), Err(expected));
}

#[test]
fn tar_archive_at_the_limit_is_read() {
    let plain = tar(&[("config/a", &vec![b'x'; 100_000])]);
    let size = plain.len() as u64;
    let limit = |unpacked_bytes| Limits { unpacked_bytes, ..Limits::default() };
    for bytes in [
        plain.clone(),
        gzip(&plain),
        bzip2(&plain),
        xz(&plain),
        [gzip(&plain[..50_000]), gzip(&plain[50_000..])].concat(),
    ] {
        assert_eq!(read(bytes.clone(), &limit(size)), Ok(1));
        let expected = format!("the unpacked archive is too big: over the limit of {} bytes", size - 1);
        assert_eq!(read(bytes, &limit(size - 1)), Err(expected));
    }
}

#[test]
fn zip_members_at_the_limit_together_are_read() {
    let bytes = zip(&[("config/a", &vec![b'x'; 60_000]), ("config/b", &vec![b'x'; 40_000])]);
    let limit = |unpacked_bytes| Limits { unpacked_bytes, ..Limits::default() };
    assert_eq!(read(bytes.clone(), &limit(100_000)), Ok(2));
    let expected = "the unpacked archive is too big: over the limit of 99999 bytes";
    assert_eq!(read(bytes, &limit(99_999)), Err(expected.into()));
}

#[test]
fn decompression_bomb_is_stopped_at_the_limit() {
    let zeros = vec![0; 20 << 20];
    let bomb = gzip(&zeros);
    assert!(bomb.len() < 300_000, "{}", bomb.len());
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    assert_eq!(
        read(bomb, &limits),
        Err("the unpacked archive is too big: over the limit of 1048576 bytes".into())
    );
}

#[test]
fn entries_at_the_limit_are_read() {
    let files: [(&str, &[u8]); 3] = [("config/a", b""), ("config/b", b""), ("config/c", b"")];
    let limit = |entries| Limits { entries, ..Limits::default() };
    for bytes in [tar(&files), zip(&files)] {
        assert_eq!(read(bytes.clone(), &limit(3)), Ok(3));
        assert_eq!(
            read(bytes, &limit(2)),
            Err("the archive has too many entries: over the limit of 2".into())
        );
    }
}

#[test]
fn path_at_the_limit_is_read() {
    let path = format!("config/{}", "a".repeat(293));
    let limit = |path_bytes| Limits { path_bytes, ..Limits::default() };
    for bytes in [tar(&[(&path, b"")]), zip(&[(&path, b"")])] {
        assert_eq!(read(bytes.clone(), &limit(300)), Ok(1));
        let expected =
            format!("the path of the entry \"{}…\" is too long: 300 bytes, the limit is 299", &path[..120]);
        assert_eq!(read(bytes, &limit(299)), Err(expected));
    }
}
