//! Any bytes are an archive or an error, within the limits. Seeds: `seeds` and `hostile-seeds`.
#![no_main]

use ccx_archive::{Archive, Limits};
use libfuzzer_sys::fuzz_target;

/// Small, so that the fuzzer tries many inputs and reaches every limit.
const LIMITS: Limits = Limits { compressed_bytes: 1 << 20, unpacked_bytes: 4 << 20, entries: 1000, path_bytes: 256 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(archive) = Archive::read(bytes.to_vec().into(), &LIMITS) else { return };
    assert!(archive.unpacked_bytes() <= LIMITS.unpacked_bytes);
    assert!((1..=LIMITS.entries).contains(&archive.files().len()));
    assert!(archive.files().is_sorted_by(|earlier, later| earlier.path < later.path));
    for file in archive.files() {
        let is_safe = file.path.split('/').all(|component| !["", ".", ".."].contains(&component));
        assert!(is_safe, "{}", file.path);
        assert_eq!(archive.file(file.path), Some(file.content));
    }
});
