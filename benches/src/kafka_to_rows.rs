//! From results messages in Kafka to committed rows: `ccx db-writer` as a process of its own, with a broker in this one and a
//! private PostgreSQL that keeps its promises (`fsync` is on).

use std::time::{Duration, Instant};

use ccx_config::Config;
use ccx_local::{Durability, Kafka, Postgres};
use ccx_messages::ClusterId;
use ccx_storage::{Database, NewReport};
use ccx_transport::{Outgoing, Producer};
use chrono::{DateTime, Utc};
use snafu::ensure;
use sqlx::{Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

use crate::{
    error::{BenchError, OutOfOrderSnafu, TooSlowSnafu},
    figure::{Better, Figure},
    plain_batches,
    process::{Workload, free_address},
    reports::{last_checked, message, org_id, row},
    row_by_row,
};

/// Messages in each round.
const MESSAGES: usize = 20_000;

/// Reports that are replayed one statement after the other: it is slow, and each costs the same.
const REPLAYED: usize = 500;

/// The clusters of a large installation.
const KNOWN_CLUSTERS: usize = 100_000;

/// Reports in one transaction when the tables are filled and when the limit is measured.
const BATCH: usize = 200;

/// The time limit of a round.
const ROUND_TIMEOUT: Duration = Duration::from_mins(10);

/// Throughput into empty tables, for known clusters, and for new clusters beside 100,000 known ones.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let postgres = Postgres::start_with(Durability::Kept).await?;
    let settings = postgres.create_database().await?;
    let database = Database::connect(&settings)?;
    database.migrate().await?;
    let replayed = row_by_row::reports_per_second(&settings, &rows(REPLAYED, last_checked(0))).await?;
    let plain = plain_batches::reports_per_second(&settings, &rows(MESSAGES, last_checked(0)), BATCH).await?;
    let bench = Bench { settings, database };

    let clusters = random_clusters(MESSAGES);
    let empty = bench.round(&clusters, last_checked(1)).await?;
    let known = bench.round(&clusters, last_checked(2)).await?;
    bench.fill(KNOWN_CLUSTERS - 2 * MESSAGES).await?;
    let beside_many = bench.round(&random_clusters(MESSAGES), last_checked(3)).await?;

    let figure = |what: &str, ours, limit, limit_is| Figure {
        what: format!("Kafka → committed rows, {what}"),
        unit: "reports/s",
        better: Better::Higher,
        ours,
        limit,
        limit_is,
    };
    let least = "plain batches of INSERTs, without Kafka";
    Ok(vec![
        figure("new clusters", empty, plain, least),
        figure("known clusters", known, plain, least),
        figure("new clusters beside 100,000", beside_many, plain, least),
        figure("new clusters", empty, replayed, "no limit: a statement for each row"),
    ])
}

struct Bench {
    settings: ccx_config::Database,
    database: Database,
}

impl Bench {
    /// Produces a message for each cluster, then measures how fast a writer stores them.
    async fn round(&self, clusters: &[ClusterId], last_checked: DateTime<Utc>) -> Result<f64, BenchError> {
        let mut config = Config { database: self.settings.clone(), ..Config::default() };
        let topics = config.kafka.topics.clone();
        let names = [&topics.results, &topics.payload_status, &topics.results_dead_letters];
        let kafka = Kafka::start(&names.map(|name| (name.as_str(), 1)))?;
        config.kafka = kafka.config();
        config.writer.listen = free_address();
        produce(&config, clusters, last_checked).await?;

        let mut watch = Watch { connection: connect(&self.settings).await?, last_checked };
        let _writer = Workload::spawn("db-writer", &config)?;
        let begin = watch.wait_for(clusters[0]).await?;
        let first_batch = watch.count_stored().await?;
        let end = watch.wait_for(clusters[clusters.len() - 1]).await?;
        let stored = watch.count_stored().await?;
        ensure!(stored == clusters.len(), OutOfOrderSnafu { stored, expected: clusters.len() });
        Ok((clusters.len() - first_batch) as f64 / (end - begin).as_secs_f64())
    }

    /// Fills the tables with reports of clusters that are not used again.
    async fn fill(&self, clusters: usize) -> Result<(), BenchError> {
        for batch in rows(clusters, last_checked(0)).chunks(BATCH) {
            self.database.write_batch(batch, Utc::now()).await?;
        }
        let mut connection = connect(&self.settings).await?;
        connection.execute("ANALYZE").await?;
        Ok(())
    }
}

fn random_clusters(count: usize) -> Vec<ClusterId> {
    (0..count).map(|_| ClusterId::random()).collect()
}

fn rows(count: usize, last_checked: DateTime<Utc>) -> Vec<NewReport> {
    random_clusters(count).into_iter().map(|cluster| row(cluster, last_checked)).collect()
}

async fn produce(
    config: &Config,
    clusters: &[ClusterId],
    last_checked: DateTime<Utc>,
) -> Result<(), BenchError> {
    /// Messages that wait for their acknowledgement together.
    const TOGETHER: usize = 500;
    let producer = Producer::new(&config.kafka)?;
    for clusters in clusters.chunks(TOGETHER) {
        let sends = clusters.iter().map(async |&cluster| {
            let payload = message(cluster, last_checked);
            let topic = config.kafka.topics.results.as_str();
            producer.send(Outgoing { topic, key: None, headers: &[], payload: &payload }).await
        });
        futures::future::try_join_all(sends).await?;
    }
    Ok(())
}

/// Waits until reports of one round are committed, as another session sees it.
///
/// It reads one row by its primary key: to count the rows again and again would cost PostgreSQL as much as to store them. The
/// topic has one partition, so the rows of the messages before are committed too.
struct Watch {
    connection: PgConnection,
    last_checked: DateTime<Utc>,
}

impl Watch {
    /// Returns when the report of `cluster` in this round was seen.
    async fn wait_for(&mut self, cluster: ClusterId) -> Result<Instant, BenchError> {
        let deadline = Instant::now() + ROUND_TIMEOUT;
        let sql = "SELECT count(*) FROM report WHERE org_id = $1 AND cluster = $2 AND last_checked_at = $3";
        while Instant::now() < deadline {
            let query = sqlx::query_scalar::<_, i64>(sql).bind(org_id().as_i32()).bind(cluster.to_string());
            let found = query.bind(self.last_checked.naive_utc()).fetch_one(&mut self.connection).await?;
            if found == 1 {
                return Ok(Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        TooSlowSnafu { what: "the last row", seconds: ROUND_TIMEOUT.as_secs() }.fail()
    }

    /// Counts the rows of this round: a scan of the table.
    async fn count_stored(&mut self) -> Result<usize, BenchError> {
        let sql = "SELECT count(*) FROM report WHERE last_checked_at = $1";
        let query = sqlx::query_scalar::<_, i64>(sql).bind(self.last_checked.naive_utc());
        let count = query.fetch_one(&mut self.connection).await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}

/// A session beside the one that is measured.
pub(crate) async fn connect(settings: &ccx_config::Database) -> Result<PgConnection, BenchError> {
    let password = settings.password.as_ref().map_or("", |password| password.expose());
    let options = PgConnectOptions::new_without_pgpass()
        .host(&settings.host)
        .port(settings.port)
        .database(&settings.name)
        .username(&settings.user)
        .password(password);
    Ok(PgConnection::connect_with(&options).await?)
}
