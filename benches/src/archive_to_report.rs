//! From the bytes of an archive to the report's JSON, on one core.

use std::time::Duration;

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
    let engine = Engine::builtin();
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

fn report(engine: &Engine, archive: &Bytes) -> usize {
    Archive::read(archive.clone(), &Limits::default()).map_or(0, |archive| engine.run(&archive, None).to_json().get().len())
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
