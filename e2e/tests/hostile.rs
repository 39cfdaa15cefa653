//! The pipeline as a process, with default limits, under hostile uploads.

use std::time::Duration;

use ccx_e2e::{Program, Servers, TestEnv, cluster_with, is_debug_build, upload};
use ccx_messages::ClusterId;
use ccx_sample_archive::hostile::HostileArchive;
use ccx_test_support::eventually_within;

const ORG: u32 = 1;

/// The default of `archive.max_unpacked`, and the margin of a process that reads one archive.
const MAX_PEAK_BYTES: u64 = (512 + 64) << 20;

/// The memory that the code of a debug build takes more.
const DEBUG_BYTES: u64 = 32 << 20;

/// The default of `pipeline.archive_timeout`, and time for the download and the dead letter.
const MAX_TIME: Duration = Duration::from_mins(1);

/// The most expensive archives of each format; tests of `ccx-archive` read the others, in processes of their
/// own.
const NAMES: [&str; 11] = [
    "gzip-members-over-the-limit",
    "gzip-members-at-the-limit",
    "gzip-states-too-little",
    "bzip2-at-the-limit",
    "xz-at-the-limit",
    "zip-over-the-limit",
    "zip-of-overlapping-entries",
    "json-of-empty-objects",
    "json-of-empty-texts",
    "json-of-too-many-objects",
    "json-of-nested-lists",
];

#[test]
#[ignore = "needs servers"]
fn hostile_uploads_neither_exhaust_the_memory_nor_stop_the_pipeline() {
    let servers = Servers::start();
    let env = TestEnv::without_database(servers, "hostile");
    // `CCX_BIN=target/release/ccx` tests a release build.
    let limit_bytes = MAX_PEAK_BYTES + if is_debug_build() { DEBUG_BYTES } else { 0 };
    let mut pipeline = env.start(Program::Pipeline);
    pipeline.wait_until_ready();
    for (uploads, name) in (1..).zip(NAMES) {
        let archive = HostileArchive::ALL.iter().find(|archive| archive.name == name).unwrap();
        upload(&env, ORG, &[archive.to_bytes()]);
        eventually_within(MAX_TIME, &format!("an end of {name}"), || {
            let ends = env.announce_dead_letters().len() + env.results().len();
            if ends == uploads { Ok(()) } else { Err(format!("{ends} of {uploads}")) }
        });
        let peak = pipeline.peak_memory_bytes();
        println!("{name}: {} of {} MiB", peak >> 20, limit_bytes >> 20);
        assert!(peak < limit_bytes, "{name}: {} MiB", peak >> 20);
    }
    let before = env.results().len();
    upload(&env, ORG, &[cluster_with(ClusterId::random(), &[])]);
    eventually_within(MAX_TIME, "the next result", || env.results().len() > before);
    assert_eq!(pipeline.terminate().code(), Some(0));
}
