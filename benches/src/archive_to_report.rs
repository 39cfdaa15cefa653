//! From the bytes of an archive to the report's JSON, on one core.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ccx_archive::{Archive, Limits};
use ccx_messages::ClusterId;
use ccx_rules::Engine;
use ccx_sample_archive::SampleArchive;
use rustix::time::{ClockId, clock_gettime};

use crate::{
    archive_limit::ArchiveLimit,
    figure::{Better, Figure},
};

/// Enough rounds for a stable minimum, few enough for a short run.
const ROUNDS: usize = 60;

/// The archives that every benchmark uses, by their unpacked size.
pub(crate) fn samples() -> [(&'static str, SampleArchive); 3] {
    let cluster = ClusterId::random();
    [
        ("1.4 MB", SampleArchive::small(cluster)),
        ("6.3 MB", SampleArchive::medium(cluster)),
        ("25 MB", SampleArchive::large(cluster)),
    ]
}

/// Processor time of an archive, ours beside the least that can be done.
pub(crate) fn run() -> Vec<Figure> {
    let engine = ccx_builtin_rules::engine();
    let mut limit = ArchiveLimit::new();
    samples()
        .into_iter()
        .map(|(size, sample)| {
            let archive = Bytes::from(sample.to_tar_gz());
            let (ours, least) = cheapest_pair(|| report(&engine, &archive), || limit.run(&archive));
            Figure {
                what: format!("archive → report, {size}"),
                unit: "CPU ms",
                better: Better::Lower,
                ours: ours.as_secs_f64() * 1e3,
                limit: least.as_secs_f64() * 1e3,
                limit_is: "libdeflate and a typed parse",
            }
        })
        .collect()
}

/// Where the time goes: the steps of one archive, each the cheapest of all rounds.
pub(crate) fn steps() -> Vec<Steps> {
    let engine = ccx_builtin_rules::engine();
    let steps_of = |(size, sample): (&'static str, SampleArchive)| {
        let archive = Bytes::from(sample.to_tar_gz());
        let rounds = (0..ROUNDS).map(|_| Steps::measure(size, &engine, &archive));
        rounds.reduce(Steps::cheapest).expect("there is at least one round")
    };
    samples().into_iter().map(steps_of).collect()
}

/// Microseconds of each step.
#[derive(Clone, Copy)]
pub(crate) struct Steps {
    pub(crate) size: &'static str,
    pub(crate) times: [(&'static str, f64); 7],
}

impl Steps {
    fn measure(size: &'static str, engine: &Engine, archive: &Bytes) -> Self {
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let started = Instant::now();
        let archive = Archive::read(archive.clone(), &Limits::default()).expect("a sample archive is sound");
        let read = started.elapsed();
        let profile = engine.profile(&archive, None);
        let dearest = profile.rules.iter().map(|cost| cost.alone).max().unwrap_or_default();
        let times = [
            ("gunzip and index", micros(read)),
            ("plan", micros(profile.plan)),
            ("log pass", micros(profile.log_scan)),
            ("parse", micros(profile.parse)),
            ("all rules", micros(profile.all_rules())),
            ("the dearest rule", micros(dearest)),
            ("format", micros(profile.format)),
        ];
        Self { size, times }
    }

    fn cheapest(self, other: Self) -> Self {
        let pairs = self.times.into_iter().zip(other.times);
        let mut times = self.times;
        for (time, (ours, theirs)) in times.iter_mut().zip(pairs) {
            time.1 = ours.1.min(theirs.1);
        }
        Self { size: self.size, times }
    }
}

fn report(engine: &Engine, archive: &Bytes) -> usize {
    Archive::read(archive.clone(), &Limits::default())
        .map_or(0, |archive| engine.run(&archive, None).to_json().get().len())
}

/// The least processor time of each, run in turns so that what disturbs one disturbs the other.
fn cheapest_pair(mut ours: impl FnMut() -> usize, mut limit: impl FnMut() -> usize) -> (Duration, Duration) {
    let mut cheapest = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        cheapest.0 = cheapest.0.min(thread_cpu_time_of(&mut ours));
        cheapest.1 = cheapest.1.min(thread_cpu_time_of(&mut limit));
    }
    cheapest
}

fn thread_cpu_time_of(work: &mut impl FnMut() -> usize) -> Duration {
    let started = thread_cpu_time();
    std::hint::black_box(work());
    thread_cpu_time() - started
}

/// Processor time that this thread has used.
pub(crate) fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}
