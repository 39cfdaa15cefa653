//! The root of an archive is the folder of the files that the in-cluster operator always writes.

use crate::pack::{paths, read, tar};

/// The paths that an archive of these paths has.
fn read_paths(packed: &[&str]) -> Vec<String> {
    let files: Vec<(&str, &[u8])> = packed.iter().map(|path| (*path, b"x".as_slice())).collect();
    let archive = read(tar(&files)).unwrap();
    let found = paths(&archive);
    assert!(found.iter().all(|path| archive.file(path) == Some(b"x")), "{found:?}");
    found.into_iter().map(str::to_owned).collect()
}

#[test]
fn leading_directory_is_removed() {
    assert_eq!(read_paths(&["foo/events/x.json", "foo/config/id"]), ["config/id", "events/x.json"]);
    assert_eq!(read_paths(&["./config/id", "./events/x.json"]), ["config/id", "events/x.json"]);
    assert_eq!(read_paths(&["a/b/c/insights-operator/gathers.json"]), ["insights-operator/gathers.json"]);
}

#[test]
fn marker_is_a_whole_path_and_not_a_prefix() {
    assert_eq!(read_paths(&["configs/config/id"]), ["config/id"]);
    assert_eq!(read_paths(&["foo/config/identity"]), ["foo/config/identity"]);
}

#[test]
fn uppermost_marker_is_the_root() {
    assert_eq!(read_paths(&["config/id", "config/config/id"]), ["config/config/id", "config/id"]);
    assert_eq!(
        read_paths(&["foo/config/version.json", "foo/config/pod/config/id"]),
        ["config/pod/config/id", "config/version.json"]
    );
}

#[test]
fn directory_of_some_files_stays() {
    assert_eq!(read_paths(&["foo/config/id", "README"]), ["README", "foo/config/id"]);
    assert_eq!(read_paths(&["foo/config/id", "fooo/x"]), ["foo/config/id", "fooo/x"]);
}

#[test]
fn archive_without_marker_is_unchanged() {
    assert_eq!(read_paths(&["data/a/x", "data/a/y"]), ["data/a/x", "data/a/y"]);
    assert_eq!(read_paths(&["data/config/workload_info.json"]), ["data/config/workload_info.json"]);
    assert_eq!(read_paths(&["x"]), ["x"]);
}

#[test]
fn root_of_any_characters_is_removed() {
    assert_eq!(read_paths(&["ünïcode/config/id", "ünïcode/y"]), ["config/id", "y"]);
}
