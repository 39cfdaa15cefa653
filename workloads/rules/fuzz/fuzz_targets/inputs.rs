//! Whatever is in the files that rules read, no rule panics or runs out of its budget: JSON documents, metrics and logs.
#![no_main]

use std::sync::LazyLock;

use ccx_archive::{Archive, Limits};
use ccx_rules::Engine;
use libfuzzer_sys::fuzz_target;

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::builtin);

/// A path for every pattern that some rule reads: `*` becomes a name.
static PATHS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut paths: Vec<String> =
        ENGINE.rules().flat_map(|meta| meta.inputs()).flat_map(|input| input.globs()).map(|glob| glob.replace('*', "x")).collect();
    paths.sort();
    paths.dedup();
    paths
});

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses the file; the rest is its content.
    let Some((&choice, content)) = bytes.split_first() else { return };
    let path = &PATHS[usize::from(choice) % PATHS.len()];
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(content.len() as u64);
    tar.append_data(&mut header, path, content).expect("memory takes everything");
    let tar = tar.into_inner().expect("memory takes everything");
    let archive = Archive::read(tar.into(), &Limits::default()).expect("a sound archive");
    let report = ENGINE.run(&archive, None);
    assert_eq!(report.faults, [], "{path}");
    report.to_json();
});
