//! The Advisor page for an organisation with 10,000 clusters.

use std::time::{Duration, Instant};

use ccx_config::Config;
use ccx_local::Postgres;
use ccx_storage::Database;

use crate::{
    error::BenchError,
    figure::{Better, Figure},
    kafka_to_rows::connect,
    process::{Workload, free_address},
};

/// Responses of each view; the figure is their median.
const SAMPLES: usize = 51;

/// The longest time of a view that the requirements allow.
const ALLOWED_MS: f64 = 50.0;

/// A report for each of 10,000 clusters of one organisation: built-in rules hit every second and every third.
const SEED: &[&str] = &[
    "CREATE TEMPORARY TABLE seeded AS
     SELECT n, md5(n::text)::uuid::text AS cluster, now() - n * interval '1 second' AS at
     FROM generate_series(0, 9999) AS n",
    "INSERT INTO report (org_id, cluster, report, reported_at, last_checked_at, kafka_offset, gathered_at)
     SELECT 1, cluster, '{\"reports\":[]}', now(), at, 0, at FROM seeded",
    "INSERT INTO report_info (org_id, cluster_id, version_info)
     SELECT 1, cluster, '4.' || 12 + n % 8 || '.' || n % 40 FROM seeded",
    "CREATE TEMPORARY TABLE hits AS
     SELECT n, cluster, at, rule, key FROM seeded JOIN (VALUES
         (2, 'ccx_rules.external.node_not_ready', 'NODE_NOT_READY'),
         (3, 'ccx_rules.external.etcd_slow_disk', 'ETCD_SLOW_DISK')) AS rules (every, rule, key)
     ON n % every = 0",
    "INSERT INTO recommendation (org_id, cluster_id, rule_fqdn, error_key, rule_id, created_at, impacted_since)
     SELECT 1, cluster, rule, key, rule || '|' || key, at, at FROM hits",
    "INSERT INTO rule_hit (org_id, cluster_id, rule_fqdn, error_key, template_data, created_at)
     SELECT 1, cluster, rule || '.report', key, '{}', at FROM hits",
    "ANALYZE",
];

/// The views, each with a query that no response before it had.
const VIEWS: &[(&str, &str)] = &[
    ("clusters", "clusters?offset=SAMPLE0"),
    ("clusters, filtered and sorted", "clusters?text=SAMPLE&hits=4,3&version=4.14&sort=-last_checked_at"),
    ("recommendations", "recommendations?text=SAMPLE"),
];

/// Returns the median time of each view beside the allowed one, for a client that accepts gzip.
pub(crate) async fn run() -> Result<Vec<Figure>, BenchError> {
    let postgres = Postgres::start().await?;
    let mut config = Config { database: postgres.create_database().await?, ..Config::default() };
    config.auth.anonymous_organization = Some(1);
    config.smart_proxy.listen = free_address();
    Database::connect(&config.database)?.migrate().await?;
    let mut sql = connect(&config.database).await?;
    for &statement in SEED {
        sqlx::query(statement).execute(&mut sql).await?;
    }
    let _smart_proxy = Workload::start("smart-proxy", &config, config.smart_proxy.listen).await?;
    let base = format!("http://{}/openshift/insights/advisor", config.smart_proxy.listen);
    let client = reqwest::Client::new();
    let mut figures = Vec::new();
    for (what, path) in VIEWS {
        figures.push(Figure {
            what: (*what).into(),
            unit: "ms",
            better: Better::Lower,
            ours: median_time(&client, &format!("{base}/{path}")).await?.as_secs_f64() * 1e3,
            limit: ALLOWED_MS,
            limit_is: "allowed, with 10,000 clusters",
        });
    }
    Ok(figures)
}

async fn median_time(client: &reqwest::Client, url: &str) -> Result<Duration, BenchError> {
    let mut times = Vec::new();
    for sample in 0..SAMPLES {
        let request =
            client.get(url.replace("SAMPLE", &sample.to_string())).header("accept-encoding", "gzip");
        let start = Instant::now();
        request.send().await?.error_for_status()?.bytes().await?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}
