//! One archive on an idle chain: from its announcement until REST shows its report.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ccx_config::{Authentication, Config, LinkPolicy};
use ccx_local::{Kafka, Postgres};
use ccx_messages::{Announce, ClusterId, Identity, Timestamp};
use ccx_sample_archive::SampleArchive;
use ccx_storage::Database;
use ccx_transport::{Outgoing, Producer};
use chrono::{SecondsFormat, Utc};

use crate::{
    announce_to_result::serve,
    error::{BenchError, TooSlowSnafu},
    figure::{Better, Figure},
    process::{Workload, free_address, settle},
    reports::org_id,
};

/// Archives that go through, one after the other.
const ROUNDS: usize = 60;

/// The time limit of one archive.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The interval of polls of the API; half of it is part of the figure.
const LOOK_EVERY: Duration = Duration::from_micros(500);

/// Median latency, and the memory of the writer that has nothing to do.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let postgres = Postgres::start().await?;
    let mut config = Config { database: postgres.create_database().await?, ..Config::default() };
    Database::connect(&config.database)?.migrate().await?;
    let topics = config.kafka.topics.clone();
    let names = [
        &topics.announce,
        &topics.results,
        &topics.payload_status,
        &topics.announce_dead_letters,
        &topics.results_dead_letters,
    ];
    let kafka = Kafka::start(&names.map(|name| (name.as_str(), 1)))?;
    config.kafka = kafka.config();
    // A real broker answers a waiting fetch when a message comes; the embedded one when the wait is over.
    config.kafka.properties.insert("fetch.wait.max.ms".into(), "1".into());
    config.object_storage.links = LinkPolicy::Any;
    config.aggregator.authentication = Authentication::None;
    (config.pipeline.listen, config.writer.listen, config.aggregator.listen) =
        (free_address(), free_address(), free_address());

    let _aggregator = Workload::start("aggregator", &config, config.aggregator.listen).await?;
    let writer = Workload::start("db-writer", &config, config.writer.listen).await?;
    let _pipeline = Workload::start("pipeline", &config, config.pipeline.listen).await?;
    settle();
    let (writer_bytes, own_bytes) = (writer.resident_bytes()?, writer.own_bytes()?);

    let chain = Chain { producer: Producer::new(&config.kafka)?, client: reqwest::Client::new(), config };
    let archive = Bytes::from(SampleArchive::small(ClusterId::random()).to_tar_gz());
    let median = chain.median_latency(&archive).await?;
    Ok(vec![
        Figure {
            what: format!("announce → REST, one archive of {} kB", archive.len() / 1000),
            unit: "ms (median)",
            better: Better::Lower,
            ours: median.as_secs_f64() * 1e3,
            limit: 15.0,
            limit_is: "the target",
        },
        Figure {
            what: "memory of an idle writer".into(),
            unit: "MB",
            better: Better::Lower,
            ours: writer_bytes as f64 / 1e6,
            limit: 20.0,
            limit_is: "the target",
        },
        Figure {
            what: "of it the process's own, without pages of the program".into(),
            unit: "MB",
            better: Better::Lower,
            ours: own_bytes as f64 / 1e6,
            limit: writer_bytes as f64 / 1e6,
            limit_is: "all of it",
        },
    ])
}

struct Chain {
    producer: Producer,
    client: reqwest::Client,
    config: Config,
}

impl Chain {
    async fn median_latency(&self, archive: &Bytes) -> Result<Duration, BenchError> {
        let (server, _stop) = serve(archive.clone()).await?;
        let url = format!("http://{server}/archive");
        let mut latencies = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            latencies.push(self.latency(&url).await?);
        }
        latencies.sort_unstable();
        Ok(latencies[ROUNDS / 2])
    }

    async fn latency(&self, url: &str) -> Result<Duration, BenchError> {
        let cluster_id = ClusterId::random();
        let identity = Identity { org_id: org_id(), account_number: None, cluster_id: Some(cluster_id) };
        let now = Utc::now();
        let announce = Announce {
            url: url.to_owned(),
            identity,
            timestamp: Timestamp::from(now),
            request_id: Some("0123456789abcdef0123456789abcdef".into()),
            gathering_time: Some(now),
            is_cluster_authenticated: true,
        };
        let payload = announce.to_json(0);
        let started = Instant::now();
        let topic = self.config.kafka.topics.announce.as_str();
        self.producer
            .send(Outgoing { topic, key: None, headers: &[("service", b"openshift")], payload: &payload })
            .await?;
        self.wait_for_report(cluster_id, &now.to_rfc3339_opts(SecondsFormat::Secs, true)).await?;
        Ok(started.elapsed())
    }

    async fn wait_for_report(&self, cluster_id: ClusterId, last_checked: &str) -> Result<(), BenchError> {
        let listen = self.config.aggregator.listen;
        let url =
            format!("http://{listen}/api/v1/organizations/{}/clusters/{cluster_id}/users/1/report", org_id());
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline {
            let answer = self.client.get(&url).send().await?;
            if answer.status().is_success() && answer.text().await?.contains(last_checked) {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        TooSlowSnafu { what: "the report", seconds: TIMEOUT.as_secs() }.fail()
    }
}
