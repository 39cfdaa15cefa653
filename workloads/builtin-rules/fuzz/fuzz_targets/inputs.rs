//! Fuzzes the files that rules read (JSON documents, metrics and logs): no rule may panic or exceed its
//! budget.
//!
//! An input is a small archive: for each file a line `=== PATH`, then its content. The seeds are clusters on
//! which the rules report.
#![no_main]

use std::sync::LazyLock;

use ccx_archive::{Archive, Limits};
use ccx_rules::Engine;
use libfuzzer_sys::fuzz_target;

/// Time at which the data of the seeds was gathered.
const GATHERED_AT: &str = "2026-01-15T12:00:00Z";

/// Maximum number of files: more than any seed has.
const MAX_FILES: usize = 16;

static ENGINE: LazyLock<Engine> = LazyLock::new(ccx_builtin_rules::engine);

fuzz_target!(|bytes: &[u8]| {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in files(bytes).into_iter().take(MAX_FILES) {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        // Paths are validated by the archive reader, which has its own fuzz target.
        let _ = tar.append_data(&mut header, path, &*content);
    }
    let tar = tar.into_inner().expect("memory takes everything");
    let Ok(archive) = Archive::read(tar.into(), &Limits::default()) else { return };
    let report = ENGINE.run(&archive, Some(GATHERED_AT.parse().expect("it is a time")));
    assert_eq!(report.faults, []);
    report.to_json();
});

fn files(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(path) = line.strip_prefix(b"=== ") {
            files.push((String::from_utf8_lossy(path).trim_end().to_owned(), Vec::new()));
        } else if let Some((_, content)) = files.last_mut() {
            content.extend_from_slice(line);
        }
    }
    files
}
