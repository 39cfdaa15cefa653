//! The worst archives of every format, each read by a process of its own with the default limits.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use ccx_archive::{Archive, Limits, Meter, TimedOut};
use ccx_sample_archive::hostile::HostileArchive;

/// Names the archive that the child process reads.
const ARCHIVE_VARIABLE: &str = "CCX_TEST_HOSTILE_ARCHIVE";

/// The time that reading is given here. A default build is far slower than a release.
const DEADLINE: Duration = Duration::from_secs(10);

/// The slack between a deadline and its effect: one call of a decompressor, on a busy machine.
const SLACK: Duration = Duration::from_secs(10);

/// The memory that the process may take beside the limit of the content.
const MARGIN_BYTES: u64 = 64 << 20;

struct Deadline(Instant);

impl Meter for Deadline {
    fn permit(&mut self, _: u64) -> Result<(), TimedOut> {
        if self.0.elapsed() > DEADLINE { Err(TimedOut { limit: DEADLINE }) } else { Ok(()) }
    }
}

/// Checks that the begin of a hostile archive is a seed of the fuzzer.
fn check_seed(name: &str, archive: &[u8]) {
    const SEED_BYTES: usize = 4 << 10;
    const UPDATE: &str = "CCX_UPDATE_GENERATED";

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/hostile-seeds").join(name);
    let seed = &archive[..archive.len().min(SEED_BYTES)];
    if env::var_os(UPDATE).is_some() {
        fs::write(&path, seed).unwrap();
    }
    assert!(fs::read(&path).unwrap() == seed, "{} is stale: set {UPDATE}=1", path.display());
}

/// The part of the test that runs in a child process; does nothing otherwise.
#[test]
fn child_process_reads_one_archive() {
    let Some(path) = env::var_os(ARCHIVE_VARIABLE) else { return };
    let bytes = fs::read(path).unwrap();
    let started = Instant::now();
    let outcome = Archive::read_metered(bytes.into(), &Limits::default(), &mut Deadline(started));
    let outcome = outcome.map(|archive| archive.files().len());
    println!("outcome {outcome:?}");
    println!("millis {}", started.elapsed().as_millis());
    println!("peak_kib {}", peak_kib());
}

/// The most memory that this process has had resident.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn field(output: &Output, name: &str) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = text.lines().find_map(|line| line.split_once(&format!("{name} ")).map(|(_, value)| value));
    value.unwrap_or_else(|| panic!("no {name} in {output:?}")).to_owned()
}

#[test]
#[cfg(target_os = "linux")]
fn hostile_archive_takes_neither_more_memory_nor_more_time_than_allowed() {
    let folder = env::temp_dir().join(format!("ccx-hostile-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut violations = Vec::new();
    for archive in HostileArchive::ALL {
        let path = folder.join(archive.name);
        let bytes = archive.to_bytes();
        fs::write(&path, &bytes).unwrap();
        check_seed(archive.name, &bytes);
        let output = Command::new(env::current_exe().unwrap())
            .args(["child_process_reads_one_archive", "--exact", "--nocapture"])
            .env(ARCHIVE_VARIABLE, &path)
            .output()
            .unwrap();
        fs::remove_file(&path).unwrap();
        let millis: u64 = field(&output, "millis").parse().unwrap();
        let peak_bytes = field(&output, "peak_kib").parse::<u64>().unwrap() << 10;
        let line =
            format!("{}: {millis} ms, {} MiB, {}", archive.name, peak_bytes >> 20, field(&output, "outcome"));
        println!("{line}");
        let has_memory = peak_bytes < Limits::default().unpacked_bytes + MARGIN_BYTES;
        let has_time = Duration::from_millis(millis) < DEADLINE + SLACK;
        if !(output.status.success() && has_memory && has_time) {
            violations.push(line);
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(violations.is_empty(), "{violations:#?}");
}
