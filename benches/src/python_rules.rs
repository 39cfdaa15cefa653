//! Rules of insights-core: in our processes, beside insights-core's own engine.
//!
//! The peer is what insights-core's engine does with an announced archive: `tar` unpacks it, all loaded components run, the report
//! is formatted, all in one process that has loaded the same ten rules. Both get the same archives in turns, and both are charged
//! for all processor time of their processes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use ccx_archive::{Archive, Limits};
use ccx_config::InsightsCore;
use ccx_insights_core::{Adapter, Metrics, Pending};
use prometheus::Registry;
use rustix::time::{ClockId, clock_gettime};

use crate::{
    archive_to_report::samples,
    error::BenchError,
    figure::{Better, Figure},
};

/// Python takes a hundred times as long as our own engine.
const ROUNDS: usize = 12;

const PEER: &str = include_str!("../python/peer.py");

const PACKAGES: &str = "ccx_rules.external";

/// Processor time of an archive, ours beside insights-core's own; nothing without a Python.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let Some(python) = ccx_test_support::needs::find_python() else { return Ok(Vec::new()) };
    let folder = tempfile::tempdir()?;
    let python = with_packages(&python, folder.path())?;
    let settings = InsightsCore {
        python: python.clone(),
        packages: vec![PACKAGES.into()],
        workers: 1,
        work_folder: folder.path().into(),
        ..InsightsCore::default()
    };
    let adapter = Adapter::start(&settings, Metrics::register(&Registry::new())?).await?;
    let folder_of_peer = folder.path().to_owned();
    tokio::task::spawn_blocking(move || compare(&adapter, &python, &folder_of_peer)).await?
}

/// A Python that finds the ten rules.
fn with_packages(python: &Path, folder: &Path) -> Result<PathBuf, BenchError> {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads/insights-core/tests/packages");
    let script = folder.join("python");
    let text = format!("#!/bin/sh\nPYTHONPATH='{}' exec '{}' \"$@\"\n", packages.display(), python.display());
    fs::write(&script, text)?;
    Command::new("chmod").arg("755").arg(&script).status()?;
    Ok(script)
}

fn compare(adapter: &Adapter, python: &Path, folder: &Path) -> Result<Vec<Figure>, BenchError> {
    let worker = only_child()?;
    let mut peer = Peer::start(python)?;
    let mut figures = Vec::new();
    for (size, sample) in samples() {
        let bytes = Bytes::from(sample.to_tar_gz());
        let file = folder.join("archive.tar.gz");
        fs::write(&file, &bytes)?;
        let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            ours = ours.min(adapter_time(adapter, worker, &bytes)?);
            theirs = theirs.min(peer.time(&file)?);
        }
        figures.push(Figure {
            what: format!("ten Python rules, {size}"),
            unit: "CPU ms",
            better: Better::Lower,
            ours: ours.as_secs_f64() * 1e3,
            limit: theirs.as_secs_f64() * 1e3,
            limit_is: "insights-core's own engine",
        });
    }
    Ok(figures)
}

/// Unpacking, feeding and running; of this process and of the Python that it has started first.
fn adapter_time(adapter: &Adapter, worker: u32, bytes: &Bytes) -> Result<Duration, BenchError> {
    let before = own_cpu_time() + cpu_time_of(worker)?;
    let archive = Archive::read(bytes.clone(), &Limits::default()).expect("a sample archive is sound");
    adapter.begin(&archive).and_then(Pending::wait)?;
    Ok(own_cpu_time() + cpu_time_of(worker)? - before)
}

fn own_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

/// Of a process with one thread.
fn cpu_time_of(process: u32) -> Result<Duration, BenchError> {
    let text = fs::read_to_string(format!("/proc/{process}/schedstat"))?;
    let nanoseconds = text.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or_default();
    Ok(Duration::from_nanos(nanoseconds))
}

/// The process that this one has started.
fn only_child() -> Result<u32, BenchError> {
    let own = std::process::id().to_string();
    let is_child = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, which comes before the parent, may have any character but this one.
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(&own)
    };
    let mut processes =
        fs::read_dir("/proc")?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.find(is_child).ok_or(BenchError::NoChild)
}

/// insights-core's engine in a process of its own: a path in, the processor time out.
struct Peer {
    child: Child,
    paths: ChildStdin,
    times: BufReader<ChildStdout>,
}

impl Peer {
    fn start(python: &Path) -> Result<Self, BenchError> {
        let mut command = Command::new(python);
        command.args(["-c", PEER, PACKAGES]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let (Some(paths), Some(times)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are piped")
        };
        Ok(Self { child, paths, times: BufReader::new(times) })
    }

    fn time(&mut self, archive: &Path) -> Result<Duration, BenchError> {
        writeln!(self.paths, "{}", archive.display())?;
        let mut line = String::new();
        self.times.read_line(&mut line)?;
        line.trim().parse().map(Duration::from_secs_f64).map_err(|_| BenchError::Peer { answer: line })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
