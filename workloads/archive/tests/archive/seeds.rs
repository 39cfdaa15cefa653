//! The good seeds of the fuzzer are archives: another would teach it little. The hostile ones are checked in
//! `tests/hostile_archives.rs`.

use std::{fs, path::Path};

use crate::pack::{paths, read};

#[test]
fn good_seeds_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let archive = read(fs::read(&path).unwrap());
        assert!(
            archive.as_ref().is_ok_and(|archive| paths(archive).contains(&"config/id")),
            "{}: {archive:?}",
            path.display()
        );
        count += 1;
    }
    assert_eq!(count, 10);
}
