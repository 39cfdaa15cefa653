//! From results messages in Kafka to committed rows: `ccx db-writer` as a process of its own, with a broker in this one and a
//! private PostgreSQL that keeps its promises (`fsync` is on).

use std::time::{Duration, Instant};

use ccx_config::Config;
use ccx_local::{Durability, Kafka, Postgres};
use ccx_messages::ClusterId;
use ccx_storage::{Database, NewReport};
use ccx_transport::{Outgoing, Producer};
use chrono::{DateTime, Utc};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions};

use crate::{
    error::{BenchError, TooSlowSnafu},
    figure::{Better, Figure},
    plain_batches,
    process::{Workload, free_address},
    reports::{last_checked, message, row},
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

        let mut connection = connect(&self.settings).await?;
        let _writer = Workload::spawn("db-writer", &config)?;
        let stored = |count: usize| StoredSince { last_checked, count };
        let first = stored(1).wait(&mut connection).await?;
        let last = stored(clusters.len()).wait(&mut connection).await?;
        Ok((last.count - first.count) as f64 / (last.at - first.at).as_secs_f64())
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
struct StoredSince {
    last_checked: DateTime<Utc>,
    count: usize,
}

struct Progress {
    count: usize,
    at: Instant,
}

impl StoredSince {
    async fn wait(&self, connection: &mut PgConnection) -> Result<Progress, BenchError> {
        let deadline = Instant::now() + ROUND_TIMEOUT;
        while Instant::now() < deadline {
            let count = self.count_stored(connection).await?;
            if count >= self.count {
                return Ok(Progress { count, at: Instant::now() });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        TooSlowSnafu { what: "the last row", seconds: ROUND_TIMEOUT.as_secs() }.fail()
    }

    /// The writer stamps each row with the time of its transaction, so rows of this round are those stamped by now with the
    /// round's own `last_checked_at`.
    async fn count_stored(&self, connection: &mut PgConnection) -> Result<usize, BenchError> {
        let sql = "SELECT count(*) FROM report WHERE last_checked_at = $1";
        let row = sqlx::query(sql).bind(self.last_checked.naive_utc()).fetch_one(connection).await?;
        let count: i64 = row.try_get(0)?;
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
