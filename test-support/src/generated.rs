//! Files that are generated from code and committed.

use std::{env, fs, path::Path, thread};

/// Set by `make generate`: generated files are written instead of compared.
pub const UPDATE_VARIABLE: &str = "CCX_UPDATE_GENERATED";

/// `make generate` runs the tests that have this in their names.
const NAME_PART: &str = "is_up_to_date";

/// Of a difference that is shown.
const MAX_LINES: usize = 60;

/// Asserts that a committed file is what its source generates; with [`UPDATE_VARIABLE`] writes it.
///
/// `file` is relative to the root of the repository. The test's name must contain `is_up_to_date`: that is how `make generate`
/// finds it.
pub fn assert_generated(file: &str, expected: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("main");
    // With one test thread, the main thread runs the tests.
    assert!(
        test == "main" || test.contains(NAME_PART),
        "{test}: `make generate` runs only tests named …{NAME_PART}"
    );

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    if env::var_os(UPDATE_VARIABLE).is_some() {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).expect("a folder in the repository");
        }
        fs::write(&path, expected).expect("a file in the repository");
        return;
    }
    assert_equal(file, &fs::read_to_string(&path).unwrap_or_default(), expected);
}

fn assert_equal(file: &str, committed: &str, generated: &str) {
    let difference = difference(committed, generated);
    assert!(difference.is_empty(), "{file} is out of date; run `make generate`:\n{difference}");
}

/// Returns the first lines of the difference; empty if the texts are equal.
fn difference(committed: &str, generated: &str) -> String {
    let diff = similar::TextDiff::from_lines(committed, generated);
    let lines: Vec<String> = diff.unified_diff().to_string().lines().map(str::to_owned).collect();
    lines[..lines.len().min(MAX_LINES)].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_of_long_texts_is_cut_off() {
        assert_eq!(difference("a\n", "a\n"), "");
        assert_eq!(difference("a\nb\n", "a\nc\n"), "@@ -1,2 +1,2 @@\n a\n-b\n+c");
        assert_eq!(difference("", &"a\n".repeat(1000)).lines().count(), MAX_LINES);
    }

    #[test]
    #[should_panic(expected = "docs/page.md is out of date; run `make generate`:\n@@ -1 +1 @@\n-old\n+new")]
    fn stale_file_panics_with_the_command_and_the_difference() {
        assert_equal("docs/page.md", "old\n", "new\n");
    }
}
