//! Validation of the paths and globs of inputs.

use crate::{format::Located, parse::Source};

/// Validates the path of one file.
pub(super) fn file(source: &mut Source<'_>, path: &Located<String>) -> Option<String> {
    if path.value.contains('*') {
        source.error(path.at, "`file` is the path of one file; write `glob` for several");
        return None;
    }
    glob(source, path)
}

/// Validates the path of a file of a test.
pub(crate) fn of_test(source: &mut Source<'_>, path: &Located<String>) -> bool {
    let text = path.value.as_str();
    let mistake = if text.starts_with('/') {
        "is absolute; paths begin at the root of the archive, as in `config/version.json`"
    } else if text.contains('*') {
        "has a `*`; a test has files, each with its path"
    } else if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
        "has an empty part, `.` or `..`"
    } else {
        return true;
    };
    source.error(path.at, format!("the path `{text}` {mistake}"));
    false
}

/// Validates a path in which `*` matches any characters except `/`.
pub(super) fn glob(source: &mut Source<'_>, glob: &Located<String>) -> Option<String> {
    let path = glob.value.as_str();
    let mistake = if path.is_empty() {
        Some("is empty")
    } else if path.starts_with('/') {
        Some("is absolute; paths begin at the root of the archive, as in `config/node/*.json`")
    } else if path.contains("**") {
        Some("has `**`; one `*` stands for anything in one directory, so write one for each level")
    } else if path.contains(['?', '[', '{', '\\']) {
        Some("has a wildcard other than `*`, which is the only one")
    } else if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Some("has an empty part, `.` or `..`")
    } else if !path.contains('/') {
        Some("has no directory; all files of an archive are in one, as in `config/version.json`")
    } else {
        None
    };
    match mistake {
        Some(mistake) => {
            source.error(glob.at, format!("the path `{path}` {mistake}"));
            None
        }
        None => Some(path.to_owned()),
    }
}
