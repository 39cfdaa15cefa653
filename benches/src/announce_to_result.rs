//! From the announcement of an archive to its acknowledged result: `ccx pipeline` as a process of its own, with a broker and a web
//! server in this one.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use axum::{Router, routing::get};
use bytes::Bytes;
use ccx_config::{Config, LinkPolicy};
use ccx_local::Kafka;
use ccx_messages::{Announce, ClusterId, Identity, Timestamp};
use ccx_transport::{Consumer, Outgoing, Producer};
use chrono::Utc;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio_util::sync::CancellationToken;

use crate::{
    archive_limit::ArchiveLimit,
    archive_to_report::{samples, thread_cpu_time},
    error::{BenchError, TooSlowSnafu},
    figure::{Better, Figure},
    process::{Workload, free_address},
    reports::org_id,
};

/// Megabytes that each round unpacks: seconds of work for archives of any size.
const ROUND_BYTES: usize = 600_000_000;

/// The part of a round that is over before measuring begins: connections, caches, buffers.
const WARM_UP: usize = 5;

/// Announcements that wait for the broker at the same time.
const MAX_ANNOUNCED_AT_ONCE: usize = 64;

/// The time limit of a round.
const ROUND_TIMEOUT: Duration = Duration::from_mins(5);

/// Throughput for each second of processor time, and the memory that it took.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let mut figures = Vec::new();
    for (size, sample) in samples() {
        let unpacked_bytes: usize = sample.files().values().map(Vec::len).sum();
        let archive = Bytes::from(sample.to_tar_gz());
        let count = (ROUND_BYTES / unpacked_bytes).clamp(20, 400);
        let Round { cpu_per_archive, peak_bytes } = round(&archive, count).await?;
        let limit = limit_of(&archive).await?;
        figures.push(Figure {
            what: format!("announce → result, {size}"),
            unit: "archives/s/core",
            better: Better::Higher,
            ours: 1.0 / cpu_per_archive.as_secs_f64(),
            limit: 1.0 / limit.as_secs_f64(),
            limit_is: "fetch, libdeflate and a typed parse",
        });
        figures.push(Figure {
            what: format!("memory of the pipeline meanwhile, {size}"),
            unit: "MB",
            better: Better::Lower,
            ours: peak_bytes as f64 / 1e6,
            limit: 64.0,
            limit_is: "the target",
        });
    }
    Ok(figures)
}

struct Round {
    cpu_per_archive: Duration,
    peak_bytes: u64,
}

async fn round(archive: &Bytes, count: usize) -> Result<Round, BenchError> {
    let mut config = Config::default();
    let topics = config.kafka.topics.clone();
    let names = [&topics.announce, &topics.results, &topics.payload_status, &topics.announce_dead_letters];
    let kafka = Kafka::start(&names.map(|name| (name.as_str(), 1)))?;
    config.kafka = kafka.config();
    config.object_storage.links = LinkPolicy::Any;
    config.pipeline.listen = free_address();
    let (server, _stop) = serve(archive.clone()).await?;

    let producer = Producer::new(&config.kafka)?;
    let results = Consumer::subscribe(&config.kafka, "bench", &topics.results)?;
    let pipeline = Workload::start("pipeline", &config, config.pipeline.listen).await?;
    announce_all(&producer, &topics.announce, server, WARM_UP).await?;
    take(&results, WARM_UP).await?;

    let before = pipeline.cpu_time()?;
    announce_all(&producer, &topics.announce, server, count).await?;
    take(&results, count).await?;
    let cpu = pipeline.cpu_time()? - before;
    Ok(Round {
        cpu_per_archive: cpu / u32::try_from(count).unwrap_or(u32::MAX),
        peak_bytes: pipeline.peak_resident_bytes()?,
    })
}

/// Serves an archive at `/archive` until the guard is dropped.
pub(crate) async fn serve(archive: Bytes) -> Result<(SocketAddr, tokio_util::sync::DropGuard), BenchError> {
    let listener = ccx_service::bind(([127, 0, 0, 1], 0).into())?;
    let address = listener.local_addr()?;
    let shutdown = CancellationToken::new();
    let router = Router::new().route("/archive", get(async move || archive.clone()));
    tokio::spawn(ccx_service::serve(listener, router, shutdown.clone(), Duration::ZERO));
    Ok((address, shutdown.drop_guard()))
}

/// Announces archives as fast as the broker takes them, so that the pipeline always has work.
async fn announce_all(
    producer: &Producer,
    topic: &str,
    server: SocketAddr,
    count: usize,
) -> Result<(), BenchError> {
    let url = format!("http://{server}/archive");
    let sent = stream::iter(0..count).map(|number| announce(producer, topic, url.clone(), number));
    sent.buffer_unordered(MAX_ANNOUNCED_AT_ONCE).try_collect().await
}

async fn announce(producer: &Producer, topic: &str, url: String, number: usize) -> Result<(), BenchError> {
    let identity = Identity { org_id: org_id(), account_number: None, cluster_id: Some(ClusterId::random()) };
    let announce = Announce {
        url,
        identity,
        timestamp: Timestamp::from(Utc::now()),
        request_id: Some(format!("{number:032x}")),
        gathering_time: Some(Utc::now()),
        is_cluster_authenticated: true,
    };
    let payload = announce.to_json(0);
    let headers: &[(&str, &[u8])] = &[("service", b"openshift")];
    Ok(producer.send(Outgoing { topic, key: None, headers, payload: &payload }).await?)
}

async fn take(results: &Consumer, count: usize) -> Result<(), BenchError> {
    let all = async {
        for _ in 0..count {
            results.finished(results.next().await?.position());
        }
        Ok(())
    };
    let outcome = tokio::time::timeout(ROUND_TIMEOUT, all).await;
    let too_slow = |_| TooSlowSnafu { what: "the last result", seconds: ROUND_TIMEOUT.as_secs() }.build();
    outcome.map_err(too_slow)?
}

/// Processor time of the least that can be done: one request and the limit of an archive.
async fn limit_of(archive: &Bytes) -> Result<Duration, BenchError> {
    const ROUNDS: usize = 30;
    let (address, _stop) = serve(archive.clone()).await?;
    let measured = tokio::task::spawn_blocking(move || -> Result<Duration, std::io::Error> {
        let mut limit = ArchiveLimit::new();
        let mut cheapest = Duration::MAX;
        for _ in 0..ROUNDS {
            let started = thread_cpu_time();
            std::hint::black_box(limit.run(&fetch(address)?));
            cheapest = cheapest.min(thread_cpu_time() - started);
        }
        Ok(cheapest)
    });
    Ok(measured.await.map_err(std::io::Error::other)??)
}

fn fetch(address: SocketAddr) -> Result<Vec<u8>, std::io::Error> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /archive HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let head_end = memchr::memmem::find(&answer, b"\r\n\r\n").map_or(0, |end| end + 4);
    Ok(answer.split_off(head_end))
}
