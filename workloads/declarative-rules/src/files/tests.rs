use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(sources: &[&Path]) -> Result<RuleFiles, FilesError> {
    RuleFiles::read(&sources.iter().map(|path| path.to_path_buf()).collect::<Vec<_>>())
}

fn paths(files: &RuleFiles) -> Vec<&str> {
    files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn rule_files_of_a_directory_are_read_in_order() {
    let directory = TempDir::new().unwrap();
    for path in ["b.yaml", "a/z.yml", "a.yaml", "README.md", ".hidden/c.yaml"] {
        write(directory.path(), path, path);
    }
    let files = read(&[directory.path()]).unwrap();
    assert_eq!(paths(&files), ["a/z.yml", "a.yaml", "b.yaml"]);
    let first = files.iter().next().unwrap();
    assert_eq!(
        (first.name.as_str(), first.text.as_str()),
        (directory.path().join("a/z.yml").to_str().unwrap(), "a/z.yml")
    );
}

#[test]
fn config_map_volume_is_read_once_through_its_links() {
    let directory = TempDir::new().unwrap();
    let root = directory.path();
    write(root, "..2026_01_15/a.yaml", "old");
    write(root, "..2026_01_16/a.yaml", "new");
    symlink("..2026_01_15", root.join("..data")).unwrap();
    symlink("..data/a.yaml", root.join("a.yaml")).unwrap();
    let old = read(&[root]).unwrap();
    fs::remove_file(root.join("..data")).unwrap();
    symlink("..2026_01_16", root.join("..data")).unwrap();
    let new = read(&[root]).unwrap();
    assert_eq!((paths(&old), paths(&new)), (vec!["a.yaml"], vec!["a.yaml"]));
    assert_eq!(new.iter().next().unwrap().text, "new");
    assert_ne!(old.digest(), new.digest());
}

#[test]
fn digest_depends_on_relative_paths_and_texts_only() {
    let (a, b) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for directory in [&a, &b] {
        write(directory.path(), "x.yaml", "text");
    }
    let digest = |directory: &TempDir| read(&[directory.path()]).unwrap().digest().to_string();
    assert_eq!(digest(&a), digest(&b));
    assert_eq!(digest(&a).len(), 64);
    write(b.path(), "x.yaml", "other");
    assert_ne!(digest(&a), digest(&b));
    write(b.path(), "x.yaml", "text");
    fs::rename(b.path().join("x.yaml"), b.path().join("y.yaml")).unwrap();
    assert_ne!(digest(&a), digest(&b));
}

#[test]
fn archive_is_read_as_a_source() {
    let directory = TempDir::new().unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    for (path, text) in [("rules/a.yaml", "a"), ("rules/README.md", "no rule")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o640);
        tar.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let path = directory.path().join("rules.tar");
    fs::write(&path, tar.into_inner().unwrap()).unwrap();
    let files = read(&[&path]).unwrap();
    assert_eq!(paths(&files), ["rules/a.yaml"]);
    fs::write(&path, "no archive").unwrap();
    let error = read(&[&path]).unwrap_err().to_string();
    assert!(
        error.starts_with("failed to read ") && error.contains("rules.tar as an archive of rule files: "),
        "{error}"
    );
}

#[test]
fn single_file_and_directory_are_read_as_sources() {
    let directory = TempDir::new().unwrap();
    write(directory.path(), "one/a.yaml", "1");
    write(directory.path(), "two/a.yaml", "2");
    let files = read(&[&directory.path().join("one/a.yaml"), &directory.path().join("two")]).unwrap();
    assert_eq!(paths(&files), ["a.yaml", "a.yaml"]);
}

#[test]
fn missing_source_or_loop_of_links_is_an_error() {
    let directory = TempDir::new().unwrap();
    let missing = directory.path().join("missing");
    assert!(read(&[&missing]).unwrap_err().to_string().contains("missing: No such file"));
    symlink(".", directory.path().join("loop")).unwrap();
    assert!(matches!(read(&[directory.path()]), Err(FilesError::TooDeep { .. })));
}

#[test]
fn files_over_the_limit_are_an_error() {
    let directory = TempDir::new().unwrap();
    write(directory.path(), "a.yaml", &"#".repeat(MAX_SET_BYTES));
    assert_eq!(read(&[directory.path()]).unwrap().iter().next().unwrap().text.len(), MAX_FILE_BYTES + 1);
    write(directory.path(), "b.yaml", "#");
    assert!(matches!(read(&[directory.path()]), Err(FilesError::TooMuch { .. })));
}

#[test]
fn pipe_in_a_directory_is_an_error() {
    let directory = TempDir::new().unwrap();
    let pipe = directory.path().join("pipe.yaml");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let error = read(&[directory.path()]).unwrap_err();
    assert!(error.to_string().ends_with("pipe.yaml is neither a file nor a directory; remove it"), "{error}");
}
