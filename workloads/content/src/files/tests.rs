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

/// Returns the files of a small tree in a folder of an archive, and others that do not belong to it.
const MEMBERS: [(&str, &str); 5] = [
    ("content-1.2/config.yaml", "impact: {}"),
    ("content-1.2/external/rules/a/generic.md", "Text."),
    ("content-1.2/README.md", "x"),
    ("content-1.2/.git/config.yaml", "x"),
    ("other/a.md", "x"),
];

fn tar_of(members: &[(&str, &str)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn read_of_archive_is_the_tree_below_its_configuration() {
    use std::io::Write as _;
    let root = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    for (path, text) in MEMBERS {
        zip.start_file(path, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let archives = [("a.tar", tar_of(&MEMBERS)), ("a.zip", zip.finish().unwrap().into_inner())];
    for (name, bytes) in archives {
        let path = root.path().join(name);
        fs::write(&path, bytes).unwrap();
        let files = Files::read(&path).unwrap();
        assert_eq!(paths(&files), ["config.yaml", "external/rules/a/generic.md"], "{name}");
        assert_eq!(files.get("external/rules/a/generic.md"), Some("Text."), "{name}");
    }
    assert!(matches!(Files::read(&root.path().join("none")), Err(ReadError::Io { .. })));
}

#[test]
fn read_of_hostile_or_broken_archive_is_an_error() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a.tar");
    let read = |bytes: Vec<u8>| {
        fs::write(&path, bytes).unwrap();
        Files::read(&path)
    };
    assert!(matches!(read(b"no archive".to_vec()), Err(ReadError::Archive { .. })));
    let long = "x".repeat(usize::try_from(MAX_FILE_BYTES).unwrap() + 1);
    let members = [("config.yaml", ""), ("external/a/generic.md", long.as_str())];
    assert!(matches!(read(tar_of(&members)), Err(ReadError::FileTooLong { .. })));
    let deep = format!("{}a.md", "d/".repeat(MAX_DEPTH));
    assert!(matches!(read(tar_of(&[("config.yaml", ""), (&deep, "")])), Err(ReadError::TooDeep { .. })));
}

#[cfg(unix)]
#[test]
fn pipe_in_a_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.yaml"), "impact: {}\n").unwrap();
    let pipe = folder.path().join("reason.md");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let error = Files::read(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("reason.md is neither a file nor a folder; remove it"), "{error}");
}
