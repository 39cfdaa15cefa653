use super::*;

fn paths(files: &Files) -> Vec<&str> {
    files.iter().map(|(path, _)| path).collect()
}

#[test]
fn read_dir_reads_nested_folders() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("external/rules/a/KEY")).unwrap();
    fs::write(root.path().join("config.yaml"), "impact: {}").unwrap();
    fs::write(root.path().join("external/rules/a/KEY/metadata.yaml"), "tags: []").unwrap();
    fs::write(root.path().join("external/rules/a/generic.md"), "Text.").unwrap();
    let files = Files::read_dir(root.path()).unwrap();
    assert_eq!(
        paths(&files),
        ["config.yaml", "external/rules/a/KEY/metadata.yaml", "external/rules/a/generic.md"]
    );
    assert_eq!(files.get("external/rules/a/generic.md"), Some("Text."));
}

#[test]
fn read_dir_ignores_other_and_hidden_files() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("..data")).unwrap();
    for name in ["README.md", "picture.png", ".hidden.md", "..data/config.yaml"] {
        fs::write(root.path().join(name), "x").unwrap();
    }
    assert_eq!(paths(&Files::read_dir(root.path()).unwrap()), [] as [&str; 0]);
}

#[cfg(unix)]
#[test]
fn read_dir_follows_links_and_rejects_a_cycle() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("..data")).unwrap();
    fs::write(root.path().join("..data/config.yaml"), "x").unwrap();
    std::os::unix::fs::symlink("..data/config.yaml", root.path().join("config.yaml")).unwrap();
    assert_eq!(paths(&Files::read_dir(root.path()).unwrap()), ["config.yaml"]);

    std::os::unix::fs::symlink(".", root.path().join("again")).unwrap();
    assert!(matches!(Files::read_dir(root.path()), Err(ReadError::TooDeep { .. })));
}

#[test]
fn read_dir_of_too_long_text_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("generic.md");
    fs::File::create(&path).unwrap().set_len(MAX_FILE_BYTES + 1).unwrap();
    let error = Files::read_dir(root.path()).unwrap_err();
    assert!(error.to_string().contains("generic.md has over 262144 bytes"), "{error}");
}

#[test]
fn read_dir_replaces_invalid_utf_8() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("generic.md"), b"caf\xe9").unwrap();
    assert_eq!(Files::read_dir(root.path()).unwrap().get("generic.md"), Some("caf\u{fffd}"));
}

#[test]
fn read_dir_of_missing_folder_is_an_error_with_its_path() {
    let error = Files::read_dir(Path::new("/nowhere/content")).unwrap_err();
    assert_eq!(error.to_string(), "failed to read /nowhere/content: No such file or directory (os error 2)");
}

#[test]
fn digest_depends_on_paths_and_texts() {
    let files = |path: &str, text: &'static str| Files::from_iter([(path.to_owned(), text)]).digest();
    assert_eq!(files("a.md", "text"), files("a.md", "text"));
    assert_ne!(files("a.md", "text"), files("b.md", "text"));
    assert_ne!(files("a.md", "text"), files("a.mdt", "ext"));
}
